// An upload against a service that does what it is told: every class of trouble, and what a person sees of it.
import assert from 'node:assert/strict';
import { File } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import { load } from './upload_modules.mjs';

globalThis.File ??= File;   // Node 18 has it, but not as a global

const { Task } = await load('src/upload/task.ts');
const { fingerprintOf } = await load('src/upload/fingerprint.ts');
const MiB = 1 << 20;

// A tus server in memory. `script` holds answers that come in place of its own: functions of the request, in their order.
class Service {
  stored = Buffer.alloc(0);
  exists = false;
  calls = [];
  sleeps = [];
  script = [];
  announcements = 0;
  announceScript = [];
  id = 'u1';
  lock = null;

  deps(more = {}) {
    return {
      announce: async (plan) => {
        this.announcements += 1;
        const scripted = this.announceScript.shift();
        const answer = { status: 200, reason: '', message: '', retryAfter: 0, ...scripted };
        return { answer, target: answer.status === 200 ? { uploadId: this.id, createUrl: '/c', uploadUrl: `/u/${this.id}`, token: 't' } : null };
      },
      send: async (request) => {
        request.signal.throwIfAborted();
        this.calls.push(request.method);
        const scripted = this.script.shift();
        const answer = scripted ? await scripted(request) : undefined;
        return { status: 0, reason: '', message: '', retryAfter: 0, offset: null, ...(answer ?? this.answer(request)) };
      },
      fingerprint: fingerprintOf,
      checksum: null,
      sleep: async (ms, signal) => { this.sleeps.push(ms); signal.throwIfAborted(); },
      signedIn: async () => { this.signIns = (this.signIns ?? 0) + 1; },
      alone: (id, signal, elsewhere, work) => work(),
      now: () => performance.now(),
      random: () => 0.5,
      ...more,
    };
  }

  answer({ method, headers, body, onSent }) {
    if (method === 'POST') {
      this.exists = true;
      return { status: 201, offset: this.stored.length };
    }
    if (!this.exists) return { status: 404 };
    if (method === 'HEAD') return { status: 200, offset: this.stored.length };
    if (Number(headers['Upload-Offset']) !== this.stored.length) return { status: 409, reason: 'OFFSET_MISMATCH' };
    onSent?.(body.length);
    this.stored = Buffer.concat([this.stored, body]);
    return { status: 204, offset: this.stored.length };
  }
}

function upload(service, bytes = randomBytes(9 * MiB + 5), more = {}) {
  const file = new File([bytes], 'talk.mp4', { lastModified: 1 });
  const task = new Task({ lecture: 'lectures/1', view: 'COMB', fileName: 'talk.mp4', size: bytes.length, fingerprint: '' }, file, service.deps(more));
  const states = [];
  task.onChange = () => { if (states.at(-1) !== task.state) states.push(task.state); };
  return { task, file, bytes, states, run: (signal = new AbortController().signal) => task.run(signal) };
}

async function goesThrough(script, more = {}) {
  const service = Object.assign(new Service(), more);
  service.script = script;
  const one = upload(service);
  await one.run();
  assert.equal(one.task.state, 'stored');
  assert.ok(service.stored.equals(one.bytes), 'other bytes arrived');
  return { service, ...one };
}

const own = () => undefined;               // the service's own answer
const says = (status, more = {}) => () => ({ status, ...more });

test('An upload is created, sent in pieces and stored', async () => {
  const { service, states } = await goesThrough([]);
  assert.deepEqual(service.calls.slice(0, 3), ['POST', 'PATCH', 'PATCH']);
  assert.deepEqual(states, ['reading', 'uploading', 'stored']);
});

test('A network that is cut is waited for, and HEAD says where to go on', async () => {
  const { service, states } = await goesThrough([own, says(0), says(0), own]);
  assert.deepEqual(service.calls.slice(1, 5), ['PATCH', 'HEAD', 'HEAD', 'PATCH']);
  assert.deepEqual(service.sleeps, [500, 1000]);
  assert.ok(states.includes('held'));
});

test('Bytes that arrived before the break are not sent again', async () => {
  const service = new Service();
  let offset = -1;
  service.script = [own, ({ body }) => {
    service.stored = Buffer.from(body.subarray(0, 1000));
    return { status: 0 };
  }, own, ({ headers }) => { offset = Number(headers['Upload-Offset']); }];
  const { run, bytes } = upload(service);
  await run();
  assert.equal(offset, 1000);
  assert.ok(service.stored.equals(bytes));
});

test('A throttled service is obeyed', async () => {
  const { service } = await goesThrough([own, says(503, { retryAfter: 9 })]);
  assert.deepEqual(service.sleeps, [9000]);
});

