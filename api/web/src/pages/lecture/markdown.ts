// Notes as a Markdown file, each with a link to its moment. Pure.
import { clockText } from '../../lib/format';

export interface Note {
  seconds: number;
  text: string;
}

// `address` is the lecture's own, without a time.
export function notesMarkdown(title: string, subtitle: string, address: string, notes: Note[]): string {
  const lines = [`# ${title.replace(/\s+/g, ' ')}`, ''];
  if (subtitle) lines.push(subtitle, '');
  for (const { seconds, text } of [...notes].sort((a, b) => a.seconds - b.seconds)) {
    const [first = '', ...more] = text.trim().split(/\r?\n/);
    lines.push(`- [${clockText(seconds)}](${address}?t=${Math.floor(seconds)}) ${first}`.trimEnd());
    for (const line of more) lines.push(line ? `  ${line}` : '');
  }
  return `${lines.join('\n')}\n`;
}

// "1. Pose of a rigid body" becomes "1-pose-of-a-rigid-body.md".
export function fileName(title: string): string {
  const plain = title.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').toLowerCase();
  return `${plain.replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 60) || 'notes'}.md`;
}
