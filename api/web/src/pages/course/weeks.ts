// How the lectures of a course are put in order. Pure.
import type { Lecture } from '../../generated/api';
import { timeOf } from '../../lib/format';

export type Order = 'newest' | 'oldest';

export interface Week {
  monday: number | null; // local midnight, in milliseconds; null: lectures without a date
  lectures: Lecture[];
}

// Local midnight of the Monday of the week that has `time` in it.
export function mondayOf(time: number): number {
  const day = new Date(time);
  day.setHours(0, 0, 0, 0);
  day.setDate(day.getDate() - ((day.getDay() + 6) % 7));
  return day.getTime();
}

// Whole weeks from the week of `now` to the one that begins on `monday`: -1 is last week.
export function weeksAway(monday: number, now: number): number {
  return Math.round((monday - mondayOf(now)) / (7 * 86_400_000));
}

export function byWeek(lectures: Lecture[], order: Order): Week[] {
  const weeks = new Map<number | null, Lecture[]>();
  const sign = order === 'newest' ? -1 : 1;
  const keyed = lectures.map((lecture) => ({ lecture, time: timeOf(lecture.startTime) }));
  // Those without a date come last, in the order in which they were made.
  keyed.sort((a, b) => {
    if (Number.isNaN(a.time) || Number.isNaN(b.time)) return Number(Number.isNaN(a.time)) - Number(Number.isNaN(b.time));
    return sign * (a.time - b.time);
  });
  for (const { lecture, time } of keyed) {
    const monday = Number.isNaN(time) ? null : mondayOf(time);
    weeks.set(monday, [...(weeks.get(monday) ?? []), lecture]);
  }
  return [...weeks].map(([monday, list]) => ({ monday, lectures: list }));
}

// Not begun yet, nothing to watch.
export function isPlanned(lecture: Lecture, now: number): boolean {
  return lecture.state === 'SCHEDULED' && !(timeOf(lecture.endTime ?? lecture.startTime) < now);
}

// The soonest that is still to begin.
export function nextOf(lectures: Lecture[], now: number): Lecture | null {
  const coming = lectures.filter(
    (lecture) => lecture.state === 'SCHEDULED' && timeOf(lecture.endTime ?? lecture.startTime) > now,
  );
  return coming.sort((a, b) => timeOf(a.startTime) - timeOf(b.startTime))[0] ?? null;
}

// Names of the recordings that are taken for new: the API counts them, the newest ones that the person has not begun are meant.
export function newOnes(lectures: Lecture[], count: number): Set<string> {
  const fresh = lectures.filter((lecture) => lecture.state === 'RECORDED' && !lecture.me?.position && !lecture.me?.watched);
  fresh.sort((a, b) => (timeOf(b.startTime) || timeOf(b.createTime)) - (timeOf(a.startTime) || timeOf(a.createTime)));
  return new Set(fresh.slice(0, count).map((lecture) => lecture.name));
}

const folded = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

// Every word of `query` is somewhere in title or description, whatever its case and accents.
export function fits(lecture: Lecture, query: string): boolean {
  const text = folded(`${lecture.title} ${lecture.description}`);
  return folded(query)
    .split(/\s+/)
    .every((word) => text.includes(word));
}
