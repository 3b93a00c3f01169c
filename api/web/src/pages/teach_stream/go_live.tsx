// "Go live now": with a lecture that is there, or one that is made on the spot.
import { useState } from 'preact/hooks';
import type { Course, Lecture } from '../../generated/api';
import { api } from '../../lib/api';
import { Button, Dialog, Field, Notice, Select, whenText } from '../../lib/parts';
import { text as shared } from '../teach/shared_words';
import { startable } from './due';
import { text } from './words';

const NEW = 'new';

interface GoLiveProps {
  courses: Course[];
  lectures: Lecture[];
  chosen: string; // lecture that the person came from; empty: none
  streaming: boolean;
  onStarted: (lecture: Lecture) => void;
  onClose: () => void;
}

export function GoLiveDialog({ courses, lectures, chosen, streaming, onStarted, onClose }: GoLiveProps) {
  const options = startable(lectures, Date.now());
  const first = options.find((one) => one.name === chosen) ?? options[0];
  const [which, setWhich] = useState(first?.name ?? NEW);
  const [title, setTitle] = useState('');
  const [course, setCourse] = useState(courses[0]?.name ?? '');
  const [state, setState] = useState<{ busy: boolean; tried: boolean; error: unknown }>({
    busy: false,
    tried: false,
    error: null,
  });
  const start = async (event: Event) => {
    event.preventDefault();
    if (state.busy) return;
    const right = which !== NEW || title.trim() !== '';
    setState({ busy: right, tried: true, error: null });
    if (!right) return;
    try {
      const name = which === NEW ? (await api.post<Lecture>('/v1/lectures', { course, title: title.trim() })).name : which;
      onStarted(await api.post<Lecture>(`/v1/${name}:start`));
    } catch (error) {
      setState({ busy: false, tried: true, error });
    }
  };
  const actions = (
    <>
      <Button onClick={onClose}>{shared.cancel}</Button>
      <Button kind="primary" icon="live" busy={state.busy} onClick={(event) => void start(event)}>
        {text.goLive}
      </Button>
    </>
  );
  const choices = [
    ...options.map((one) => ({ value: one.name, label: `${one.title} (${one.courseTitle}, ${whenText(one)})` })),
    { value: NEW, label: text.newOne },
  ];
  return (
    <Dialog open title={text.goLiveTitle} onClose={onClose} actions={actions}>
      <form class="form" onSubmit={(event) => void start(event)}>
        <p>{streaming ? text.goLiveText : text.goLiveBefore}</p>
        <Select label={text.which} value={which} options={choices} onChange={setWhich} />
        {which === NEW && (
          <>
            <Field
              label={text.newTitle}
              required
              maxLength={200}
              value={title}
              onInput={setTitle}
              error={state.tried && !title.trim() ? text.needsTitle : undefined}
            />
            {courses.length > 1 && (
              <Select
                label={text.course}
                value={course}
                options={courses.map(({ name, title: label }) => ({ value: name, label }))}
                onChange={setCourse}
              />
            )}
          </>
        )}
        {state.error !== null && <Notice error={state.error} />}
        <button type="submit" hidden />
      </form>
    </Dialog>
  );
}
