// lecture.mjs [FOLDER]: the lecture page around the player, in Debian's Chromium: sections, notes, resuming, settings, keys, refusals.
// Leaves screenshots in FOLDER. Exits 1 where the page does not do what it should.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Broadcast, makeMedia } from './broadcast.mjs';
import { isAccessible, launch } from './visit.mjs';

const root = new URL('../..', import.meta.url).pathname;
const scratch = await mkdtemp(path.join(os.tmpdir(), 'lectern-lecture-'));
const pictures = process.argv[2];
const patience = 30_000;
const gateway = await readFile(path.join(root, 'api/gateway/page_handler.cc'), 'utf8');

makeMedia(scratch, 60);
execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-f', 'lavfi', '-i', 'testsrc=size=320x180', '-frames:v', '1', path.join(scratch, 'sheet-1.jpg')]);
await writeFile(path.join(scratch, 'thumbnails.vtt'), ['WEBVTT', '00:00:00.000 --> 00:00:30.000\nsheet-1.jpg#xywh=0,0,160,90',
  '00:00:30.000 --> 00:01:00.000\nsheet-1.jpg#xywh=160,90,160,90', ''].join('\n\n'));
if (pictures) await mkdir(pictures, { recursive: true });

// What the API holds, and what it was told.
const world = { bookmarks: [], progress: [], settings: [], downloads: 0, next: 1 };
const view = (name) => ({
  view: name, state: 'COMPLETE', duration: '60s', steps: [], error: '', thumbnails: 'thumbnails.vtt', loudnessLufs: -20,
  renditions: [{ label: '360p', width: 640, height: 360, bandwidthBps: '900000', codecs: 'avc1.42c01e' }],
  silences: name === 'CAM' ? [{ start: '20s', end: '31s' }] : [],
});
const lecture = (more = {}) => ({
  name: 'lectures/12', course: 'courses/3', title: 'Distributed systems, lecture 3', state: 'RECORDED', views: [view('CAM'), view('PRES')], hall: '',
  rehearsal: false, me: { watched: false }, description: 'Clocks, and why nobody has the right one.', pictureUrls: [], courseTitle: 'Distributed systems',
  viewers: 0, series: '', duration: '60s', right: 'WATCH', downloadsEnabled: true, startTime: '2026-10-14T08:15:00Z', endTime: '2026-10-14T09:45:00Z', ...more,
});
const settings = { language: '', playbackRate: 1.5, seekStepSeconds: 10, skipSilence: false, theme: '', singleKeyShortcutsOff: false };
const student = { user: { name: 'users/4', email: 'ada@example.org', displayName: 'Ada Example', role: 'STUDENT' }, maintains: [], announcements: [], settings };
const sections = [['0s', 'Welcome'], ['15s', 'Clocks that drift'], ['40s', 'Logical clocks']]
  .map(([position, title], index) => ({ name: `sections/${index}`, lecture: 'lectures/12', position, title }));

const broadcast = new Broadcast(scratch, process.env.LECTERN_WEB_DIST ?? path.join(root, 'api/web/dist'));
broadcast.policy = /"Content-Security-Policy: ((?:[^"]|"\s*")*?)\\r\\n"/.exec(gateway)[1].replace(/"\s*"/g, '');
broadcast.answer = async (request, { pathname }) => {
  let text = '';
  if (!pathname.startsWith('/v1/')) return null;
  for await (const chunk of request) text += chunk;
  const said = text ? JSON.parse(text) : {};
  if (pathname === '/v1/lectures/12') return { body: broadcast.embedded.lecture.body };
  if (pathname.endsWith('/progress')) { world.progress.push(said); return {}; }
  if (pathname === '/v1/settings') { world.settings.push(said); return { body: said }; }
  if (pathname.endsWith(':download')) { ++world.downloads; return { status: 403, body: { error: { reason: 'DOWNLOADS_OFF', message: 'The course does not allow downloads.' } } }; }
  if (pathname === '/v1/courses/3/lectures') {
    return { body: { lectures: [lecture({ name: 'lectures/11', title: 'Lecture 2' }), lecture(), lecture({ name: 'lectures/13', title: 'Lecture 4' })] } };
  }
  if (!pathname.includes('bookmarks')) return null;
  const at = world.bookmarks.findIndex((bookmark) => pathname === `/v1/${bookmark.name}`);
  if (request.method === 'POST') world.bookmarks.push({ name: `bookmarks/${world.next++}`, lecture: 'lectures/12', ...said });
  if (request.method === 'POST') return { body: world.bookmarks.at(-1) };
  if (request.method === 'PATCH') return { body: Object.assign(world.bookmarks[at], said) };
  if (request.method === 'DELETE') { world.bookmarks.splice(at, 1); return {}; }
  return { body: { bookmarks: world.bookmarks } };
};
const tell = (me, shown, status = 200) => {
  broadcast.embedded = { me: { status: 200, body: me }, lecture: { status, body: shown }, sections: { status: 200, body: { sections } } };
};
await broadcast.start();
const site = broadcast.page.replace('/watch', '');
broadcast.begin(30);
broadcast.end();
broadcast.presLate = 0;
broadcast.playback.state = 'RECORDED';
broadcast.viewsAre('COMPLETE');

