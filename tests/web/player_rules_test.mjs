// The rules of the player that need no browser: steering, silences, pictures, keys, roles, addresses, notes.
import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './upload_modules.mjs';

const { steer, median } = await load('src/player/steer.ts');
const { skippable, skipTarget, savedSeconds } = await load('src/player/silence.ts');
const { parseTiles, tileAt } = await load('src/player/thumbnails.ts');
const { actionOf, keyLines } = await load('src/player/keys.ts');
const { choicesOf, rolesOf, cornerAt, cornerTowards } = await load('src/player/roles.ts');
const { parseTime, timeParameter } = await load('src/player/timing.ts');
const { parseAddress, Addresses } = await load('src/player/address.ts');
const { pauseAfter } = await load('src/player/refresh.ts');
const { hasSound, withoutSound } = await load('src/player/masters.ts');
const { waitingWords, badgeText } = await load('src/player/state_words.ts');
const { notesMarkdown, fileName } = await load('src/pages/lecture/markdown.ts');

test('Less than 30 ms is left alone, up to 400 ms is a change of speed of at most 5 %, more is a seek', () => {
  const look = (offset, rate = 1, correcting = false) => steer({ offset, rate, correcting });
  assert.deepEqual(look(0.029, 1.5), { kind: 'follow', rate: 1.5 });
  assert.deepEqual(look(-0.029), { kind: 'follow', rate: 1 });
  for (const rate of [0.5, 1, 2, 3]) {
    for (const offset of [0.031, 0.1, 0.39]) {
      const [ahead, late] = [look(offset, rate), look(-offset, rate)];
      assert.equal(ahead.kind, 'nudge');
      assert.ok(ahead.rate < rate && ahead.rate >= rate * 0.95 - 1e-9, `${ahead.rate} at ${rate}`);
      assert.ok(late.rate > rate && late.rate <= rate * 1.05 + 1e-9, `${late.rate} at ${rate}`);
    }
  }
  assert.equal(look(0.41).kind, 'seek');
  assert.equal(look(-3).kind, 'seek');
});

test('A correction goes on until the pictures are together', () => {
  assert.equal(steer({ offset: 0.02, rate: 1, correcting: true }).kind, 'nudge');
  assert.equal(steer({ offset: 0.009, rate: 1, correcting: true }).kind, 'follow');
});

test('A follower that runs 0.3 % too fast is kept within 40 ms', () => {
  let [offset, correcting] = [0.35, false];
  const seen = [];
  for (let step = 0; step < 4 * 120; ++step) {
    const decision = steer({ offset, rate: 1, correcting });
    correcting = decision.kind === 'nudge';
    offset += (decision.rate * 1.003 - 1) * 0.25;
    seen.push(Math.abs(offset));
  }
  assert.ok(median(seen) <= 0.04, `${median(seen)}`);
  assert.ok(Math.max(...seen.slice(80)) <= 0.04);
});

test('Silences that overlap are one, and short ones are none', () => {
  const silences = skippable([{ start: '20s', end: '26s' }, { start: '5s', end: '7.5s' }, { end: '3.5s' }, { start: '25s', end: '30.5s' }]);
  assert.deepEqual(silences, [{ start: 0, end: 3.5 }, { start: 20, end: 30.5 }]);
  assert.ok(Math.abs(savedSeconds(silences) - (3.5 - 0.9 + 10.5 - 0.9)) < 1e-9);
  assert.deepEqual(skippable(undefined), []);
});

test('A jump out of a silence ends before the next word, and is not made for less than a second', () => {
  const silences = [{ start: 20, end: 30 }];
  assert.equal(skipTarget(silences, 19), null);
  assert.equal(skipTarget(silences, 20.2), null);
  assert.equal(skipTarget(silences, 22), 29.5);
  assert.equal(skipTarget(silences, 28.8), null);
  assert.equal(skipTarget(silences, 29.5), null);
});

