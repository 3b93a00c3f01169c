// What the person may do, kept true while a page is open.
import { useEffect, useState } from 'preact/hooks';
import type { Me } from '../generated/api';
import { api } from '../lib/api';
import { useInterval } from '../lib/parts';

export type Needs = 'maintainer' | 'administrator';

const doubts = new EventTarget();
const checkSeconds = 5;

// Something was refused or has vanished: perhaps the person's rights have changed. Whoever shows what they open looks again.
export function doubtRights(): void {
  doubts.dispatchEvent(new Event('doubt'));
}

export function useDoubt(fn: () => void): void {
  useEffect(() => {
    doubts.addEventListener('doubt', fn);
    return () => doubts.removeEventListener('doubt', fn);
  }, [fn]);
}

export function mayUse(me: Me | null, needs: Needs): boolean {
  if (!me?.user) return false;
  return me.administrator || (needs === 'maintainer' && me.maintains.length > 0);
}

// The caller as they are now. A connection that is lost for a moment takes no right away.
export function useRights(first: Me | null): Me | null {
  const [me, setMe] = useState(first);
  const look = async () => {
    try {
      setMe(await api.get<Me>('/v1/me'));
    } catch {
      /* what was true before stays until the server says otherwise */
    }
  };
  const [ask] = useState(() => () => {
    void look();
  });
  useDoubt(ask);
  useInterval(ask, checkSeconds);
  return me;
}
