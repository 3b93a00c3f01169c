// Jobs, by whether somebody has to do something about them.
import '../../manage/manage.css';
import '../../manage/jobs.css';
import './list.css';
import type { Job, JobChanges } from '../../generated/api';
import { mount, pageMe } from '../../lib/layout';
import { Button, Select, Tabs } from '../../lib/parts';
import { text } from '../../manage/job_words';
import { OrganizationPicker, useOrganizations } from '../../manage/organizations';
import { Place } from '../../manage/place';
import { SearchField } from '../../manage/search_field';
import { Following } from '../../manage/states';
import { useQuery } from '../../manage/url_state';
import { useWatched } from '../../manage/watching';
import { jobKindText, text as common } from '../../manage/words';
import { JobList } from './list';
import { addressOf, defaults, kinds, mostWatched, statesOf, tabKeys, type TabKey } from './view';

const readChanges = ({ reset, jobs, removed }: JobChanges) => ({ reset, changed: jobs, removed });

function Jobs() {
  const { query, set, clear, isDefault } = useQuery(defaults, ['tab']);
  const organizations = useOrganizations().data ?? [];
  const tab = tabKeys.includes(query.tab as TabKey) ? (query.tab as TabKey) : 'attention';
  const watching = '/v1/jobs:watch';
  const attention = useWatched<Job, JobChanges>(addressOf(watching, statesOf.attention, query), readChanges);
  const other = useWatched<Job, JobChanges>(tab === 'attention' ? null : addressOf(watching, statesOf[tab], query), readChanges);
  const shown = tab === 'attention' ? attention : other;
  // The stream tells of a job that has gone into another state as removed; what an action of one's own answered goes the
  // same way.
  const fitting = {
    ...shown,
    items: shown.items.filter(({ state }) => statesOf[tab].length === 0 || statesOf[tab].includes(state)),
  };
  const troubles = attention.items.filter(({ state }) => statesOf.attention.includes(state)).length;
  const count = (key: TabKey) => (key === 'attention' && attention.loaded ? troubles : undefined);
  return (
    <>
      <div class="page-head">
        <div>
          <h1>{text.title}</h1>
          <p class="soft">{text.lead}</p>
        </div>
        <Following state={shown.state} />
      </div>
      <div class="filters" role="search" aria-label={text.title}>
        <SearchField hint={text.searchHint} value={query.q} onInput={(q) => set({ q })} />
        <Select
          label={text.kind}
          value={query.kind}
          onChange={(kind) => set({ kind })}
          options={[{ value: '', label: text.allKinds }, ...kinds.map((value) => ({ value, label: jobKindText(value) }))]}
        />
        {(organizations.length > 1 || query.organization) && (
          <OrganizationPicker
            organizations={organizations}
            value={query.organization}
            onChange={(organization) => set({ organization })}
          />
        )}
        <p class="filter-foot">
          <span class="soft tabular">
            {fitting.items.length >= mostWatched
              ? text.newest(mostWatched)
              : shown.loaded
                ? text.shown(fitting.items.length)
                : common.loading}
          </span>
          {!isDefault && (
            <Button small kind="quiet" icon="close" onClick={clear}>
              {common.clearFilters}
            </Button>
          )}
        </p>
      </div>
      <Tabs
        label={text.tabList}
        selected={tab}
        onSelect={(key) => set({ tab: key })}
        tabs={tabKeys.map((key) => ({
          key,
          label: text.tabs[key],
          count: count(key),
          content: () => <JobList key={key} tab={key} query={query} watched={fitting} onClear={clear} filtered={!isDefault} />,
        }))}
      />
    </>
  );
}

mount(
  <Place me={pageMe()} title={text.title}>
    {() => <Jobs />}
  </Place>,
);