const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, timezoneId: 'Europe/Berlin', reducedMotion: 'reduce' });
await context.grantPermissions(['clipboard-read', 'clipboard-write']);
const tab = await context.newPage();
const faults = [];
tab.on('pageerror', (error) => faults.push(String(error)));
tab.on('console', (message) => { if (/Content Security Policy/.test(message.text())) faults.push(message.text()); });

const until = (what, test, argument) => tab.waitForFunction(test, argument, { timeout: patience, polling: 100 })
  .catch((error) => { throw new Error(`${what}: ${error.message}`); });
const heard = async (what, test) => {
  for (const end = Date.now() + patience; !test(); await tab.waitForTimeout(50)) assert.ok(Date.now() < end, what);
};
const now = () => tab.evaluate(() => document.querySelector('#video').currentTime);
const at = (what, from, to) => until(`${what}: ${from} to ${to}`, ([low, high]) => {
  const { currentTime } = document.querySelector('#video');
  return currentTime >= low && currentTime <= high;
}, [from, to]);
const open = async (query = '') => {
  await tab.goto(`${site}/lectures/12${query}`);
  await until('a picture', () => document.querySelector('#video')?.readyState > 1 && document.querySelector('#second').readyState > 1);
};
const check = (what) => isAccessible(tab, what);
// In both themes, with a picture of each.
const accessible = async (name) => {
  for (const colorScheme of ['dark', 'light']) {
    await tab.emulateMedia({ colorScheme });
    if (pictures) await tab.screenshot({ path: path.join(pictures, `${name}-${colorScheme}.png`) });
    await check(`${name}, ${colorScheme}`);
  }
};
const fits = async (width, height, name) => {
  await tab.setViewportSize({ width, height });
  const wide = await tab.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= width, `${name}: at ${width} px the page is ${wide} px wide`);
  if (pictures) await tab.screenshot({ path: path.join(pictures, `${name}-${width}.png`), fullPage: true });
};

