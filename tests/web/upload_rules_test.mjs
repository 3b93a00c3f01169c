// The rules of uploads in the browser that need none: answers, fingerprints, names, speed.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import test from 'node:test';
import { load } from './upload_modules.mjs';

const answers = await load('src/upload/answers.ts');
const fingerprints = await load('src/upload/fingerprint.ts');
const { sha256 } = await load('src/upload/sha256.ts');
const names = await load('src/upload/names.ts');
const speeds = await load('src/upload/speed.ts');

const answer = (status, more = {}) => ({ status, reason: '', message: '', retryAfter: 0, ...more });
const said = (step, status, more = {}, begun = true) => {
  const verdict = answers.verdict(step, answer(status, more), begun);
  return [verdict.do, verdict.trouble ?? verdict.failure].filter(Boolean).join(' ');
};

test('What passes by itself is waited for, by its class', () => {
  for (const step of ['announce', 'head', 'create', 'patch']) {
    assert.equal(said(step, 0), 'wait network');
    for (const status of [408, 425, 500, 502, 503, 504]) assert.equal(said(step, status), 'wait server');
    assert.equal(said(step, 429), 'wait throttled');
    assert.equal(said(step, 503, { retryAfter: 7 }), 'wait throttled');
  }
  assert.equal(answers.verdict('patch', answer(503, { retryAfter: 7 }), true).leastMs, 7000);
  assert.equal(said('patch', 423), 'wait busy');
  assert.equal(said('patch', 409, { reason: 'UPLOAD_BUSY' }), 'wait busy');
});

test('What does not pass by itself ends with what can be done about it', () => {
  assert.equal(said('patch', 410), 'fail gone');
  assert.equal(said('head', 404), 'fail gone');
  assert.equal(said('patch', 413), 'fail too_large');
  assert.equal(said('patch', 415), 'fail refused');
  assert.equal(said('patch', 507), 'fail disk_full');
  assert.equal(said('announce', 429, { reason: 'QUOTA_EXCEEDED' }), 'fail quota');
  assert.equal(said('announce', 503, { reason: 'NO_VOD_SERVICE' }), 'fail no_vod_service');
  assert.equal(said('announce', 403), 'fail forbidden');
  assert.equal(said('announce', 404), 'fail no_lecture');
});

test('The rest goes on in its own way', () => {
  assert.equal(said('patch', 204), 'continue');
  assert.equal(said('patch', 409), 'resync');
  assert.equal(said('patch', 460), 'resend');
  assert.equal(said('patch', 401), 'renew');
  assert.equal(said('announce', 401), 'sign_in');
  assert.equal(said('head', 404, {}, false), 'create');
});

test('Retry-After is seconds or a date, and nonsense is nothing', () => {
  const now = Date.parse('2026-11-21T08:00:00Z');
  assert.equal(answers.retryAfterSeconds('120', now), 120);
  assert.equal(answers.retryAfterSeconds('Sat, 21 Nov 2026 08:00:30 GMT', now), 30);
  assert.equal(answers.retryAfterSeconds('Sat, 21 Nov 2026 07:00:30 GMT', now), 0);
  assert.equal(answers.retryAfterSeconds('soon', now), 0);
  assert.equal(answers.retryAfterSeconds(null, now), 0);
});

test('The pause doubles up to a minute, with full jitter', () => {
  assert.equal(answers.backOffMs(0, 0.5), 500);
  assert.equal(answers.backOffMs(3, 0.5), 4000);
  assert.equal(answers.backOffMs(50, 0.999), 59_940);
  assert.equal(answers.backOffMs(5, 0), 200);
});

test('Our SHA-256 is the one of FIPS 180-4', () => {
  for (const size of [0, 1, 55, 56, 63, 64, 65, 119, 1000, 70_000]) {
    const bytes = randomBytes(size);
    assert.equal(Buffer.from(sha256(bytes)).toString('hex'), createHash('sha256').update(bytes).digest('hex'), `${size} bytes`);
  }
});

// As api/cli/fingerprint.h says.
function asTheCommandLine(bytes) {
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(bytes.length));
  const MiB = 1 << 20, middle = Math.floor((bytes.length - MiB) / 2);
  const parts = bytes.length <= 3 * MiB ? [bytes]
    : [bytes.subarray(0, MiB), bytes.subarray(middle, middle + MiB), bytes.subarray(bytes.length - MiB)];
  return parts.reduce((hash, part) => hash.update(part), createHash('sha256').update(size)).digest('hex');
}

