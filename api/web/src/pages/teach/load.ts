// The lectures of several courses.
import type { Course, Lecture } from '../../generated/api';
import { api } from '../../lib/api';

export type Lectures = Map<string, Lecture[]>;

// A few at a time. A course whose list cannot be had is not in the answer.
export async function lecturesOf(courses: Course[]): Promise<Lectures> {
  const all: Lectures = new Map();
  const left = [...courses];
  const work = async () => {
    for (let course = left.shift(); course; course = left.shift()) {
      const answer = await api.get<{ lectures: Lecture[] }>(`/v1/${course.name}/lectures?page_size=200`).catch(() => null);
      if (answer) all.set(course.name, answer.lectures);
    }
  };
  await Promise.all([work(), work(), work(), work()]);
  return all;
}
