// A test of the organization's workers: jobs that only take time, and who takes them.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CreateTestTaskResponse, Job, JobChanges, Organization } from '../../generated/api';
import { api } from '../../lib/api';
import { idOf, lengthText } from '../../lib/format';
import { Bar, Button, Notice, Select } from '../../lib/parts';
import { useAction } from '../../manage/acting';
import { useWatched } from '../../manage/watching';
import { compareNames } from '../../manage/words';
import { text } from './words';

const counts = ['1', '4', '16', '64'];
const lengths = ['0', '1', '5', '20'];
const ended = new Set(['DONE', 'JOB_FAILED', 'CANCELLED', 'SKIPPED', 'EXPIRED']);
const readChanges = ({ reset, jobs, removed }: JobChanges) => ({ reset, changed: jobs, removed });

interface Run {
  jobs: string[];
  began: number;
}

function byHost(jobs: Job[]): [string, number][] {
  const hosts = new Map<string, number>();
  for (const { resource, resourceHost, state } of jobs)
    if (state === 'DONE') hosts.set(resourceHost || resource, (hosts.get(resourceHost || resource) ?? 0) + 1);
  return [...hosts].sort(([a, one], [b, other]) => other - one || compareNames(a, b));
}

function Result({ organization, run, onEnd }: { organization: Organization; run: Run; onEnd: () => void }) {
  const path = `/v1/jobs:watch?organization=${encodeURIComponent(organization.name)}&kinds=noop`;
  const [over, setOver] = useState<{ jobs: Job[]; seconds: number } | null>(null);
  const watched = useWatched<Job, JobChanges>(over ? null : path, readChanges);
  const mine = over?.jobs ?? watched.items.filter(({ name }) => run.jobs.includes(name));
  const finished = mine.filter(({ state }) => ended.has(state)).length;
  useEffect(() => {
    if (over || finished < run.jobs.length) return;
    setOver({ jobs: mine, seconds: (Date.now() - run.began) / 1000 });
    onEnd();
  }, [finished]);
  const failed = finished - mine.filter(({ state }) => state === 'DONE').length;
  const waiting = mine.find(({ state }) => state === 'READY');
  const hosts = byHost(mine);
  return (
    <div class="stack">
      <div role="status">
        <p class="tabular">
          {over && failed === 0
            ? text.testDone(run.jobs.length, lengthText(over.seconds))
            : text.testRuns(finished, run.jobs.length)}
        </p>
        {failed > 0 && <p>{text.testFailed(failed)}</p>}
      </div>
      <Bar value={finished / run.jobs.length} label={text.test} />
      {hosts.length > 0 && (
        <div>
          <h3 class="side-title">{text.byHost}</h3>
          <ul class="plain-list">
            {hosts.map(([host, count]) => (
              <li key={host} class="share-line">
                <span class="cut">{host}</span>
                <span class="tabular">{count}</span>
                <Bar thin value={count / run.jobs.length} label={host} />
              </li>
            ))}
          </ul>
        </div>
      )}
      {!over && hosts.length === 0 && watched.loaded && <p class="soft">{text.testWaits}</p>}
      {!over && waiting && (
        <p>
          <a href={`/manage/jobs/${idOf(waiting.name)}`}>{text.whyWaits}</a>
        </p>
      )}
    </div>
  );
}

export function TestPanel({ organization }: { organization: Organization }) {
  const [count, setCount] = useState('4');
  const [length, setLength] = useState('1');
  const [run, setRun] = useState<Run | null>(null);
  const [running, setRunning] = useState(false);
  const turn = useRef(0);
  const { busy, error, act } = useAction(async () => {
    const began = Date.now();
    const { jobs } = await api.post<CreateTestTaskResponse>(`/v1/${organization.name}:testWorkers`, {
      count: Number(count),
      durationMs: Number(length) * 1000,
      idempotencyKey: String(Date.now()) + Math.random(),
    });
    turn.current += 1;
    setRun({ jobs, began });
    setRunning(true);
  });
  return (
    <section class="panel" aria-labelledby="test-title">
      <header>
        <h2 id="test-title">{text.test}</h2>
      </header>
      <div class="stack">
        <p class="soft">{text.testText}</p>
        <div class="row test-form">
          <Select label={text.count} value={count} onChange={setCount} options={counts.map((value) => ({ value, label: value }))} />
          <Select
            label={text.length}
            value={length}
            onChange={setLength}
            options={lengths.map((value) => ({ value, label: text.seconds(Number(value)) }))}
          />
          <Button busy={busy || running} icon="play" onClick={() => void act()}>
            {text.startTest}
          </Button>
        </div>
        {error !== null && <Notice error={error} />}
        {run && <Result key={turn.current} organization={organization} run={run} onEnd={() => setRunning(false)} />}
      </div>
    </section>
  );
}
