// personas.mjs DATA: a student, a lecturer and a maintainer do their job in Chromium on the system that runs below DATA (deploy/up wrote its
// endpoints.json): by keyboard alone, by uploading, by going live with FFmpeg, by joining a machine and by losing a right.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ask, endpointsOf, launch, Visitor } from './visit.mjs';

const data = process.argv[2];
const endpoints = await endpointsOf(data);
const { gateway, users } = endpoints;
const scratch = await mkdtemp(path.join(os.tmpdir(), 'lectern-personas-'));
const browser = await launch();
const children = [];

const video = (tab) => tab.evaluate(() => document.querySelector('#video')?.currentTime ?? 0);
async function playsOn(tab, what, seconds = 2) {
  const from = await video(tab);
  await tab.waitForFunction(([start, wanted]) => document.querySelector('#video')?.currentTime > start + wanted, [from, seconds],
    { timeout: 40_000 }).catch(() => { throw new Error(`${what}: stands still at ${from}`); });
}

// Presses Tab until the focus is where `matches` (a function for the page) says, as somebody without a mouse.
async function tabTo(tab, what, matches, argument) {
  for (let presses = 0; presses < 80; ++presses) {
    if (await tab.evaluate(`(${matches})(document.activeElement, ${JSON.stringify(argument)})`)) return;
    await tab.keyboard.press('Tab');
  }
  throw new Error(`the keyboard does not reach ${what}`);
}

// Signs in, searches, watches, seeks and takes a note without a mouse; then goes on where it was, on another device.
async function studentWatches() {
  const student = await Visitor.come(browser, gateway);
  const { tab } = student;
  await student.open('/login?next=/');
  await tabTo(tab, 'the e-mail field', (element) => element.type === 'email');
  await tab.keyboard.type(users.student.email);
  await tabTo(tab, 'the password field', (element) => element.type === 'password');
  await tab.keyboard.type(users.student.password);
  await tab.keyboard.press('Enter');
  await tab.waitForURL(`${gateway}/`);
  await student.settle();
  await tabTo(tab, 'the search field', (element) => element.type === 'search');
  await tab.keyboard.type('pose');
  await tab.keyboard.press('Enter');
  await tab.waitForURL(/\/search\?q=pose/);
  await student.settle();
  await tabTo(tab, 'the hit', (element) => element.tagName === 'A' && /Pose of a rigid body/.test(element.textContent));
  await tab.keyboard.press('Enter');
  await tab.waitForURL(/\/lectures\/\d+/);
  await student.settle();
  await tab.waitForFunction(() => document.querySelector('#video')?.readyState > 1, null, { timeout: 30_000 });
  await tab.keyboard.press('k');
  await playsOn(tab, 'the recording');
  await tab.keyboard.press('2');
  await tab.waitForFunction(() => document.querySelector('#video').currentTime > 11, null, { timeout: 20_000 });
  await playsOn(tab, 'a fifth of the way');
  await tab.keyboard.press('k');
  const left = await video(tab);
  const lecture = new URL(tab.url()).pathname.slice(1);
  // Stopping tells the position; another device begins there.
  await student.tab.waitForTimeout(1500);
  const other = await Visitor.come(browser, gateway, users.student);
  const { me } = await ask(other, `/v1/${lecture}`);
  assert.ok(Math.abs(Number.parseFloat(me.position) - left) < 4, `the position is ${me.position}, it was left at ${left}`);
  await other.open(`/${lecture}`);
  await other.tab.waitForFunction((at) => Math.abs(document.querySelector('#video').currentTime - at) < 5, left, { timeout: 30_000 });
  assert.deepEqual([...student.faults, ...other.faults], []);
  await student.leave();
  await other.leave();
}

function makeClip(file, seconds) {
  const made = spawnSync('ffmpeg', ['-nostdin', '-v', 'error', '-y', '-f', 'lavfi', '-i', `testsrc2=size=640x360:rate=25:duration=${seconds}`,
    '-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`, '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '50',
    '-sc_threshold', '0', '-c:a', 'aac', '-ac', '2', '-ar', '48000', file]);
  assert.equal(made.status, 0, String(made.stderr));
}

const courseNamed = async (visitor, title) => (await ask(visitor, '/v1/courses?pageSize=200')).courses.find((one) => one.title === title).name;

