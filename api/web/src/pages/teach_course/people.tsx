// Who manages a course and who is enrolled.
import { useState } from 'preact/hooks';
import { text as aboutCourse } from '../../courses/words';
import type { Course, CourseRole, Enrolment, Me } from '../../generated/api';
import { api, ApiError, getAll } from '../../lib/api';
import { Button, Dialog, Empty, Field, Notice, Skeleton, Table, useLoad } from '../../lib/parts';
import { text as shared } from '../teach/shared_words';
import { addressesIn } from './addresses';
import { text } from './words';

interface Outcome {
  added: number;
  refused: { email: string; why: string }[];
}

async function enrol(course: string, emails: string[], role: CourseRole): Promise<Outcome> {
  const outcome: Outcome = { added: 0, refused: [] };
  for (const email of emails) {
    try {
      await api.post(`/v1/${course}:enrol`, { user: email, role });
      outcome.added += 1;
    } catch (error) {
      const why = error instanceof ApiError ? (error.notFound ? text.unknownPerson : error.message) : String(error);
      outcome.refused.push({ email, why });
    }
  }
  return outcome;
}

function AddPeople({ course, role, onAdded }: { course: Course; role: CourseRole; onAdded: () => void }) {
  const [emails, setEmails] = useState('');
  const [state, setState] = useState<{ busy: boolean; empty: boolean; outcome: Outcome | null }>({
    busy: false,
    empty: false,
    outcome: null,
  });
  const student = role === 'COURSE_STUDENT';
  const add = async (event: Event) => {
    event.preventDefault();
    const { emails: all, others } = addressesIn(emails);
    if (state.busy) return;
    setState({ busy: all.length > 0, empty: all.length === 0, outcome: null });
    if (all.length === 0) return;
    const outcome = await enrol(course.name, all, role);
    outcome.refused.push(...others.map((email) => ({ email, why: text.noAddress })));
    setEmails(outcome.refused.map(({ email }) => email).join('\n'));
    setState({ busy: false, empty: false, outcome });
    if (outcome.added > 0) onAdded();
  };
  return (
    <form class="form add-people" onSubmit={(event) => void add(event)}>
      <Field
        label={text.emails}
        hint={text.emailsHint}
        required
        rows={student ? 3 : 1}
        value={emails}
        onInput={setEmails}
        spellcheck={false}
        error={state.empty ? text.noEmails : undefined}
      />
      <p>
        <Button type="submit" icon="plus" busy={state.busy}>
          {student ? text.enrol : text.addLecturer}
        </Button>
      </p>
      <div role="status">
        {state.outcome && state.outcome.added > 0 && <p class="soft">{text.enrolled(state.outcome.added)}</p>}
        {state.outcome && state.outcome.refused.length > 0 && (
          <Notice tone="warning" title={text.notEnrolled(state.outcome.refused.length)}>
            <ul class="bullets">
              {state.outcome.refused.map(({ email, why }) => (
                <li key={email}>
                  {email}: {why}
                </li>
              ))}
            </ul>
          </Notice>
        )}
      </div>
    </form>
  );
}

const nameOf = (person: Enrolment) => person.displayName || person.email;

function RemoveDialog({
  course,
  person,
  self,
  onClose,
  onRemoved,
}: {
  course: Course;
  person: Enrolment;
  self: boolean;
  onClose: () => void;
  onRemoved: () => void;
}) {
  const [state, setState] = useState<{ busy: boolean; error: unknown }>({ busy: false, error: null });
  const remove = () => {
    setState({ busy: true, error: null });
    api
      .post(`/v1/${course.name}:unenrol`, { user: person.user })
      .then(onRemoved, (error: unknown) => setState({ busy: false, error }));
  };
  const actions = (
    <>
      <Button onClick={onClose}>{shared.cancel}</Button>
      <Button kind="danger" busy={state.busy} onClick={remove}>
        {text.remove}
      </Button>
    </>
  );
  return (
    <Dialog open title={text.removeTitle(nameOf(person))} onClose={onClose} actions={actions}>
      <p>{person.role !== 'COURSE_LECTURER' ? text.removeStudent : self ? text.removeSelf : text.removeLecturer}</p>
      {state.error !== null && <Notice error={state.error} />}
    </Dialog>
  );
}

function PeopleTable({ label, people, onRemove }: { label: string; people: Enrolment[]; onRemove: (person: Enrolment) => void }) {
  return (
    <Table
      label={label}
      rows={people}
      keyOf={(person) => person.user}
      columns={[
        { title: text.name, cell: nameOf },
        { title: text.email, cell: (person) => person.email },
        {
          title: text.remove,
          hideTitle: true,
          cell: (person) => (
            <Button small kind="quiet" icon="trash" label={text.removeOne(nameOf(person))} onClick={() => onRemove(person)} />
          ),
        },
      ]}
    />
  );
}

const MANY = 12;

export function People({ me, course }: { me: Me | null; course: Course }) {
  const people = useLoad(() => getAll<Enrolment>(`/v1/${course.name}/enrolments?page_size=200`, 'enrolments'));
  const [removing, setRemoving] = useState<Enrolment | null>(null);
  const [filter, setFilter] = useState('');
  if (people.error && !people.data) return <Notice error={people.error} onRetry={() => void people.reload()} />;
  if (!people.data) return <Skeleton lines={6} />;
  const lecturers = people.data.filter((person) => person.role === 'COURSE_LECTURER');
  const students = people.data.filter((person) => person.role !== 'COURSE_LECTURER');
  const shown = students.filter((person) =>
    `${person.displayName} ${person.email}`.toLowerCase().includes(filter.trim().toLowerCase()),
  );
  const reload = () => void people.reload();
  const self = removing?.user === me?.user?.name;
  const removed = () => {
    setRemoving(null);
    if (self) location.assign('/teach');
    else reload();
  };
  return (
    <div class="stack">
      <section class="panel stack" aria-labelledby="lecturers">
        <div>
          <h2 id="lecturers">{text.lecturers}</h2>
          <p class="soft">{text.lecturersHint}</p>
        </div>
        {lecturers.length > 0 && <PeopleTable label={text.lecturers} people={lecturers} onRemove={setRemoving} />}
        <AddPeople course={course} role="COURSE_LECTURER" onAdded={reload} />
      </section>
      <section class="panel stack" aria-labelledby="students">
        <div>
          <h2 id="students">
            {text.students} <span class="count">{students.length}</span>
          </h2>
          <p class="soft">{text.studentsHint(aboutCourse.visibility[course.visibility])}</p>
        </div>
        <AddPeople course={course} role="COURSE_STUDENT" onAdded={reload} />
        {students.length > MANY && <Field label={text.filter} type="search" required value={filter} onInput={setFilter} />}
        {students.length === 0 ? (
          <Empty icon="people" title={text.noStudents}>
            {text.noStudentsText}
          </Empty>
        ) : (
          <PeopleTable label={text.students} people={shown} onRemove={setRemoving} />
        )}
      </section>
      {removing && (
        <RemoveDialog course={course} person={removing} self={self} onClose={() => setRemoving(null)} onRemoved={removed} />
      )}
    </div>
  );
}
