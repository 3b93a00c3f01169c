// The chapters of a lecture: one at a time, or a pasted list.
import { useState } from 'preact/hooks';
import type { Lecture, Section } from '../../generated/api';
import { api } from '../../lib/api';
import { clockText, durationOf, secondsOf } from '../../lib/format';
import { Button, Dialog, Field, Notice, Skeleton, useLoad } from '../../lib/parts';
import { given } from '../teach/gate';
import { text as shared } from '../teach/shared_words';
import { parseClock, parseSections } from './stages';
import { text } from './words';

interface RowProps {
  section: Section;
  onChange: (section: Section) => void;
  onDelete: () => void;
  onError: (error: unknown) => void;
}

// Saved when the field is left or Enter is pressed.
function SectionRow({ section, onChange, onDelete, onError }: RowProps) {
  const [title, setTitle] = useState(section.title);
  const [at, setAt] = useState(clockText(secondsOf(section.position)));
  const save = () => {
    const seconds = parseClock(at);
    const position = durationOf(seconds);
    const moved = !Number.isNaN(seconds) && Math.abs(seconds - Math.floor(secondsOf(section.position))) >= 1;
    const renamed = title.trim() !== '' && title.trim() !== section.title;
    if (Number.isNaN(seconds)) setAt(clockText(secondsOf(section.position)));
    if (title.trim() === '') setTitle(section.title);
    if (!moved && !renamed) return;
    api
      .patch<Section>(`/v1/${section.name}`, { ...(moved && { position }), ...(renamed && { title: title.trim() }) })
      .then(onChange, onError);
  };
  const remove = () => {
    api.del(`/v1/${section.name}`).then(onDelete, onError);
  };
  const enter = (event: KeyboardEvent) => {
    if (event.key === 'Enter') (event.currentTarget as HTMLInputElement).blur();
  };
  return (
    <li class="section-row">
      <input
        class="section-at"
        type="text"
        value={at}
        aria-label={text.positionOf(section.title)}
        onInput={(event) => setAt(event.currentTarget.value)}
        onBlur={save}
        onKeyDown={enter}
      />
      <input
        class="grow"
        type="text"
        value={title}
        maxLength={200}
        aria-label={text.renameOf(section.title)}
        onInput={(event) => setTitle(event.currentTarget.value)}
        onBlur={save}
        onKeyDown={enter}
      />
      <Button kind="quiet" icon="trash" label={text.deleteOf(section.title)} onClick={remove} />
    </li>
  );
}

const byPosition = (a: Section, b: Section) => secondsOf(a.position) - secondsOf(b.position);
const create = (lecture: string, seconds: number, title: string) =>
  api.post<Section>(`/v1/${lecture}/sections`, { position: durationOf(seconds), title });

function PasteDialog({
  lecture,
  onAdded,
  onClose,
}: {
  lecture: Lecture;
  onAdded: (sections: Section[]) => void;
  onClose: () => void;
}) {
  const [pasted, setPasted] = useState('');
  const [state, setState] = useState<{ busy: boolean; tried: boolean; error: unknown }>({
    busy: false,
    tried: false,
    error: null,
  });
  const { sections, wrongLine } = parseSections(pasted);
  const add = async () => {
    setState({ busy: wrongLine === 0, tried: true, error: null });
    if (wrongLine !== 0) return;
    const added: Section[] = [];
    try {
      for (const { seconds, title } of sections) added.push(await create(lecture.name, seconds, title));
      onAdded(added);
      onClose();
    } catch (error) {
      onAdded(added);
      setPasted(
        sections
          .slice(added.length)
          .map(({ seconds, title }) => `${clockText(seconds)} ${title}`)
          .join('\n'),
      );
      setState({ busy: false, tried: true, error });
    }
  };
  const actions = (
    <>
      <Button onClick={onClose}>{shared.cancel}</Button>
      <Button kind="primary" busy={state.busy} disabled={sections.length === 0} onClick={() => void add()}>
        {text.addAll(sections.length)}
      </Button>
    </>
  );
  return (
    <Dialog open title={text.pasteList} onClose={onClose} actions={actions}>
      <Field
        label={text.sections}
        hint={text.pasteHint}
        required
        rows={8}
        value={pasted}
        onInput={setPasted}
        error={(wrongLine && pasted.includes('\n')) || (wrongLine && state.tried) ? text.badLine(wrongLine) : undefined}
      />
      {state.error !== null && <Notice error={state.error} />}
    </Dialog>
  );
}

export function Sections({ lecture }: { lecture: Lecture }) {
  const [first, failed] = given<{ sections: Section[] }>('sections');
  const list = useLoad(
    async () => (await api.get<{ sections: Section[] }>(`/v1/${lecture.name}/sections`)).sections,
    first?.sections ?? null,
    failed,
  );
  const [draft, setDraft] = useState({ at: '', title: '' });
  const [state, setState] = useState<{ tried: boolean; busy: boolean; error: unknown }>({
    tried: false,
    busy: false,
    error: null,
  });
  const [pasting, setPasting] = useState(false);
  const sections = [...(list.data ?? [])].sort(byPosition);
  const seconds = parseClock(draft.at);
  const length = secondsOf(lecture.duration);
  const wrongAt = Number.isNaN(seconds) ? text.badAt : length > 0 && seconds > length ? text.tooLate : '';
  const onError = (error: unknown) => setState({ tried: false, busy: false, error });
  const added = (more: Section[]) => {
    if (more.length > 0) list.set([...sections, ...more]);
  };
  const add = (event: Event) => {
    event.preventDefault();
    if (state.busy) return;
    const right = !wrongAt && draft.title.trim() !== '';
    setState({ tried: true, busy: right, error: null });
    if (!right) return;
    create(lecture.name, seconds, draft.title.trim()).then((section) => {
      added([section]);
      setDraft({ at: '', title: '' });
      setState({ tried: false, busy: false, error: null });
    }, onError);
  };
  return (
    <section class="panel stack" aria-labelledby="sections">
      <div class="row">
        <div class="grow">
          <h2 id="sections">{text.sections}</h2>
          <p class="soft">{sections.length > 0 ? text.sectionsHint : text.noSections}</p>
        </div>
        <Button small onClick={() => setPasting(true)}>
          {text.pasteList}
        </Button>
      </div>
      {!list.data && !list.error && <Skeleton lines={2} />}
      {list.error && <Notice error={list.error} onRetry={() => void list.reload()} />}
      {sections.length > 0 && (
        <ol class="section-rows">
          {sections.map((section) => (
            <SectionRow
              key={`${section.name} ${section.position}`}
              section={section}
              onError={onError}
              onChange={(changed) => list.set(sections.map((one) => (one.name === changed.name ? changed : one)))}
              onDelete={() => list.set(sections.filter((one) => one.name !== section.name))}
            />
          ))}
        </ol>
      )}
      <form class="add-section" onSubmit={add}>
        <Field
          label={text.at}
          required
          hint={text.atHint}
          value={draft.at}
          onInput={(at) => setDraft({ ...draft, at })}
          error={state.tried && wrongAt ? wrongAt : undefined}
        />
        <Field
          label={text.sectionTitle}
          required
          maxLength={200}
          value={draft.title}
          onInput={(title) => setDraft({ ...draft, title })}
        />
        <Button type="submit" icon="plus" busy={state.busy}>
          {text.addSection}
        </Button>
      </form>
      {state.error !== null && <Notice error={state.error} />}
      {pasting && <PasteDialog lecture={lecture} onAdded={added} onClose={() => setPasting(false)} />}
    </section>
  );
}
