// Times on a clock of some place, and the moments that they are. Pure.
const MINUTE = 60_000;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    const digits = '2-digit';
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: digits,
      day: digits,
      hour: digits,
      minute: digits,
      second: digits,
    });
    formats.set(zone, format);
  }
  return format;
}

// How far the zone's clock is ahead of UTC at `moment`.
function offsetMs(moment: number, zone: string): number {
  const part = Object.fromEntries(
    formatOf(zone)
      .formatToParts(moment)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const shown = Date.UTC(part.year!, part.month! - 1, part.day!, part.hour!, part.minute!, part.second!);
  return shown - Math.floor(moment / 1000) * 1000;
}

export const hereZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

// "2026-10-14", "10:15" in the zone as milliseconds since 1970; NaN where the texts are none. A time that the spring's change
// leaves out is taken for the same distance after it.
export function momentOf(date: string, time: string, zone: string): number {
  const guess = Date.parse(`${date}T${time}:00Z`);
  if (Number.isNaN(guess)) return NaN;
  const first = guess - offsetMs(guess, zone);
  return guess - offsetMs(first, zone);
}

export function dateIn(moment: number, zone: string): string {
  return new Date(moment + offsetMs(moment, zone)).toISOString().slice(0, 10);
}

export function timeIn(moment: number, zone: string): string {
  return new Date(moment + offsetMs(moment, zone)).toISOString().slice(11, 16);
}

export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 1440 * MINUTE).toISOString().slice(0, 10);
}

export interface Slot {
  date: string;
  from: string;
  to: string; // not after `from`: on the next day
}

export interface Span {
  start: number;
  end: number;
}

export function spanOf({ date, from, to }: Slot, zone: string): Span {
  return { start: momentOf(date, from, zone), end: momentOf(to > from ? date : addDays(date, 1), to, zone) };
}

export const MAX_SERIES = 100;

// The dates that CreateLectureSeries makes: every `weeks` weeks at the same time on the zone's clock, the last one on `until`
// or before. At most one more than are allowed.
export function seriesOf(slot: Slot, weeks: number, until: string, zone: string): Span[] {
  const spans: Span[] = [];
  for (let date = slot.date; date <= until && spans.length <= MAX_SERIES; date = addDays(date, 7 * weeks)) {
    const span = spanOf({ ...slot, date }, zone);
    if (Number.isNaN(span.start) || Number.isNaN(span.end)) return [];
    spans.push(span);
  }
  return spans;
}
