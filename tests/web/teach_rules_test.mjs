// The rules of the pages for lecturers: clocks of other places, what needs somebody, steps, sections, where a stream goes.
import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './upload_modules.mjs';

const zones = await load('src/pages/teach/zone.ts');
const { grouped, nextLecture, troubleOf } = await load('src/pages/teach/trouble.ts');
const { parseClock, parseSections, stagesOf } = await load('src/pages/teach_lecture/stages.ts');
const due = await load('src/pages/teach_stream/due.ts');
const { complaint, stage, usable } = await load('src/upload/assign.ts');

const iso = (moment) => new Date(moment).toISOString();

test('A time on the clock of a place is the right moment, on both sides of the changes of summer time', () => {
  assert.equal(iso(zones.momentOf('2026-10-14', '10:15', 'Europe/Berlin')), '2026-10-14T08:15:00.000Z');
  assert.equal(iso(zones.momentOf('2026-10-28', '10:15', 'Europe/Berlin')), '2026-10-28T09:15:00.000Z');
  assert.equal(iso(zones.momentOf('2026-10-25', '00:30', 'Europe/Berlin')), '2026-10-24T22:30:00.000Z');
  assert.equal(iso(zones.momentOf('2026-01-01', '09:00', 'Asia/Kolkata')), '2026-01-01T03:30:00.000Z');
  assert.ok(Number.isNaN(zones.momentOf('', '10:15', 'UTC')));
  const moment = Date.parse('2026-10-28T09:15:00Z');
  assert.deepEqual([zones.dateIn(moment, 'Europe/Berlin'), zones.timeIn(moment, 'Europe/Berlin')], ['2026-10-28', '10:15']);
});

test('A series keeps its hour through the change of summer time', () => {
  const slot = { date: '2026-10-14', from: '10:15', to: '11:45' };
  const spans = zones.seriesOf(slot, 1, '2026-11-04', 'Europe/Berlin');
  assert.deepEqual(spans.map(({ start }) => iso(start).slice(0, 16)), ['2026-10-14T08:15', '2026-10-21T08:15', '2026-10-28T09:15', '2026-11-04T09:15']);
  assert.equal(zones.seriesOf(slot, 2, '2026-11-04', 'Europe/Berlin').length, 2);
  assert.equal(zones.seriesOf(slot, 1, '2026-10-13', 'Europe/Berlin').length, 0);
  assert.equal(zones.seriesOf(slot, 1, '2036-01-01', 'Europe/Berlin').length, zones.MAX_SERIES + 1);
});

test('A lecture that ends before it begins ends on the next day', () => {
  const { start, end } = zones.spanOf({ date: '2026-10-14', from: '23:00', to: '00:30' }, 'UTC');
  assert.equal(end - start, 90 * 60_000);
});

const now = Date.parse('2026-11-21T09:00:00Z');
const lecture = (more) => ({ name: 'lectures/1', title: 'L', state: 'SCHEDULED', views: [], rehearsal: false, ...more });
const view = (more) => ({ view: 'COMB', state: 'COMPLETE', steps: [], error: '', uploadSizeBytes: '10', uploadedBytes: '10', ...more });
const at = (minutes) => iso(now + minutes * 60_000);

test('What failed needs somebody, and what is over without a recording is said', () => {
  assert.equal(troubleOf(lecture({ state: 'FAILED' }), now), 'failed');
  assert.equal(troubleOf(lecture({ state: 'RECORDED', views: [view({ steps: [{ kind: 'transcode', state: 'failed' }] })] }), now), 'partly');
  assert.equal(troubleOf(lecture({ startTime: at(-120), endTime: at(-30) }), now), 'missing');
  assert.equal(troubleOf(lecture({ startTime: at(-20), endTime: at(70) }), now), null);
  assert.equal(troubleOf(lecture({}), now), null);
  assert.equal(troubleOf(lecture({ state: 'RECORDED', views: [view({})] }), now), null);
});

test('Lectures are in groups, and rehearsals are in none', () => {
  const all = [lecture({ name: 'past', startTime: at(-500), endTime: at(-400) }), lecture({ name: 'live', state: 'LIVE' }),
    lecture({ name: 'coming', startTime: at(60), endTime: at(150) }), lecture({ name: 'undated' }), lecture({ name: 'failed', state: 'FAILED' }),
    lecture({ name: 'rehearsal', rehearsal: true })];
  assert.deepEqual(grouped(all, now).map(({ group, lectures }) => `${group} ${lectures.map(({ name }) => name)}`),
    ['live live', 'attention failed', 'upcoming coming', 'undated undated', 'past past']);
  assert.equal(nextLecture(all, now).name, 'live');
});

const step = (kind, label, state, progress = 0) => ({ kind, label, state, progress, job: `${kind}${label}` });
const shown = (one) => stagesOf(one).map(({ kind, state }) => `${kind} ${state}`);

