// What about a lecture needs its lecturer. Pure.
import type { Lecture, LectureView } from '../../generated/api';
import { timeOf } from '../../lib/format';

// failed: nothing of it can be watched; partly: something is missing; missing: it is over and there is nothing.
export type Trouble = 'failed' | 'partly' | 'missing';

export const viewFailed = (view: LectureView): boolean =>
  view.state === 'VIEW_FAILED' || view.error !== '' || view.steps.some((step) => step.state === 'failed');

export function troubleOf(lecture: Lecture, now: number): Trouble | null {
  if (lecture.state === 'FAILED') return 'failed';
  if (lecture.views.some(viewFailed)) return lecture.views.every((view) => view.state === 'VIEW_FAILED') ? 'failed' : 'partly';
  if (lecture.state !== 'SCHEDULED' || lecture.views.length > 0) return null;
  return timeOf(lecture.endTime ?? lecture.startTime) < now ? 'missing' : null;
}

export type Group = 'live' | 'attention' | 'upcoming' | 'undated' | 'past';

// Lists in the order in which a lecturer looks for them; past ones newest first.
export function grouped(lectures: Lecture[], now: number): { group: Group; lectures: Lecture[] }[] {
  const of: Record<Group, Lecture[]> = { live: [], attention: [], upcoming: [], undated: [], past: [] };
  for (const lecture of lectures) {
    if (lecture.rehearsal) continue;
    const trouble = troubleOf(lecture, now);
    if (lecture.state === 'LIVE') of.live.push(lecture);
    else if (trouble === 'failed' || trouble === 'partly') of.attention.push(lecture);
    else if (lecture.state !== 'SCHEDULED' || trouble === 'missing') of.past.push(lecture);
    else if (lecture.startTime) of.upcoming.push(lecture);
    else of.undated.push(lecture);
  }
  of.past.reverse();
  return (Object.keys(of) as Group[]).map((group) => ({ group, lectures: of[group] })).filter((one) => one.lectures.length > 0);
}

// That begins next, or runs now.
export function nextLecture(lectures: Lecture[], now: number): Lecture | null {
  return (
    lectures.find((one) => one.state === 'LIVE') ??
    lectures.find((one) => !one.rehearsal && one.state === 'SCHEDULED' && timeOf(one.endTime ?? one.startTime) > now) ??
    null
  );
}
