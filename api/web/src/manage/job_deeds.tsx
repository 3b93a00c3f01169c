// Trying jobs again, cancelling them, and hearing why they wait.
import type { ExplainJobResponse, Job, JobState } from '../generated/api';
import { api, ApiError } from '../lib/api';
import { Dialog, Notice, Skeleton, useLoad } from '../lib/parts';
import { Ask } from './acting';
import { text } from './job_words';
import { jobText } from './words';

const again = new Set<JobState>(['JOB_FAILED', 'CANCELLED', 'SKIPPED', 'EXPIRED']);
const over = new Set<JobState>(['DONE', 'JOB_FAILED', 'CANCELLED', 'SKIPPED', 'EXPIRED', 'CANCELLING']);
const waits = new Set<JobState>(['BLOCKED', 'READY', 'RETRY_WAIT']);
export const mayRetry = ({ state }: Job) => again.has(state) && state !== 'EXPIRED';
export const mayCancel = ({ state }: Job) => !over.has(state);

interface DeedProps {
  job: Job;
  onChanged: (job: Job) => void;
  onDone: () => void;
}

export function RetryDialog({ job, onChanged, onDone }: DeedProps) {
  const run = async () => onChanged(await api.post<Job>(`/v1/${job.name}:retry`));
  return (
    <Ask title={text.retryTitle(1)} action={text.retry} run={run} onDone={onDone}>
      <p>
        <strong>{jobText(job)}</strong>
      </p>
      <p>{text.retryText}</p>
    </Ask>
  );
}

export function CancelDialog({ job, onChanged, onDone }: DeedProps) {
  const run = async () => onChanged(await api.post<Job>(`/v1/${job.name}:cancel`));
  return (
    <Ask title={text.cancelTitle} action={text.cancel} danger run={run} onDone={onDone}>
      <p>
        <strong>{jobText(job)}</strong>
      </p>
      <p>{job.kind === 'live_ingest' ? text.cancelLive : text.cancelText}</p>
    </Ask>
  );
}

// Tries several again, one after the other; those that cannot be do not stop the others. Answers how many could not, and why.
export async function retryAll(jobs: Job[], onChanged: (job: Job) => void): Promise<{ failed: number; message: string }> {
  let [failed, message] = [0, ''];
  for (const job of jobs) {
    try {
      onChanged(await api.post<Job>(`/v1/${job.name}:retry`));
    } catch (error) {
      failed += 1;
      message = error instanceof ApiError ? error.message : String(error);
    }
  }
  return { failed, message };
}

// What the API says about it, with the machines that might take it.
export function Explanation({ job }: { job: Job }) {
  const load = useLoad(() => api.get<ExplainJobResponse>(`/v1/${job.name}:explain`));
  if (load.error) return <Notice error={load.error} onRetry={() => void load.reload()} />;
  if (!load.data) return <Skeleton lines={3} />;
  const { summary, details } = load.data;
  return (
    <div class="stack explanation">
      <p>{summary}</p>
      {details.length > 0 && (
        <div>
          <h3 class="side-title">{waits.has(job.state) ? text.candidates : text.oneByOne}</h3>
          <ul class="candidates">
            {details.map((line, i) => (
              <li key={i}>{line}</li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

export function ExplainDialog({ job, onDone }: { job: Job; onDone: () => void }) {
  return (
    <Dialog open wide title={jobText(job)} onClose={onDone}>
      <Explanation job={job} />
    </Dialog>
  );
}
