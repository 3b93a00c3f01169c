import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './support.mjs';

process.env.TZ = 'Europe/Berlin';
const weeks = await load('src/pages/course/weeks.ts');
const ics = await load('src/pages/course/ics.ts');

const at = (text) => new Date(text).getTime();
const lecture = (n, start, rest = {}) => ({
  name: `lectures/${n}`, title: `Lecture ${n}`, description: '', courseTitle: 'Analysis', state: 'RECORDED', startTime: start, ...rest,
});

test('A week begins on Monday at midnight where the viewer is', () => {
  assert.equal(weeks.mondayOf(at('2026-11-22T23:30:00')), at('2026-11-16T00:00:00'));
  assert.equal(weeks.mondayOf(at('2026-11-16T00:00:00')), at('2026-11-16T00:00:00'));
});

test('Weeks are counted over the change of summer time', () => {
  const now = at('2026-11-04T12:00:00');
  assert.equal(weeks.weeksAway(at('2026-10-19T00:00:00'), now), -2);
  assert.equal(weeks.weeksAway(at('2026-11-02T00:00:00'), now), 0);
  assert.equal(weeks.weeksAway(at('2026-11-09T00:00:00'), now), 1);
});

test('Lectures are grouped by week, newest or oldest first, undated ones last', () => {
  const list = [lecture(1, '2026-11-03T10:00:00Z'), lecture(2), lecture(3, '2026-11-12T10:00:00Z'), lecture(4, '2026-11-05T10:00:00Z')];
  const names = (order) => weeks.byWeek(list, order).map((week) => week.lectures.map((one) => one.name.slice(9)).join());
  assert.deepEqual(names('newest'), ['3', '4,1', '2']);
  assert.deepEqual(names('oldest'), ['1,4', '3', '2']);
  assert.equal(weeks.byWeek(list, 'oldest').at(-1).monday, null);
});

test('The next lecture is the soonest that is not over', () => {
  const now = at('2026-11-04T12:00:00Z');
  const over = lecture(1, '2026-11-04T08:00:00Z', { state: 'SCHEDULED', endTime: '2026-11-04T09:00:00Z' });
  const soon = lecture(2, '2026-11-04T11:55:00Z', { state: 'SCHEDULED', endTime: '2026-11-04T13:00:00Z' });
  const later = lecture(3, '2026-11-05T12:00:00Z', { state: 'SCHEDULED' });
  assert.equal(weeks.nextOf([later, over, soon], now), soon);
  assert.equal(weeks.nextOf([over, lecture(4, '2026-12-01T12:00:00Z')], now), null);
  assert.equal(weeks.isPlanned(over, now), false);
  assert.equal(weeks.isPlanned(later, now), true);
  assert.equal(weeks.isPlanned(lecture(5, undefined, { state: 'SCHEDULED' }), now), true);
});

test('As many recordings are new as the API counts, the newest that were not begun', () => {
  const begun = lecture(3, '2026-11-12T10:00:00Z', { me: { position: '5s', watched: false } });
  const list = [lecture(1, '2026-11-03T10:00:00Z'), lecture(2, '2026-11-10T10:00:00Z'), begun, lecture(4, '2026-11-13T10:00:00Z', { state: 'LIVE' })];
  assert.deepEqual([...weeks.newOnes(list, 1)], ['lectures/2']);
  assert.deepEqual([...weeks.newOnes(list, 9)], ['lectures/2', 'lectures/1']);
  assert.equal(weeks.newOnes(list, 0).size, 0);
});

test('A lecture fits when all words are somewhere in it, whatever case and accents', () => {
  const one = lecture(1, undefined, { title: 'Einführung: Réseaux', description: 'Übung im Hörsaal' });
  assert.ok(weeks.fits(one, 'reseaux EINFUHRUNG'));
  assert.ok(weeks.fits(one, 'ubung'));
  assert.ok(!weeks.fits(one, 'reseaux algebra'));
});

test('One lecture is a calendar file with folded and escaped lines', () => {
  const one = lecture(7, '2026-11-12T10:15:00Z', { endTime: '2026-11-12T11:45:00Z', title: 'Sets; maps, and \\ more\nof a very long title that goes on: ÄÖÜ' });
  const text = ics.calendarOf(one, 'https://lectern.example', at('2026-11-01T00:00:00Z'));
  assert.match(text, /\r\nDTSTART:20261112T101500Z\r\nDTEND:20261112T114500Z\r\n/);
  assert.ok(text.replaceAll('\r\n ', '').includes('SUMMARY:Analysis: Sets\\; maps\\, and \\\\ more\\nof a very long title that goes on: ÄÖÜ'));
  assert.ok(text.endsWith('END:VCALENDAR\r\n'));
  for (const line of text.split('\r\n')) assert.ok(Buffer.byteLength(line) <= 75, line);
});
