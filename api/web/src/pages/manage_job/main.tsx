// One job: what it is, why it is as it is, and what happened to each attempt.
import '../../manage/manage.css';
import '../../manage/jobs.css';
import './job.css';
import { useState } from 'preact/hooks';
import type { Job, JobAttempt } from '../../generated/api';
import { api, ApiError, embedded } from '../../lib/api';
import { formatDateTime, idOf, percentText } from '../../lib/format';
import { mount, pageMe } from '../../lib/layout';
import { Bar, Button, Empty, Notice, Pill, Skeleton, useInterval, useLoad, type Tone } from '../../lib/parts';
import { Ago, Span } from '../../manage/clock';
import { CancelDialog, Explanation, mayCancel, mayRetry, RetryDialog } from '../../manage/job_deeds';
import { outcomeText, text } from '../../manage/job_words';
import { Place } from '../../manage/place';
import { JobPill } from '../../manage/states';
import { failureText, jobText, viewText } from '../../manage/words';

const name = `jobs/${idOf(location.pathname)}`;
const refreshSeconds = 2;

function first(): { data: Job | null; error: ApiError | null } {
  try {
    return { data: embedded<Job>('job'), error: null };
  } catch (error) {
    return { data: null, error: error as ApiError };
  }
}
const came = first();

const outcomeTone = (outcome: string): Tone =>
  outcome === 'done' ? 'good' : outcome === '' ? 'accent' : ['failed', 'lost', 'stalled'].includes(outcome) ? 'bad' : 'neutral';

function Attempt({ attempt }: { attempt: JobAttempt }) {
  const { number, resource, resourceHost, startTime, endTime, outcome, failureClass, error, log } = attempt;
  return (
    <li class="panel attempt">
      <header>
        <h3>{text.number(number)}</h3>
        <Pill tone={outcomeTone(outcome)} icon={outcome === 'done' ? 'check' : outcome === '' ? 'play' : 'warning'}>
          {outcomeText(outcome)}
        </Pill>
      </header>
      <dl class="fact-list">
        <div>
          <dt>{text.where}</dt>
          <dd>
            <a href={`/manage/resources?open=${idOf(resource)}`}>{resourceHost || resource}</a>
          </dd>
        </div>
        <div>
          <dt>{text.started}</dt>
          <dd>{startTime && formatDateTime(startTime)}</dd>
        </div>
        <div>
          <dt>{text.took}</dt>
          <dd>
            <Span from={startTime} to={endTime} />
          </dd>
        </div>
      </dl>
      {error && <p class="attempt-error">{error}</p>}
      {failureText(failureClass) && <p class="soft">{failureText(failureClass)}</p>}
      {log && (
        <details open>
          <summary>{text.log}</summary>
          <pre class="log" tabIndex={0} role="region" aria-label={text.logOf(number)}>
            {log}
          </pre>
        </details>
      )}
    </li>
  );
}

function Facts({ job }: { job: Job }) {
  const time = (at: string | undefined) =>
    at && (
      <>
        {formatDateTime(at)}{' '}
        <span class="soft">
          (<Ago at={at} />)
        </span>
      </>
    );
  const facts: [string, preact.ComponentChildren][] = [
    [text.organization, <a href={`/manage/organizations/${idOf(job.organization)}`}>{job.organizationName}</a>],
    [text.lecture, job.lecture ? <a href={`/teach/lectures/${idOf(job.lecture)}`}>{job.lectureTitle}</a> : ''],
    [text.view, viewText(job.view)],
    [
      text.where,
      job.resource ? <a href={`/manage/resources?open=${idOf(job.resource)}`}>{job.resourceHost || job.resource}</a> : '',
    ],
    [text.attempts, text.attempt(job.attempt, job.maxAttempts)],
    [text.created, time(job.createTime)],
    [text.started, time(job.startTime)],
    [text.endedAt, time(job.endTime)],
    [text.nextTry, job.state === 'RETRY_WAIT' ? job.runTime && formatDateTime(job.runTime) : ''],
  ];
  return (
    <dl class="fact-list">
      {facts.map(
        ([title, value]) =>
          value && (
            <div key={title}>
              <dt>{title}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

function OneJob() {
  const load = useLoad(() => api.get<Job>(`/v1/${name}`), came.data, came.error);
  const [deed, setDeed] = useState<'' | 'retry' | 'cancel'>('');
  const job = load.data;
  useInterval(() => {
    if ((job && mayCancel(job)) || job?.state === 'CANCELLING') void load.reload();
  }, refreshSeconds);
  if (load.error?.notFound) {
    return (
      <Empty title={text.notThere} actions={<Button href="/manage/jobs">{text.toJobs}</Button>}>
        {text.notThereText}
      </Empty>
    );
  }
  if (!job)
    return (
      <>
        <h1>{text.loading}</h1>
        {load.error ? <Notice error={load.error} onRetry={() => void load.reload()} /> : <Skeleton lines={6} />}
      </>
    );
  return (
    <>
      <div class="page-head">
        <div>
          <h1>{jobText(job)}</h1>
          <p class="row job-head">
            <JobPill state={job.state} />
            <span class="soft">{name}</span>
          </p>
        </div>
        <div class="head-side">
          {mayRetry(job) && (
            <Button kind="primary" icon="refresh" onClick={() => setDeed('retry')}>
              {text.retry}
            </Button>
          )}
          {mayCancel(job) && (
            <Button kind="danger" icon="close" onClick={() => setDeed('cancel')}>
              {text.cancel}
            </Button>
          )}
        </div>
      </div>
      {job.state === 'RUNNING' && job.kind !== 'live_ingest' && (
        <div class="row job-bar">
          <Bar value={job.progress} label={text.progress} />
          <span class="tabular">{percentText(job.progress)}</span>
        </div>
      )}
      <div class="columns">
        <div>
          <section class="panel" aria-labelledby="why">
            <header>
              <h2 id="why">{text.explanation}</h2>
            </header>
            <Explanation key={`${job.state} ${job.attempt}`} job={job} />
          </section>
          <section aria-labelledby="history">
            <h2 id="history" class="attempts-title">
              {text.history}
            </h2>
            {job.attempts.length === 0 ? (
              <p class="soft">{text.noAttempts}</p>
            ) : (
              <ol class="attempts">
                {[...job.attempts].reverse().map((attempt) => (
                  <Attempt key={attempt.number} attempt={attempt} />
                ))}
              </ol>
            )}
          </section>
        </div>
        <div>
          {job.error && (
            <Notice tone={job.state === 'JOB_FAILED' ? 'bad' : 'warning'} title={text.error}>
              <p>{job.error}</p>
              <p>{failureText(job.failureClass)}</p>
            </Notice>
          )}
          <section class="panel">
            <Facts job={job} />
          </section>
        </div>
      </div>
      {deed === 'retry' && <RetryDialog job={job} onChanged={() => void load.reload()} onDone={() => setDeed('')} />}
      {deed === 'cancel' && <CancelDialog job={job} onChanged={() => void load.reload()} onDone={() => setDeed('')} />}
    </>
  );
}

mount(
  <Place me={pageMe()} title={came.data ? jobText(came.data) : text.loading} crumbs={[{ label: text.title, href: '/manage/jobs' }]}>
    {() => <OneJob />}
  </Place>,
);
