// Making lectures: one, one without a date, or a series whose dates are shown before they are made.
import { useId, useState } from 'preact/hooks';
import type { Course, CreateLectureSeriesResponse, Hall, Lecture } from '../../generated/api';
import { api, getAll } from '../../lib/api';
import { formatTime, formatWeekday } from '../../lib/format';
import { Button, Dialog, Field, Notice, Select, useLoad } from '../../lib/parts';
import { atLeast } from '../teach/gate';
import { text as shared } from '../teach/shared_words';
import { addDays, hereZone, MAX_SERIES, momentOf, seriesOf, spanOf, type Slot, type Span } from '../teach/zone';
import { text } from './words';

type Kind = 'once' | 'weekly' | 'undated';

interface Draft extends Slot {
  kind: Kind;
  title: string;
  description: string;
  weeks: string;
  until: string;
  zone: string;
  hall: string;
}

const iso = (moment: number) => new Date(moment).toISOString();

// "LAST of each series begins before this" is the midnight after the last day.
async function make(course: string, draft: Draft): Promise<Lecture[]> {
  const { title, description, hall, zone } = draft;
  const common = { course, title: title.trim(), description, ...(hall && { hall }) };
  if (draft.kind === 'undated') return [await api.post<Lecture>('/v1/lectures', common)];
  const { start, end } = spanOf(draft, zone);
  const times = { startTime: iso(start), endTime: iso(end) };
  if (draft.kind === 'once') return [await api.post<Lecture>('/v1/lectures', { ...common, ...times })];
  const untilTime = iso(momentOf(addDays(draft.until, 1), '00:00', zone));
  const series = { ...common, ...times, intervalWeeks: Number(draft.weeks), untilTime, timeZone: zone };
  return (await api.post<CreateLectureSeriesResponse>('/v1/lectures:series', series)).lectures;
}

function complaintOf(draft: Draft, spans: Span[]): string {
  if (draft.kind === 'undated') return '';
  if (!draft.date || !draft.from || !draft.to) return text.needsTimes;
  if (draft.kind === 'weekly' && spans.length === 0) return text.noneInSeries;
  return spans.length > MAX_SERIES ? text.tooMany(MAX_SERIES) : '';
}

const SHOWN = 12;

function Preview({ draft, spans }: { draft: Draft; spans: Span[] }) {
  if (spans.length === 0 || spans.length > MAX_SERIES) return null;
  const title = (n: number) => draft.title.replaceAll('{n}', String(n)) || '...';
  return (
    <section class="series-preview" aria-label={text.preview(spans.length)}>
      <h3>{text.preview(spans.length)}</h3>
      <ol>
        {spans.slice(0, SHOWN).map((span, i) => (
          <li key={span.start}>
            <span>{title(i + 1)}</span>
            <span class="soft">
              {formatWeekday(span.start)}, {formatTime(span.start)}–{formatTime(span.end)}
            </span>
          </li>
        ))}
      </ol>
      {spans.length > SHOWN && <p class="soft">{text.more(spans.length - SHOWN)}</p>}
      <p class="hint">{text.previewHint}</p>
    </section>
  );
}

function KindChoice({ value, onChange }: { value: Kind; onChange: (kind: Kind) => void }) {
  const id = useId();
  const kinds: [Kind, string][] = [
    ['once', text.once],
    ['weekly', text.weekly],
    ['undated', text.undated],
  ];
  return (
    <fieldset class="kinds">
      <legend>{text.kind}</legend>
      {kinds.map(([kind, label]) => (
        <span key={kind}>
          <input type="radio" name={id} id={`${id}-${kind}`} checked={value === kind} onChange={() => onChange(kind)} />
          <label for={`${id}-${kind}`}>{label}</label>
        </span>
      ))}
    </fieldset>
  );
}

function zones(): string[] {
  const all = Intl.supportedValuesOf('timeZone');
  const here = hereZone();
  return all.includes(here) ? all : [here, ...all];
}

