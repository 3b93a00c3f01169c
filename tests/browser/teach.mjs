// teach.mjs [FOLDER]: the pages for lecturers in every state that they have, against a gateway that pretends: accessible, nothing cut off, in
// light and dark, wide and narrow, English and German; and an upload through pause, refusal, a closed tab and another file. Leaves
// screenshots in FOLDER. Needs the built pages.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { answers, course, lecture, lecturer, lectures, rehearsal, stream, TeachGateway, view } from './teach_fixture.mjs';
import { launch, Visitor } from './visit.mjs';

const folder = process.argv[2];
const dist = process.env.LECTERN_DIST ?? new URL('../../api/web/dist', import.meta.url).pathname;
const scratch = await mkdtemp(path.join(os.tmpdir(), 'lectern-teach-'));
const gateway = await new TeachGateway(dist, answers()).start();
gateway.theme = '';
const browser = await launch();
const visitor = await Visitor.come(browser, gateway.url, null);
const { tab } = visitor;

const refused = (status, reason) => ({ refused: status, reason, message: 'as the server says it' });
const nobody = { ...lecturer(), user: undefined, teaches: false };
const maintainer = lecturer({ maintains: ['organizations/1'] });
const click = (selector) => () => tab.click(selector);

// [name, address, answers that differ, what the person does then]
const states = [
  ['teach', '/teach'],
  ['teach-unfinished', '/teach', { 'GET /v1/uploads': { nextPageToken: '', uploads: [{ uploadId: 'a', lecture: 'lectures/5', lectureTitle: '5. Planning',
    courseTitle: 'Robotics 1', view: 'CAM', fileName: 'a.mp4', sizeBytes: '1000', receivedBytes: '400', fingerprint: 'aa' }] } }],
  ['teach-empty', '/teach', { 'GET /v1/courses': { courses: [], nextPageToken: '' } }],
  ['teach-empty-maintainer', '/teach', { 'GET /v1/me': maintainer, 'GET /v1/courses': { courses: [], nextPageToken: '' } }],
  ['teach-new-course', '/teach', { 'GET /v1/me': maintainer }, click('.page-head .primary')],
  ['teach-nobody', '/teach', { 'GET /v1/me': nobody, 'GET /v1/courses': refused(401) }],
  ['teach-error', '/teach', { 'GET /v1/courses': refused(503) }],
  ['course', '/teach/courses/1'],
  ['course-menu', '/teach/courses/1', {}, click('.lecture-row .menu button')],
  ['course-empty', '/teach/courses/2'],
  ['course-refused', '/teach/courses/9'],
  ['course-watch-only', '/teach/courses/1', { 'GET /v1/courses/1': course(1, 'Robotics 1', { right: 'WATCH' }) }],
  ['course-new-lecture', '/teach/courses/1', {}, click('.toolbar .primary')],
  ['course-new-series', '/teach/courses/1', {}, async () => {
    await tab.click('.toolbar .primary');
    await tab.click('.kinds span:nth-of-type(2) label');
    await tab.fill('dialog input[type=text]', 'Lecture {n}');
    await tab.fill('dialog input[type=date] >> nth=0', '2027-04-14');
    await tab.fill('dialog input[type=date] >> nth=1', '2027-07-21');
  }],
  ['course-delete-lecture', '/teach/courses/1', {}, async () => {
    await tab.click('.upcoming .lecture-row .menu button');
    await tab.click('.menu-item.danger');
  }],
  ['course-upload', '/teach/courses/1', {}, async () => {
    await tab.click('.toolbar .button:nth-of-type(2)');
    await tab.setInputFiles('.drop input[type=file]', ['1-pose-cam.mp4', '1-pose-slides.mp4', 'thing.mkv', 'notes.pdf']
      .map((name) => ({ name, mimeType: name.endsWith('pdf') ? 'application/pdf' : 'video/mp4', buffer: Buffer.from('x') })));
  }],
  ['course-settings', '/teach/courses/1#settings'],
  ['course-delete', '/teach/courses/2#settings', {}, click('.danger-zone .danger')],
  ['course-people', '/teach/courses/1#people'],
  ['course-people-added', '/teach/courses/1#people', {}, async () => {
    await tab.fill('.add-people textarea', 'Ada <ada@example.org>, nobody@example.org');
    await tab.click('.add-people:has(textarea) button');
    await tab.waitForSelector('.add-people .notice');
  }],
  ['course-remove-person', '/teach/courses/1#people', {}, click('.table button')],
  ['lecture', '/teach/lectures/1'],
  ['lecture-trouble', '/teach/lectures/2'],
  ['lecture-failed', '/teach/lectures/3'],
  ['lecture-why', '/teach/lectures/2', {}, click('.failed-step .quiet')],
  ['lecture-live', '/teach/lectures/4'],
  ['lecture-new', '/teach/lectures/5'],
  ['lecture-refused', '/teach/lectures/99'],
  ['lecture-paste', '/teach/lectures/1', {}, async () => {
    await tab.click('section:has(#sections) .button.small');
    await tab.fill('dialog textarea', '00:12 One\nTwo');
  }],
  ['stream', '/teach/stream'],
  ['stream-rehearsal', '/teach/stream', { 'WATCH /v1/liveStreams:watch': [{ reset: true, liveStreams: [rehearsal()], removed: [] }] }],
  ['stream-interrupted', '/teach/stream', { 'WATCH /v1/liveStreams:watch': [{ reset: true, liveStreams: [stream({ state: 'INTERRUPTED', facts: undefined })],
    removed: [] }] }],
  ['stream-go-live', '/teach/stream', { 'WATCH /v1/liveStreams:watch': [{ reset: true, liveStreams: [rehearsal()], removed: [] }] },
    click('.stream-panel .primary')],
  ['stream-end', '/teach/stream', {}, click('.stream-panel .danger')],
  ['stream-none', '/teach/stream', { 'WATCH /v1/liveStreams:watch': [{ reset: true, liveStreams: [], removed: [] }],
    'GET /v1/courses/1/lectures': { lectures: [], nextPageToken: '' }, 'GET /v1/personalTokens': { personalTokens: [], nextPageToken: '' },
    'GET /v1/me': lecturer({ installation: { ...lecturer().installation, rtmpUrl: '' } }) }],
  ['stream-new-key', '/teach/stream', {}, async () => {
    await tab.click('#keys .button >> nth=0');
    await tab.fill('dialog input', 'new laptop');
    await tab.click('dialog .primary');
    await tab.waitForSelector('#keys .copy-box');
  }],
];
const looks = [{ scheme: 'light', width: 1440, height: 900 }, { scheme: 'dark', width: 320, height: 720 }];

