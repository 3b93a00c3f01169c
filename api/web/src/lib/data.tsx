// Data on its way into a page, and lists of it.
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useId, useRef, useState } from 'preact/hooks';
import { ApiError } from './api';

export interface Load<T> {
  data: T | null;
  error: ApiError | null; // of the last try; older data stays
  loading: boolean;
  reload: () => Promise<void>;
  set: (data: T) => void; // after a change of one's own
}

// Calls `fn` when the component appears, unless `initial` (what came with the page) is there, and on reload().
// An older answer never replaces a newer one.
export function useLoad<T>(fn: () => Promise<T>, initial: T | null = null, initialError: ApiError | null = null): Load<T> {
  const [state, setState] = useState({ data: initial, error: initialError, loading: initial === null && !initialError });
  const latest = useRef(fn);
  latest.current = fn;
  const turn = useRef(0);
  const reload = useCallback(async () => {
    turn.current += 1;
    const mine = turn.current;
    setState((old) => ({ ...old, loading: true }));
    try {
      const data = await latest.current();
      if (mine === turn.current) setState({ data, error: null, loading: false });
    } catch (error) {
      const known = error instanceof ApiError ? error : new ApiError(0, 'UNKNOWN', '', String(error));
      if (mine === turn.current) setState((old) => ({ ...old, error: known, loading: false }));
    }
  }, []);
  const set = useCallback((data: T) => {
    turn.current += 1;
    setState({ data, error: null, loading: false });
  }, []);
  useEffect(() => {
    if (state.data === null && !state.error) void reload();
  }, []);
  return { ...state, reload, set };
}

// Calls `fn` every `seconds` while the page is looked at, and when it is looked at again.
export function useInterval(fn: () => void, seconds: number): void {
  const latest = useRef(fn);
  latest.current = fn;
  useEffect(() => {
    let last = Date.now();
    const tick = () => {
      if (document.visibilityState !== 'visible' || Date.now() - last < seconds * 900) return;
      last = Date.now();
      latest.current();
    };
    const timer = setInterval(tick, seconds * 1000);
    document.addEventListener('visibilitychange', tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', tick);
    };
  }, [seconds]);
}

export interface Column<T> {
  title: string;
  cell: (row: T) => ComponentChildren;
  number?: boolean; // to the right
  hideTitle?: boolean; // of a column of buttons, for those who see it
  wide?: boolean; // takes the room that is left
}

interface TableProps<T> {
  label: string;
  columns: Column<T>[];
  rows: T[];
  keyOf: (row: T) => string;
}

// On narrow screens each row becomes a block with the titles before its cells; the roles are for browsers that then take it for no
// table any more.
export function Table<T>({ label, columns, rows, keyOf }: TableProps<T>) {
  return (
    <div class="table-frame">
      <table class="table" role="table" aria-label={label}>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th
                key={column.title}
                scope="col"
                role="columnheader"
                class={`${column.number ? 'number' : ''}${column.wide ? ' wide' : ''}`}
              >
                <span class={column.hideTitle ? 'unseen' : undefined}>{column.title}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={keyOf(row)} role="row">
              {columns.map((column) => (
                <td
                  role="cell"
                  key={column.title}
                  class={column.number ? 'number' : undefined}
                  data-title={column.hideTitle ? undefined : column.title}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export interface Tab {
  key: string;
  label: string;
  count?: number;
  content: () => ComponentChildren;
}

// Arrow keys go from one to the next.
export function Tabs({
  label,
  tabs,
  selected,
  onSelect,
}: {
  label: string;
  tabs: Tab[];
  selected: string;
  onSelect: (key: string) => void;
}) {
  const id = useId();
  const move = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (!step) return;
    event.preventDefault();
    const at = tabs.findIndex((tab) => tab.key === selected);
    const next = tabs[(at + step + tabs.length) % tabs.length]!;
    onSelect(next.key);
    document.getElementById(`${id}-${next.key}`)?.focus();
  };
  const shown = tabs.find((tab) => tab.key === selected) ?? tabs[0];
  return (
    <div class="tabs">
      <div role="tablist" aria-label={label} onKeyDown={move}>
        {tabs.map((tab) => (
          <button
            key={tab.key}
            type="button"
            role="tab"
            id={`${id}-${tab.key}`}
            aria-selected={tab === shown}
            aria-controls={`${id}-panel`}
            tabIndex={tab === shown ? 0 : -1}
            onClick={() => onSelect(tab.key)}
          >
            {tab.label}
            {tab.count !== undefined && <span class="count">{tab.count}</span>}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${shown?.key}`} tabIndex={0}>
        {shown?.content()}
      </div>
    </div>
  );
}
