// One resource: a row that opens its details. A table where there is room, cards where there is not.
import { Fragment } from 'preact';
import type { Resource, ResourceJob } from '../../generated/api';
import { bytesText, formatDateTime, idOf, percentText, secondsOf } from '../../lib/format';
import { Bar, Button, Icon, Menu, Pill } from '../../lib/parts';
import { Ago, spanText, useNow } from '../../manage/clock';
import { HostName } from '../../manage/host_name';
import { Meter } from '../../manage/meter';
import { ResourcePill } from '../../manage/states';
import { jobText, kindText, text as common } from '../../manage/words';
import { deedsOf, type Deed } from './actions';
import { cpuOf, diskOf, inTrouble, memoryOf } from './view';
import { text } from './words';

const columns = [text.host, common.organization, text.state, text.loads, text.slots, text.work, text.version];

export interface RowProps {
  resource: Resource;
  open: boolean;
  version: string;             // that most resources run; '' where all run one
  onOpen: (open: boolean) => void;
  onDeed: (resource: Resource, deed: Deed) => void;
}

// The API does not tell of what only counts on: when a row was told is when its uptime was right.
const toldAt = new WeakMap<Resource, number>();

function useUptime(resource: Resource): number | null {
  const now = useNow();
  if (!toldAt.has(resource)) toldAt.set(resource, now);
  if (!resource.load?.uptime || resource.state === 'DEAD') return null;
  return secondsOf(resource.load.uptime) + (now - toldAt.get(resource)!) / 1000;
}

