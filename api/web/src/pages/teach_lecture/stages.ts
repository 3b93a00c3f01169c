// The steps of one view's processing in the order in which people think of them. Pure.
import type { LectureView, ProcessingStep } from '../../generated/api';

export type StageKind = 'upload' | 'live' | 'check' | 'first' | 'renditions' | 'sound' | 'previews' | 'silence';
export type StageState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';

export interface Stage {
  kind: StageKind;
  state: StageState;
  progress: number; // 0..1, of a running one
  steps: ProcessingStep[]; // that it is made of
}

const WATCHABLE = ['PLAYABLE', 'COMPLETE', 'VIEW_LIVE', 'VIEW_INTERRUPTED'];

// A rendition is made by one job and cut by another; the sound likewise.
function stageOf(step: ProcessingStep): StageKind {
  switch (step.kind) {
    case 'probe':
      return 'check';
    case 'finalise':
      return 'first';
    case 'thumbnails':
      return 'previews';
    case 'silence':
      return 'silence';
    case 'loudness':
    case 'audio':
      return 'sound';
    case 'package':
      return step.label === 'source' ? 'first' : step.label === 'audio' ? 'sound' : 'renditions';
    default:
      return 'renditions';
  }
}

function stateOf(steps: ProcessingStep[]): StageState {
  const some = (state: string) => steps.some((step) => step.state === state);
  if (some('failed')) return 'failed';
  if (steps.every((step) => step.state === 'done')) return 'done';
  if (some('running')) return 'running';
  if (steps.every((step) => step.state === 'cancelled' || step.state === 'done')) return 'cancelled';
  return some('done') ? 'running' : 'waiting';
}

const meanProgress = (steps: ProcessingStep[]): number =>
  steps.reduce((sum, step) => sum + (step.state === 'done' ? 1 : step.progress), 0) / Math.max(1, steps.length);

function arrival(view: LectureView): Stage {
  const size = Number(view.uploadSizeBytes),
    got = Number(view.uploadedBytes);
  if (size === 0) {
    const live = view.state === 'VIEW_LIVE' || view.state === 'VIEW_INTERRUPTED';
    return { kind: 'live', state: live ? 'running' : 'done', progress: 0, steps: [] };
  }
  const whole = got >= size || view.steps.length > 0;
  return { kind: 'upload', state: whole ? 'done' : 'running', progress: Math.min(1, got / size), steps: [] };
}

const ORDER: StageKind[] = ['check', 'first', 'renditions', 'sound', 'previews', 'silence'];
// What comes after the check is known only then; until then these are sure to come.
const ALWAYS: StageKind[] = ['check', 'first', 'previews'];

export function stagesOf(view: LectureView): Stage[] {
  const stages = [arrival(view)];
  const live = stages[0]!.kind === 'live' && stages[0]!.state === 'running';
  if (live) return stages;
  const watchable = WATCHABLE.includes(view.state);
  const planned = view.steps.some((step) => step.kind !== 'probe');
  for (const kind of ORDER) {
    const steps = view.steps.filter((step) => stageOf(step) === kind);
    if (steps.length > 0) stages.push({ kind, state: stateOf(steps), progress: meanProgress(steps), steps });
    else if (kind === 'first' && planned) stages.push({ kind, state: watchable ? 'done' : 'waiting', progress: 0, steps });
    else if (!planned && ALWAYS.includes(kind) && stages[0]!.kind === 'upload') {
      stages.push({ kind, state: view.state === 'VIEW_FAILED' ? 'cancelled' : 'waiting', progress: 0, steps });
    }
  }
  return stages;
}

export interface ParsedSection {
  seconds: number;
  title: string;
}

// Lines such as "00:12:30 Title", "12:30 - Title" or "90 Title"; the number of the first line that is none, or 0.
export function parseSections(pasted: string): { sections: ParsedSection[]; wrongLine: number } {
  const sections: ParsedSection[] = [];
  for (const [i, line] of pasted.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const match = /^\s*[[(]?(?:(\d+):)?(?:(\d+):)?(\d+)[\])]?[\s\-–:]+(\S.*)$/.exec(line);
    const seconds = match ? clockSeconds(match[1], match[2], match[3]!) : NaN;
    if (!match || Number.isNaN(seconds)) return { sections, wrongLine: i + 1 };
    sections.push({ seconds, title: match[4]!.trim().slice(0, 200) });
  }
  return { sections, wrongLine: 0 };
}

function clockSeconds(first: string | undefined, second: string | undefined, last: string): number {
  const [hours, minutes] = second === undefined ? ['0', first ?? '0'] : [first!, second];
  const smaller = first === undefined ? true : Number(last) < 60 && (second === undefined || Number(minutes) < 60);
  return smaller ? Number(hours) * 3600 + Number(minutes) * 60 + Number(last) : NaN;
}

// "12:30", "1:02:03" or "90"; NaN where it is none.
export function parseClock(typed: string): number {
  const match = /^\s*(?:(\d+):)?(?:(\d+):)?(\d+)\s*$/.exec(typed);
  return match ? clockSeconds(match[1], match[2], match[3]!) : NaN;
}
