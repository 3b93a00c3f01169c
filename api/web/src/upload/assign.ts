// Files that were picked, before they are sent: to which lecture and view each belongs. Pure.
import type { Lecture } from '../generated/api';
import { assignViews, isRecording, lectureOf, type View } from './names';
import type { FileHandle } from './world';

export interface Picked {
  file: File;
  handle: FileHandle | null;
}

export interface Staged extends Picked {
  id: number;
  lecture: string; // empty: to be chosen
  view: View;
}

export type Complaint = 'needsLecture' | 'twice' | 'sending' | '';

export function usable(picked: Picked[]): { good: Picked[]; other: string[]; empty: string[] } {
  const names = (which: Picked[]) => which.map(({ file }) => file.name);
  const empty = picked.filter(({ file }) => file.size === 0);
  const other = picked.filter(({ file }) => file.size > 0 && !isRecording(file));
  return { good: picked.filter(({ file }) => file.size > 0 && isRecording(file)), other: names(other), empty: names(empty) };
}

let nextId = 1;

// `lecture`: where they go if their names do not say otherwise.
export function stage(picked: Picked[], lectures: Lecture[], lecture: string, present: Staged[]): Staged[] {
  const added = picked.map((one) => ({
    ...one,
    id: nextId++,
    view: 'COMB' as View,
    lecture: lectures.length === 1 ? lectures[0]!.name : (lectureOf(one.file.name, lectures) ?? lecture),
  }));
  for (const name of new Set(added.map((one) => one.lecture))) {
    const group = added.filter((one) => one.lecture === name);
    const taken = present.filter((one) => one.lecture === name).map((one) => one.view);
    assignViews(
      group.map((one) => one.file.name),
      taken,
    ).forEach((view, i) => {
      group[i]!.view = view;
    });
  }
  return [...present, ...added];
}

// What is wrong with one of them, given the others and what is on its way already.
export function complaint(one: Staged, all: Staged[], running: { lecture: string; view: View }[]): Complaint {
  const same = (other: { lecture: string; view: View }) => other.lecture === one.lecture && other.view === one.view;
  if (!one.lecture) return 'needsLecture';
  if (all.some((other) => other.id !== one.id && same(other))) return 'twice';
  return running.some(same) ? 'sending' : '';
}

export function replaces(one: Staged, lectures: Lecture[]): boolean {
  const view = lectures.find((lecture) => lecture.name === one.lecture)?.views.find((other) => other.view === one.view);
  return view !== undefined && (view.state === 'PLAYABLE' || view.state === 'COMPLETE');
}