function Loads({ resource }: { resource: Resource }) {
  const { load } = resource;
  if (!load || resource.state === 'DEAD' || resource.state === 'NEVER_ATTACHED') return <span class="soft">{text.noLoad}</span>;
  const [memory, disk] = [memoryOf(resource), diskOf(resource)];
  return (
    <div class="loads">
      <span><small class="soft">{text.cpu}</small><Meter label={text.cpu} share={cpuOf(resource)} high={0.95} detail={text.cores(load.cpuCount)} /></span>
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

function Slots({ resource }: { resource: Resource }) {
  const { load, liveSlots, liveSlotsUsed } = resource;
  const [used, all] = [load?.slotsUsed ?? 0, load?.slots ?? 0];
  if (all === 0 && liveSlots === 0) return <span class="soft">{text.notForJobs}</span>;
  return (
    <div class="slots">
      {all > 0 && <Meter label={text.slots} share={used / all} high={2} figure={text.slotsShort(used, all)} detail={text.slotsUsed(used, all)} />}
      {liveSlots > 0 && <small class="soft tabular" title={text.liveUsed(liveSlotsUsed, liveSlots)}>{text.liveShort(liveSlotsUsed, liveSlots)}</small>}
    </div>
  );
}

const JobLine = ({ job, link }: { job: ResourceJob; link?: boolean }) => (
  <span class="job-line">
    {link ? <a href={`/manage/jobs/${idOf(job.job)}`}>{jobText(job)}</a> : <span class="cut" title={job.lectureTitle}>{jobText(job)}</span>}
    {job.kind !== 'live_ingest' && <><span class="tabular">{percentText(job.progress)}</span><Bar thin value={job.progress} label={jobText(job)} /></>}
  </span>
);

function Work({ resource }: { resource: Resource }) {
  const [first, ...others] = resource.runningJobs;
  if (!first) return <span class="soft">{(resource.load?.slots ?? 0) > 0 && resource.state === 'ALIVE' ? text.idle : text.notForJobs}</span>;
  return (
    <div class="work">
      <JobLine job={first} />
      {others.length > 0 && <small class="soft">{text.moreJobs(others.length)}</small>}
    </div>
  );
}

function Details({ resource }: { resource: Resource }) {
  const { load, publicUrl, capabilities, runningJobs, lastBeatTime, createTime, reason } = resource;
  const [memory, disk] = [memoryOf(resource), diskOf(resource)];
  const uptime = useUptime(resource);
  const facts: [string, preact.ComponentChildren][] = [
    [text.name, <code>{resource.name}</code>],
    [text.address, publicUrl ? <code>{publicUrl}</code> : text.noAddress],
    [text.heard, !lastBeatTime ? common.unknown : inTrouble(resource) ? <Ago at={lastBeatTime} /> : text.heardNow],
    [text.joined, createTime ? formatDateTime(createTime) : common.unknown],
    [text.uptime, uptime === null ? common.unknown : spanText(uptime)],
    [text.cpu, load ? `${percentText(load.cpu)}, ${text.cores(load.cpuCount)}` : common.unknown],
    [text.memory, memory.all ? common.of(bytesText(memory.used), bytesText(memory.all)) : common.unknown],
    [text.disk, disk.all ? common.free(bytesText(disk.free), bytesText(disk.all)) : common.unknown],
  ];
  if (reason) facts.unshift([text.reason, reason]);
  return (
    <div class="details">
      <dl class="fact-list">{facts.map(([title, value]) => <div key={title}><dt>{title}</dt><dd>{value}</dd></div>)}</dl>
      {capabilities.length > 0 && (
        <div><h3>{text.capabilities}</h3><p class="row">{capabilities.map((one) => <Pill key={one}>{one}</Pill>)}</p></div>
      )}
      <div>
        <h3>{text.runningJobs}</h3>
        {runningJobs.length === 0 ? <p class="soft">{text.noJobs}</p> : (
          <ul class="plain-list">
            {runningJobs.map((job) => (
              <li key={job.job}>
                <JobLine job={job} link />
                {job.lecture && <a class="soft small-text" href={`/lectures/${idOf(job.lecture)}`}>{job.lectureTitle}</a>}
              </li>
            ))}
          </ul>
        )}
      </div>
      <p class="row"><Button small href={`/manage/organizations/${idOf(resource.organization)}`}>{text.openOrganization}</Button></p>
    </div>
  );
}

function Row({ resource, open, version, onOpen, onDeed }: RowProps) {
  const detailsId = `details-${idOf(resource.name)}`;
  const { load } = resource;
  const silent = inTrouble(resource);
  const uptime = useUptime(resource);
  const differs = version !== '' && resource.version !== '' && resource.version !== version;
  return (
    <Fragment>
      <tr role="row" class={open ? 'open' : undefined}>
        <th role="rowheader" scope="row" class="head-cell">
          <button type="button" class="row-opener" aria-expanded={open} aria-controls={open ? detailsId : undefined} onClick={() => onOpen(!open)}>
            <Icon name="next" class="turn" />
            <span><strong><HostName host={resource.host} /></strong><small class="soft">{kindText(resource.kind)}</small></span>
          </button>
        </th>
        <td role="cell" data-title={common.organization} class="organization-cell">
          <span>{resource.organizationName}{resource.shared && <small class="soft"> · {common.shared}</small>}</span>
        </td>
        <td role="cell" class="state-cell">
          <ResourcePill state={resource.state} />
          <small class="soft reason" title={resource.reason || undefined}>
            {silent && resource.lastBeatTime ? <Ago at={resource.lastBeatTime} /> : resource.reason}
          </small>
        </td>
        <td role="cell" class="loads-cell"><Loads resource={resource} /></td>
        <td role="cell" data-title={text.slots} class={(load?.slots ?? 0) + resource.liveSlots > 0 ? 'slots-cell' : 'slots-cell blank'}><Slots resource={resource} /></td>
        <td role="cell" data-title={text.work} class={(load?.slots ?? 0) > 0 ? 'work-cell' : 'work-cell blank'}><Work resource={resource} /></td>
        <td role="cell" data-title={text.version} class="version-cell">
          <span class={differs ? 'differs' : undefined}>{resource.version || '\u2013'}{differs && <small> ({text.otherVersion})</small>}</span>
          {uptime !== null && <small class="soft tabular">{text.up} {spanText(uptime)}</small>}
        </td>
        <td role="cell" class="menu-cell">
          <Menu kind="quiet" align="end" label={common.more(resource.host)} button={<Icon name="more" />}
            items={deedsOf(resource, (deed) => onDeed(resource, deed))} />
        </td>
      </tr>
      {open && <tr role="row" id={detailsId} class="details-row"><td role="cell" colSpan={columns.length + 1}><Details resource={resource} /></td></tr>}
    </Fragment>
  );
}

export function ResourceTable({ rows }: { rows: RowProps[] }) {
  return (
    <table class="dense resources" role="table" aria-label={text.table}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => <th key={column} role="columnheader" scope="col">{column}</th>)}
          <th role="columnheader" scope="col"><span class="unseen">{text.actions}</span></th>
        </tr>
      </thead>
      <tbody role="rowgroup">{rows.map((row) => <Row key={row.resource.name} {...row} />)}</tbody>
    </table>
  );
}

