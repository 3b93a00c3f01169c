// What a row of a resource shows: its load, its slots, what it works on.
import type { Resource, ResourceJob } from '../../generated/api';
import { bytesText, idOf, percentText, secondsOf } from '../../lib/format';
import { Bar } from '../../lib/parts';
import { useNow } from '../../manage/clock';
import { Meter } from '../../manage/meter';
import { jobText, text as common } from '../../manage/words';
import { cpuOf, diskOf, memoryOf } from './view';
import { text } from './words';

// The API does not tell of what only counts on: when a row was told is when its uptime was right.
const toldAt = new WeakMap<Resource, number>();

export function useUptime(resource: Resource): number | null {
  const now = useNow();
  if (!toldAt.has(resource)) toldAt.set(resource, now);
  if (!resource.load?.uptime || resource.state === 'DEAD') return null;
  return secondsOf(resource.load.uptime) + (now - toldAt.get(resource)!) / 1000;
}

export function Loads({ resource }: { resource: Resource }) {
  const { load } = resource;
  if (!load || resource.state === 'DEAD' || resource.state === 'NEVER_ATTACHED') return <span class="soft">{text.noLoad}</span>;
  const [memory, disk] = [memoryOf(resource), diskOf(resource)];
  return (
    <div class="loads">
      <span>
        <small class="soft">{text.cpu}</small>
        <Meter label={text.cpu} share={cpuOf(resource)} high={0.95} detail={text.cores(load.cpuCount)} />
      </span>
      <span>
        <small class="soft">{text.memory}</small>
        <Meter label={text.memory} share={memory.share} detail={common.of(bytesText(memory.used), bytesText(memory.all))} />
      </span>
      <span>
        <small class="soft">{text.disk}</small>
        <Meter label={text.disk} share={disk.share} detail={common.free(bytesText(disk.free), bytesText(disk.all))} />
      </span>
    </div>
  );
}

export function Slots({ resource }: { resource: Resource }) {
  const { load, liveSlots, liveSlotsUsed } = resource;
  const [used, all] = [load?.slotsUsed ?? 0, load?.slots ?? 0];
  if (all === 0 && liveSlots === 0) return <span class="soft">{text.notForJobs}</span>;
  return (
    <div class="slots">
      {all > 0 && (
        <Meter
          label={text.slots}
          share={used / all}
          high={2}
          figure={text.slotsShort(used, all)}
          detail={text.slotsUsed(used, all)}
        />
      )}
      {liveSlots > 0 && (
        <small class="soft tabular" title={text.liveUsed(liveSlotsUsed, liveSlots)}>
          {text.liveShort(liveSlotsUsed, liveSlots)}
        </small>
      )}
    </div>
  );
}

export const JobLine = ({ job, link }: { job: ResourceJob; link?: boolean }) => (
  <span class="job-line">
    {link ? (
      <a href={`/manage/jobs/${idOf(job.job)}`}>{jobText(job)}</a>
    ) : (
      <span class="cut" title={job.lectureTitle}>
        {jobText(job)}
      </span>
    )}
    {job.kind !== 'live_ingest' && (
      <>
        <span class="tabular">{percentText(job.progress)}</span>
        <Bar thin value={job.progress} label={jobText(job)} />
      </>
    )}
  </span>
);

export function Work({ resource }: { resource: Resource }) {
  const [first, ...others] = resource.runningJobs;
  if (!first)
    return <span class="soft">{(resource.load?.slots ?? 0) > 0 && resource.state === 'ALIVE' ? text.idle : text.notForJobs}</span>;
  return (
    <div class="work">
      <JobLine job={first} />
      {others.length > 0 && <small class="soft">{text.moreJobs(others.length)}</small>}
    </div>
  );
}
