// Where a stream of this person goes. Pure; the rule is OpenStream's (proto/lectern/v1/live.proto).
import type { Lecture } from '../../generated/api';
import { timeOf } from '../../lib/format';

const EARLY_MS = 15 * 60_000;
const LATE_MS = 15 * 60_000;
const UNENDED_MS = 90 * 60_000;

const endOf = (lecture: Lecture): number =>
  Number.isNaN(timeOf(lecture.endTime)) ? timeOf(lecture.startTime) + UNENDED_MS : timeOf(lecture.endTime);

// Has nothing recorded, so that it can still be given.
export const canStart = (lecture: Lecture): boolean =>
  !lecture.rehearsal && lecture.state === 'SCHEDULED' && lecture.views.length === 0;

export function dueLecture(lectures: Lecture[], now: number): Lecture | null {
  const due = lectures.filter(
    (one) =>
      (canStart(one) || one.state === 'LIVE') &&
      !one.rehearsal &&
      now >= timeOf(one.startTime) - EARLY_MS &&
      now <= endOf(one) + LATE_MS,
  );
  return due.sort((a, b) => Math.abs(timeOf(a.startTime) - now) - Math.abs(timeOf(b.startTime) - now))[0] ?? null;
}

export function nextUp(lectures: Lecture[], now: number): Lecture | null {
  return (
    lectures
      .filter((one) => canStart(one) && timeOf(one.startTime) > now)
      .sort((a, b) => timeOf(a.startTime) - timeOf(b.startTime))[0] ?? null
  );
}

// Those that can be started, the one that is nearest to now first; ones without a date last.
export function startable(lectures: Lecture[], now: number): Lecture[] {
  const distance = (one: Lecture) => (Number.isNaN(timeOf(one.startTime)) ? Infinity : Math.abs(timeOf(one.startTime) - now));
  return lectures.filter(canStart).sort((a, b) => distance(a) - distance(b));
}

export type Loudness = 'none' | 'low' | 'good' | 'loud';

// Speech is well at about -20 dBFS RMS.
export const loudnessOf = (dbfs: number): Loudness => (dbfs < -60 ? 'none' : dbfs < -38 ? 'low' : dbfs > -8 ? 'loud' : 'good');
