// What the gates share: Debian's Chromium, people who sign in to a running system, and what has to hold of every page in every state.
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { chromium } from 'playwright-core';

const axe = await readFile(new URL('./node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

// No violation of WCAG 2.2 AA that the checker can find, once nothing moves any more: a colour on its way need not be told apart.
export async function isAccessible(tab, what) {
  await tab.evaluate(() => Promise.allSettled(document.getAnimations().filter((one) => one instanceof CSSTransition).map(({ finished }) => finished)));
  await tab.evaluate(axe);
  const { violations } = await tab.evaluate((tags) => window.axe.run(document, { runOnly: tags }), rules);
  const found = violations.map((fault) => `${fault.id}: ${fault.nodes.slice(0, 3).map((node) => `${node.html} (${node.failureSummary})`).join(' | ')}`);
  assert.deepEqual(found, [], `${what}: accessibility`);
}

export async function launch() {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required'],
  });
}

// A browser of their own for one person. `faults` collects what no page may do: errors of script, refusals of the policy.
export class Visitor {
  constructor(gateway) {
    this.gateway = gateway;
    this.faults = [];
  }

  static async come(browser, gateway, user, options = {}) {
    const visitor = new Visitor(gateway);
    visitor.context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', timezoneId: 'Europe/Berlin', ...options });
    visitor.tab = await visitor.context.newPage();
    visitor.tab.on('pageerror', (error) => visitor.faults.push(`${visitor.tab.url()}: ${error}`));
    visitor.tab.on('console', (message) => {
      if (/Content Security Policy|Refused to/.test(message.text())) visitor.faults.push(`${visitor.tab.url()}: ${message.text()}`);
    });
    if (user) await visitor.signIn(user);
    return visitor;
  }

  async signIn({ email, password }) {
    const answer = await this.context.request.post(`${this.gateway}/session`, { data: { email, password }, headers: { 'Sec-Fetch-Site': 'same-origin' } });
    assert.equal(answer.status(), 200, `${email} cannot sign in: ${await answer.text()}`);
  }

  // Opens a page of ours and waits until it has shown what it has. Returns its HTTP status.
  async open(address) {
    const answer = await this.tab.goto(this.gateway + address, { waitUntil: 'load' });
    await this.settle();
    return answer.status();
  }

  async settle() {
    await this.tab.waitForFunction(() => !document.querySelector('[aria-busy="true"], .skeleton'), null, { timeout: 15_000 });
    await this.tab.waitForTimeout(250);
  }

  async appearance({ scheme = 'light', width = 1280, height = 800, motion = 'no-preference' }) {
    await this.tab.emulateMedia({ colorScheme: scheme, reducedMotion: motion });
    await this.tab.setViewportSize({ width, height });
    await this.tab.waitForTimeout(150);
  }

  // Accessible, nothing cut off at the side, no fault of script.
  async isSound(what) {
    await isAccessible(this.tab, what);
    const sideways = await this.tab.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(sideways <= 1, `${what}: ${sideways} pixels stick out at the side`);
    assert.deepEqual(this.faults, [], `${what}: faults`);
  }

  async shoot(folder, name, fullPage = false) {
    if (!folder) return;
    await mkdir(folder, { recursive: true });
    await this.tab.screenshot({ path: path.join(folder, `${name}.png`), fullPage });
  }

  async leave() { await this.context.close(); }
}

// What deploy/up wrote.
export async function endpointsOf(data) { return JSON.parse(await readFile(path.join(data, 'endpoints.json'), 'utf8')); }

// JSON of the API, as the visitor.
export async function ask(visitor, address, method = 'GET', data = undefined) {
  const answer = await visitor.context.request.fetch(visitor.gateway + address, {
    method, data, headers: method === 'GET' ? {} : { 'Sec-Fetch-Site': 'same-origin' } });
  assert.ok(answer.ok(), `${method} ${address}: ${answer.status()} ${await answer.text()}`);
  return answer.json();
}
