// Order that does not move under somebody's hand: figures change every second, rows stay where they are.
import { useEffect, useRef, useState } from 'preact/hooks';

interface Named {
  name: string;
}

// The names in their order: those that were there keep it, new ones come where `compare` puts them among the others.
export function mergeOrder<T extends Named>(
  order: readonly string[],
  items: readonly T[],
  compare: (a: T, b: T) => number,
): string[] {
  const byName = new Map(items.map((item) => [item.name, item]));
  const kept = order.filter((name) => byName.has(name));
  const known = new Set(kept);
  for (const item of items.filter(({ name }) => !known.has(name)).sort(compare)) {
    const at = kept.findIndex((name) => compare(item, byName.get(name)!) < 0);
    kept.splice(at < 0 ? kept.length : at, 0, item.name);
  }
  return kept;
}

export interface Steady<T> {
  rows: T[];
  waiting: number; // new rows that are held back while somebody points at the list
  show: () => void; // lets them in
  // For the element around the list.
  hold: { onPointerEnter: () => void; onPointerLeave: () => void; onFocusIn: () => void; onFocusOut: (event: FocusEvent) => void };
}

// `sorting` names the order: when it changes, everything is sorted anew. New rows wait while the pointer or the focus is in
// the list.
export function useSteady<T extends Named>(
  items: T[],
  compare: (a: T, b: T) => number,
  sorting: string,
  loaded: boolean,
): Steady<T> {
  const order = useRef<{ sorting: string; names: string[] }>({ sorting: '', names: [] });
  const pointed = useRef(false);
  const focused = useRef(false);
  const [, redraw] = useState(0);
  const key = loaded ? sorting : '';
  const held = (pointed.current || focused.current) && order.current.sorting === key;
  const known = new Set(order.current.names);
  const fresh = items.filter(({ name }) => !known.has(name));
  if (order.current.sorting !== key) {
    order.current = { sorting: key, names: [...items].sort(compare).map(({ name }) => name) };
  } else {
    const shown = held ? items.filter(({ name }) => known.has(name)) : items;
    order.current.names = mergeOrder(order.current.names, shown, compare);
  }
  const byName = new Map(items.map((item) => [item.name, item]));
  const release = () => redraw((n) => n + 1);
  return {
    rows: order.current.names.map((name) => byName.get(name)!),
    waiting: held ? fresh.length : 0,
    show: () => {
      order.current.names = mergeOrder(order.current.names, items, compare);
      release();
    },
    hold: {
      onPointerEnter: () => {
        pointed.current = true;
      },
      onPointerLeave: () => {
        pointed.current = false;
        release();
      },
      onFocusIn: () => {
        focused.current = true;
      },
      onFocusOut: (event) => {
        focused.current = (event.currentTarget as Element).contains(event.relatedTarget as Node | null);
        if (!focused.current) release();
      },
    },
  };
}

// Says politely how many rows have appeared since the list was first there; several at once are one sentence.
export function useNewcomers(names: string[], loaded: boolean, say: (count: number) => string): string {
  const known = useRef<Set<string> | null>(null);
  const [told, setTold] = useState('');
  const all = names.join(' ');
  useEffect(() => {
    if (!loaded) {
      known.current = null;
      return;
    }
    const fresh = known.current ? names.filter((name) => !known.current!.has(name)) : [];
    known.current = new Set([...(known.current ?? []), ...names]);
    if (fresh.length > 0) setTold(say(fresh.length));
  }, [all, loaded]);
  return told;
}
