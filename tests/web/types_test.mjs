import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { web } from './support.mjs';

execFileSync(process.execPath, ['types.mjs'], { cwd: web });
const text = readFileSync(path.join(web, 'src/generated/api.ts'), 'utf8');
const fields = (name) => new RegExp(`interface ${name} \\{\\n([^}]*)\\}`).exec(text)[1];

test('Fields have their names and types of the JSON', () => {
  const view = fields('LectureView');
  assert.match(view, / {2}uploadSizeBytes: string;\n/);
  assert.match(view, / {2}loudnessLufs: number;\n/);
  assert.match(view, / {2}steps: ProcessingStep\[\];\n/);
  assert.match(view, / {2}duration\?: string;\n/);
  assert.match(fields('Lecture'), / {2}startTime\?: string;\n/);
  assert.match(fields('OpenStreamResponse'), / {2}startTimeMs: string;\n/);
});

test('Messages and members of a oneof may be absent', () => {
  assert.match(fields('SearchHit'), / {2}course\?: Course;\n {2}lecture\?: Lecture;\n/);
  assert.match(fields('Course'), / {2}me\?: CourseForMe;\n/);
});

test('Of a request every field may be left out', () => {
  for (const line of fields('CreateCourseRequest').trim().split('\n')) assert.match(line, /\?:/);
});

test('Enums are unions of their names', () => {
  assert.match(text, /export type View = 'VIEW_UNSPECIFIED' \| 'COMB' \| 'CAM' \| 'PRES';/);
  assert.match(text, /export type StreamCommandKind = 'KEEP' \|/);
});
