// A wall of everything that is on the air.
import '../../manage/manage.css';
import './wall.css';
import { useState } from 'preact/hooks';
import type { LiveStream, LiveStreamChanges } from '../../generated/api';
import { api } from '../../lib/api';
import { bitRateText, numberText } from '../../lib/format';
import { mount, pageMe } from '../../lib/layout';
import { Button, Empty, Notice, Select, Skeleton } from '../../lib/parts';
import { Ask } from '../../manage/acting';
import { Tile } from '../../manage/meter';
import { OrganizationPicker, useOrganizations } from '../../manage/organizations';
import { Place } from '../../manage/place';
import { SearchField } from '../../manage/search_field';
import { Following } from '../../manage/states';
import { useNewcomers, useSteady } from '../../manage/steady';
import { subtreeOf } from '../../manage/tree';
import { fitsText, useQuery } from '../../manage/url_state';
import { useWatched } from '../../manage/watching';
import { compareNames, text as common } from '../../manage/words';
import { inTrouble, rateOf, StreamTile, type Deed } from './tile';
import { text } from './words';

const defaults = { state: '', organization: '', q: '' };
const readChanges = ({ reset, liveStreams, removed }: LiveStreamChanges) => ({ reset, changed: liveStreams, removed });
// Views of a lecture beside each other.
const byLecture = (a: LiveStream, b: LiveStream) =>
  compareNames(a.courseTitle, b.courseTitle) ||
  compareNames(a.lecture, b.lecture) ||
  compareNames(a.view, b.view) ||
  compareNames(a.name, b.name);

function fits(stream: LiveStream, query: typeof defaults, inside: Set<string> | null): boolean {
  if (query.state === 'TROUBLE' && !inTrouble(stream)) return false;
  if (query.state === 'REHEARSAL' && !stream.rehearsal) return false;
  if (inside && !inside.has(stream.organization)) return false;
  const { courseTitle, lectureTitle, organizationName, workerHost, facts } = stream;
  return (
    !query.q.trim() || fitsText(query.q.trim(), [courseTitle, lectureTitle, organizationName, workerHost, facts?.encoder ?? ''])
  );
}

function Summary({ streams }: { streams: LiveStream[] }) {
  const air = streams.filter(({ state }) => state === 'ON_AIR');
  const viewers = new Map(streams.map(({ lecture, viewers: count }) => [lecture, count]));
  const trouble = streams.filter(inTrouble).length;
  return (
    <dl class="tiles">
      <Tile
        title={text.tileStreams}
        figure={numberText(air.length)}
        detail={text.lecturesOf(new Set(air.map(({ lecture }) => lecture)).size)}
      />
      <Tile title={text.tileViewers} figure={numberText([...viewers.values()].reduce((sum, count) => sum + count, 0))} />
      <Tile title={text.tileRate} figure={bitRateText(streams.reduce((sum, stream) => sum + rateOf(stream), 0))} />
      <Tile
        title={text.tileTrouble}
        figure={trouble ? numberText(trouble) : text.tileFine}
        tone={trouble ? 'warning' : 'good'}
        detail={trouble ? text.needLook(trouble) : text.fineDetail}
      />
    </dl>
  );
}

function DeedDialog({
  stream,
  deed,
  onChanged,
  onDone,
}: {
  stream: LiveStream;
  deed: Deed;
  onChanged: (stream: LiveStream) => void;
  onDone: () => void;
}) {
  const title = stream.lectureTitle;
  const run = async () => onChanged(await api.post<LiveStream>(`/v1/${stream.name}:${deed}`));
  if (deed === 'move')
    return (
      <Ask title={text.moveTitle(title)} action={text.moveAction} run={run} onDone={onDone}>
        <p>{text.moveText}</p>
      </Ask>
    );
  return (
    <Ask title={text.endTitle(title)} action={text.endAction} danger run={run} onDone={onDone}>
      <p>
        {text.endText} {text.endView}
      </p>
      {stream.rehearsal && <p>{text.endRehearsal}</p>}
    </Ask>
  );
}

function Wall() {
  const watched = useWatched<LiveStream, LiveStreamChanges>('/v1/liveStreams:watch', readChanges);
  const { query, set, clear, isDefault } = useQuery(defaults);
  const organizations = useOrganizations().data ?? [];
  const inside = query.organization && organizations.length > 0 ? subtreeOf(organizations, query.organization) : null;
  const [deed, setDeed] = useState<{ stream: LiveStream; deed: Deed } | null>(null);
  const all = watched.items.filter(({ state }) => state !== 'ENDED');
  const { rows, waiting, show, hold } = useSteady(
    all.filter((stream) => fits(stream, query, inside)),
    byLecture,
    JSON.stringify(query),
    watched.loaded,
  );
  const told = useNewcomers(
    all.map(({ name }) => name),
    watched.loaded,
    text.appeared,
  );
  return (
    <>
      <div class="page-head">
        <div>
          <h1>{text.title}</h1>
          <p class="soft">{text.lead}</p>
        </div>
        <Following state={watched.state} />
      </div>
      <p class="unseen" role="status">
        {told}
      </p>
      {watched.error && <Notice error={watched.error} />}
      {!watched.loaded && !watched.error && <Skeleton lines={6} />}
      {watched.loaded && all.length === 0 && (
        <Empty icon="live" title={text.empty}>
          {text.emptyText}
        </Empty>
      )}
      {all.length > 0 && (
        <>
          <Summary streams={all} />
          <div class="filters" role="search" aria-label={text.wall}>
            <SearchField hint={text.search} value={query.q} onInput={(q) => set({ q })} />
            <Select
              label={text.state}
              value={query.state}
              onChange={(state) => set({ state })}
              options={[
                { value: '', label: text.allStates },
                { value: 'TROUBLE', label: text.troubled },
                { value: 'REHEARSAL', label: text.rehearsals },
              ]}
            />
            {(organizations.length > 1 || query.organization) && (
              <OrganizationPicker
                organizations={organizations}
                value={query.organization}
                onChange={(organization) => set({ organization })}
              />
            )}
            <p class="filter-foot">
              <span class="soft tabular" role="status">
                {text.shown(rows.length)}
              </span>
              {!isDefault && (
                <Button small kind="quiet" icon="close" onClick={clear}>
                  {common.clearFilters}
                </Button>
              )}
            </p>
          </div>
          <div {...hold} class={watched.state === 'open' ? 'list' : 'list stale'}>
            {waiting > 0 && (
              <Button small class="newcomers" icon="plus" onClick={show}>
                {common.showNew(waiting)}
              </Button>
            )}
            {rows.length > 0 ? (
              <ul class="wall">
                {rows.map((stream) => (
                  <StreamTile key={stream.name} stream={stream} onDeed={(one) => setDeed({ stream, deed: one })} />
                ))}
              </ul>
            ) : (
              <Empty icon="search" title={common.nothingFits} actions={<Button onClick={clear}>{common.clearFilters}</Button>} />
            )}
          </div>
        </>
      )}
      {deed && <DeedDialog stream={deed.stream} deed={deed.deed} onChanged={watched.put} onDone={() => setDeed(null)} />}
    </>
  );
}

mount(
  <Place me={pageMe()} title={text.title}>
    {() => <Wall />}
  </Place>,
);
