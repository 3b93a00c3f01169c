// Uploading on a page: where files come in, where they belong, and how each of them goes.
import { useEffect, useReducer, useState } from 'preact/hooks';
import { api, signIn } from '../lib/api';
import { bytesText } from '../lib/format';
import { Button, Dialog, Field, Notice, Select } from '../lib/parts';
import { useInterval } from '../lib/data';
import type { Lecture, Me } from '../generated/api';
import { complaint, replaces, stage, usable, type Picked, type Staged } from './assign';
import { UploadItem } from './item';
import type { View } from './names';
import { DropZone } from './picker';
import { UploadQueue } from './queue';
import { statusOf } from './status';
import { text } from './words';
import './upload.css';

let queueOfTab: UploadQueue | null = null;

// The one queue of this tab.
export function useUploads(): UploadQueue {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  queueOfTab ??= new UploadQueue();
  const queue = queueOfTab;
  useEffect(() => queue.subscribe(() => redraw(0)), []);
  return queue;
}

function SignInAgain({ me, onDone, onClose }: { me: Me | null; onDone: () => void; onClose: () => void }) {
  const [email, setEmail] = useState(me?.user?.email ?? '');
  const [password, setPassword] = useState('');
  const [state, setState] = useState<{ busy: boolean; error: unknown }>({ busy: false, error: null });
  const submit = (event: Event) => {
    event.preventDefault();
    setState({ busy: true, error: null });
    signIn(email, password).then(onDone, (error: unknown) => setState({ busy: false, error }));
  };
  const actions = (
    <Button kind="primary" type="submit" busy={state.busy} onClick={submit}>
      {text.signIn}
    </Button>
  );
  return (
    <Dialog open title={text.signInTitle} onClose={onClose} actions={actions}>
      <form onSubmit={submit}>
        <p>{text.signInText}</p>
        <Field label={text.email} type="email" autocomplete="username" required value={email} onInput={setEmail} />
        <Field
          label={text.password}
          type="password"
          autocomplete="current-password"
          required
          value={password}
          onInput={setPassword}
        />
        {state.error !== null && <Notice error={state.error} />}
        <button type="submit" hidden />
      </form>
    </Dialog>
  );
}

interface StagedListProps {
  staged: Staged[];
  lectures: Lecture[];
  running: { lecture: string; view: View }[];
  onChange: (staged: Staged[]) => void;
  onStart: () => void;
}

const VIEWS: View[] = ['CAM', 'PRES', 'COMB'];

function StagedList({ staged, lectures, running, onChange, onStart }: StagedListProps) {
  const change = (id: number, what: Partial<Staged>) =>
    onChange(staged.map((one) => (one.id === id ? { ...one, ...what } : one)));
  const complaints = staged.map((one) => complaint(one, staged, running));
  const choices = [
    { value: '', label: text.chooseLecture, disabled: true },
    ...lectures.map(({ name, title }) => ({ value: name, label: title })),
  ];
  return (
    <section class="staged" aria-label={text.staged}>
      <p class="staged-title">{text.staged}</p>
      <ul>
        {staged.map((one, i) => (
          <li key={one.id}>
            <p class="upload-name">
              {one.file.name} <span class="soft">{bytesText(one.file.size)}</span>
            </p>
            <div class="staged-fields">
              {lectures.length > 1 && (
                <Select
                  label={text.lecture}
                  value={one.lecture}
                  options={choices}
                  onChange={(lecture) => change(one.id, { lecture })}
                />
              )}
              <Select
                label={text.view}
                value={one.view}
                onChange={(view) => change(one.id, { view })}
                options={VIEWS.map((view) => ({ value: view, label: text.viewChoices[view] }))}
              />
              <Button
                kind="quiet"
                icon="close"
                label={text.remove(one.file.name)}
                onClick={() => onChange(staged.filter(({ id }) => id !== one.id))}
              />
            </div>
            {complaints[i] ? (
              <p class="field-error">{text[complaints[i]]}</p>
            ) : (
              replaces(one, lectures) && <p class="hint">{text.replaces}</p>
            )}
          </li>
        ))}
      </ul>
      <p class="row">
        <Button kind="primary" icon="upload" disabled={complaints.some(Boolean)} onClick={onStart}>
          {text.start(staged.length)}
        </Button>
        <Button kind="quiet" onClick={() => onChange([])}>
          {text.discard}
        </Button>
      </p>
    </section>
  );
}

