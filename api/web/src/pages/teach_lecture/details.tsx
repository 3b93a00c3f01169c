// Title, time and description of a lecture.
import { useState } from 'preact/hooks';
import type { Lecture, UpdateLectureRequest } from '../../generated/api';
import { api } from '../../lib/api';
import { timeOf } from '../../lib/format';
import { Button, Field, Notice } from '../../lib/parts';
import { text as shared } from '../teach/shared_words';
import { dateIn, hereZone, spanOf, timeIn } from '../teach/zone';
import { text } from './words';

function draftOf(lecture: Lecture) {
  const zone = hereZone();
  const [start, end] = [timeOf(lecture.startTime), timeOf(lecture.endTime)];
  return {
    title: lecture.title,
    description: lecture.description,
    date: Number.isNaN(start) ? '' : dateIn(start, zone),
    from: Number.isNaN(start) ? '' : timeIn(start, zone),
    to: Number.isNaN(end) ? '' : timeIn(end, zone),
  };
}

// Only what is different: times are told to the minute, and one that was not touched stays as exact as it was.
function changes(lecture: Lecture, draft: ReturnType<typeof draftOf>): Partial<UpdateLectureRequest> {
  const before = draftOf(lecture);
  const what: Partial<UpdateLectureRequest> = {};
  if (draft.title.trim() !== before.title) what.title = draft.title.trim();
  if (draft.description !== before.description) what.description = draft.description;
  if (draft.date && (draft.date !== before.date || draft.from !== before.from || draft.to !== before.to)) {
    const { start, end } = spanOf(draft, hereZone());
    what.startTime = new Date(start).toISOString();
    what.endTime = new Date(end).toISOString();
  }
  return what;
}

export function Details({ lecture, onChange }: { lecture: Lecture; onChange: (lecture: Lecture) => void }) {
  const [draft, setDraft] = useState(() => draftOf(lecture));
  const [state, setState] = useState<{ busy: boolean; saved: boolean; error: unknown }>({
    busy: false,
    saved: false,
    error: null,
  });
  const set = (what: Partial<typeof draft>) => {
    setDraft({ ...draft, ...what });
    setState({ ...state, saved: false });
  };
  const dated = [draft.date, draft.from, draft.to].filter(Boolean).length;
  const badTimes = lecture.startTime && dated === 0 ? text.keepDate : dated !== 0 && dated !== 3 ? text.badTimes : '';
  const right = draft.title.trim() !== '' && !badTimes;
  const save = (event: Event) => {
    event.preventDefault();
    if (!right || state.busy) return;
    setState({ busy: true, saved: false, error: null });
    api.patch<Lecture>(`/v1/${lecture.name}`, changes(lecture, draft)).then(
      (changed) => {
        onChange(changed);
        setState({ busy: false, saved: true, error: null });
      },
      (error: unknown) => setState({ busy: false, saved: false, error }),
    );
  };
  return (
    <form class="panel form" onSubmit={save} aria-labelledby="details">
      <h2 id="details">{text.details}</h2>
      <Field
        label={text.title}
        required
        maxLength={200}
        value={draft.title}
        onInput={(title) => set({ title })}
        error={draft.title.trim() ? undefined : text.needsTitle}
      />
      <Field
        label={text.date}
        type="date"
        required={lecture.startTime !== undefined}
        value={draft.date}
        onInput={(date) => set({ date })}
        error={badTimes || undefined}
      />
      <div class="form-row times">
        <Field label={text.from} type="time" required={dated > 0} value={draft.from} onInput={(from) => set({ from })} />
        <Field
          label={text.to}
          type="time"
          required={dated > 0}
          value={draft.to}
          onInput={(to) => set({ to })}
          hint={draft.to && draft.to <= draft.from ? text.nextDay : undefined}
        />
      </div>
      <Field label={text.description} rows={5} value={draft.description} onInput={(description) => set({ description })} />
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
  );
}
