// What the API publishes of itself is an OpenAPI 3.1 document by the specification's own schema, which a checker of others holds.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';

const here = new URL('..', import.meta.url).pathname;
const checker = path.join(here, 'browser/node_modules/@seriousme/openapi-schema-validator/index.js');
const { Validator } = await import(pathToFileURL(checker));
const printed = execFileSync(path.join(process.env.LECTERN_BINARY_DIR, 'bin/lectern-api'), ['--print_openapi'], { maxBuffer: 64 << 20 });
const document = JSON.parse(printed);

test('the document is valid', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(document));
  assert.ok(valid, JSON.stringify(errors, null, 1)?.slice(0, 4000));
  assert.equal(validator.version, '3.1');
});

test('a document that is not valid is refused', async () => {
  const broken = structuredClone(document);
  delete broken.info.title;
  const { valid } = await new Validator().validate(broken);
  assert.equal(valid, false);
});

test('every operation has its own name, and every reference leads somewhere', () => {
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item)).filter(({ operationId }) => operationId);
  assert.ok(operations.length > 100, `only ${operations.length} operations`);
  assert.equal(new Set(operations.map(({ operationId }) => operationId)).size, operations.length);
  for (const [, target] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const found = target.split('/').reduce((at, key) => at?.[key], document);
    assert.ok(found, `nothing is at ${target}`);
  }
});
