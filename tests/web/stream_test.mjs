import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { load } from './support.mjs';

// What the browser has and Node has not.
globalThis.document = { documentElement: { lang: 'en' }, visibilityState: 'visible', addEventListener() {}, removeEventListener() {} };
globalThis.addEventListener ??= () => undefined;
globalThis.removeEventListener ??= () => undefined;
globalThis.window = globalThis;
const { watch } = await load('src/lib/api.ts');
const { parseEvent } = await load('src/lib/stream.ts');

// Serves each connection with the next of `answers`; resolves to its address and a function that ends it.
async function serving(answers) {
  let turn = 0;
  const server = createServer((request, response) => answers[Math.min(turn++, answers.length - 1)](response));
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return { url: `http://127.0.0.1:${server.address().port}/`, stop: () => { server.closeAllConnections(); server.close(); } };
}

const stream = (response) => response.writeHead(200, { 'Content-Type': 'text/event-stream' });

test('Events have a name and data; comments say nothing', () => {
  assert.deepEqual(parseEvent(': alive'), { name: 'message', data: '' });
  assert.deepEqual(parseEvent('event: error\ndata: {"a": 1}'), { name: 'error', data: '{"a": 1}' });
  assert.deepEqual(parseEvent('data: one\ndata: two'), { name: 'message', data: 'one\ntwo' });
});

test('A stream that breaks is opened anew', async () => {
  const { url, stop } = await serving([
    (response) => { stream(response).write('data: {"n": 1}\n\ndata: {"n"'); setImmediate(() => response.destroy()); },
    (response) => { stream(response).write(': alive\n\ndata: {"n": 2}\n\n'); },
  ]);
  const states = [];
  const seen = [];
  await new Promise((resolve) => {
    const end = watch(url, {
      onState: (state) => states.push(state),
      onEvent: (message) => { seen.push(message.n); if (message.n === 2) { end(); resolve(); } },
    });
  });
  stop();
  assert.deepEqual(seen, [1, 2]);
  assert.deepEqual(states, ['connecting', 'open', 'lost', 'open']);
});

for (const [name, answer] of [
  ['A refusal', (response) => response.writeHead(403).end('{"error": {"code": 403, "status": "PERMISSION_DENIED", "reason": "NO", "message": "No."}}')],
  ['A refusal within the stream', (response) => {
    stream(response).end('event: error\ndata: {"error": {"code": 403, "status": "PERMISSION_DENIED", "reason": "NO", "message": "No."}}\n\n');
  }],
]) {
  test(`${name} ends the stream for good`, async () => {
    const { url, stop } = await serving([answer]);
    const error = await new Promise((resolve) => {
      watch(url, { onEvent: () => undefined, onState: (state, why) => { if (state === 'ended') resolve(why); } });
    });
    stop();
    assert.deepEqual([error.status, error.code, error.reason, error.message], [403, 'PERMISSION_DENIED', 'NO', 'No.']);
  });
}
