// What a course is made with, and the choice of who may watch, which its settings use too.
import { useId, useState } from 'preact/hooks';
import type { Course, CreateCourseRequest, Organization, Visibility } from '../generated/api';
import { api } from '../lib/api';
import { Button, Dialog, Field, Notice, Select } from '../lib/parts';
import { text } from './words';
import './courses.css';

const VISIBILITIES: Visibility[] = ['PUBLIC', 'LOGGED_IN', 'ENROLLED', 'HIDDEN'];

export function VisibilityChoice({ value, onChange }: { value: Visibility; onChange: (value: Visibility) => void }) {
  const id = useId();
  return (
    <fieldset class="choices">
      <legend>{text.whoMayWatch}</legend>
      {VISIBILITIES.map((one) => (
        <div class="choice" key={one}>
          <input
            type="radio"
            id={`${id}-${one}`}
            name={id}
            checked={value === one}
            aria-describedby={`${id}-${one}-hint`}
            onChange={() => onChange(one)}
          />
          <label for={`${id}-${one}`}>{text.visibility[one]}</label>
          <p class="hint" id={`${id}-${one}-hint`}>
            {text.visibilityText[one]}
          </p>
        </div>
      ))}
    </fieldset>
  );
}

export const termIsRight = (term: string): boolean => term === '' || /^\d{4}[WS]$/.test(term);

// The half year that a day is in: April to September is summer.
export function termOf(day: Date): string {
  const [year, month] = [day.getFullYear(), day.getMonth()];
  return month >= 3 && month < 9 ? `${year}S` : `${month < 3 ? year - 1 : year}W`;
}

export function CourseDialog({ organizations, onClose }: { organizations: Organization[]; onClose: () => void }) {
  const [draft, setDraft] = useState<
    Required<Pick<CreateCourseRequest, 'organization' | 'title' | 'term' | 'visibility' | 'description'>>
  >({
    organization: organizations[0]?.name ?? '',
    title: '',
    term: termOf(new Date()),
    visibility: 'ENROLLED',
    description: '',
  });
  const [state, setState] = useState<{ busy: boolean; tried: boolean; error: unknown }>({
    busy: false,
    tried: false,
    error: null,
  });
  const set = (what: Partial<typeof draft>) => setDraft({ ...draft, ...what });
  const right = draft.title.trim() !== '' && termIsRight(draft.term);
  const create = (event: Event) => {
    event.preventDefault();
    if (state.busy) return;
    setState({ busy: right, tried: true, error: null });
    if (!right) return;
    api.post<Course>('/v1/courses', { ...draft, title: draft.title.trim() }).then(
      (course) => location.assign(`/teach/${course.name}`),
      (error: unknown) => setState({ busy: false, tried: true, error }),
    );
  };
  const actions = (
    <>
      <Button onClick={onClose}>{text.cancel}</Button>
      <Button kind="primary" busy={state.busy} onClick={create}>
        {text.create}
      </Button>
    </>
  );
  return (
    <Dialog open title={text.newCourse} onClose={onClose} actions={actions}>
      <form class="form" onSubmit={create}>
        {organizations.length > 1 && (
          <Select
            label={text.organization}
            value={draft.organization}
            onChange={(organization) => set({ organization })}
            options={organizations.map(({ name, displayName, depth }) => ({
              value: name,
              label: `${'\u2003'.repeat(depth)}${displayName}`,
            }))}
          />
        )}
        <Field
          label={text.courseTitle}
          required
          value={draft.title}
          maxLength={200}
          onInput={(title) => set({ title })}
          error={state.tried && !draft.title.trim() ? text.needsTitle : undefined}
        />
        <Field
          label={text.term}
          value={draft.term}
          onInput={(term) => set({ term: term.trim().toUpperCase() })}
          hint={text.termHint}
          error={termIsRight(draft.term) ? undefined : text.badTerm}
        />
        <VisibilityChoice value={draft.visibility} onChange={(visibility) => set({ visibility })} />
        <Field label={text.description} rows={3} value={draft.description} onInput={(description) => set({ description })} />
        {state.error !== null && <Notice error={state.error} />}
        <button type="submit" hidden />
      </form>
    </Dialog>
  );
}
