// The organization's own courses, and creating one.
import { useState } from 'preact/hooks';
import type { Course, Organization, Visibility } from '../../generated/api';
import { api, getAll } from '../../lib/api';
import { idOf, termText } from '../../lib/format';
import { Button, Field, Notice, Select, Skeleton, useLoad } from '../../lib/parts';
import { Ask } from '../../manage/acting';
import { compareNames } from '../../manage/words';
import { text } from './words';

const visibilities: Visibility[] = ['PUBLIC', 'LOGGED_IN', 'ENROLLED', 'HIDDEN'];
const shownAtFirst = 8;

// Universities' halves of the year: summer from April to September.
export function currentTerm(now: Date): string {
  const month = now.getMonth() + 1;
  if (month >= 4 && month <= 9) return `${now.getFullYear()}S`;
  return `${month >= 10 ? now.getFullYear() : now.getFullYear() - 1}W`;
}

interface CreateProps {
  organization: Organization;
  onCreated: (course: Course) => void;
  onDone: () => void;
}

function CreateCourse({ organization, onCreated, onDone }: CreateProps) {
  const [title, setTitle] = useState('');
  const [term, setTerm] = useState(currentTerm(new Date()));
  const [visibility, setVisibility] = useState<Visibility>('ENROLLED');
  const create = async () =>
    onCreated(
      await api.post<Course>('/v1/courses', {
        organization: organization.name,
        title: title.trim(),
        term: term.trim(),
        visibility,
      }),
    );
  return (
    <Ask title={text.createCourse} action={text.create} disabled={!title.trim() || !term.trim()} run={create} onDone={onDone}>
      <Field label={text.courseTitle} required value={title} maxLength={200} autoFocus autoComplete="off" onInput={setTitle} />
      <Field
        label={text.courseTerm}
        required
        value={term}
        maxLength={20}
        hint={text.courseTermHint}
        autoComplete="off"
        onInput={setTerm}
      />
      <Select
        label={text.courseWho}
        value={visibility}
        onChange={setVisibility}
        options={visibilities.map((value) => ({ value, label: text.visibilities[value as keyof typeof text.visibilities] }))}
      />
    </Ask>
  );
}

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
          {text.createCourse}
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
      {creating && (
        <CreateCourse
          organization={organization}
          onDone={() => setCreating(false)}
          onCreated={(course) => location.assign(`/teach/courses/${idOf(course.name)}`)}
        />
      )}
    </section>
  );
}
