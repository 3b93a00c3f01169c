import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './support.mjs';

const { marked } = await load('src/pages/search/marks.ts');
const show = (text, query) => marked(text, query).map((piece) => (piece.hit ? `[${piece.text}]` : piece.text)).join('');

test('Beginnings of words are marked, whatever their case', () => {
  assert.equal(show('Design patterns: the Designer', 'des PAT'), '[Des]ign [pat]terns: the [Des]igner');
  assert.equal(show('Redesign', 'des'), 'Redesign');
});

test('The longest fitting word of the query is marked', () => {
  assert.equal(show('Testing', 'te testing'), '[Testing]');
});

test('Letters of any language, and nothing at all, are taken as they are', () => {
  assert.equal(show('Übung für Ärzte', 'übung ärz'), '[Übung] für [Ärz]te');
  assert.equal(show('a+b (c)', '+('), 'a+b (c)');
  assert.deepEqual(marked('', 'x'), []);
});
