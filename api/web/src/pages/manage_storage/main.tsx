// What the recordings of each organization take, and where there is room.
import '../../manage/manage.css';
import './storage.css';
import { useState } from 'preact/hooks';
import type { ListStorageResponse, Resource, StorageUse } from '../../generated/api';
import { ApiError, embedded, getAll } from '../../lib/api';
import { bytesText, idOf, numberText, playingText, percentText, secondsOf } from '../../lib/format';
import { mount, pageMe } from '../../lib/layout';
import { Empty, Icon, Notice, Skeleton, useLoad } from '../../lib/parts';
import { Meter, Tile } from '../../manage/meter';
import { Place } from '../../manage/place';
import { compareNames } from '../../manage/words';
import { Machines, numbersOf } from './machines';
import { text } from './words';

function first(): { data: StorageUse[] | null; error: ApiError | null } {
  try {
    const came = embedded<ListStorageResponse>('storage');
    return { data: came && !came.nextPageToken ? came.storage : null, error: null };
  } catch (error) {
    return { data: null, error: error as ApiError };
  }
}

// Rows come parents first; one is hidden where a row above it that it belongs to is closed.
function visible(storage: StorageUse[], closed: Set<string>): StorageUse[] {
  let hiddenBelow = Infinity;
  return storage.filter(({ depth, organization }) => {
    if (depth > hiddenBelow) return false;
    hiddenBelow = closed.has(organization) ? depth : Infinity;
    return true;
  });
}

const indents = ['indent-0', 'indent-1', 'indent-2', 'indent-3', 'indent-4'];

interface RowProps {
  use: StorageUse;
  depth: number;
  parent: boolean; // something is below it
  open: boolean;
  whole: number; // bytes of all
  onToggle: () => void;
}

function Row({ use, depth, parent, open, whole, onToggle }: RowProps) {
  const [subtree, quota, own] = [Number(use.subtreeBytes), Number(use.quotaBytes), Number(use.bytes)];
  const full = quota > 0 ? subtree / quota : 0;
  return (
    <tr role="row">
      <th role="rowheader" scope="row" class={`head-cell ${indents[Math.min(depth, indents.length - 1)]}`}>
        <span class="storage-name">
          {parent ? (
            <button
              type="button"
              class="node-toggle"
              aria-expanded={open}
              aria-label={open ? text.close(use.displayName) : text.open(use.displayName)}
              onClick={onToggle}
            >
              <Icon name="next" class="turn" />
            </button>
          ) : (
            <span class="node-leaf" />
          )}
          <a href={`/manage/organizations/${idOf(use.organization)}`}>{use.displayName}</a>
        </span>
      </th>
      <td role="cell" class="storage-bar">
        <Meter
          label={use.displayName}
          share={whole > 0 ? subtree / whole : 0}
          figure={bytesText(subtree)}
          high={2}
          detail={percentText(whole > 0 ? subtree / whole : 0)}
        />
      </td>
      <td role="cell" data-title={text.own} class={own > 0 ? 'number' : 'number blank'}>
        <span>{bytesText(own)}</span>
      </td>
      <td role="cell" data-title={text.recordings} class={use.recordings > 0 ? 'number' : 'number blank'}>
        <span>{numberText(use.recordings)}</span>
      </td>
      <td role="cell" data-title={text.hours} class={use.recordings > 0 ? 'number' : 'number blank'}>
        <span>{playingText(secondsOf(use.duration))}</span>
      </td>
      <td role="cell" data-title={text.quota} class={quota > 0 ? 'storage-quota' : 'storage-quota blank'}>
        {quota > 0 ? (
          <span>
            <Meter
              label={text.quota}
              share={full}
              figure={`${percentText(full)} / ${bytesText(quota)}`}
              detail={text.ofQuota(bytesText(subtree), bytesText(quota))}
            />
            {full >= 0.9 && (
              <small class="quota-word">
                <Icon name="warning" />
                {full >= 1 ? text.over : text.near}
              </small>
            )}
          </span>
        ) : (
          <span class="soft">{text.noQuota}</span>
        )}
      </td>
    </tr>
  );
}

