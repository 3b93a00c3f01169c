// tab.mjs: one tab of Debian's Chromium at the end of a pipe, for scenarios that are told elsewhere (browsing.py). Each line of its input
// is one call, ["open", URL], ["value", EXPRESSION], ["press", KEY], ["click", SELECTOR], ["shoot", FILE] or ["faults"], and is answered by
// one line, {"value": ...} or {"error": "..."}. It ends with its input.
import readline from 'node:readline';
import { launch } from './visit.mjs';

const browser = await launch();
const tab = await browser.newPage({ viewport: { width: 1100, height: 800 } });
const faults = [];
tab.on('pageerror', (error) => faults.push(String(error)));
tab.on('console', (message) => { if (/Content Security Policy/.test(message.text())) faults.push(message.text()); });

const calls = {
  open: (url) => tab.goto(url),
  value: (expression) => tab.evaluate(expression),
  press: (key) => tab.keyboard.press(key),
  click: (selector) => tab.locator(selector).click(),
  shoot: (file) => tab.screenshot({ path: file, fullPage: true }),
  faults: () => faults,
};

const tell = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
tell({ value: 'ready' });
for await (const line of readline.createInterface({ input: process.stdin })) {
  const [name, argument] = JSON.parse(line);
  try {
    const value = await calls[name](argument);
    tell({ value: ['value', 'faults'].includes(name) ? value : null });
  } catch (error) {
    tell({ error: String(error) });
  }
}
await browser.close();
