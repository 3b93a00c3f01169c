// Actions that are asked about first, and what came of them.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError } from '../lib/api';
import { Button, Dialog, Notice } from '../lib/parts';
import { doubtRights } from './rights';
import { text } from './words';

interface AskProps {
  title: string;
  children?: ComponentChildren; // what happens then
  action: string; // of the button
  danger?: boolean;
  disabled?: boolean; // something that it needs is missing
  run: () => Promise<unknown>;
  onDone: () => void; // it has worked, or the person thought better of it
}

// Runs `run` when the person confirms; says what went wrong and stays open then. The form's fields go into `children`. It
// stays open too where `run` answers 'stay': there is more to be asked.
export function Ask({ title, children, action, danger, disabled, run, onDone }: AskProps) {
  const { busy, error, act } = useAction(run, onDone);
  return (
    <Dialog
      open
      title={title}
      onClose={onDone}
      actions={
        <>
          <Button onClick={onDone}>{text.cancel}</Button>
          <Button kind={danger ? 'danger' : 'primary'} busy={busy} disabled={disabled} onClick={() => void act()}>
            {action}
          </Button>
        </>
      }
    >
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (!disabled && !busy) void act();
        }}
      >
        {children}
        {error !== null && <Notice error={error} />}
      </form>
    </Dialog>
  );
}

export interface Action {
  busy: boolean;
  error: unknown;
  act: () => Promise<void>;
  forget: () => void; // of the error
}

export function useAction(run: () => Promise<unknown>, onDone: () => void = () => undefined): Action {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const act = async () => {
    setBusy(true);
    setError(null);
    try {
      if ((await run()) !== 'stay') onDone();
    } catch (why) {
      setError(why);
      if (why instanceof ApiError && [401, 403, 404].includes(why.status)) doubtRights();
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, act, forget: () => setError(null) };
}