const steps = {
  async 'it goes on where the person stopped, asks nothing, and offers the beginning'() {
    tell(student, lecture({ me: { position: '33.5s', watched: false } }));
    await open();
    await at('resumed', 33, 34);
    await accessible('resumed');
    await tab.getByRole('button', { name: 'From the beginning' }).click();
    await at('from the beginning', 0, 5);
    assert.equal(await tab.evaluate(() => document.querySelector('#video').playbackRate), 1.5);
  },

  async 'an address with a time wins'() {
    await open('?t=0m42s');
    await at('minutes and seconds', 41.9, 42.1);
    await open('?t=12');
    await at('the time', 11.9, 12.1);
  },

  async 'at the end, and beyond it, playing begins anew'() {
    tell(student, lecture());
    await open('?t=99999');
    await tab.locator('#play').click();
    await at('beyond the end', 0.3, 8);
    await tab.locator('#play').click();
    await tab.keyboard.press('End');
    await at('the end', 55, 61);
    await tab.locator('#play').click();
    await at('once more', 0.3, 8);
    await tab.locator('#play').click();
  },

  async 'where one is is saved as one plays, when one pauses, and when one leaves'() {
    tell(student, lecture());
    await open('?t=2');
    world.progress.length = 0;
    await tab.keyboard.press('k');
    await at('plays', 4, 60);
    await tab.keyboard.press('k');
    await heard('saved at the pause', () => world.progress.length === 1);
    const { position, time, watched } = world.progress[0];
    assert.ok(Math.abs(Number.parseFloat(position) - await now()) < 1 && Math.abs(Date.parse(time) - Date.now()) < 5000 && watched === undefined);
    await tab.keyboard.press('k');
    await at('plays on', 7, 60);
    await tab.goto('about:blank');
    await heard('saved at leaving', () => world.progress.length === 2);
    assert.ok(Number.parseFloat(world.progress[1].position) >= 7);
  },

  async 'sections follow what plays, and lead there'() {
    await open();
    await tab.getByRole('button', { name: '0:15 Clocks that drift' }).click();
    await at('the section', 14.9, 15.5);
    await until('marked', () => document.querySelector('.section-button[aria-current]')?.textContent.includes('Clocks that drift'));
    await tab.locator('body').press('n');
    await at('the next one', 39.9, 40.5);
    await tab.locator('body').press('Shift+N');
    await at('the one before', 14.9, 15.5);
    await until('said', () => document.querySelector('#seek').getAttribute('aria-valuetext') === '15 seconds of 1 minute, Clocks that drift');
    await accessible('recording');
  },

  async 'the seek bar shows a picture of the place, and works by keys and by pointer'() {
    const box = await tab.locator('#seek').boundingBox();
    await tab.mouse.move(box.x + box.width * 0.75, box.y + box.height / 2);
    await until('a picture', () => document.querySelector('.seek-picture')?.style.backgroundPosition === '-160px -90px');
    if (pictures) await tab.screenshot({ path: path.join(pictures, 'preview.png') });
    assert.equal(broadcast.requests.filter((request) => request.endsWith('thumbnails.vtt')).length, 1);
    await tab.mouse.click(box.x + box.width * 0.5, box.y + box.height / 2);
    await at('half way', 29, 31);
    await tab.locator('#seek').focus();
    await tab.keyboard.press('ArrowLeft');
    await at('five seconds back', 24, 26);
    await tab.keyboard.press('Home');
    await at('the beginning', 0, 0.5);
  },

  async 'a silence is hatched, and left by a button or by itself'() {
    assert.equal(await tab.locator('.seek-silence').count(), 1);
    await open('?t=23');
    await tab.getByRole('button', { name: 'Skip silence' }).click();
    await at('behind the silence', 30.3, 31);
    await tab.locator('.speed-menu > button').click();
    await check('speed menu');
    await tab.locator('.speed-menu .menu-item', { hasText: /Skip silence \(saves \d+ s\)/ }).click();
    await tab.evaluate(() => { const video = document.querySelector('#video'); video.currentTime = 18.5; return video.play(); });
    await at('over the silence', 30.4, 40);
    await heard('the wish is saved', () => world.settings.some((saved) => saved.skipSilence === true && saved.seekStepSeconds === 10));
    await tab.locator('body').press('k');
  },

  async 'speed is changed by keys and remembered'() {
    await tab.locator('body').press('>');
    await until('faster', () => document.querySelector('#video').playbackRate === 1.75);
    await tab.locator('body').press('<');
    await tab.locator('body').press('<');
    await heard('saved', () => world.settings.at(-1)?.playbackRate === 1.25);
    assert.equal(await tab.evaluate(() => document.querySelector('#video').preservesPitch), true);
  },

  async 'bookmarks and notes are made, changed, deleted and brought back'() {
    await open('?t=21');
    await tab.locator('body').press('b');
    await until('set', () => document.querySelector('#status').textContent === 'Bookmark set at 0:21.');
    await tab.getByRole('button', { name: 'Edit the note at 0:21' }).click();
    await tab.getByRole('textbox', { name: 'Note at 0:21' }).fill('A clock that nobody winds, k and b are letters here.');
    await check('a note being written');
    await tab.getByRole('button', { name: 'Save' }).click();
    await heard('changed', () => world.bookmarks[0]?.text.startsWith('A clock'));
    assert.ok(Math.abs(Number.parseFloat(world.bookmarks[0].position) - 21) < 0.2);
    await tab.getByRole('button', { name: 'Write a note' }).click();
    await tab.getByRole('textbox', { name: 'Note at 0:21' }).fill('Second');
    await tab.getByRole('button', { name: 'Save' }).click();
    await heard('two', () => world.bookmarks.length === 2);
    await until('two marks', () => document.querySelectorAll('.seek-mark').length === 2);
    await accessible('notes');
    await tab.getByRole('button', { name: 'Delete the note at 0:21' }).first().click();
    await heard('deleted', () => world.bookmarks.length === 1);
    await tab.getByRole('button', { name: 'Undo' }).click();
    await heard('back', () => world.bookmarks.length === 2);
    const [file] = await Promise.all([tab.waitForEvent('download'), tab.getByRole('button', { name: 'Export as Markdown' }).click()]);
    assert.equal(file.suggestedFilename(), 'distributed-systems-lecture-3.md');
    const exported = await readFile(await file.path(), 'utf8');
    assert.ok(exported.startsWith('# Distributed systems, lecture 3\n') && exported.includes(`- [0:21](${site}/lectures/12?t=21) A clock`), exported);
  },

  async 'a link is shared with and without the time'() {
    await tab.getByRole('button', { name: 'Share' }).click();
    await accessible('share');
    assert.equal(await tab.locator('.copy-box code').innerText(), `${site}/lectures/12?t=21s`);
    await tab.getByRole('switch', { name: 'Begin at 0:21' }).click();
    await tab.getByRole('button', { name: 'Copy' }).click();
    await until('copied', async () => (await navigator.clipboard.readText()).endsWith('/lectures/12'));
    await tab.keyboard.press('Escape');
  },

  async 'a download that is refused says why'() {
    await tab.getByRole('button', { name: 'Download' }).click();
    await tab.locator('.menu-item', { hasText: 'Slides' }).click();
    await until('why', () => document.querySelector('.download-failed')?.textContent.includes('does not allow downloads'));
    await check('download failed');
  },

  async 'the keys are explained, and there is a lecture before and after'() {
    await tab.locator('body').press('?');
    await until('help', () => document.querySelector('dialog[open]')?.textContent.includes('Swap camera and slides'));
    await accessible('help');
    await tab.keyboard.press('Escape');
    assert.equal(await tab.getByRole('link', { name: /Lecture 2/ }).getAttribute('href'), '/lectures/11');
    assert.equal(await tab.getByRole('link', { name: /Lecture 4/ }).getAttribute('href'), '/lectures/13');
  },

  async 'every control is reached with the tab key, and the focus is seen'() {
    await open();
    await tab.locator('body').click({ position: { x: 2, y: 300 } });
    const names = [];
    for (let i = 0; i < 60; ++i) {
      await tab.keyboard.press('Tab');
      const seen = await tab.evaluate(() => {
        const element = document.activeElement;
        const style = getComputedStyle(element);
        const box = element.getBoundingClientRect();
        return { name: element.getAttribute('aria-label') || element.textContent.trim(), outline: style.outlineStyle, size: Math.min(box.width, box.height),
          inside: document.querySelector('#main').contains(element), tag: element.tagName, id: element.id };
      });
      if (!seen.inside && names.length) break;
      if (!seen.inside) continue;
      if (seen.tag !== 'A') assert.notEqual(seen.outline, 'none', `no focus is seen on ${seen.name}`);
      if (seen.tag === 'BUTTON') assert.ok(seen.size >= 24, `${seen.name} is ${seen.size} px`);
      names.push(seen.id, seen.name);
    }
    for (const wanted of ['seek', 'play', '10 seconds back', 'mute', 'volume', 'View: Slides, camera in the corner', 'Speed: 1.5×', 'full', 'Sections', 'Share']) {
      assert.ok(names.includes(wanted), `${wanted} is not reached: ${names}`);
    }
    assert.ok(names.some((name) => name.startsWith('Camera, bottom right')), `${names}`);
  },

  async 'it fits a phone, upright and across'() {
    await fits(320, 640, 'phone');
    await fits(390, 844, 'phone');
    await check('phone');
    await fits(844, 390, 'across');
    await fits(768, 1024, 'tablet');
    await tab.setViewportSize({ width: 1280, height: 800 });
  },

  async 'single keys do nothing where they are switched off'() {
    tell({ ...student, settings: { ...settings, singleKeyShortcutsOff: true } }, lecture());
    await open('?t=5');
    for (const key of ['k', 'l', 'b', '5', '?']) await tab.locator('body').press(key);
    await tab.waitForTimeout(500);
    assert.ok(Math.abs(await now() - 5) < 0.2 && await tab.evaluate(() => document.querySelector('#video').paused));
    await tab.locator('#play').focus();
    await tab.keyboard.press('Space');
    await at('its buttons work', 5.3, 60);
  },

  async 'a recording that is on its way says when, and comes by itself'() {
    tell(student, lecture({ state: 'PROCESSING', views: [], readyTime: '2026-10-14T10:52:00Z' }));
    broadcast.playback.state = 'PROCESSING';
    broadcast.playback.views = [];
    await tab.goto(`${site}/lectures/12`);
    await until('when', () => document.querySelector('#badge').textContent === 'Recording, ready about 12:52');
    await until('in words', () => /ready about 12:52, and appears here by itself/.test(document.querySelector('#waiting-text').textContent));
    await accessible('processing');
    const before = await tab.locator('#player').boundingBox();
    broadcast.playback.state = 'RECORDED';
    broadcast.viewsAre('COMPLETE');
    broadcast.embedded.lecture.body = lecture();
    await until('it comes', () => document.querySelector('#badge').textContent === 'Recording' && document.querySelector('#video').currentTime > 0.2);
    assert.deepEqual(await tab.locator('#player').boundingBox(), before, 'the layout jumps');
    await until('with its silences', () => document.querySelectorAll('.seek-silence').length === 1);
  },

  async 'German is complete'() {
    broadcast.language = 'de';
    await open();
    assert.equal(await tab.locator('#play').getAttribute('aria-label'), 'Abspielen');
    await tab.locator('body').press('?');
    await accessible('german');
    await fits(320, 640, 'german');
    await tab.setViewportSize({ width: 1280, height: 800 });
    broadcast.language = 'en';
  },

  async 'a stranger is asked to sign in, and one who may not watch learns nothing'() {
    const refusal = { error: { status: 'NOT_FOUND', reason: 'LECTURE_NOT_FOUND', message: 'lectures/12 does not exist or is not for you to see' } };
    tell({ maintains: [], announcements: [] }, refusal, 404);
    await tab.goto(`${site}/lectures/12?t=90`);
    assert.equal(await tab.locator('main').getByRole('link', { name: 'Sign in' }).getAttribute('href'), '/login?next=%2Flectures%2F12%3Ft%3D90');
    await accessible('stranger');
    tell(student, refusal, 404);
    await tab.goto(`${site}/lectures/12`);
    await until('refused', () => /does not exist, or is not for you/.test(document.querySelector('main').textContent));
    await accessible('not-for-you');
    tell(student, lecture());
    broadcast.apiStatus = 404;
    broadcast.apiReason = 'LECTURE_NOT_FOUND';
    await tab.goto(`${site}/lectures/12`);
    await until('withdrawn', () => /does not exist any more/.test(document.querySelector('#waiting-text').textContent) && document.body.dataset.phase === 'refused');
    await accessible('withdrawn');
    assert.deepEqual(faults, []);
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
  console.error(await tab.evaluate(() => [document.querySelector('#badge')?.textContent, document.querySelector('#status')?.textContent,
    document.querySelector('#video')?.currentTime]).catch(() => null), faults, broadcast.requests.slice(-5));
  if (pictures) await tab.screenshot({ path: path.join(pictures, 'failed.png') }).catch(() => {});
  process.exitCode = 1;
} finally {
  await browser.close();
  broadcast.stop();
  await rm(scratch, { recursive: true });
}