test('Pictures come from sheets, and what is no picture is left out', () => {
  const vtt = 'WEBVTT\r\n\r\n00:00:05.000 --> 00:00:10.000\r\nsheet-1.jpg#xywh=160,0,160,90\r\n\r\nNOTE nothing\r\n\r\n'
    + '00:00.000 --> 00:05.000\r\nsheet-1.jpg#xywh=0,0,160,90\r\n\r\n7\r\n01:00:10.000 --> 01:00:15.000\r\nother/sheet-2.jpg#xywh=0,90,160,90\r\n\r\n'
    + '01:00:15.000 --> 01:00:20.000\r\njust words\r\n\r\n01:00:20.000 --> 01:00:25.000\r\nsheet.jpg#xywh=0,0,0,90\r\n';
  const tiles = parseTiles(vtt);
  assert.deepEqual(tiles.map((tile) => [tile.start, tile.url, tile.x, tile.y]), [[0, 'sheet-1.jpg', 0, 0], [5, 'sheet-1.jpg', 160, 0], [3610, 'other/sheet-2.jpg', 0, 90]]);
  assert.equal(tileAt(tiles, 4.9).x, 0);
  assert.equal(tileAt(tiles, 5).x, 160);
  assert.equal(tileAt(tiles, 99_999).start, 3610);
  assert.equal(tileAt([], 5), null);
  assert.deepEqual(parseTiles('<html>'), []);
});

test('Each key does one thing, and a locked keyboard does the same', () => {
  const all = keyLines.flatMap((line) => line.keys);
  assert.equal(new Set(all).size, all.length);
  assert.equal(actionOf(' '), 'toggle');
  assert.equal(actionOf('M'), 'mute');
  assert.equal(actionOf('n'), 'nextSection');
  assert.equal(actionOf('N', true), 'previousSection');
  assert.equal(actionOf('N', false), 'nextSection');
  assert.deepEqual(actionOf('7'), { percent: 70 });
  assert.equal(actionOf('<', true), 'slower');
  assert.equal(actionOf('q'), null);
  assert.equal(actionOf('Escape'), null);
});

test('The view with sound leads, and is there unseen where only the other is wanted', () => {
  const both = ['CAM', 'PRES'];
  assert.deepEqual(choicesOf(['CAM', 'PRES', 'COMB']), ['BOTH', 'COMB', 'PRES', 'CAM']);
  assert.deepEqual(choicesOf(['CAM']), ['CAM']);
  assert.deepEqual(rolesOf('BOTH', both, new Set()), { leader: 'CAM', follower: 'PRES', leaderSeen: true });
  assert.deepEqual(rolesOf('BOTH', both, new Set(['CAM'])), { leader: 'PRES', follower: 'CAM', leaderSeen: true });
  assert.deepEqual(rolesOf('BOTH', both, new Set(both)), { leader: 'CAM', follower: 'PRES', leaderSeen: true });
  assert.deepEqual(rolesOf('PRES', both, new Set()), { leader: 'PRES', follower: null, leaderSeen: true });
  assert.deepEqual(rolesOf('PRES', both, new Set(['PRES'])), { leader: 'CAM', follower: 'PRES', leaderSeen: false });
  assert.deepEqual(rolesOf('PRES', ['PRES'], new Set(['PRES'])), { leader: 'PRES', follower: null, leaderSeen: true });
  assert.deepEqual(rolesOf('COMB', ['COMB', ...both], new Set(['COMB'])), { leader: 'COMB', follower: null, leaderSeen: true });
});

test('A picture goes to the corner that is nearest, or next in the direction of the arrow', () => {
  assert.equal(cornerAt(0.2, 0.9), 'bottom-left');
  assert.equal(cornerAt(0.7, 0.1), 'top-right');
  assert.equal(cornerTowards('bottom-right', 'ArrowUp'), 'top-right');
  assert.equal(cornerTowards('top-right', 'ArrowLeft'), 'top-left');
  assert.equal(cornerTowards('top-left', 'ArrowLeft'), 'top-left');
});

test('Moments in addresses are read in all their forms, and written in the shortest', () => {
  for (const [written, seconds] of [['90', 90], ['1m30s', 90], ['2m', 120], ['1h2m3s', 3723], ['12:05', 725], ['1:02:03', 3723], ['0', 0], ['7.5s', 7.5]]) {
    assert.equal(parseTime(written), seconds, written);
  }
  for (const wrong of [null, '', '-5', 'abc', '1x', '5m-1s', 'NaN', '1e3']) assert.equal(parseTime(wrong), null, wrong);
  for (const seconds of [0, 5, 60, 90, 3600, 3723, 7260]) assert.equal(parseTime(timeParameter(seconds)), seconds, `${seconds}`);
  assert.equal(timeParameter(90.9), '1m30s');
});