test('A fingerprint is that of lecternctl', async () => {
  const MiB = 1 << 20;
  for (const size of [1, 3 * MiB, 3 * MiB + 1, 5 * MiB + 17]) {
    const bytes = randomBytes(size);
    assert.equal(await fingerprints.fingerprintOf(new Blob([bytes])), asTheCommandLine(bytes), `${size} bytes`);
  }
  assert.deepEqual(fingerprints.pieces(3 * MiB), [[0, 3 * MiB]]);
});

test('Names tell views apart', () => {
  for (const [name, view] of [['analysis-cam.mp4', 'CAM'], ['Kamera_01.mkv', 'CAM'], ['2026-11-21 slides.mov', 'PRES'], ['VL3Folien.mp4', 'PRES'],
    ['lecture_CAMERA.ts', 'CAM'], ['screen.webm', 'PRES'], ['pres.mp4', 'PRES'], ['combined.mp4', 'COMB'], ['campus.mp4', null],
    ['Präsentation.mp4', 'PRES'], ['talk.mp4', null]]) {
    assert.equal(names.viewOf(name), view, name);
  }
});

test('Files of one lecture get different views', () => {
  assert.deepEqual(names.assignViews(['a.mp4']), ['COMB']);
  assert.deepEqual(names.assignViews(['a-cam.mp4', 'a-slides.mp4']), ['CAM', 'PRES']);
  assert.deepEqual(names.assignViews(['a-slides.mp4', 'a.mp4']), ['PRES', 'CAM']);
  assert.deepEqual(names.assignViews(['a.mp4', 'b.mp4']), ['CAM', 'PRES']);
  assert.deepEqual(names.assignViews(['a.mp4'], ['CAM']), ['PRES']);
});

test('A lecture is found by the words of its title, where one fits best', () => {
  const lectures = [{ name: 'lectures/1', title: 'Lecture 1' }, { name: 'lectures/2', title: 'Lecture 2: Graphs' }];
  assert.equal(names.lectureOf('lecture02_cam.mp4', lectures), null);
  assert.equal(names.lectureOf('lecture_02_cam.mp4', lectures), 'lectures/2');
  assert.equal(names.lectureOf('graphs-slides.mp4', lectures), 'lectures/2');
  assert.equal(names.lectureOf('recording.mp4', lectures), null);
});

test('Recordings are told from other files', () => {
  assert.ok(names.isRecording({ name: 'a.MKV', type: '' }));
  assert.ok(names.isRecording({ name: 'a', type: 'video/mp4' }));
  assert.ok(!names.isRecording({ name: 'slides.pdf', type: 'application/pdf' }));
});

test('The remaining time is told only when it is steady', () => {
  const speed = new speeds.Speed(), MB = 1e6;
  let now = 0, told = null, firstTold = -1;
  for (let i = 0; i < 40; ++i) {
    speed.add(MB, now);
    told = speed.secondsLeft(100 * MB - i * MB, now);
    if (told !== null && firstTold < 0) firstTold = now;
    now += 1000;
  }
  assert.ok(firstTold >= 8000 && firstTold <= 15_000, `first told at ${firstTold}`);
  assert.ok(Math.abs(told - 61) < 3, `${told} s left`);
  assert.ok(Math.abs(speed.bytesPerSecond - MB) < 0.05 * MB);
  speed.restart();
  assert.equal(speed.secondsLeft(MB, now), null);
});

test('An erratic line gets no estimate', () => {
  const speed = new speeds.Speed();
  let told = 0;
  for (let i = 0; i < 30; ++i) {
    speed.add(i % 9 === 0 ? 9e6 : 1e4, i * 1000);
    if (speed.secondsLeft(1e9, i * 1000) !== null) ++told;
  }
  assert.ok(told < 8, `${told} times`);
});

test('Pieces grow at most twice as large, and hold about five seconds', () => {
  const MiB = 1 << 20;
  assert.equal(speeds.nextPiece(4 * MiB, 100e6), 8 * MiB);
  assert.equal(speeds.nextPiece(32 * MiB, 100e6), 32 * MiB);
  assert.equal(speeds.nextPiece(8 * MiB, 500e3), 2 * MiB);
  assert.equal(speeds.nextPiece(8 * MiB, 1e3), MiB);
  assert.equal(speeds.nextPiece(8 * MiB, 0), 8 * MiB);
});
