// Times that stay fresh: one clock for the whole page, set by the server's.
import { useEffect, useState } from 'preact/hooks';
import type { Me } from '../generated/api';
import { embeddedOrNull } from '../lib/api';
import { formatDateTime } from '../lib/format';
import { text } from './words';

const listeners = new Set<() => void>();
let timer = 0;

const sameClockMs = 3000; // less may be the way of the answer

function serverAhead(): number {
  const said = embeddedOrNull<Me>('me')?.now;
  const [entry] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  const arrived = performance.timeOrigin + (entry?.responseStart ?? 0);
  const ahead = said ? Date.parse(said) - arrived : 0;
  return Math.abs(ahead) < sameClockMs ? 0 : ahead;
}
const aheadMs = serverAhead();

export const serverNow = () => Date.now() + aheadMs;

function tick(): void {
  if (document.visibilityState === 'visible') listeners.forEach((listener) => listener());
}

// Milliseconds since 1970 by the server's clock; the component is drawn anew every second.
export function useNow(): number {
  const [, redraw] = useState(0);
  useEffect(() => {
    const listener = () => redraw((n) => n + 1);
    listeners.add(listener);
    if (listeners.size === 1) timer = window.setInterval(tick, 1000);
    document.addEventListener('visibilitychange', listener);
    return () => {
      listeners.delete(listener);
      document.removeEventListener('visibilitychange', listener);
      if (listeners.size === 0) clearInterval(timer);
    };
  }, []);
  return serverNow();
}

// One unit, at most three figures: "7 s", "12 min", "3 h", "41 d". Its width hardly changes.
export function spanText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} ${text.second}`;
  if (whole < 3600) return `${Math.floor(whole / 60)} ${text.minute}`;
  if (whole < 172_800) return `${Math.floor(whole / 3600)} ${text.hour}`;
  return `${Math.floor(whole / 86_400)} ${text.day}`;
}

export function agoText(at: string, now: number): string {
  const seconds = (now - Date.parse(at)) / 1000;
  return seconds < 1 ? text.agoNow : text.ago(spanText(seconds));
}

export function Ago({ at }: { at: string | undefined }) {
  const now = useNow();
  if (!at) return null;
  return (
    <time class="fresh" dateTime={at} title={formatDateTime(at)}>
      {agoText(at, now)}
    </time>
  );
}

// From one moment to another, or to now.
export function Span({ from, to }: { from: string | undefined; to?: string | undefined }) {
  const now = useNow();
  if (!from) return null;
  return <span class="fresh">{spanText(((to ? Date.parse(to) : now) - Date.parse(from)) / 1000)}</span>;
}
