// What a course is called, who may watch, what they may do, and its end.
import { useState } from 'preact/hooks';
import { termIsRight, VisibilityChoice } from '../../courses/course_form';
import type { Course, UpdateCourseRequest } from '../../generated/api';
import { api } from '../../lib/api';
import { Button, Dialog, Field, Notice, Switch } from '../../lib/parts';
import { atLeast } from '../teach/gate';
import { text as shared } from '../teach/shared_words';
import { text } from './words';

interface SettingsProps {
  course: Course;
  onChange: (course: Course) => void;
}

function DeleteCourse({ course }: { course: Course }) {
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState('');
  const [state, setState] = useState<{ busy: boolean; error: unknown }>({ busy: false, error: null });
  const sure = typed.trim() === course.title.trim();
  const remove = (event: Event) => {
    event.preventDefault();
    if (!sure || state.busy) return;
    setState({ busy: true, error: null });
    api.del(`/v1/${course.name}`).then(
      () => location.assign('/teach'),
      (error: unknown) => setState({ busy: false, error }),
    );
  };
  const actions = (
    <>
      <Button onClick={() => setOpen(false)}>{shared.cancel}</Button>
      <Button kind="danger" icon="trash" busy={state.busy} disabled={!sure} onClick={remove}>
        {text.deleteIt}
      </Button>
    </>
  );
  return (
    <section class="panel danger-zone" aria-labelledby="danger">
      <h2 id="danger">{text.danger}</h2>
      <p>{text.dangerText}</p>
      <p>
        <Button
          kind="danger"
          icon="trash"
          onClick={() => {
            setTyped('');
            setOpen(true);
          }}
        >
          {text.deleteCourse}
        </Button>
      </p>
      <Dialog open={open} title={text.deleteCourseTitle} onClose={() => setOpen(false)} actions={actions}>
        <form class="form" onSubmit={remove}>
          <p>{text.deleteCourseLoses(course.title, course.lectureCount)}</p>
          <Field label={text.typeTitle(course.title)} required autocomplete="off" value={typed} onInput={setTyped} />
          {state.error !== null && <Notice error={state.error} />}
        </form>
      </Dialog>
    </section>
  );
}

export function Settings({ course, onChange }: SettingsProps) {
  const [draft, setDraft] = useState({ title: course.title, term: course.term, description: course.description });
  const [state, setState] = useState<{ busy: boolean; saved: boolean; error: unknown }>({
    busy: false,
    saved: false,
    error: null,
  });
  const set = (what: Partial<typeof draft>) => {
    setDraft({ ...draft, ...what });
    setState({ ...state, saved: false });
  };
  const update = (what: Partial<UpdateCourseRequest>) => {
    setState({ busy: true, saved: false, error: null });
    api.patch<Course>(`/v1/${course.name}`, what).then(
      (changed) => {
        onChange({ ...changed, lectureCount: course.lectureCount });
        setState({ busy: false, saved: true, error: null });
      },
      (error: unknown) => setState({ busy: false, saved: false, error }),
    );
  };
  const right = draft.title.trim() !== '' && termIsRight(draft.term);
  const save = (event: Event) => {
    event.preventDefault();
    if (right && !state.busy) update({ ...draft, title: draft.title.trim() });
  };
  return (
    <div class="stack settings">
      <form class="panel form" onSubmit={save} aria-labelledby="course">
        <h2 id="course">{text.course}</h2>
        <div class="form-row">
          <Field
            label={text.courseTitle}
            required
            maxLength={200}
            value={draft.title}
            onInput={(title) => set({ title })}
            error={draft.title.trim() ? undefined : text.needsTitle}
          />
          <Field
            label={text.term}
            value={draft.term}
            hint={text.termHint}
            error={termIsRight(draft.term) ? undefined : text.badTerm}
            onInput={(term) => set({ term: term.trim().toUpperCase() })}
          />
        </div>
        <Field label={text.description} rows={4} value={draft.description} onInput={(description) => set({ description })} />
        <p class="row">
          <Button kind="primary" type="submit" busy={state.busy}>
            {shared.save}
          </Button>
          <span role="status" class="soft">
            {state.saved && shared.saved}
          </span>
        </p>
        {state.error !== null && <Notice error={state.error} />}
      </form>
      <section class="panel" aria-label={text.whoWatches}>
        <VisibilityChoice value={course.visibility} onChange={(visibility) => update({ visibility })} />
      </section>
      <section class="panel form" aria-labelledby="switches">
        <h2 id="switches">{text.switches}</h2>
        <Switch
          label={text.downloads}
          hint={text.downloadsHint}
          checked={course.downloadsEnabled}
          onChange={(on) => update({ downloadsEnabled: on })}
        />
        <Switch
          label={text.chat}
          hint={text.chatHint}
          checked={course.chatEnabled}
          onChange={(on) => update({ chatEnabled: on })}
        />
      </section>
      {atLeast(course.right, 'MAINTAIN') && <DeleteCourse course={course} />}
    </div>
  );
}