function StorageTable({ storage, whole }: { storage: StorageUse[]; whole: number }) {
  const [closed, setClosed] = useState(new Set<string>());
  const least = Math.min(...storage.map(({ depth }) => depth));
  const toggle = (name: string) => {
    const next = new Set(closed);
    if (!next.delete(name)) next.add(name);
    setClosed(next);
  };
  const parent = (use: StorageUse) => (storage[storage.indexOf(use) + 1]?.depth ?? -1) > use.depth;
  const columns: [string, boolean][] = [
    [text.subtree, false],
    [text.own, true],
    [text.recordings, true],
    [text.hours, true],
    [text.quota, false],
  ];
  return (
    <table class="dense storage" role="table" aria-label={text.table}>
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">
            {text.organization}
          </th>
          {columns.map(([column, number]) => (
            <th key={column} role="columnheader" scope="col" class={number ? 'number' : undefined}>
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {visible(storage, closed).map((use) => (
          <Row
            key={use.organization}
            use={use}
            depth={use.depth - least}
            parent={parent(use)}
            open={!closed.has(use.organization)}
            whole={whole}
            onToggle={() => toggle(use.organization)}
          />
        ))}
      </tbody>
    </table>
  );
}

function Storage() {
  const came = first();
  const load = useLoad(() => getAll<StorageUse>('/v1/storage?page_size=1000', 'storage'), came.data, came.error);
  const machines = useLoad(() => getAll<Resource>('/v1/resources?kind=VOD_SERVICE&page_size=500', 'resources'));
  const storage = load.data;
  const head = (
    <div class="page-head">
      <div>
        <h1>{text.title}</h1>
        <p class="soft">{text.lead}</p>
      </div>
    </div>
  );
  if (!storage)
    return (
      <>
        {head}
        {load.error ? <Notice error={load.error} onRetry={() => void load.reload()} /> : <Skeleton lines={8} />}
      </>
    );
  const sum = (of: (use: StorageUse) => number) => storage.reduce((total, use) => total + of(use), 0);
  const services = (machines.data ?? []).filter(({ kind }) => kind === 'VOD_SERVICE').sort((a, b) => compareNames(a.host, b.host));
  const whole = sum(({ bytes }) => Number(bytes));
  const room = services
    .map(numbersOf)
    .reduce((total, { free, all }) => ({ free: total.free + free, all: total.all + all }), { free: 0, all: 0 });
  const largest = [...storage].sort((a, b) => Number(b.bytes) - Number(a.bytes))[0];
  return (
    <>
      {head}
      <dl class="tiles">
        <Tile title={text.total} figure={bytesText(whole)} detail={text.ofOrganizations(storage.length)} />
        <Tile title={text.recordings} figure={numberText(sum(({ recordings }) => recordings))} />
        <Tile title={text.hours} figure={playingText(sum(({ duration }) => secondsOf(duration)))} />
        <Tile
          title={text.services}
          figure={room.all > 0 ? bytesText(room.free) : '\u2013'}
          share={room.all > 0 ? 1 - room.free / room.all : undefined}
        />
        <Tile
          title={text.largest}
          figure={largest && whole > 0 ? percentText(Number(largest.bytes) / whole) : '\u2013'}
          detail={whole > 0 ? largest?.displayName : undefined}
        />
      </dl>
      {storage.length === 0 ? <Empty title={text.empty}>{text.emptyText}</Empty> : <StorageTable storage={storage} whole={whole} />}
      {machines.error && <Notice error={machines.error} onRetry={() => void machines.reload()} />}
      {machines.data && <Machines services={services} />}
    </>
  );
}

mount(
  <Place me={pageMe()} title={text.title}>
    {() => <Storage />}
  </Place>,
);
