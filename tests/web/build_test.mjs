import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { inWeb } from './support.mjs';

const { buildPages } = await inWeb('build.mjs');
const { pages } = await inWeb('pages.mjs');
const folder = mkdtempSync(path.join(os.tmpdir(), 'lectern-pages-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const sizes = await buildPages(folder);
const read = (file) => readFileSync(path.join(folder, file), 'utf8');
const assets = () => readdirSync(path.join(folder, 'assets'));

const kilobyte = 1024;
const scriptBudget = { home: 30, course: 30, search: 30, login: 30, settings: 30, notfound: 30, lecture: 170, watch: 170 };

test('Every page keeps its budget', () => {
  for (const [page, { script, style }] of Object.entries(sizes)) {
    assert.ok(script <= (scriptBudget[page] ?? 60) * kilobyte, `${page} loads ${script} bytes of script`);
    assert.ok(style <= 15 * kilobyte, `${page} loads ${style} bytes of style`);
    assert.ok(statSync(path.join(folder, `${page}.html`)).size <= 4 * kilobyte, `${page}.html is large`);
  }
});

test('Every page of the table is built, and only those', () => {
  const table = JSON.parse(read('pages.json'));
  assert.deepEqual(table.map((entry) => entry.file), pages.map((page) => `${page.name}.html`));
  assert.deepEqual(readdirSync(folder).filter((name) => name.endsWith('.html')).sort(), table.map((entry) => entry.file).sort());
  for (const entry of table) {
    if (entry.status) assert.ok(entry.data[entry.status], `${entry.path} has no datum ${entry.status}`);
    for (const address of Object.values(entry.data)) assert.match(address, /^\/v1\//);
    if (Object.values(entry.data).some((address) => address.includes('$1'))) assert.ok(entry.path.includes('*'));
  }
});

test('The documented addresses all have a page', () => {
  const document = readFileSync(new URL('../../docs/web.md', import.meta.url), 'utf8');
  const table = JSON.parse(read('pages.json')).map((entry) => entry.path);
  const cells = document.split('\n').filter((line) => line.startsWith('| `/')).map((line) => line.split('|')[1]);
  const addresses = cells.flatMap((cell) => [...cell.matchAll(/`(\/[^`]*)`/g)].map((match) => match[1].replace(/[?#].*/, '').replace(/ID/g, '*')));
  assert.ok(addresses.length > 15);
  for (const address of addresses) assert.ok(table.includes(address), `no page for ${address}`);
});

test('Pages have the places that the gateway fills, and nothing inline', () => {
  for (const page of Object.keys(sizes)) {
    const html = read(`${page}.html`);
    assert.match(html, /<html lang="\{\{lang\}\}" data-theme="\{\{theme\}\}">/, page);
    assert.equal(html.split('<!--data-->').length, 2, page);
    assert.doesNotMatch(html, /<style|style=|<script(?![^>]* src=)|\son\w+=/, page);
    for (const [, address] of html.matchAll(/(?:href|src)="([^"]+)"/g)) assert.ok(existsSync(path.join(folder, address)), `${page} has no ${address}`);
  }
});

test('Home and course wait for few files', () => {
  for (const page of ['home', 'course']) assert.ok([...read(`${page}.html`).matchAll(/\.js"/g)].length <= 6, page);
});

test('Assets have compressed siblings with the same content', () => {
  for (const name of assets().filter((file) => /\.(js|css|svg)$/.test(file))) {
    const content = readFileSync(path.join(folder, 'assets', name));
    assert.ok(gunzipSync(readFileSync(path.join(folder, 'assets', `${name}.gz`))).equals(content), name);
    assert.ok(brotliDecompressSync(readFileSync(path.join(folder, 'assets', `${name}.br`))).equals(content), name);
  }
});

test('A build in place of an older one leaves what is the same and removes what is not', async () => {
  writeFileSync(path.join(folder, 'assets/home-OLD.js'), '');
  writeFileSync(path.join(folder, 'gone.html'), '');
  const before = assets().filter((name) => !name.includes('OLD')).map((name) => [name, statSync(path.join(folder, 'assets', name)).mtimeMs]);
  await buildPages(folder);
  assert.deepEqual(assets().map((name) => [name, statSync(path.join(folder, 'assets', name)).mtimeMs]), before);
  assert.ok(!existsSync(path.join(folder, 'gone.html')));
});
