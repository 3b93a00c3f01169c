// Which jobs are under which tab, and in which order. Pure.
import type { Job, JobState } from '../../generated/api';
import { idOf, timeOf } from '../../lib/format';
import { fitsText } from '../../manage/url_state';
import { jobText } from '../../manage/words';

export type TabKey = 'attention' | 'running' | 'waiting' | 'ended' | 'all';

export const tabKeys: TabKey[] = ['attention', 'running', 'waiting', 'ended', 'all'];
export const statesOf: Record<TabKey, JobState[]> = {
  attention: ['JOB_FAILED', 'EXPIRED'],
  running: ['LEASED', 'RUNNING', 'CANCELLING'],
  waiting: ['BLOCKED', 'READY', 'RETRY_WAIT'],
  ended: ['DONE', 'CANCELLED', 'SKIPPED'],
  all: [],
};
export const kinds = [
  'probe',
  'transcode_video',
  'transcode_audio',
  'package',
  'thumbnails',
  'loudness',
  'silence',
  'live_ingest',
  'finalise',
  'delete_media',
  'noop',
];
export const defaults = { tab: 'attention', kind: '', organization: '', lecture: '', q: '' };
export type Query = typeof defaults;

// At most so many are watched; the API says so.
export const mostWatched = 200;

export function addressOf(method: string, states: JobState[], query: Query): string {
  const filter = new URLSearchParams();
  for (const state of states) filter.append('states', state);
  if (query.kind) filter.append('kinds', query.kind);
  if (query.organization) filter.append('organization', query.organization);
  if (query.lecture) filter.append('lecture', query.lecture);
  const text = filter.toString();
  return text ? `${method}?${text}` : method;
}

export const newestFirst = (a: Job, b: Job) =>
  timeOf(b.createTime) - timeOf(a.createTime) || Number(idOf(b.name)) - Number(idOf(a.name));

export function fits(job: Job, q: string): boolean {
  return (
    !q.trim() || fitsText(q.trim(), [jobText(job), job.name, job.lectureTitle, job.organizationName, job.resourceHost, job.error])
  );
}
