// Filters and sorting in the page's address, so that they can be shared, marked and come back to.
import { useEffect, useState } from 'preact/hooks';

export function readQuery<T extends Record<string, string>>(defaults: T, search: string): T {
  const given = new URLSearchParams(search);
  const entries = Object.entries(defaults).map(([key, value]) => [key, given.get(key) ?? value]);
  return Object.fromEntries(entries) as T;
}

// Only what differs from the defaults; other parameters of the address stay.
export function writeQuery<T extends Record<string, string>>(defaults: T, state: T, search: string): string {
  const query = new URLSearchParams(search);
  for (const [key, value] of Object.entries(state)) {
    if (value === defaults[key]) query.delete(key);
    else query.set(key, value);
  }
  const text = query.toString();
  return text ? `?${text}` : '';
}

export interface QueryState<T> {
  query: T;
  set: (change: Partial<T>) => void;
  clear: () => void;
  isDefault: boolean;
}

// `kept` names what clear() leaves alone: what is no filter.
export function useQuery<T extends Record<string, string>>(defaults: T, kept: (keyof T)[] = []): QueryState<T> {
  const [query, setQuery] = useState(() => readQuery(defaults, location.search));
  useEffect(() => {
    const back = () => setQuery(readQuery(defaults, location.search));
    addEventListener('popstate', back);
    return () => removeEventListener('popstate', back);
  }, []);
  const set = (change: Partial<T>) => {
    setQuery((old) => {
      const next = { ...old, ...change };
      history.replaceState(null, '', location.pathname + writeQuery(defaults, next, location.search));
      return next;
    });
  };
  const filters = Object.keys(defaults).filter((key) => !kept.includes(key));
  return {
    query,
    set,
    clear: () => set(Object.fromEntries(filters.map((key) => [key, defaults[key]])) as Partial<T>),
    isDefault: filters.every((key) => query[key] === defaults[key]),
  };
}

// All words of the text occur somewhere in the values.
export function fitsText(text: string, values: string[]): boolean {
  const all = values.join(' ').toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
