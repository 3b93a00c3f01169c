// Silences of a recording: which of them are worth a jump, and where the jump goes.
import { secondsOf } from '../lib/format';

export interface Interval {
  start: number;
  end: number;
}

const shortest = 3;       // seconds; less is a pause for breath
const leadOut = 0.4;      // of what was said before, its last sound
const leadIn = 0.5;       // before the next word

// In order, without overlaps, only those that a jump is worth.
export function skippable(silences: { start?: string; end?: string }[] | undefined): Interval[] {
  const all = (silences ?? []).map((silence) => ({ start: secondsOf(silence.start), end: secondsOf(silence.end) }));
  all.sort((a, b) => a.start - b.start);
  const merged: Interval[] = [];
  for (const silence of all) {
    const last = merged.at(-1);
    if (last && silence.start <= last.end) last.end = Math.max(last.end, silence.end);
    else merged.push(silence);
  }
  return merged.filter((silence) => silence.end - silence.start >= shortest);
}

// Where to go on from `position` inside of a silence; null where nobody would win a second by it.
export function skipTarget(silences: Interval[], position: number): number | null {
  const silence = silences.find((candidate) => position >= candidate.start + leadOut && position < candidate.end);
  const target = silence ? silence.end - leadIn : position;
  return target - position > 1 ? target : null;
}

// Seconds that skipping all of them saves.
export function savedSeconds(silences: Interval[]): number {
  return silences.reduce((sum, silence) => sum + Math.max(0, silence.end - silence.start - leadOut - leadIn), 0);
}
