import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { web } from './support.mjs';

const maxLines = 350;
const maxColumns = 132;
const drawings = /^src\/player\/glyphs\.tsx$/;   // paths of pictures

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== 'generated') yield* sources(file);
    else if (/\.(tsx?|css)$/.test(entry.name)) yield file;
  }
}

const files = [...sources(path.join(web, 'src'))].map((file) => ({ name: path.relative(web, file), text: readFileSync(file, 'utf8') }));

test('Files are short enough to read', () => {
  const long = files.filter(({ text }) => text.trimEnd().split('\n').length > maxLines).map(({ name }) => name);
  assert.deepEqual(long, []);
  const wide = files.filter(({ name }) => !drawings.test(name)).flatMap(({ name, text }) => (
    text.split('\n').flatMap((line, i) => ([...line].length > maxColumns ? [`${name}:${i + 1}`] : []))
  ));
  assert.deepEqual(wide, []);
});

test('Nothing is written into a page that its policy forbids, or that is not text', () => {
  const bad = /dangerouslySetInnerHTML|\binnerHTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\('style'|style="|javascript:/;
  assert.deepEqual(files.filter(({ text }) => bad.test(text)).map(({ name }) => name), []);
});

test('Nothing is loaded from elsewhere', () => {
  const bad = /@import\s+(url\()?['"]https?:|from 'https?:|import\('https?:|src="https?:/;
  assert.deepEqual(files.filter(({ text }) => bad.test(text)).map(({ name }) => name), []);
});

test('No open ends are left', () => {
  assert.deepEqual(files.filter(({ text }) => /\b(TODO|FIXME|XXX|HACK)\b|console\.log|debugger/.test(text)).map(({ name }) => name), []);
});
