// Values as people read them. Pure, but for the language, which words.ts sets.
let locale = 'en-GB';
let german = false;

export function setFormatLanguage(language: 'en' | 'de'): void {
  german = language === 'de';
  locale = german ? 'de-DE' : 'en-GB';
}

// "courses/12" is "12".
export function idOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

// A Duration of the JSON ("90.5s") in seconds; absent is 0.
export function secondsOf(duration: string | undefined): number {
  return duration ? parseFloat(duration) || 0 : 0;
}

// Seconds as a Duration of the JSON.
export function durationOf(seconds: number): string {
  return `${Math.max(0, Math.round(seconds * 1000) / 1000)}s`;
}

// A Timestamp of the JSON in milliseconds since 1970; absent is NaN.
export function timeOf(timestamp: string | undefined): number {
  return timestamp ? Date.parse(timestamp) : NaN;
}

// A position or length as on a clock: "4:05", "1:02:33".
export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

// A length of time in words: "1 h 32 min", "4 min", "12 s"; "3 d 4 h".
export function lengthText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
  if (days > 0) return `${days} ${german ? 'T' : 'd'}${hours ? ` ${hours} h` : ''}`;
  return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
}

// Three figures and a unit of 1000: "1.21 GB". `bytes` may be the JSON's text.
export function bytesText(bytes: number | string): string {
  return scaled(Number(bytes), ['B', 'kB', 'MB', 'GB', 'TB', 'PB']);
}

export function bitRateText(bitsPerSecond: number | string): string {
  return scaled(Number(bitsPerSecond), ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s']);
}

function scaled(value: number, units: string[]): string {
  let unit = 0;
  let rest = value;
  while (rest >= 999.5 && unit < units.length - 1) {
    rest /= 1000;
    unit += 1;
  }
  const figure = new Intl.NumberFormat(locale, unit === 0 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 });
  return `${figure.format(rest)} ${units[unit]}`;
}

export function numberText(value: number, digits = 0): string {
  return value.toLocaleString(locale, { maximumFractionDigits: digits });
}

// How much there is to watch: "12 min", and from ten hours on "340 h".
export function playingText(seconds: number): string {
  return seconds < 36_000 ? lengthText(seconds) : `${numberText(seconds / 3600)} h`;
}

export function percentText(share: number): string {
  return share.toLocaleString(locale, { style: 'percent', maximumFractionDigits: 0 });
}

type Moment = string | number | Date;

function written(moment: Moment, options: Intl.DateTimeFormatOptions): string {
  const date = new Date(moment);
  return Number.isNaN(date.getTime()) ? '' : new Intl.DateTimeFormat(locale, options).format(date);
}

// "14 Oct 2026"
export const formatDate = (moment: Moment) => written(moment, { day: 'numeric', month: 'short', year: 'numeric' });
// "Wed 14 Oct"
export const formatDay = (moment: Moment) => written(moment, { weekday: 'short', day: 'numeric', month: 'short' });
export const formatWeekday = (moment: Moment) => written(moment, { weekday: 'long', day: 'numeric', month: 'long' });
// "10:15"
export const formatTime = (moment: Moment) => written(moment, { hour: '2-digit', minute: '2-digit' });
// "Wed, 14 Oct 2026, 10:15"
export const formatDateTime = (moment: Moment) =>
  written(moment, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' });
// With the zone's name, for people who may be elsewhere: "Wednesday 14 October 2026 at 10:15 CEST".
export const formatMoment = (moment: Moment) =>
  written(moment, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  });

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

// Days from the one of `now` to the one of `moment`, by the viewer's calendar: tomorrow is 1, be it in one hour or in forty.
export function daysAway(moment: Moment, now: number = Date.now()): number {
  return Math.round((new Date(moment).setHours(0, 0, 0, 0) - new Date(now).setHours(0, 0, 0, 0)) / 86_400_000);
}

// "in 3 hours", "yesterday", "now" (within a minute).
export function formatRelative(moment: Moment, now: number = Date.now()): string {
  const seconds = (new Date(moment).getTime() - now) / 1000;
  if (Number.isNaN(seconds)) return '';
  const words = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const [unit, length] = steps.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', Infinity];
  return words.format(unit === 'day' ? daysAway(moment, now) : Math.trunc(seconds / length), unit);
}

// "2026W" is "Winter 2026/27", "2026S" is "Summer 2026"; anything else stays as it is.
export function termText(term: string): string {
  const [, year, half] = /^(\d{4})([WS])$/.exec(term) ?? [];
  if (!year) return term;
  const winter = `${german ? 'Wintersemester' : 'Winter'} ${year}/${String((Number(year) + 1) % 100).padStart(2, '0')}`;
  return half === 'W' ? winter : `${german ? 'Sommersemester' : 'Summer'} ${year}`;
}