test('The steps of a view are told in the order in which they matter', () => {
  assert.deepEqual(shown(view({ state: 'UPLOADING', uploadedBytes: '4' })), ['upload running', 'check waiting', 'first waiting', 'previews waiting']);
  assert.deepEqual(shown(view({ state: 'VIEW_PROCESSING', steps: [step('probe', '', 'running')] })),
    ['upload done', 'check running', 'first waiting', 'previews waiting']);
  assert.deepEqual(shown(view({ state: 'PLAYABLE', steps: [step('thumbnails', '', 'running'), step('probe', '', 'done'), step('package', 'source', 'done'),
    step('transcode', '720p', 'done'), step('package', '720p', 'waiting'), step('silence', '', 'failed')] })),
  ['upload done', 'check done', 'first done', 'renditions running', 'previews running', 'silence failed']);
  assert.deepEqual(shown(view({ state: 'VIEW_FAILED', steps: [step('probe', '', 'failed')] })),
    ['upload done', 'check failed', 'first cancelled', 'previews cancelled']);
  assert.deepEqual(shown(view({ state: 'VIEW_LIVE', uploadSizeBytes: '0' })), ['live running']);
  assert.deepEqual(shown(view({ uploadSizeBytes: '0', steps: [step('finalise', '', 'done'), step('thumbnails', '', 'done')] })),
    ['live done', 'first done', 'previews done']);
});

test('A pasted list of sections is read, and its first wrong line is named', () => {
  assert.deepEqual(parseSections('00:12:30 Proof\n\n1:02:03 - Questions\n[00:05] Start\n90 Later').sections.map(({ seconds, title }) => `${seconds} ${title}`),
    ['750 Proof', '3723 Questions', '5 Start', '90 Later']);
  assert.equal(parseSections('00:01 One\nTwo').wrongLine, 2);
  assert.equal(parseSections('00:75 Seconds').wrongLine, 1);
  assert.deepEqual([parseClock('12:30'), parseClock('1:02:03'), parseClock('90'), parseClock('12:3x')], [750, 3723, 90, NaN]);
});

test('A stream goes to the lecture that is due, as the API decides it', () => {
  const soon = lecture({ name: 'soon', startTime: at(14), endTime: at(104) }), later = lecture({ name: 'later', startTime: at(16), endTime: at(106) });
  assert.equal(due.dueLecture([soon, later], now).name, 'soon');
  assert.equal(due.dueLecture([later], now), null);
  assert.equal(due.nextUp([later], now).name, 'later');
  assert.equal(due.dueLecture([lecture({ startTime: at(-100), endTime: at(-14) })], now) !== null, true);
  assert.equal(due.dueLecture([lecture({ startTime: at(-100), endTime: at(-16) })], now), null);
  assert.equal(due.dueLecture([lecture({ state: 'RECORDED', startTime: at(0), endTime: at(30), views: [view({})] })], now), null);
  assert.deepEqual(due.startable([lecture({ name: 'undated' }), later, soon, lecture({ state: 'RECORDED' })], now).map(({ name }) => name), ['soon', 'later', 'undated']);
});

test('Files that were picked are given to lectures and views, and what does not fit is said', () => {
  const file = (name, size = 1, type = '') => ({ file: { name, size, type }, handle: null });
  const { good, other, empty } = usable([file('a-cam.mp4'), file('notes.pdf'), file('b.mkv', 0)]);
  assert.deepEqual([good.length, other, empty], [1, ['notes.pdf'], ['b.mkv']]);
  const lectures = [{ name: 'lectures/1', title: 'Lecture 1', views: [] }, { name: 'lectures/2', title: 'Lecture 2', views: [] }];
  const staged = stage([file('lecture 2 cam.mp4'), file('lecture 2 slides.mp4'), file('thing.mp4')], lectures, '', []);
  assert.deepEqual(staged.map((one) => `${one.lecture} ${one.view}`), ['lectures/2 CAM', 'lectures/2 PRES', ' COMB']);
  assert.deepEqual(staged.map((one) => complaint(one, staged, [])), ['', '', 'needsLecture']);
  assert.equal(complaint({ ...staged[0], view: 'PRES' }, staged, []), 'twice');
  assert.equal(complaint(staged[0], staged, [{ lecture: 'lectures/2', view: 'CAM' }]), 'sending');
});

test('Pasted people are addresses, and what is none is told', async () => {
  const { addressesIn } = await load('src/pages/teach_course/addresses.ts');
  assert.deepEqual(addressesIn('Ada <ADA@example.org>, bob@example.org; broken,\n"C" <c@x.org>\n bob@example.org '),
    { emails: ['ada@example.org', 'bob@example.org', 'c@x.org'], others: ['broken'] });
  assert.deepEqual(addressesIn(' \n,; '), { emails: [], others: [] });
});
