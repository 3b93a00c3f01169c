// The dashboard of everything that has joined: follows the API every second.
import '../../manage/manage.css';
import './resources.css';
import { useState } from 'preact/hooks';
import type { Organization, Resource, ResourceChanges, ResourceKind, ResourceState } from '../../generated/api';
import { idOf } from '../../lib/format';
import { mount, pageMe } from '../../lib/layout';
import { Button, Empty, Notice, Select, Skeleton } from '../../lib/parts';
import { OrganizationPicker, useOrganizations } from '../../manage/organizations';
import { Place } from '../../manage/place';
import { SearchField } from '../../manage/search_field';
import { Following } from '../../manage/states';
import { useNewcomers, useSteady } from '../../manage/steady';
import { subtreeOf } from '../../manage/tree';
import { useQuery, type QueryState } from '../../manage/url_state';
import { useWatched } from '../../manage/watching';
import { kindText, resourceStateText, text as common } from '../../manage/words';
import { DeedDialog, type Deed } from './actions';
import { ResourceTable } from './rows';
import { Summary } from './summary';
import { defaults, fits, orderOf, summaryOf, type Query } from './view';
import { text } from './words';

const kinds: ResourceKind[] = ['WORKER', 'VOD_SERVICE', 'EDGE', 'RTMP_PROXY'];
const states: ResourceState[] = ['ALIVE', 'SUSPECT', 'DEAD', 'DRAINING', 'NEVER_ATTACHED'];
const readChanges = ({ reset, resources, removed }: ResourceChanges) => ({ reset, changed: resources, removed });

interface FiltersProps {
  state: QueryState<Query>;
  organizations: Organization[];
  shown: number;
  all: number;
}

function Filters({ state: { query, set, clear, isDefault }, organizations, shown, all }: FiltersProps) {
  const choice = (value: string, label: string) => ({ value, label });
  return (
    <div class="filters" role="search" aria-label={text.table}>
      <SearchField hint={text.searchHint} value={query.q} onInput={(q) => set({ q })} />
      <Select
        label={text.kind}
        value={query.kind}
        onChange={(kind) => set({ kind })}
        options={[choice('', text.allKinds), ...kinds.map((kind) => choice(kind, kindText(kind)))]}
      />
      <Select
        label={text.state}
        value={query.state}
        onChange={(state) => set({ state })}
        options={[
          choice('', text.allStates),
          choice('TROUBLE', text.trouble),
          ...states.map((state) => choice(state, resourceStateText(state))),
        ]}
      />
      {(organizations.length > 1 || query.organization) && (
        <OrganizationPicker
          organizations={organizations}
          value={query.organization}
          onChange={(organization) => set({ organization })}
        />
      )}
      <Select
        label={common.sortedBy}
        value={query.sort}
        onChange={(sort) => set({ sort })}
        options={Object.entries(text.sorts).map(([value, label]) => choice(value, label))}
      />
      <p class="filter-foot">
        <span class="soft tabular" role="status">
          {text.shown(shown, all)}
        </span>
        {!isDefault && (
          <Button small kind="quiet" icon="close" onClick={clear}>
            {common.clearFilters}
          </Button>
        )}
      </p>
    </div>
  );
}

function Dashboard() {
  const watched = useWatched<Resource, ResourceChanges>('/v1/resources:watch', readChanges);
  const state = useQuery(defaults, ['sort', 'open']);
  const { query, set } = state;
  const organizations = useOrganizations().data ?? [];
  const inside = query.organization && organizations.length > 0 ? subtreeOf(organizations, query.organization) : null;
  const [deed, setDeed] = useState<{ deed: Deed; resource: Resource } | null>(null);
  const all = watched.items;
  const fitting = all.filter((resource) => fits(resource, query, inside));
  const filtering = JSON.stringify([query.sort, query.kind, query.state, query.organization, query.q]);
  const { rows, waiting, show, hold } = useSteady(fitting, orderOf(query.sort), filtering, watched.loaded);
  const told = useNewcomers(
    all.map(({ name }) => name),
    watched.loaded,
    text.appeared,
  );
  const version = (([first, second]) => (second ? first![0] : ''))(summaryOf(all).versions);
  const now = deed && all.find(({ name }) => name === deed.resource.name);

  if (watched.error)
    return (
      <>
        <Head state={watched.state} />
        <Notice error={watched.error} />
      </>
    );
  if (!watched.loaded)
    return (
      <>
        <Head state={watched.state} />
        <Skeleton lines={8} />
      </>
    );
  if (all.length === 0) {
    return (
      <>
        <Head state={watched.state} />
        <Empty
          icon="server"
          title={text.empty}
          actions={
            <Button kind="primary" href="/manage/organizations?join=1">
              {text.emptyAction}
            </Button>
          }
        >
          {text.emptyText}
        </Empty>
      </>
    );
  }
  return (
    <>
      <Head state={watched.state} />
      <p class="unseen" role="status">
        {told}
      </p>
      <Summary
        resources={all}
        onTrouble={() => {
          state.clear();
          set({ state: 'TROUBLE' });
        }}
      />
      <Filters state={state} organizations={organizations} shown={fitting.length} all={all.length} />
      <div {...hold} class={watched.state === 'open' ? 'list' : 'list stale'}>
        {waiting > 0 && (
          <Button small class="newcomers" icon="plus" onClick={show}>
            {common.showNew(waiting)}
          </Button>
        )}
        {rows.length > 0 ? (
          <ResourceTable
            rows={rows.map((resource) => ({
              resource,
              version,
              open: query.open === idOf(resource.name),
              onOpen: (open: boolean) => set({ open: open ? idOf(resource.name) : '' }),
              onDeed: (one: Resource, chosen: Deed) => setDeed({ deed: chosen, resource: one }),
            }))}
          />
        ) : (
          <Empty icon="search" title={common.nothingFits} actions={<Button onClick={state.clear}>{common.clearFilters}</Button>} />
        )}
      </div>
      {deed && (
        <DeedDialog
          deed={deed.deed}
          resource={now ?? deed.resource}
          onChanged={watched.put}
          onRemoved={watched.drop}
          onDone={() => setDeed(null)}
        />
      )}
    </>
  );
}

function Head({ state }: { state: Parameters<typeof Following>[0]['state'] }) {
  return (
    <div class="page-head">
      <div>
        <h1>{text.title}</h1>
        <p class="soft">{text.lead}</p>
      </div>
      <div class="head-side">
        <Following state={state} />
        <Button icon="plus" href="/manage/organizations?join=1">
          {text.join}
        </Button>
      </div>
    </div>
  );
}

mount(
  <Place me={pageMe()} title={text.title}>
    {() => <Dashboard />}
  </Place>,
);
