// A component and the player: drawn again when what it reads has changed.
import { useEffect, useReducer, useState } from 'preact/hooks';
import type { Session } from './session';

// Several times a second.
export function useEveryTick(session: Session): void {
  const [, redraw] = useReducer<number, void>((count) => count + 1, 0);
  useEffect(() => session.subscribe(() => redraw()), [session]);
}

// Only when the value differs.
export function useSession<T extends string | number | boolean | null>(session: Session, read: (session: Session) => T): T {
  const [value, set] = useState(() => read(session));
  useEffect(() => {
    const look = () => set(read(session));
    look();
    return session.subscribe(look);
  }, [session]);
  return value;
}
