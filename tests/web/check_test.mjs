import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { web } from './support.mjs';

test('The types of the pages agree with each other and with the API', () => {
  const types = spawnSync(process.execPath, ['types.mjs'], { cwd: web, encoding: 'utf8' });
  assert.equal(types.status, 0, types.stderr);
  const check = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '--noEmit'], { cwd: web, encoding: 'utf8' });
  assert.equal(check.status, 0, check.stdout);
});
