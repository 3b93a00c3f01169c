// One lecture as an iCalendar file (RFC 5545). Pure, but for saveFile.
import type { Lecture } from '../../generated/api';
import { idOf, timeOf } from '../../lib/format';

const stamp = (time: number) => new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
const escaped = (text: string) => text.replace(/[\\;,]/g, '\\$&').replace(/\r?\n/g, '\\n');

// At most 75 bytes a line; a line that goes on begins with a space (3.1).
export function folded(line: string): string {
  const encoder = new TextEncoder();
  let out = '';
  let bytes = 0;
  for (const character of line) {
    const size = encoder.encode(character).length;
    if (bytes + size > 75) {
      out += '\r\n ';
      bytes = 1;
    }
    out += character;
    bytes += size;
  }
  return out;
}

export function calendarOf(lecture: Lecture, origin: string, now: number): string {
  const start = timeOf(lecture.startTime);
  const end = timeOf(lecture.endTime) || start + 90 * 60_000;
  const url = `${origin}/lectures/${idOf(lecture.name)}`;
  return [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Lectern//Lectures//EN',
    'BEGIN:VEVENT',
    `UID:lecture-${idOf(lecture.name)}@${new URL(origin).hostname}`,
    `DTSTAMP:${stamp(now)}`,
    `DTSTART:${stamp(start)}`,
    `DTEND:${stamp(end)}`,
    `SUMMARY:${escaped(lecture.courseTitle ? `${lecture.courseTitle}: ${lecture.title}` : lecture.title)}`,
    `URL:${url}`,
    `DESCRIPTION:${escaped(url)}`,
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ]
    .map(folded)
    .join('\r\n');
}

export function saveFile(name: string, type: string, content: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