function Times({ draft, set }: { draft: Draft; set: (what: Partial<Draft>) => void }) {
  const weekly = draft.kind === 'weekly';
  const overnight = draft.to !== '' && draft.to <= draft.from;
  return (
    <>
      <div class="form-row">
        <Field
          label={weekly ? text.firstDate : text.date}
          type="date"
          required
          value={draft.date}
          onInput={(date) => set({ date })}
        />
        <Field label={text.from} type="time" required value={draft.from} onInput={(from) => set({ from })} />
        <Field
          label={text.to}
          type="time"
          required
          value={draft.to}
          onInput={(to) => set({ to })}
          hint={overnight ? text.nextDay : undefined}
        />
      </div>
      {weekly && (
        <div class="form-row">
          <Select
            label={text.every}
            value={draft.weeks}
            onChange={(weeks) => set({ weeks })}
            options={[1, 2, 3, 4].map((n) => ({ value: String(n), label: text.everyWeeks(n) }))}
          />
          <Field
            label={text.until}
            type="date"
            required
            min={draft.date}
            value={draft.until}
            onInput={(until) => set({ until })}
          />
          <Select
            label={text.zone}
            value={draft.zone}
            onChange={(zone) => set({ zone })}
            options={zones().map((zone) => ({ value: zone, label: zone }))}
          />
        </div>
      )}
    </>
  );
}

function Hall({ course, value, onChange }: { course: Course; value: string; onChange: (hall: string) => void }) {
  const path = `/v1/halls?organization=${encodeURIComponent(course.organization)}&page_size=200`;
  const halls = useLoad(() => getAll<Hall>(path, 'halls').catch(() => []));
  if (!halls.data?.length) return null;
  const options = [
    { value: '', label: text.noHall },
    ...halls.data.map(({ name, displayName }) => ({ value: name, label: displayName })),
  ];
  return <Select label={text.hall} value={value} options={options} onChange={onChange} hint={text.hallHint} />;
}

export function LectureDialog({
  course,
  onClose,
  onMade,
}: {
  course: Course;
  onClose: () => void;
  onMade: (lectures: Lecture[]) => void;
}) {
  const [draft, setDraft] = useState<Draft>({
    kind: 'once',
    title: '',
    description: '',
    date: '',
    from: '10:15',
    to: '11:45',
    weeks: '1',
    until: '',
    zone: hereZone(),
    hall: '',
  });
  const [state, setState] = useState<{ busy: boolean; tried: boolean; error: unknown }>({
    busy: false,
    tried: false,
    error: null,
  });
  const set = (what: Partial<Draft>) => setDraft({ ...draft, ...what });
  const spans =
    draft.kind === 'weekly' && draft.date && draft.until ? seriesOf(draft, Number(draft.weeks), draft.until, draft.zone) : [];
  const wrong = complaintOf(draft, spans);
  const create = (event: Event) => {
    event.preventDefault();
    if (state.busy) return;
    const right = !wrong && draft.title.trim() !== '';
    setState({ busy: right, tried: true, error: null });
    if (right) make(course.name, draft).then(onMade, (error: unknown) => setState({ busy: false, tried: true, error }));
  };
  const actions = (
    <>
      <Button onClick={onClose}>{shared.cancel}</Button>
      <Button kind="primary" busy={state.busy} onClick={create}>
        {spans.length > 1 && !wrong ? text.createMany(spans.length) : text.create}
      </Button>
    </>
  );
  return (
    <Dialog open wide title={text.newLecture} onClose={onClose} actions={actions}>
      <form class="form" onSubmit={create}>
        <Field
          label={text.lectureTitle}
          required
          maxLength={200}
          value={draft.title}
          onInput={(title) => set({ title })}
          hint={draft.kind === 'weekly' ? text.titleHint : undefined}
          error={state.tried && !draft.title.trim() ? text.needsTitle : undefined}
        />
        <KindChoice value={draft.kind} onChange={(kind) => set({ kind })} />
        {draft.kind === 'undated' ? <p class="hint">{text.undatedHint}</p> : <Times draft={draft} set={set} />}
        {draft.kind === 'weekly' && <Preview draft={draft} spans={spans} />}
        {state.tried && wrong && <Notice tone="warning">{wrong}</Notice>}
        {atLeast(course.right, 'MAINTAIN') && draft.kind !== 'undated' && (
          <Hall course={course} value={draft.hall} onChange={(hall) => set({ hall })} />
        )}
        <Field label={text.description} rows={3} value={draft.description} onInput={(description) => set({ description })} />
        {state.error !== null && <Notice error={state.error} />}
        <button type="submit" hidden />
      </form>
    </Dialog>
  );
}
