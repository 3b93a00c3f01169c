// How an upload is, for people.
import type { IconName } from '../lib/icons';
import type { Tone } from '../lib/feedback';
import type { Lecture, LectureView } from '../generated/api';
import type { Task } from './task';
import { text } from './words';

export interface Status {
  label: string;
  tone: Tone;
  icon: IconName;
  why: string; // what is the matter and what to do; empty: all is well
  alarming: boolean; // something needs the person
}

const status = (label: string, tone: Tone, icon: IconName, why = '', alarming = false): Status => ({
  label,
  tone,
  icon,
  why,
  alarming,
});

export function viewIn(lecture: Lecture | null, view: string): LectureView | null {
  return lecture?.views.find((one) => one.view === view) ?? null;
}

function stored(view: LectureView | null): Status {
  switch (view?.state) {
    case 'VIEW_PROCESSING':
      return status(text.preparing, 'accent', 'refresh');
    case 'PLAYABLE':
      return status(text.watchable, 'good', 'check');
    case 'COMPLETE':
      return status(text.ready, 'good', 'check');
    case 'VIEW_FAILED':
      return status(text.failed, 'bad', 'warning', view.error, true);
    default:
      return status(text.checking, 'accent', 'refresh', text.whyChecking);
  }
}

function held(task: Task, now: number): Status {
  const seconds = Math.max(0, Math.ceil((task.retryAt - now) / 1000));
  switch (task.trouble) {
    case 'server':
      return status(text.server, 'warning', 'warning', text.whyServer(seconds));
    case 'throttled':
      return status(text.throttled, 'warning', 'clock', text.whyThrottled(seconds));
    case 'busy':
      return status(text.busy, 'warning', 'clock', text.whyBusy(seconds));
    default:
      return status(text.network, 'warning', 'warning', text.whyNetwork(seconds));
  }
}

// `now`: of performance.now(). `view`: as the API tells it, once everything is stored.
export function statusOf(task: Task, kept: boolean, view: LectureView | null, now: number): Status {
  switch (task.state) {
    case 'waiting':
      return status(text.waiting, 'neutral', 'clock');
    case 'reading':
      return status(text.reading, 'accent', 'refresh');
    case 'uploading':
      return status(text.uploading, 'accent', 'upload');
    case 'held':
      return held(task, now);
    case 'elsewhere':
      return status(text.elsewhere, 'neutral', 'info', text.whyElsewhere);
    case 'paused':
      return status(text.paused, 'neutral', 'clock');
    case 'sign_in':
      return status(text.signInState, 'warning', 'key', text.whySignIn, true);
    case 'needs_file':
      if (task.otherFile) return status(text.needsFile, 'warning', 'warning', text.whyOther(task.plan.fileName), true);
      return status(text.needsFile, 'warning', 'clock', kept ? text.whyKept : text.whyNeedsFile);
    case 'failed': {
      const { failure, message } = task.problem!;
      const why = [text.failures[failure], message && text.says(message)].filter(Boolean).join(' ');
      return status(failure === 'gone' ? text.gone : text.failed, 'bad', 'warning', why, true);
    }
    default:
      return stored(view);
  }
}
