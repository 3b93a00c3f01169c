// The time by the server's clock: countdowns must not depend on how a visitor's clock is set.
import { useEffect, useState } from 'preact/hooks';
import type { Me } from '../generated/api';
import { embeddedOrNull } from './api';
import { timeOf } from './format';

// How late the answer was is not known, so that a difference of a second or two is taken for its way here.
function differenceMs(): number {
  const server = timeOf(embeddedOrNull<Me>('me')?.now);
  const difference = server - Date.now();
  return Number.isNaN(difference) || Math.abs(difference) < 3000 ? 0 : difference;
}

let difference: number | null = null;

export function serverNow(): number {
  difference ??= differenceMs();
  return Date.now() + difference;
}

// serverNow(), again every `seconds`.
export function useNow(seconds = 1): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNow()), seconds * 1000);
    return () => clearInterval(timer);
  }, [seconds]);
  return now;
}
