// The organization's own courses, and creating one.
import { useState } from 'preact/hooks';
import { CourseDialog } from '../../courses/course_form';
import { text as aboutCourse } from '../../courses/words';
import type { Course, Organization } from '../../generated/api';
import { getAll } from '../../lib/api';
import { idOf, termText } from '../../lib/format';
import { Button, Notice, Skeleton, useLoad } from '../../lib/parts';
import { compareNames } from '../../manage/words';
import { text } from './words';

const shownAtFirst = 8;

export function CoursesPanel({ organization }: { organization: Organization }) {
  const load = useLoad(() =>
    getAll<Course>(`/v1/courses?organization=${encodeURIComponent(organization.name)}&page_size=200`, 'courses'),
  );
  const [creating, setCreating] = useState(false);
  const [all, setAll] = useState(false);
  const own = (load.data ?? [])
    .filter((course) => course.organization === organization.name)
    .sort((a, b) => compareNames(b.term, a.term) || compareNames(a.title, b.title));
  const shown = all ? own : own.slice(0, shownAtFirst);
  return (
    <section class="panel" aria-labelledby="courses-title">
      <header>
        <h2 id="courses-title">
          {text.courses}
          {load.data && <span class="count">{own.length}</span>}
        </h2>
        <Button small icon="plus" onClick={() => setCreating(true)}>
          {aboutCourse.newCourse}
        </Button>
      </header>
      {load.error && <Notice error={load.error} onRetry={() => void load.reload()} />}
      {!load.data && !load.error && <Skeleton lines={3} />}
      {load.data && own.length === 0 && <p class="soft">{text.noCourses}</p>}
      <ul class="items">
        {shown.map((course) => (
          <li key={course.name}>
            <span class="grow">
              <a href={`/teach/courses/${idOf(course.name)}`}>{course.title}</a>
              <small>{termText(course.term)}</small>
            </span>
            <small class="soft tabular">{text.lectures(course.lectureCount)}</small>
          </li>
        ))}
      </ul>
      {shown.length < own.length && (
        <Button small kind="quiet" onClick={() => setAll(true)}>
          {text.moreCourses(own.length - shown.length)}
        </Button>
      )}
      {creating && <CourseDialog organizations={[organization]} onClose={() => setCreating(false)} />}
    </section>
  );
}