async function show([name, address, more = {}, act], look, language) {
  gateway.answers = { 'POST /v1/lectures/*/uploads': gateway.answers['POST /v1/lectures/*/uploads'], ...answers(undefined, more) };
  gateway.language = language;
  await visitor.appearance({ ...look, motion: 'reduce' });
  await tab.goto('about:blank');              // else another hash would not load the page
  await visitor.open(address);
  if (act) await act();
  await tab.waitForTimeout(300);
  const what = `${name} ${look.scheme} ${look.width} ${language}`;
  await visitor.shoot(folder, `${name}-${look.scheme}-${look.width}`, true);
  await visitor.isSound(what);
}

const only = process.env.LECTERN_ONLY;
const wrong = [];
async function look(state, at, language) {
  try {
    await show(state, at, language);
  } catch (error) {
    wrong.push(`${state[0]} ${at.scheme}: ${error.message}`);
    visitor.faults.length = 0;
  }
}
for (const state of states.filter(([name]) => !only || name.startsWith(only))) {
  await look(state, looks[0], 'en');
  await look(state, looks[1], 'de');
}

// A recording through a pause, a refusal, a closed tab and another file.
async function uploads() {
  const [right, other] = ['talk-cam.mp4', 'other.mp4'].map((name) => path.join(scratch, name));
  const bytes = randomBytes(40 << 20);
  await writeFile(right, bytes);
  await writeFile(other, randomBytes(1 << 20));
  gateway.answers = { 'POST /v1/lectures/*/uploads': gateway.answers['POST /v1/lectures/*/uploads'],
    ...answers(undefined, { 'GET /v1/uploads': () => gateway.openUploads() }) };
  gateway.language = 'en';
  let patches = 0, release = () => undefined, hold = null;
  const holdNext = () => { hold = new Promise((resolve) => { release = () => { hold = null; resolve(); }; }); };
  gateway.fault = async ({ method }) => {
    if (method !== 'PATCH') return null;
    patches += 1;
    if (patches === 2) return { status: 503, headers: { 'Retry-After': '50' } };
    await hold;
    return null;
  };
  const reaches = (state) => tab.waitForSelector(`.upload[data-state="${state}"]`, { timeout: 90_000 });
  const why = () => tab.textContent('.upload-why');
  await visitor.appearance({ width: 1280, height: 900 });
  await visitor.open('/teach/lectures/7');
  await tab.setInputFiles('.drop input[type=file]', [right]);
  assert.equal(await tab.inputValue('.staged select'), 'CAM');
  await tab.click('.staged .primary');
  await reaches('held');
  assert.match(await why(), /asked to wait/);
  await visitor.isSound('held');
  await visitor.shoot(folder, 'upload-held', true);
  holdNext();
  await tab.click('.upload .button:has-text("Try now")');
  await reaches('uploading');
  await tab.click('.upload-actions .button');
  await reaches('paused');
  await visitor.isSound('paused');
  release();
  holdNext();
  await visitor.open('/teach/lectures/7');
  await reaches('needs_file');
  await tab.setInputFiles('.upload input[type=file]', [other]);
  await tab.waitForSelector('.upload-why.alarming');
  assert.match(await why(), /not the file that was begun/);
  await visitor.isSound('another file');
  await tab.setInputFiles('.upload input[type=file]', [right]);
  await reaches('uploading');
  release();
  await reaches('stored');
  const [upload] = [...gateway.uploads.values()];
  assert.equal(gateway.uploads.size, 1, 'it began another upload');
  assert.ok(upload.stored.equals(bytes), 'other bytes arrived');
  gateway.say('/v1/lectures/7:watch', { ...lectures()[6], state: 'RECORDED', views: [view('CAM', 'PLAYABLE')] });
  await tab.waitForSelector('.upload .pill.good');
  await visitor.isSound('watchable');
}

async function cancels() {
  gateway.fault = () => null;
  gateway.uploads.clear();
  const file = path.join(scratch, 'talk-slides.mp4');
  await writeFile(file, randomBytes(20 << 20));
  gateway.fault = ({ method }) => method === 'PATCH' ? { status: 410 } : null;
  await visitor.open('/teach/lectures/7');
  await tab.setInputFiles('.drop input[type=file]', [file]);
  await tab.click('.staged .primary');
  await tab.waitForSelector('.upload[data-state="failed"]');
  assert.match(await tab.textContent('.upload-why'), /no longer has what was uploaded/);
  await visitor.isSound('expired');
  gateway.fault = () => null;
  await tab.click('.upload-actions .quiet');
  await visitor.isSound('cancel');
  await tab.click('dialog .danger');
  await tab.waitForSelector('.upload', { state: 'detached' });
  assert.ok([...gateway.uploads.values()].every(({ gone }) => gone), 'what was begun is still there');
}

try {
  assert.deepEqual(wrong, [], 'states that are not as they should be');
  if (!only) {
    await uploads();
    await cancels();
  }
  console.log(`${states.length} states`);
} finally {
  await browser.close();
  await gateway.stop();
  await rm(scratch, { recursive: true, force: true });
}