test('A session that has ended is renewed, and the same upload goes on', async () => {
  const { service, states } = await goesThrough([own, says(401)], { announceScript: [{}, { status: 401 }, {}] });
  assert.equal(service.signIns, 1);
  assert.equal(service.announcements, 3);
  assert.ok(states.includes('sign_in'));
});

test('A wrong offset is put right silently', async () => {
  const { states, service } = await goesThrough([own, says(409)]);
  assert.ok(!states.includes('held'));
  assert.deepEqual(service.calls.slice(1, 4), ['PATCH', 'HEAD', 'PATCH']);
});

test('Damaged bytes are sent once more', async () => {
  await goesThrough([own, says(460)]);
  const service = new Service();
  service.script = [own, says(460), own, says(460)];
  const { task, run } = upload(service);
  await run();
  assert.equal(task.problem.failure, 'damaged');
});

test('An upload that has expired ends, and begins again from the first byte', async () => {
  const service = new Service();
  service.script = [own, own, says(410)];
  const { task, run, bytes } = upload(service);
  await run();
  assert.equal(task.problem.failure, 'gone');
  assert.ok(task.acknowledged > 0);
  Object.assign(service, { id: 'u2', exists: false, stored: Buffer.alloc(0) });
  task.reset();
  assert.equal(task.acknowledged, 0);
  await run();
  assert.equal(task.state, 'stored');
  assert.ok(service.stored.equals(bytes));
});

test('A file that changes on the way is noticed', async () => {
  const service = new Service();
  const { task, file, run } = upload(service);
  const slice = file.slice.bind(file);
  let reads = 0;
  file.slice = (...range) => ++reads > 5 ? { arrayBuffer: () => Promise.reject(new DOMException('', 'NotReadableError')) } : slice(...range);
  await run();
  assert.equal(task.problem.failure, 'changed');
});

test('A pause ends at once, and going on asks where', async () => {
  const service = new Service();
  const stop = new AbortController();
  service.script = [own, own, (request) => new Promise((_, reject) => {
    request.signal.addEventListener('abort', () => reject(request.signal.reason));
    stop.abort(new Error('stopped'));
  })];
  const { task, run, bytes } = upload(service);
  await assert.rejects(run(stop.signal), /stopped/);
  const had = service.calls.length;
  await run();
  assert.equal(service.calls[had], 'HEAD');
  assert.equal(task.state, 'stored');
  assert.ok(service.stored.equals(bytes));
});

test('Only the file that was begun goes on', async () => {
  const service = new Service();
  const bytes = randomBytes(5 * MiB);
  Object.assign(service, { exists: true, stored: Buffer.from(bytes.subarray(0, 2 * MiB)) });
  const plan = { lecture: 'lectures/1', view: 'CAM', fileName: 'talk.mp4', size: bytes.length, fingerprint: await fingerprintOf(new Blob([bytes])) };
  const task = new Task(plan, null, service.deps(), { uploadId: 'u1', received: 2 * MiB });
  assert.equal(task.state, 'needs_file');
  const other = Buffer.from(bytes);
  other[10] ^= 1;
  assert.equal(await task.giveFile(new File([other], 'talk.mp4')), false);
  assert.ok(task.otherFile);
  assert.equal(await task.giveFile(new File([bytes], 'renamed.mp4')), true);
  await task.run(new AbortController().signal);
  assert.equal(task.state, 'stored');
  assert.ok(service.stored.equals(bytes));
});

test('It tries for ever while it is a trouble that passes, and stops where it is not', async () => {
  const { service } = await goesThrough([own, ...Array.from({ length: 60 }, () => says(502))]);
  assert.equal(service.sleeps.length, 60);
  assert.equal(Math.max(...service.sleeps), 30_000);
  const refused = new Service();
  refused.script = [own, says(507, { message: 'no space' })];
  const { task, run } = upload(refused);
  await run();
  assert.deepEqual(task.problem, { failure: 'disk_full', message: 'no space' });
});

test('A token that is refused again and again is not renewed for ever', async () => {
  const service = new Service();
  service.script = Array.from({ length: 20 }, () => says(403));
  const { task, run } = upload(service);
  await run();
  assert.equal(task.problem.failure, 'forbidden');
});

test('An answer that got lost after the last byte is no loss', async () => {
  const bytes = randomBytes(MiB);
  const service = new Service();
  service.script = [own, (request) => { service.answer(request); return { status: 0 }; }];
  const { task, run } = upload(service, bytes);
  await run();
  assert.equal(task.state, 'stored');
  assert.deepEqual(service.calls, ['POST', 'PATCH', 'HEAD']);
});
