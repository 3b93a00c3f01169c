// The page of one lecture: countdown, live and recording under one address, without being loaded again.
import './watch.css';
import { parseAddress, rememberToken } from './address';
import { serverNow } from './clock';
import { Controls } from './controls';
import type { Playback } from './refresh';
import { Refresher } from './refresh';
import { Stage } from './stage';
import { lengthText, momentText, refusalText } from './words';

const byId = (id: string) => document.getElementById(id)!;
const body = document.body;
const heading = byId('title');
const badge = byId('badge');
const waiting = byId('waiting');
const waitingTitle = byId('waiting-title');
const waitingTimer = byId('waiting-timer');
const waitingText = byId('waiting-text');
const slate = byId('slate');
const slateText = byId('slate-text');
const controlBar = byId('controls');
const status = byId('status');

const slateWords = {
  none: '',
  interrupted: 'The lecture is interrupted; it goes on here by itself.',
  connection: 'The connection was lost. Trying again ...',
};

const start = parseAddress(location.hash);
let playback: Playback | null = null;
let refusal = '';
let away = false;
let lastRefusal = '';          // of the API, while an address still plays
let news = '';                 // what changed last, for a while
let wasLive: boolean | null = null;
let waited = false;

function set(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

const stage = new Stage(byId('stage'), byId('video') as HTMLVideoElement, byId('second') as HTMLVideoElement, {
  onTick: draw,
  onChange: () => { noticeEnd(); controls.renew(); draw(); },
  // A fresh token, if the API still gives one, is on its way; the player goes on trying.
  onRefused(code) {
    if (code === 404 ? !playback : lastRefusal !== '') refuse(lastRefusal || refusalText(code, ''));
    refresher.soon();
    draw();
  },
}, start?.view ?? null);
const controls = new Controls(stage);
const refresher = new Refresher(start?.token ?? '', {
  onPlayback(fresh) {
    [playback, away, refusal] = [fresh, false, ''];
    rememberToken(fresh.lecture, fresh.token);
    const first = !stage.main.loaded;
    const playable = fresh.views.some((view) => view.urls?.length > 0);
    if (playable) stage.show(fresh.views, Date.parse(fresh.expireTime ?? '') || 0, first ? (start?.at ?? null) : null);
    else if (!stage.main.loaded) waited = true;
    // Whoever waited, and whoever comes to a lecture that runs, wants to see it at once.
    if (first && playable && (waited || fresh.state === 'LIVE')) void stage.begin();
    draw();
  },
  onAway() { away = true; draw(); },
  onRefused(code, reason) {
    away = false;
    lastRefusal = refusalText(code, reason);
    // An address that still plays is left alone until an edge refuses it too, unless the right is gone.
    if (!stage.main.loaded || code === 403 || reason === 'LECTURE_NOT_FOUND') refuse(lastRefusal);
    draw();
  },
});

function refuse(text: string): void {
  refusal = text;
  stage.stop();
}

// Live has become a recording, or goes on.
function noticeEnd(): void {
  if (!stage.main.known || wasLive === stage.live) return;
  if (wasLive !== null) tell(stage.live ? 'The lecture goes on.' : 'The lecture is over. This is its recording.');
  else if (stage.live && waited) tell('The lecture has begun.');
  wasLive = stage.live;
}

function tell(text: string): void {
  news = text;
  setTimeout(() => { if (news === text) news = ''; draw(); }, 15_000);
}

function badgeText(): string {
  if (refusal) return 'Not available';
  if (!stage.main.loaded) return playback?.state === 'LIVE' ? 'Live' : playback ? 'Not live yet' : '';
  if (!stage.main.known) return '';
  if (!stage.live) return 'Recording';
  if (stage.trouble === 'interrupted' || stage.interrupted) return 'Interrupted';
  return `Live, ${lengthText(stage.behind() ?? 0)} behind`;
}

function statusText(): string {
  if (refusal) return refusal;
  if (stage.trouble !== 'none') return slateWords[stage.trouble];
  if (away) return stage.main.loaded ? 'The server does not answer at the moment. Playback goes on.' : 'The server does not answer. Trying again ...';
  if (stage.soundBlocked) return 'The browser has turned the sound off. Press "Sound on".';
  return news;
}

// [title, timer, text] of the screen without a picture.
function waitingWords(): [string, string, string] {
  if (refusal) return ['This lecture cannot be shown', '', refusal];
  if (!playback) return [away ? 'The server does not answer' : 'Loading the lecture ...', '', ''];
  const begins = Date.parse(playback.startTime ?? '');
  const bySelf = 'The lecture appears here by itself.';
  switch (playback.state) {
    case 'LIVE':
      return ['The lecture is beginning', '', bySelf];
    case 'PROCESSING':
      return ['The recording is being prepared', '', 'It appears here by itself.'];
    case 'FAILED':
      return ['The recording could not be prepared', '', 'The lecturer can see why.'];
    case 'RECORDED':
      return ['The recording cannot be played at the moment', '', 'It is tried again by itself.'];
  }
  if (!Number.isFinite(begins)) return ['The lecture has not begun yet', '', bySelf];
  const left = (begins - serverNow()) / 1000;
  if (left <= 0) return ['The lecture begins any moment', '', `It was planned for ${momentText(begins)}. ${bySelf}`];
  return ['The lecture begins in', lengthText(Math.ceil(left)), `${momentText(begins)}. ${bySelf}`];
}

function draw(): void {
  const title = playback?.title || 'Lecture';
  set(heading, title);
  document.title = `${title} - Lectern`;
  const picture = stage.main.loaded && !refusal;
  body.dataset.phase = refusal ? 'refused' : !picture ? 'waiting' : stage.live ? 'live' : 'recording';
  waiting.hidden = picture;
  controlBar.hidden = !picture;
  if (!picture) {
    const [first, timer, text] = waitingWords();
    set(waitingTitle, first);
    set(waitingTimer, timer);
    set(waitingText, text);
  }
  slate.hidden = !picture || stage.trouble === 'none';
  set(slateText, slateWords[stage.trouble]);
  const badgeWords = badgeText();
  set(badge, badgeWords);
  badge.hidden = badgeWords === '';
  set(status, statusText());
  if (picture) controls.tick();
}

if (start) {
  if (start.url && start.view) stage.show([{ view: start.view, urls: [start.url], state: '' }], 0, null);
  setInterval(draw, 500);
  refresher.soon();
} else {
  refusal = 'Open this page with the address of a lecture, as "lecternctl lecture url --page" prints it.';
}
addEventListener('hashchange', () => location.reload());
draw();