// Creates a lecture, uploads a file to it; a student watches it.
async function lecturerUploads() {
  const lecturer = await Visitor.come(browser, gateway, users.lecturer);
  const { tab } = lecturer;
  const course = await courseNamed(lecturer, 'Robotics 1');
  await lecturer.open(`/teach/${course}`);
  await tab.getByRole('button', { name: 'New lecture' }).click();
  const dialog = tab.getByRole('dialog');
  await dialog.getByLabel('Title').first().fill('4. Uploaded in the browser');
  await dialog.getByLabel('No date yet').check();
  await dialog.getByRole('button', { name: 'Create lecture' }).click();
  const link = tab.getByRole('link', { name: '4. Uploaded in the browser' }).first();
  await link.click();
  await tab.waitForURL(/\/teach\/lectures\/\d+/);
  await lecturer.settle();
  const lecture = new URL(tab.url()).pathname.replace('/teach/', '');
  const file = path.join(scratch, 'talk.mp4');
  makeClip(file, 12);
  await tab.locator('input[type=file]').first().setInputFiles(file);
  const start = tab.getByRole('button', { name: /^(Upload|Start)/ });
  if (await start.first().isVisible().catch(() => false)) await start.first().click();
  await poll('the upload is a recording', async () => (await ask(lecturer, `/v1/${lecture}`)).state === 'RECORDED', 90_000);
  assert.deepEqual(lecturer.faults, []);
  await lecturer.leave();
  const student = await Visitor.come(browser, gateway, users.student);
  await student.open(`/${lecture}`);
  await student.tab.waitForFunction(() => document.querySelector('#video')?.readyState > 1, null, { timeout: 30_000 });
  await student.tab.keyboard.press('k');
  await playsOn(student.tab, 'what was uploaded');
  await student.leave();
}

// Makes a stream key and goes live with FFmpeg: a rehearsal first, then for everybody, then it is a recording.
async function lecturerGoesLive() {
  const lecturer = await Visitor.come(browser, gateway, users.lecturer);
  const { tab } = lecturer;
  // The demo's own lecture is due: it would take the stream. (Its encoder has been stopped.)
  const live = `lectures/${endpoints.lectures.live}`;
  await ask(lecturer, `/v1/${live}:end`, 'POST', {});
  await lecturer.open('/teach/stream');
  await tab.getByRole('button', { name: 'New stream key' }).first().click();
  await tab.getByRole('dialog').getByLabel('Name').fill('test laptop');
  await tab.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
  const key = await tab.evaluate(async () => {
    for (let tries = 0; tries < 50; ++tries) {
      const found = [...document.querySelectorAll('input, code, output')].map((one) => one.value || one.textContent)
        .find((text) => /^lectern[0-9a-f]{20,}/.test(text));
      if (found) return found;
      await new Promise((done) => { setTimeout(done, 100); });
    }
    return '';
  });
  assert.match(key, /^lectern/, 'the stream key is not shown');
  await tab.keyboard.press('Escape');
  const clip = path.join(scratch, 'live.flv');
  makeClip(clip, 60);
  const encoder = spawn('ffmpeg', ['-nostdin', '-v', 'error', '-re', '-stream_loop', '-1', '-i', clip, '-c', 'copy', '-f', 'flv', `${endpoints.rtmp}/${key}`]);
  children.push(encoder);
  await tab.getByText('Rehearsal', { exact: false }).first().waitFor({ timeout: 40_000 });
  await tab.getByRole('button', { name: 'Go live now' }).first().click();
  const dialog = tab.getByRole('dialog');
  await dialog.getByLabel('Which lecture?').selectOption({ label: 'A new one, made now' });
  await dialog.getByLabel('Title').fill('Live from the browser');
  const course = dialog.getByLabel('Course');
  if (await course.isVisible().catch(() => false)) await course.selectOption({ label: 'Public lecture series' });
  await dialog.getByRole('button', { name: 'Go live now' }).click();

  const student = await Visitor.come(browser, gateway, users.student);
  await student.tab.waitForTimeout(500);
  const lecture = await poll('the lecture is live for a student', async () =>
    (await ask(student, '/v1/home')).live.find((one) => one.title === 'Live from the browser')?.name, 60_000);
  await student.open(`/${lecture}`);
  await playsOn(student.tab, 'the live lecture', 3);
  assert.match(await student.tab.locator('#badge').innerText(), /live/i);

  await tab.getByRole('button', { name: 'End lecture' }).first().click();
  await tab.getByRole('dialog').getByRole('button', { name: 'End it' }).click();
  await student.tab.waitForFunction(() => document.body.dataset.phase === 'recording', null, { timeout: 60_000 });
  await student.tab.evaluate(() => { document.querySelector('#video').currentTime = 1; void document.querySelector('#video').play(); });
  await playsOn(student.tab, 'the recording of the live lecture');
  encoder.kill();
  assert.deepEqual([...lecturer.faults, ...student.faults], []);
  await student.leave();
  await lecturer.leave();
}

