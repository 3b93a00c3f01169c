import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './support.mjs';

const format = await load('src/lib/format.ts');

test('Ids are what follows the last slash of a name', () => {
  assert.equal(format.idOf('courses/12'), '12');
  assert.equal(format.idOf('12'), '12');
});

test('Durations of the JSON become seconds and back', () => {
  assert.equal(format.secondsOf('90.5s'), 90.5);
  assert.equal(format.secondsOf(undefined), 0);
  assert.equal(format.durationOf(90.5), '90.5s');
  assert.equal(format.durationOf(-1), '0s');
});

test('Positions are written as on a clock', () => {
  assert.equal(format.clockText(0), '0:00');
  assert.equal(format.clockText(65.9), '1:05');
  assert.equal(format.clockText(3723), '1:02:03');
  assert.equal(format.clockText(-5), '0:00');
});

test('Lengths are written in the largest two units', () => {
  assert.equal(format.lengthText(12), '12 s');
  assert.equal(format.lengthText(240), '4 min');
  assert.equal(format.lengthText(5520), '1 h 32 min');
  assert.equal(format.lengthText(7200), '2 h');
  assert.equal(format.lengthText(3 * 86400 + 4 * 3600), '3 d 4 h');
});

test('Bytes and bit rates have three figures', () => {
  assert.equal(format.bytesText('1210000000'), '1.21 GB');
  assert.equal(format.bytesText(999), '999 B');
  assert.equal(format.bytesText(999_600), '1 MB');
  assert.equal(format.bitRateText(4_500_000), '4.5 Mbit/s');
});

test('Times are told from now, in the language of the page', () => {
  const now = Date.parse('2026-11-21T10:00:00Z');
  assert.equal(format.formatRelative(now + 3 * 3_600_000, now), 'in 3 hours');
  assert.equal(format.formatRelative(now - 86_400_000, now), 'yesterday');
  assert.equal(format.formatRelative(now + 5000, now), 'now');
  assert.equal(format.formatRelative('nonsense', now), '');
  format.setFormatLanguage('de');
  assert.equal(format.formatRelative(now + 3 * 3_600_000, now), 'in 3 Stunden');
  assert.equal(format.bytesText('1210000000'), '1,21 GB');
  assert.equal(format.termText('2026W'), 'Wintersemester 2026/27');
  format.setFormatLanguage('en');
});

test('Terms are written out where they are of the known form', () => {
  assert.equal(format.termText('2026W'), 'Winter 2026/27');
  assert.equal(format.termText('2099W'), 'Winter 2099/00');
  assert.equal(format.termText('2026S'), 'Summer 2026');
  assert.equal(format.termText('Block course'), 'Block course');
});

test('A moment that is none is written as nothing', () => {
  assert.equal(format.formatDate(''), '');
  assert.ok(Number.isNaN(format.timeOf(undefined)));
});