// How the lectures are to which something was just stored, where the page does not watch them itself.
function useStored(queue: UploadQueue, watched: Lecture | null): Map<string, Lecture> {
  const [known, setKnown] = useState(new Map<string, Lecture>());
  useInterval(() => {
    const names = new Set(
      queue.items
        .filter(({ task }) => task.state === 'stored' && task.plan.lecture !== watched?.name)
        .map(({ task }) => task.plan.lecture),
    );
    for (const name of names) {
      api.get<Lecture>(`/v1/${name}`).then(
        (lecture) => setKnown((old) => new Map(old).set(name, lecture)),
        () => undefined,
      );
    }
  }, 3);
  return known;
}

interface UploadPanelProps {
  me: Me | null;
  queue: UploadQueue;
  lectures: Lecture[]; // that files can be given to
  lecture?: Lecture; // of the page, as it is now
}

export function UploadPanel({ me, queue, lectures, lecture }: UploadPanelProps) {
  const [staged, setStaged] = useState<Staged[]>([]);
  const [refused, setRefused] = useState('');
  const [signingIn, setSigningIn] = useState(false);
  const [, tick] = useReducer((n: number) => n + 1, 0);
  const stored = useStored(queue, lecture ?? null);
  const active = queue.items.some(({ task }) => ['held', 'uploading'].includes(task.state));
  useEffect(() => {
    if (!active) return undefined;
    const timer = setInterval(() => tick(0), 1000);
    return () => clearInterval(timer);
  }, [active]);

  const lectureNow = (name: string) =>
    name === lecture?.name ? lecture : (stored.get(name) ?? lectures.find((one) => one.name === name) ?? null);
  const add = (picked: Picked[]) => {
    const { good, other, empty } = usable(picked);
    setRefused(
      [other.length && text.notRecording(other.join(', ')), empty.length && text.emptyFile(empty.join(', '))]
        .filter(Boolean)
        .join(' '),
    );
    setStaged((old) => stage(good, lectures, lecture?.name ?? '', old));
  };
  const start = () => {
    for (const one of staged) queue.add(one.file, one.handle, one.lecture, one.view);
    setStaged([]);
  };
  const shown = queue.items.filter(({ task }) => !lecture || task.plan.lecture === lecture.name);
  const running = queue.items.filter(({ task }) => task.state !== 'stored').map(({ task }) => task.plan);
  const now = performance.now();
  const news = shown
    .map((item) => `${item.task.plan.fileName}: ${statusOf(item.task, item.handle !== null, null, now).label}`)
    .join('. ');
  return (
    <div class="upload-panel">
      <DropZone onFiles={add} compact={shown.length > 0 || staged.length > 0} />
      {refused && <Notice tone="warning">{refused}</Notice>}
      {staged.length > 0 && <StagedList {...{ staged, lectures, running }} onChange={setStaged} onStart={start} />}
      {shown.length > 0 && (
        <ul class="uploads" aria-label={text.list}>
          {shown.map((item) => (
            <UploadItem
              key={item.id}
              queue={queue}
              item={item}
              now={now}
              lecture={lectureNow(item.task.plan.lecture)}
              showLecture={!lecture}
              onSignIn={() => setSigningIn(true)}
            />
          ))}
        </ul>
      )}
      {queue.unsent() && <p class="hint">{text.keepOpen}</p>}
      <p class="unseen" role="status" aria-label={text.news}>
        {news}
      </p>
      {signingIn && (
        <SignInAgain
          me={me}
          onClose={() => setSigningIn(false)}
          onDone={() => {
            setSigningIn(false);
            queue.signedInAgain();
          }}
        />
      )}
    </div>
  );
}