async function poll(what, look, patience = 30_000) {
  const end = Date.now() + patience;
  while (Date.now() < end) {
    const found = await look();
    if (found) return found;
    await new Promise((done) => { setTimeout(done, 300); });
  }
  throw new Error(`not within ${patience / 1000} s: ${what}`);
}

// Joins a machine with a token from the page, sees it come, and loses the right to see it.
async function maintainerJoinsAMachine() {
  const maintainer = await Visitor.come(browser, gateway, users.maintainer);
  const { tab } = maintainer;
  const { organizations } = await ask(maintainer, '/v1/organizations');
  const school = organizations.find((one) => one.displayName === 'School of Engineering').name;
  await maintainer.open(`/manage/${school}`);
  await tab.getByRole('button', { name: 'Create a token' }).click();
  const token = await poll('the token is shown', () => tab.evaluate(() => [...document.querySelectorAll('input, textarea, code, pre, output')]
    .map((one) => /eyJ[\w-]+\.[\w-]+\.[\w-]+/.exec(one.value || one.textContent || '')?.[0]).find(Boolean)));
  const dashboard = await Visitor.come(browser, gateway, users.maintainer);
  await dashboard.open('/manage/resources');
  const state = path.join(scratch, 'worker');
  const worker = spawn(path.join(data, 'bin/lectern-worker'), [`--api=${endpoints.grpc}`, `--state_dir=${state}`, `--scratch_dir=${state}/scratch`,
    '--host_name=joined-by-test', '--slots=1', '--admin_port=0'], { env: { PATH: process.env.PATH, LECTERN_TOKEN: token, LECTERN_SYSTEM: data }, stdio: 'ignore' });
  children.push(worker);
  await dashboard.tab.getByText('joined-by-test').first().waitFor({ timeout: 30_000 });
  const administrator = await Visitor.come(browser, gateway, users.admin);
  const { user } = await ask(maintainer, '/v1/me');
  await ask(administrator, `/v1/${school}:removeMaintainer`, 'POST', { user: user.name });
  await dashboard.tab.getByText('joined-by-test').first().waitFor({ state: 'hidden', timeout: 30_000 });
  assert.ok([401, 403, 404].includes(await maintainer.open(`/manage/${school}`)), 'the page still opens for who has no right any more');
  await ask(administrator, `/v1/${school}:addMaintainer`, 'POST', { user: user.name });
  worker.kill();
  await Promise.all([maintainer.leave(), dashboard.leave(), administrator.leave()]);
}

let failed = 0;
for (const story of [studentWatches, lecturerUploads, maintainerJoinsAMachine, lecturerGoesLive]) {
  if (process.argv[3] && story.name !== process.argv[3]) continue;
  const started = Date.now();
  try {
    await story();
    console.log(`${story.name}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
  } catch (error) {
    ++failed;
    console.log(`${story.name} failed: ${error.stack}`);
    for (const context of browser.contexts()) {
      for (const page of context.pages()) {
        if (process.env.LECTERN_SCREENSHOTS) await page.screenshot({ path: `${process.env.LECTERN_SCREENSHOTS}/${story.name}-${page.url().replace(/\W+/g, '_')}.png` });
      }
      await context.close();
    }
  }
}
for (const child of children) child.kill('SIGKILL');
await browser.close();
await rm(scratch, { recursive: true, force: true });
process.exit(failed ? 1 : 0);
