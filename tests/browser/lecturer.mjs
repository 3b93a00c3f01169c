// lecturer.mjs GATEWAY: a lecturer's browser at the end of a pipe, for lecturing.py. Each line of its input is one call, [NAME, ARGUMENT], and
// is answered by one line, {"value": ...} or {"error": "..."}. It ends with its input.
import readline from 'node:readline';
import { launch, Visitor } from './visit.mjs';

const browser = await launch();
let line = null;
const visitor = await Visitor.come(browser, process.argv[2], null);
visitor.context.setDefaultTimeout(90_000);

// An upload as the page shows it.
const shown = () => visitor.tab.$$eval('.upload', (items) => items.map((item) => ({
  state: item.dataset.state,
  name: item.querySelector('.upload-name').textContent,
  percent: Number(item.querySelector('[role="progressbar"]')?.getAttribute('aria-valuenow') ?? 100),
  label: item.querySelector('.pill')?.textContent ?? '',
  why: item.querySelector('.upload-why')?.textContent ?? '',
})));

// A busy service in the place of the real one; other origins may read it, as they may read the real one.
async function refuse(retryAfter) {
  await visitor.context.route('**/uploads/*', (route) => {
    if (route.request().method() === 'OPTIONS') return route.continue();
    const headers = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'Retry-After', 'Retry-After': String(retryAfter) };
    return route.fulfill({ status: 503, headers, body: '{}' });
  });
}

const calls = {
  sign_in: (user) => visitor.signIn(user),
  open: (address) => visitor.open(address),
  choose: ({ selector, files }) => visitor.tab.setInputFiles(selector, files),
  click: (selector) => visitor.tab.locator(selector).first().click(),
  fill: ({ selector, value }) => visitor.tab.locator(selector).first().fill(value),
  select: ({ selector, value }) => visitor.tab.locator(selector).first().selectOption(value),
  text: (selector) => visitor.tab.locator(selector).first().innerText(),
  wait: ({ selector, state }) => visitor.tab.waitForSelector(selector, { state, timeout: 90_000 }).then(() => true),
  uploads: shown,
  refuse,
  obey: () => visitor.context.unrouteAll({ behavior: 'ignoreErrors' }),
  // `rate`: bytes a second that may leave.
  async line({ offline, rate }) {
    line ??= await visitor.context.newCDPSession(visitor.tab);
    await line.send('Network.enable');
    await line.send('Network.emulateNetworkConditions', { offline, latency: 0, downloadThroughput: -1, uploadThroughput: rate });
  },
  async reopen(address) {
    await visitor.tab.close({ runBeforeUnload: false });
    visitor.tab = await visitor.context.newPage();
    visitor.tab.on('pageerror', (error) => visitor.faults.push(String(error)));
    return visitor.open(address);
  },
  views: () => visitor.tab.$$eval('.view-panel', (panels) => panels.map(({ dataset }) => `${dataset.view} ${dataset.state}`)),
  sound: (what) => visitor.isSound(what),
  shoot: (file) => visitor.tab.screenshot({ path: file, fullPage: true }),
  faults: () => visitor.faults,
};

const tell = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
tell({ value: 'ready' });
for await (const line of readline.createInterface({ input: process.stdin })) {
  const [name, argument] = JSON.parse(line);
  try {
    tell({ value: (await calls[name](argument)) ?? null });
  } catch (error) {
    tell({ error: String(error.message ?? error).slice(0, 1500) });
  }
}
await browser.close();
