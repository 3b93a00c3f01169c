// manage.mjs GATEWAY: browsers of several people at the end of a pipe, for manage.py. Each line of its input is one call,
// [PERSON, NAME, ARGUMENT], and is answered by one line, {"value": ...} or {"error": "..."}. It ends with its input. Things on a
// page are named as people with a screen reader name them: {"role": "button", "name": "Drain", "in": {"role": "dialog"}}.
import readline from 'node:readline';
import { launch, Visitor } from './visit.mjs';

const browser = await launch();
const people = new Map();

function find(place, { role, name, label, text, exact = true, in: inside }) {
  const root = inside ? find(place, inside) : place;
  if (label) return root.getByLabel(label, { exact }).first();
  if (text) return root.getByText(text).first();
  return root.getByRole(role, name ? { name, exact } : {}).first();
}

const calls = {
  open: (person, address) => person.open(address),
  click: (person, what) => find(person.tab, what).click({ timeout: 10_000 }),
  fill: (person, { value, ...what }) => find(person.tab, what).fill(value, { timeout: 10_000 }),
  text: async (person, what) =>
    (await find(person.tab, what).count()) > 0 ? find(person.tab, what).innerText({ timeout: 2000 }) : '',
  value: (person, expression) => person.tab.evaluate(expression),
  press: (person, key) => person.tab.keyboard.press(key),
  sound: (person, what) => person.isSound(what),
  shoot: (person, file) => person.tab.screenshot({ path: file, fullPage: true }),
  faults: (person) => person.faults,
};

async function answerTo([who, name, argument]) {
  if (name === 'come') {
    people.set(who, await Visitor.come(browser, process.argv[2], argument));
    return null;
  }
  return (await calls[name](people.get(who), argument)) ?? null;
}

const tell = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
tell({ value: 'ready' });
for await (const line of readline.createInterface({ input: process.stdin })) {
  try {
    tell({ value: await answerTo(JSON.parse(line)) });
  } catch (error) {
    tell({ error: String(error.message ?? error).slice(0, 1500) });
  }
}
await browser.close();
