import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './support.mjs';

const { safeNext } = await load('src/lib/address.ts');
const origin = 'https://lectern.example';

test('Signing in leads back to a path of this origin', () => {
  assert.equal(safeNext('/courses/12?x=1#week', origin), '/courses/12?x=1#week');
  assert.equal(safeNext('/', origin), '/');
});

test('Signing in never leads elsewhere', () => {
  const hostile = ['//evil.example/x', '/\\evil.example', '/\t/evil.example', '\\\\evil.example', 'https://evil.example/', 'javascript:alert(1)',
    'evil.example', '/\n/evil.example', 'data:text/html,x', '', null, '//', '/%0a', 'http://lectern.example/', '/..//evil.example'];
  for (const next of hostile) {
    const path = safeNext(next, origin);
    assert.ok(path.startsWith('/'), `${next}`);
    assert.equal(new URL(path, origin).origin, origin, `${next}`);
  }
});

test('Signing in does not lead to the sign-in page again', () => {
  assert.equal(safeNext('/login?next=/login', origin), '/');
});