test('Both forms of an address with a token are read, and others are none', () => {
  assert.deepEqual(parseAddress('#lecture=12&token=abc&t=1m30s'), { token: 'abc', url: null, view: null, at: 90 });
  const url = 'https://edge.example/p/abc/12/cam/master.m3u8';
  assert.deepEqual(parseAddress(`#${url}`), { token: 'abc', url, view: 'CAM', at: null });
  for (const wrong of ['', '#', '#lecture=12', '#javascript:alert(1)', '#https://edge.example/master.m3u8', '#%']) assert.equal(parseAddress(wrong), null, wrong);
});

test('Requests go to the edge and under the token of the moment', () => {
  const urls = (token, ...edges) => edges.map((edge) => `https://${edge}/p/${token}/12/cam/master.m3u8`);
  const addresses = new Addresses(urls('one', 'a', 'b'));
  const segment = 'https://a/p/one/12/cam/x/seg-1.m4s';
  assert.equal(addresses.rewrite(segment), segment);
  assert.ok(addresses.sameEdges(urls('two', 'a', 'b')) && !addresses.sameEdges(urls('two', 'b')));
  addresses.renew(urls('two', 'b', 'a'));
  assert.equal(addresses.rewrite(segment), 'https://a/p/two/12/cam/x/seg-1.m4s');
  addresses.renew(urls('three', 'b'));
  assert.equal(addresses.rewrite(segment), 'https://b/p/three/12/cam/x/seg-1.m4s');
});

test('The API is asked often around the start and seldom about what does not change', () => {
  const now = Date.parse('2026-11-21T10:00:00Z');
  const starts = (seconds) => ({ state: 'SCHEDULED', views: [], startTime: new Date(now + seconds * 1000).toISOString() });
  assert.equal(pauseAfter(starts(20), now), 1500);
  assert.equal(pauseAfter(starts(-60), now), 1500);
  assert.equal(pauseAfter(starts(600), now), 5000);
  assert.equal(pauseAfter(starts(86_400), now), 30_000);
  assert.equal(pauseAfter({ state: 'RECORDED', views: [] }, now), 60_000);
  assert.equal(pauseAfter({ state: 'RECORDED', views: [{ state: 'VIEW_LIVE' }] }, now), 5000);
});

test('Notes are exported in order, each with a link to its moment', () => {
  const notes = [{ seconds: 3723.9, text: 'Later' }, { seconds: 5, text: 'First line\n\nmore ' }];
  assert.equal(notesMarkdown('Pose of\na body', 'Robotics 1', 'https://x/lectures/1', notes),
    '# Pose of a body\n\nRobotics 1\n\n- [0:05](https://x/lectures/1?t=5) First line\n\n  more\n- [1:02:03](https://x/lectures/1?t=3723) Later\n');
  assert.equal(fileName('1. Übung: Wärme & Licht'), '1-ubung-warme-licht.md');
  assert.equal(fileName('??'), 'notes.md');
});

test('The picture beside another one is loaded without its sound', () => {
  const master = '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Sound",URI="a/index.m3u8"\n'
    + '#EXT-X-STREAM-INF:BANDWIDTH=9,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,AUDIO="audio"\nv/index.m3u8\n';
  assert.ok(hasSound(master));
  const silent = withoutSound(master);
  assert.equal(silent, '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=9,CODECS="avc1.64001f",RESOLUTION=1280x720\nv/index.m3u8\n');
  assert.ok(!hasSound(silent));
  const muxed = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=9,CODECS="avc1.64001f,mp4a.40.2"\nv/index.m3u8\n';
  assert.equal(withoutSound(muxed), muxed);
});

test('Where there is nothing to watch, the page says why, and what comes', () => {
  const minutes = (count) => new Date(Date.now() + count * 60_000).toISOString();
  const say = (startTime, endTime, views = []) => {
    const session = { playback: { state: 'SCHEDULED', startTime, endTime }, facts: { views }, refusal: '', away: false };
    return [...waitingWords(session).filter((_, part) => part !== 1), badgeText(session)];
  };
  assert.match(say(minutes(5), minutes(95)).join(), /begins in,.*Not live yet/);
  assert.match(say(minutes(-5), minutes(85)).join(), /any moment,It was planned for .*Not live yet/);
  assert.match(say(minutes(-100), minutes(-10)).join(), /No recording yet,It was planned for .* appears here by itself.,No recording yet/);
  assert.match(say(undefined, undefined).join(), /nothing to watch yet,.*Not live yet/);
  assert.match(say(minutes(-100), minutes(-10), [{ view: 'CAM', state: 'UPLOADING' }]).join(), /on its way,.*,Being uploaded/);
});
