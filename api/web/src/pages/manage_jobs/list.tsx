// The jobs under one tab: followed while they are new, asked for where they are older.
import { useEffect, useState } from 'preact/hooks';
import type { Job, ListJobsResponse } from '../../generated/api';
import { api } from '../../lib/api';
import { Button, Empty, Notice, Skeleton } from '../../lib/parts';
import { Ask, useAction } from '../../manage/acting';
import { CancelDialog, ExplainDialog, mayRetry, RetryDialog, retryAll } from '../../manage/job_deeds';
import { text } from '../../manage/job_words';
import { useNewcomers, useSteady } from '../../manage/steady';
import type { Watched } from '../../manage/watching';
import { text as common } from '../../manage/words';
import { JobTable, type Deed } from './rows';
import { addressOf, fits, mostWatched, newestFirst, statesOf, type Query, type TabKey } from './view';

const empty: Record<TabKey, string> = {
  attention: text.emptyAttention,
  running: text.emptyRunning,
  waiting: text.emptyWaiting,
  ended: text.emptyEnded,
  all: text.emptyAll,
};

// Pages of ListJobs behind those that are watched.
function useOlder(tab: TabKey, query: Query, watched: number) {
  const [older, setOlder] = useState<Job[]>([]);
  const [token, setToken] = useState<string | null>(null); // null: not asked yet; '': there is no more
  const key = addressOf('', statesOf[tab], query);
  useEffect(() => {
    setOlder([]);
    setToken(null);
  }, [key]);
  const { busy, error, act } = useAction(async () => {
    const mark = key.includes('?') ? '&' : '?';
    const page = await api.get<ListJobsResponse>(
      `/v1/jobs${key}${mark}page_size=${mostWatched}${token ? `&page_token=${encodeURIComponent(token)}` : ''}`,
    );
    setOlder((old) => [...old, ...page.jobs]);
    setToken(page.nextPageToken);
  });
  return { older, busy, error, act, more: watched >= mostWatched && token !== '' };
}

function Selection({ jobs, onChanged, onDone }: { jobs: Job[]; onChanged: (job: Job) => void; onDone: (told: string) => void }) {
  const [asking, setAsking] = useState(false);
  const [failure, setFailure] = useState('');
  const run = async () => {
    const { failed, message } = await retryAll(jobs, onChanged);
    setFailure(failed > 0 ? text.retriedSome(failed, message) : '');
    onDone(text.retried(jobs.length - failed));
  };
  return (
    <div class="selection">
      {jobs.length > 0 && (
        <Button small kind="primary" icon="refresh" onClick={() => setAsking(true)}>
          {text.retrySelected(jobs.length)}
        </Button>
      )}
      {failure && (
        <Notice tone="warning">
          <p>{failure}</p>
        </Notice>
      )}
      {asking && (
        <Ask title={text.retryTitle(jobs.length)} action={text.retry} run={run} onDone={() => setAsking(false)}>
          <p>{text.retryText}</p>
        </Ask>
      )}
    </div>
  );
}

interface ListProps {
  tab: TabKey;
  query: Query;
  watched: Watched<Job>;
  onClear: () => void;
  filtered: boolean;
}

export function JobList({ tab, query, watched, onClear, filtered }: ListProps) {
  const [selected, setSelected] = useState(new Set<string>());
  const [deed, setDeed] = useState<{ job: Job; deed: Deed } | null>(null);
  const [told, setTold] = useState('');
  const { older, busy, error, act, more } = useOlder(tab, query, watched.items.length);
  const known = new Set(watched.items.map(({ name }) => name));
  const all = [...watched.items, ...older.filter(({ name }) => !known.has(name))].filter((job) => fits(job, query.q));
  const { rows, waiting, show, hold } = useSteady(all, newestFirst, JSON.stringify([tab, query]), watched.loaded);
  const announced = useNewcomers(
    watched.items.map(({ name }) => name),
    watched.loaded,
    tab === 'attention' ? text.failedNow : text.appeared,
  );
  if (watched.error) return <Notice error={watched.error} />;
  if (!watched.loaded) return <Skeleton lines={6} />;
  const retryable = rows.filter(mayRetry);
  const chosen = retryable.filter(({ name }) => selected.has(name));
  const selectable = tab === 'attention' && retryable.length > 0;
  return (
    <div class="stack">
      <p class="unseen" role="status">
        {told || announced}
      </p>
      {selectable && (
        <div class="row">
          <label class="check">
            <input
              type="checkbox"
              checked={chosen.length === retryable.length}
              onChange={(event) => setSelected(new Set(event.currentTarget.checked ? retryable.map(({ name }) => name) : []))}
            />
            {text.selectAll}
          </label>
          <Selection
            jobs={chosen}
            onChanged={watched.put}
            onDone={(words) => {
              setSelected(new Set());
              setTold(words);
            }}
          />
        </div>
      )}
      {rows.length > 0 ? (
        <div {...hold} class={watched.state === 'open' ? 'list' : 'list stale'}>
          {waiting > 0 && (
            <Button small class="newcomers" icon="plus" onClick={show}>
              {common.showNew(waiting)}
            </Button>
          )}
          <JobTable
            label={text.tabs[tab]}
            rows={rows}
            selected={selectable ? selected : null}
            onSelect={setSelected}
            onDeed={(job, one) => setDeed({ job, deed: one })}
          />
        </div>
      ) : filtered ? (
        <Empty icon="search" title={common.nothingFits} actions={<Button onClick={onClear}>{common.clearFilters}</Button>} />
      ) : (
        <Empty icon={tab === 'attention' ? 'check' : 'info'} title={empty[tab]}>
          {tab === 'attention' && text.emptyAttentionText}
        </Empty>
      )}
      {error !== null && <Notice error={error} />}
      {more && (
        <p>
          <Button busy={busy} onClick={() => void act()}>
            {common.loadMore}
          </Button>
        </p>
      )}
      {deed?.deed === 'explain' && <ExplainDialog job={deed.job} onDone={() => setDeed(null)} />}
      {deed?.deed === 'retry' && <RetryDialog job={deed.job} onChanged={watched.put} onDone={() => setDeed(null)} />}
      {deed?.deed === 'cancel' && <CancelDialog job={deed.job} onChanged={watched.put} onDone={() => setDeed(null)} />}
    </div>
  );
}
