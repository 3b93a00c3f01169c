// Lists that the server keeps current: what a Watch... method answers, by name.
import { useEffect, useRef, useState } from 'preact/hooks';
import { watch, type ApiError, type StreamState } from '../lib/api';
import { doubtRights } from './rights';

interface Named {
  name: string;
}

export interface Changes<T> {
  reset: boolean;
  changed: T[];
  removed: string[];
}

export interface Watched<T> {
  items: T[];
  loaded: boolean; // false until the first answer
  state: StreamState;
  error: ApiError | null; // why it ended for good
  put: (item: T) => void; // what an action of one's own answered, ahead of the stream
  drop: (name: string) => void;
}

export function applyChanges<T extends Named>(known: ReadonlyMap<string, T>, changes: Changes<T>): Map<string, T> {
  const next = changes.reset ? new Map<string, T>() : new Map(known);
  for (const name of changes.removed) next.delete(name);
  for (const item of changes.changed) next.set(item.name, item);
  return next;
}

// Follows `path`, a Watch... method with its filters; null: nothing. `read` tells what its messages say. A stream that breaks
// keeps what was known; one that is refused forgets it, since the person may have lost the right to see it.
export function useWatched<T extends Named, Message>(path: string | null, read: (message: Message) => Changes<T>): Watched<T> {
  const [known, setKnown] = useState<ReadonlyMap<string, T>>(new Map());
  const [loaded, setLoaded] = useState(false);
  const [state, setState] = useState<StreamState>('connecting');
  const [error, setError] = useState<ApiError | null>(null);
  const reading = useRef(read);
  reading.current = read;

  useEffect(() => {
    setLoaded(false);
    setError(null);
    setState('connecting');
    if (path === null) return undefined;
    return watch<Message>(path, {
      onEvent: (message) => {
        const changes = reading.current(message);
        setKnown((old) => applyChanges(old, changes));
        setLoaded(true);
        if (changes.removed.length > 0) doubtRights();
      },
      onState: (now, why) => {
        setState(now);
        if (now !== 'ended') return;
        setKnown(new Map());
        setError(why ?? null);
        doubtRights();
      },
    });
  }, [path]);

  return {
    items: [...known.values()],
    loaded,
    state,
    error,
    put: (item) => setKnown((old) => applyChanges(old, { reset: false, changed: [item], removed: [] })),
    drop: (name) => setKnown((old) => applyChanges(old, { reset: false, changed: [], removed: [name] })),
  };
}
