// watch.mjs [FOLDER]: the lecture page in Debian's Chromium, from the countdown to the recording, without being loaded again.
// Leaves screenshots in FOLDER. Exits 1 where the page does not do what it should.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Broadcast, makeMedia } from './broadcast.mjs';
import { isAccessible, launch } from './visit.mjs';

const root = new URL('../..', import.meta.url).pathname;
const scratch = await mkdtemp(path.join(os.tmpdir(), 'lectern-watch-'));
const pictures = process.argv[2];
const patience = 30_000;

// The policy is the gateway's, from its source, so that a script or style that it forbids fails here too.
const gateway = await readFile(path.join(root, 'api/gateway/page_handler.cc'), 'utf8');
const policy = /"Content-Security-Policy: ((?:[^"]|"\s*")*?)\\r\\n"/.exec(gateway)[1].replace(/"\s*"/g, '');

makeMedia(scratch, 120);
if (pictures) await mkdir(pictures, { recursive: true });
const broadcast = new Broadcast(scratch, process.env.LECTERN_WEB_DIST ?? path.join(root, 'api/web/dist'));
broadcast.policy = policy;
await broadcast.start();
const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1100, height: 800 }, timezoneId: 'Europe/Berlin' });
const tab = await context.newPage();
const faults = [];
tab.on('pageerror', (error) => faults.push(String(error)));
tab.on('console', (message) => { if (/Content Security Policy/.test(message.text())) faults.push(message.text()); });

const textOf = (id) => tab.locator(`#${id}`).innerText();
const until = (what, test, argument) => tab.waitForFunction(test, argument, { timeout: patience, polling: 100 })
  .catch((error) => { throw new Error(`${what}: ${error.message}`); });
const hasText = (id, pattern) => until(`#${id} says ${pattern}`, ([name, source]) => {
  const element = document.getElementById(name);
  return !element.closest('[hidden]') && new RegExp(source).test(element.textContent);
}, [id, pattern.source]);
const now = () => tab.evaluate(() => document.querySelector('#video').currentTime);
const playsOn = async (what, seconds = 1.5) => {
  const from = await now();
  await until(`${what}: plays on from ${from}`, ([start, wanted]) => {
    const { currentTime } = document.querySelector('#video');
    return currentTime >= start + wanted;
  }, [from, seconds]);
};
const accessible = (what) => isAccessible(tab, what);
const shoot = async (name) => {
  if (pictures) await tab.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true });
};

// Where the pictures are.
const places = () => tab.evaluate(() => Object.fromEntries(
  [...document.querySelectorAll('video')].map((video) => [video.dataset.view, video.parentElement.dataset.place])));
const chooseView = async (name) => {
  await tab.locator('.view-menu > button').click();
  await tab.locator('.view-menu .menu-item', { hasText: new RegExp(`^${name}$`) }).click();
};
// By a share of the stage, from its middle.
const drag = async (selector, x, y) => {
  const [what, stage] = [await tab.locator(selector).boundingBox(), await tab.locator('#stage').boundingBox()];
  await tab.mouse.move(what.x + what.width / 2, what.y + what.height / 2);
  await tab.mouse.down();
  await tab.mouse.move(stage.x + stage.width / 2, stage.y + stage.height / 2, { steps: 4 });
  await tab.mouse.move(stage.x + stage.width * x, stage.y + stage.height * y, { steps: 4 });
  await tab.mouse.up();
};
// By what was on the screen in the last seconds.
const inStep = () => until('pictures in step', () => {
  const offsets = (window.lecternSync ?? []).filter((sample) => sample.t > performance.now() - 2000).map((sample) => Math.abs(sample.offsetMs));
  return offsets.length > 20 && offsets.sort((a, b) => a - b)[offsets.length >> 1] <= 40;
});

// Everything stands within the window's width.
const fits = async (width) => {
  await tab.setViewportSize({ width, height: 800 });
  const wide = await tab.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= width, `at ${width} px the page is ${wide} px wide`);
};

