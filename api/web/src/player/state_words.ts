// How the lecture is, in words.
import type { Playback } from '../generated/api';
import { formatMoment, formatTime } from '../lib/format';
import { serverNow } from './clock';
import type { Session } from './session';
import { text, waitText } from './words';

export function badgeText(session: Session): string {
  const { stage, playback, facts } = session;
  if (session.refusal) return text.notAvailable;
  if (!session.picture || !stage) {
    if (playback?.state === 'LIVE') return text.live;
    if (playback?.state === 'PROCESSING') return facts.readyTime ? text.readyAbout(formatTime(facts.readyTime)) : text.processing;
    if (playback?.state === 'FAILED') return text.failed;
    if (playback?.state === 'RECORDED') return text.recording;
    if (!playback) return '';
    if (isUploaded(session)) return text.uploading;
    return isOver(playback) ? text.noRecording : text.notLive;
  }
  if (!stage.main.known) return '';
  if (stage.trouble === 'connection') return text.connectionLost;
  if (!stage.live) return text.recording;
  if (stage.trouble === 'interrupted' || stage.interrupted) return text.interrupted;
  return text.behind(waitText(stage.behind() ?? 0));
}

export function slateText(session: Session): string {
  const trouble = session.stage?.trouble ?? 'none';
  return trouble === 'none' ? '' : trouble === 'interrupted' ? text.slateInterrupted : text.slateConnection;
}

// What is worth being read out, politely.
export function statusText(session: Session): string {
  const { stage } = session;
  if (session.refusal) return session.refusal;
  if (slateText(session)) return slateText(session);
  if (session.away) return session.picture ? text.awayPlaying : text.away;
  if (stage?.soundBlocked) return text.soundBlocked;
  if (stage?.follower.hopeless) return text.otherMissing;
  if (stage?.follower.hold) return text.waitingForOther;
  return session.news;
}

// [title, timer, text] of the screen without a picture.
export function waitingWords(session: Session): [string, string, string] {
  const { playback } = session;
  if (session.refusal) return [text.cannotShow, '', session.refusal];
  if (!playback) return [session.away ? text.awayTitle : text.loading, '', ''];
  const { readyTime } = session.facts;
  switch (playback.state) {
    case 'LIVE':
      return [text.beginning, '', text.bySelf];
    case 'PROCESSING':
      return [text.preparing, '', readyTime ? text.preparingUntil(formatTime(readyTime)) : text.preparingText];
    case 'FAILED':
      return [text.couldNot, '', text.couldNotText];
    case 'RECORDED':
      return [text.cannotNow, '', text.cannotNowText];
    default:
      return nothingYet(session, playback);
  }
}

// What stands where neither a broadcast nor a recording is.
function nothingYet(session: Session, playback: Playback): [string, string, string] {
  if (isUploaded(session)) return [text.onItsWay, '', text.onItsWayText];
  const begins = Date.parse(playback.startTime ?? '');
  if (!Number.isFinite(begins)) return [text.nothingYet, '', text.bySelf];
  const left = (begins - serverNow()) / 1000;
  if (left > 0) return [text.beginsIn, waitText(Math.ceil(left)), `${formatMoment(begins)}. ${text.bySelf}`];
  const planned = text.plannedFor(formatMoment(begins));
  if (isOver(playback)) return [text.noRecording, '', `${planned} ${text.noRecordingText}`];
  return [text.anyMoment, '', `${planned} ${text.bySelf}`];
}

const isOver = ({ endTime }: Playback): boolean => serverNow() > Date.parse(endTime ?? '');
const isUploaded = ({ facts }: Session): boolean => (facts.views ?? []).some(({ state }) => state === 'UPLOADING');
