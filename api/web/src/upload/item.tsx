// One upload in the list.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button, Dialog, Notice, Pill } from '../lib/parts';
import { bytesText, idOf, lengthText, percentText } from '../lib/format';
import type { Lecture } from '../generated/api';
import { chooseFiles, filesOf } from './picker';
import type { Item, UploadQueue } from './queue';
import { statusOf, viewIn } from './status';
import type { Picked } from './assign';
import { text } from './words';

// What is stored solid, what has left and is not confirmed faint.
function Progress({ item }: { item: Item }) {
  const { acknowledged, sent, plan } = item.task;
  const bar = useRef<HTMLDivElement>(null);
  const share = acknowledged / plan.size;
  useEffect(() => {
    bar.current?.style.setProperty('--stored', `${share * 100}%`);
    bar.current?.style.setProperty('--sent', `${Math.min(1, (acknowledged + sent) / plan.size) * 100}%`);
  });
  return (
    <div
      ref={bar}
      class="upload-bar"
      role="progressbar"
      aria-label={text.progressOf(plan.fileName)}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(share * 100)}
    >
      <span class="sent" />
      <span class="stored" />
    </div>
  );
}

// The estimate is looked at once a second, so that it does not flicker.
function Figures({ item, now }: { item: Item; now: number }) {
  const { task } = item;
  const [left, setLeft] = useState<number | null>(null);
  const second = Math.floor(now / 1000);
  useEffect(() => {
    setLeft(task.state === 'uploading' ? task.speed.secondsLeft(task.plan.size - task.acknowledged - task.sent, now) : null);
  }, [second, task.state]);
  const moves = task.state === 'uploading' && task.speed.bytesPerSecond > 0;
  return (
    <p class="soft facts upload-figures">
      <span>{percentText(Math.floor((task.acknowledged / task.plan.size) * 100) / 100)}</span>
      <span>{text.amount(bytesText(task.acknowledged), bytesText(task.plan.size))}</span>
      {moves && <span>{text.perSecond(bytesText(task.speed.bytesPerSecond))}</span>}
      {moves && left !== null && <span>{text.left(lengthText(left))}</span>}
    </p>
  );
}

interface ActionsProps {
  queue: UploadQueue;
  item: Item;
  choose: () => void;
  onCancel: () => void;
  onSignIn: () => void;
}

function MainAction({ queue, item, choose, onSignIn }: ActionsProps) {
  const { task } = item;
  const label = (action: string) => text.of(action, task.plan.fileName);
  const button = (action: string, onClick: () => void, kind: 'plain' | 'primary' = 'plain') => (
    <Button small kind={kind} onClick={onClick} label={label(action)}>
      {action}
    </Button>
  );
  switch (task.state) {
    case 'uploading':
    case 'reading':
    case 'waiting':
      return button(text.pause, () => queue.pause(item));
    case 'held':
      return (
        <>
          {button(text.tryNow, () => queue.tryNow())}
          {button(text.pause, () => queue.pause(item))}
        </>
      );
    case 'paused':
      return button(text.resume, () => queue.resume(item), 'primary');
    case 'sign_in':
      return button(text.signIn, onSignIn, 'primary');
    case 'needs_file':
      if (task.otherFile) return button(text.chooseAgain, choose, 'primary');
      return item.handle
        ? button(text.continueKept, () => void queue.giveKept(item), 'primary')
        : button(text.chooseAgain, choose, 'primary');
    case 'failed':
      if (task.problem?.failure === 'gone') return button(text.startAgain, () => void queue.startAgain(item), 'primary');
      if (task.problem?.failure === 'changed') return button(text.chooseAgain, choose, 'primary');
      return button(text.retry, () => queue.resume(item), 'primary');
    default:
      return null;
  }
}

function Actions(props: ActionsProps) {
  return (
    <div class="row upload-actions">
      <MainAction {...props} />
      <Button
        small
        kind="quiet"
        icon="trash"
        label={text.of(text.cancel, props.item.task.plan.fileName)}
        onClick={props.onCancel}
      />
    </div>
  );
}

function CancelDialog({ queue, item, onClose }: { queue: UploadQueue; item: Item; onClose: () => void }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const cancel = () => {
    setBusy(true);
    queue.cancel(item).then(onClose, (problem: unknown) => {
      setError(problem);
      setBusy(false);
    });
  };
  const actions = (
    <>
      <Button onClick={onClose}>{text.keepIt}</Button>
      <Button kind="danger" busy={busy} onClick={cancel}>
        {text.cancelIt}
      </Button>
    </>
  );
  return (
    <Dialog open title={text.cancelTitle} onClose={onClose} actions={actions}>
      <p>{text.cancelText(item.task.plan.fileName, bytesText(item.task.acknowledged))}</p>
      {error !== null && <Notice error={error} />}
    </Dialog>
  );
}

interface UploadItemProps {
  queue: UploadQueue;
  item: Item;
  lecture: Lecture | null; // as the API tells it now
  showLecture: boolean;
  now: number;
  onSignIn: () => void;
}

export function UploadItem({ queue, item, lecture, showLecture, now, onSignIn }: UploadItemProps) {
  const { task } = item;
  const [cancelling, setCancelling] = useState(false);
  const [other, setOther] = useState<Picked | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const stored = task.state === 'stored';
  const status = statusOf(task, item.handle !== null, viewIn(lecture, task.plan.view), now);
  const take = async (picked: Picked[]) => {
    const one = picked[0];
    if (!one) return;
    setOther((await queue.giveFile(item, one.file, one.handle)) ? null : one);
  };
  const choose = () => void chooseFiles(input.current!, false).then(take);
  return (
    <li class={`upload ${status.tone}`} data-state={task.state}>
      <div class="upload-head">
        <p class="upload-name">{task.plan.fileName}</p>
        <span class="row">
          <Pill tone={status.tone} icon={status.icon}>
            {status.label}
          </Pill>
          {stored && (
            <Button
              small
              kind="quiet"
              icon="close"
              label={text.of(text.hide, task.plan.fileName)}
              onClick={() => queue.forget(item)}
            />
          )}
        </span>
      </div>
      <p class="soft facts">
        {showLecture && <a href={`/teach/lectures/${idOf(task.plan.lecture)}`}>{lecture?.title || text.toLecture}</a>}
        <span>{text.views[task.plan.view]}</span>
      </p>
      {!stored && (
        <>
          <Progress item={item} />
          <div class="upload-foot">
            <Figures item={item} now={now} />
            <Actions queue={queue} item={item} choose={choose} onCancel={() => setCancelling(true)} onSignIn={onSignIn} />
          </div>
        </>
      )}
      {status.why && <p class={status.alarming ? 'upload-why alarming' : 'upload-why'}>{status.why}</p>}
      {task.otherFile && other && (
        <Button
          small
          onClick={() => {
            setOther(null);
            void queue.startAgain(item, other.file, other.handle);
          }}
        >
          {text.withThis}
        </Button>
      )}
      <input
        ref={input}
        class="unseen"
        type="file"
        tabIndex={-1}
        aria-label={text.of(text.chooseAgain, task.plan.fileName)}
        onChange={(event) => void take(filesOf(event.currentTarget))}
      />
      {cancelling && <CancelDialog queue={queue} item={item} onClose={() => setCancelling(false)} />}
    </li>
  );
}