const steps = {
  async 'before the start there is a countdown in the viewer\'s time zone'() {
    broadcast.playback.startTime = new Date(Date.now() + 6000).toISOString();
    await tab.goto(`${broadcast.page}#lecture=12&token=first`);
    await tab.evaluate(() => { window.sameDocument = true; });
    await hasText('waiting-timer', /^[1-6] s$/);
    await hasText('waiting-text', /CET|CEST|GMT\+[12]/);
    assert.equal(await textOf('title'), broadcast.playback.title);
    await shoot('countdown');
    await accessible('countdown');
    await fits(320);
    await shoot('countdown-320');
    await tab.setViewportSize({ width: 1100, height: 800 });
    await hasText('waiting-title', /any moment/);
  },

  async 'around the start it asks every one or two seconds'() {
    const count = broadcast.refreshes.length;
    await tab.waitForTimeout(6500);
    assert.ok(broadcast.refreshes.length - count >= 3, `${broadcast.refreshes.length - count} questions in 6.5 s`);
  },

  async 'it goes live by itself, a few seconds behind'() {
    broadcast.begin(4);
    broadcast.playback.state = 'LIVE';
    broadcast.viewsAre('VIEW_LIVE');
    await hasText('badge', /^Live, \d+ s behind$/);
    await playsOn('live');
    const behind = Number(/\d+/.exec(await textOf('badge'))[0]);
    assert.ok(behind >= 2 && behind <= 12, `${behind} s behind`);
  },

  async 'camera and slides run side by side at the same moment'() {
    assert.deepEqual(await places(), { CAM: 'small', PRES: 'large' });
    await until('both play', () => [...document.querySelectorAll('video')].every((video) => video.readyState > 2 && !video.paused));
    // The slides' recording began one segment later.
    await until('in step', () => {
      const [camera, slides] = [...document.querySelectorAll('video')].map((video) => video.currentTime);
      return Math.abs(camera - slides - 2) < 0.1;
    });
    await inStep();
    await shoot('both-live');
    await accessible('live');
    await fits(320);
    await shoot('both-live-320');
    await tab.setViewportSize({ width: 1100, height: 800 });
  },

  async 'the camera moves between the corners by keyboard, and takes the large place'() {
    const handle = tab.locator('.corner-handle');
    const corner = () => tab.locator('#stage').getAttribute('data-corner');
    await handle.focus();
    assert.equal(await corner(), 'bottom-right');
    await tab.keyboard.press('ArrowUp');
    assert.equal(await corner(), 'top-right');
    await tab.keyboard.press('ArrowLeft');
    assert.equal(await corner(), 'top-left');
    await tab.keyboard.press('Enter');
    assert.equal(await corner(), 'top-right');
    await drag('.pane[data-place=small]', 0.1, 0.9);
    await until('dragged', () => document.querySelector('#stage').dataset.corner === 'bottom-left');
    await tab.locator('body').press('v');
    assert.deepEqual(await places(), { CAM: 'large', PRES: 'small' });
    await chooseView('Side by side');
    assert.equal(await tab.locator('#stage').getAttribute('data-layout'), 'side');
    await shoot('side-live');
    await accessible('side by side');
    await playsOn('side by side');
  },

  async 'one view fills the picture, at the same moment, and keeps its sound'() {
    await chooseView('Slides only');
    // The slides have no sound of their own: the camera's goes on, unseen.
    assert.deepEqual(await places(), { CAM: 'unseen', PRES: 'large' });
    await playsOn('slides alone');
    await hasText('badge', /^Live, \d+ s behind$/);
    await chooseView('Camera only');
    await until('camera plays', () => document.querySelector('#video').readyState > 2 && document.querySelector('#second').hidden);
    await playsOn('camera alone');
    await hasText('badge', /^Live, \d+ s behind$/);
  },

  async 'a fresh token takes over without a new start'() {
    const before = await now();
    broadcast.token = 'second';
    await tab.waitForTimeout(100);
    await until('address renewed', () => location.hash.includes('token=second'));
    await playsOn('with the new token', 6);
    assert.ok(await now() > before);
    assert.ok(broadcast.requests.at(-1).startsWith('/p/second/'));
  },

  async 'while the API is away it says so and plays on'() {
    broadcast.apiStatus = 503;
    await hasText('status', /does not answer/);
    await playsOn('without the API', 3);
    broadcast.apiStatus = 200;
    await until('it is back', () => !/does not answer/.test(document.querySelector('#status').textContent));
  },

  async 'the live edge is one press away after a rewind'() {
    await tab.keyboard.press('Home');
    await until('rewound', () => document.querySelector('#video').currentTime < 5);
    await playsOn('after the rewind', 1);
    await tab.locator('#to-live').click();
    await until('at the edge', () => document.querySelector('#video').currentTime > 10 && document.querySelector('#to-live').disabled);
    await playsOn('at the edge', 1);
  },

  async 'after six seconds without media there is a slate, and it leaves by itself'() {
    broadcast.pause();
    await hasText('slate-text', /interrupted; it goes on here by itself/);
    await hasText('badge', /Interrupted/);
    await shoot('slate');
    await accessible('slate');
    broadcast.resume();
    await until('the slate leaves', () => document.querySelector('#slate').hidden);
    await playsOn('after the slate');
  },

  async 'time in which nothing was broadcast is skipped'() {
    broadcast.pause();
    broadcast.viewsAre('VIEW_INTERRUPTED');
    await hasText('slate-text', /interrupted/);
    const before = await now();
    broadcast.gap(5);
    broadcast.resume();
    await until('the slate leaves', () => document.querySelector('#slate').hidden);
    // The API's answer is older than the media.
    await hasText('badge', /^Live, /);
    broadcast.viewsAre('VIEW_LIVE');
    await until('behind the gap', (time) => document.querySelector('#video').currentTime > time + 10, before);
    await playsOn('after the gap', 4);
    await hasText('badge', /^Live, \d+ s behind$/);
  },

  async 'an edge that fails for a while is asked again'() {
    broadcast.edgeDown = true;
    await hasText('status', /connection was lost/);
    broadcast.edgeDown = false;
    await until('the slate leaves', () => document.querySelector('#slate').hidden);
    await playsOn('after the failure', 2);
  },

  async 'at the end it becomes the recording at the same position'() {
    const before = await now();
    broadcast.end();
    broadcast.playback.state = 'RECORDED';
    broadcast.viewsAre('PLAYABLE');
    await hasText('badge', /^Recording$/);
    await hasText('status', /This is its recording/);
    assert.ok(await now() >= before);
    await tab.locator('body').press('Home');
    await until('at the beginning', () => document.querySelector('#video').currentTime < 3);
    await tab.evaluate(() => document.querySelector('#video').play());
    await playsOn('the recording');
    await shoot('recording');
    await tab.emulateMedia({ colorScheme: 'dark' });
    await shoot('recording-dark');
    await accessible('dark');
    await tab.emulateMedia({ colorScheme: 'light' });
    await fits(320);
    await shoot('recording-320');
    await tab.setViewportSize({ width: 1100, height: 800 });
  },

  async 'a lecturer who comes back makes it live again'() {
    broadcast.ended = false;
    broadcast.gap(3);
    broadcast.begin(0);
    broadcast.date = Date.now() - broadcast.sets.length * 2000;
    broadcast.playback.state = 'LIVE';
    broadcast.viewsAre('VIEW_LIVE');
    // A recording is asked about once a minute; coming back to the tab asks at once.
    await tab.evaluate(() => window.dispatchEvent(new Event('online')));
    await hasText('badge', /^Live, /);
    await hasText('status', /goes on/);
    await playsOn('the rewound viewer', 1);
  },

  async 'it was one document all the time'() {
    assert.equal(await tab.evaluate(() => window.sameDocument), true);
    assert.deepEqual(faults, []);
  },

  async 'a link with a time begins there, and the old form of the address plays'() {
    broadcast.end();
    broadcast.playback.state = 'RECORDED';
    broadcast.viewsAre('COMPLETE');
    const other = await context.newPage();
    await other.goto(`${broadcast.page}#lecture=12&token=second&t=21`);
    await other.waitForFunction(() => Math.abs(document.querySelector('#video').currentTime - 21) < 1, null, { timeout: patience });
    const third = await context.newPage();
    broadcast.apiStatus = 404;
    broadcast.apiReason = 'PATH_NOT_FOUND';
    await third.goto(`${broadcast.page}#${broadcast.urlOf('pres')}`);
    await third.waitForFunction(() => document.querySelector('#badge').textContent === 'Recording', null, { timeout: patience });
    await third.locator('#play').click();
    await third.waitForFunction(() => document.querySelector('#video').currentTime > 1, null, { timeout: patience });
    broadcast.apiStatus = 200;
    await other.close();
    await third.close();
  },

  async 'a right that was withdrawn ends it in words'() {
    broadcast.apiStatus = 403;
    broadcast.apiReason = 'TOKEN_REVOKED';
    await tab.evaluate(() => window.dispatchEvent(new Event('online')));
    await hasText('waiting-text', /withdrawn/);
    await shoot('refused');
    await accessible('refused');
  },
};

try {
  for (const [name, step] of Object.entries(steps)) {
    const started = Date.now();
    await step().catch((error) => { throw new Error(`${name}\n${error.stack}`); });
    console.log(`ok  ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  }
} catch (error) {
  console.error(`FAILED  ${error.message}`);
  const seen = await tab.evaluate(() => ({ badge: document.querySelector('#badge').textContent, status: document.querySelector('#status').textContent,
    waiting: document.querySelector('#waiting').textContent.trim(), time: document.querySelector('#video').currentTime,
    ready: document.querySelector('#video').readyState, paused: document.querySelector('#video').paused })).catch(() => null);
  console.error(JSON.stringify(seen), faults, broadcast.requests.slice(-5));
  await shoot('failed');
  process.exitCode = 1;
} finally {
  await browser.close();
  broadcast.stop();
  await rm(scratch, { recursive: true });
}
