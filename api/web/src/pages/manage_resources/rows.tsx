// One resource: a row that opens its details. A table where there is room, cards where there is not.
import { Fragment } from 'preact';
import type { Resource } from '../../generated/api';
import { bytesText, formatDateTime, idOf, percentText } from '../../lib/format';
import { Button, Icon, Menu, Pill } from '../../lib/parts';
import { Ago, spanText } from '../../manage/clock';
import { HostName } from '../../manage/host_name';
import { ResourcePill } from '../../manage/states';
import { kindText, text as common } from '../../manage/words';
import { deedsOf, type Deed } from './actions';
import { JobLine, Loads, Slots, useUptime, Work } from './cells';
import { diskOf, inTrouble, memoryOf } from './view';
import { text } from './words';

const columns = [text.host, common.organization, text.state, text.loads, text.slots, text.work, text.version];

export interface RowProps {
  resource: Resource;
  open: boolean;
  version: string; // that most resources run; '' where all run one
  onOpen: (open: boolean) => void;
  onDeed: (resource: Resource, deed: Deed) => void;
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
      <dl class="fact-list">
        {facts.map(([title, value]) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {capabilities.length > 0 && (
        <div>
          <h2 class="side-title">{text.capabilities}</h2>
          <p class="row">
            {capabilities.map((one) => (
              <Pill key={one}>{one}</Pill>
            ))}
          </p>
        </div>
      )}
      <div>
        <h2 class="side-title">{text.runningJobs}</h2>
        {runningJobs.length === 0 ? (
          <p class="soft">{text.noJobs}</p>
        ) : (
          <ul class="plain-list">
            {runningJobs.map((job) => (
              <li key={job.job}>
                <JobLine job={job} link />
                {job.lecture && (
                  <a class="soft small-text" href={`/lectures/${idOf(job.lecture)}`}>
                    {job.lectureTitle}
                  </a>
                )}
              </li>
            ))}
          </ul>
        )}
      </div>
      <p class="row">
        <Button small href={`/manage/organizations/${idOf(resource.organization)}`}>
          {text.openOrganization}
        </Button>
      </p>
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
          <button
            type="button"
            class="row-opener"
            aria-expanded={open}
            aria-controls={open ? detailsId : undefined}
            onClick={() => onOpen(!open)}
          >
            <Icon name="next" class="turn" />
            <span>
              <strong>
                <HostName host={resource.host} />
              </strong>
              <small class="soft">
                {kindText(resource.kind)} · {idOf(resource.name)}
              </small>
            </span>
          </button>
        </th>
        <td role="cell" data-title={common.organization} class="organization-cell">
          <span>
            {resource.organizationName}
            {resource.shared && <small class="soft"> · {common.shared}</small>}
          </span>
        </td>
        <td role="cell" class="state-cell">
          <ResourcePill state={resource.state} />
          <small class="soft reason" title={resource.reason || undefined}>
            {silent && resource.lastBeatTime ? <Ago at={resource.lastBeatTime} /> : resource.reason}
          </small>
        </td>
        <td role="cell" class="loads-cell">
          <Loads resource={resource} />
        </td>
        <td
          role="cell"
          data-title={text.slots}
          class={(load?.slots ?? 0) + resource.liveSlots > 0 ? 'slots-cell' : 'slots-cell blank'}
        >
          <Slots resource={resource} />
        </td>
        <td role="cell" data-title={text.work} class={(load?.slots ?? 0) > 0 ? 'work-cell' : 'work-cell blank'}>
          <Work resource={resource} />
        </td>
        <td role="cell" data-title={text.version} class="version-cell">
          <span class={differs ? 'differs' : undefined}>
            {resource.version || '\u2013'}
            {differs && <small> ({text.otherVersion})</small>}
          </span>
          {uptime !== null && (
            <small class="soft tabular">
              {text.up} {spanText(uptime)}
            </small>
          )}
        </td>
        <td role="cell" class="menu-cell">
          <Menu
            kind="quiet"
            align="end"
            label={common.more(resource.host)}
            button={<Icon name="more" />}
            items={deedsOf(resource, (deed) => onDeed(resource, deed))}
          />
        </td>
      </tr>
      {open && (
        <tr role="row" id={detailsId} class="details-row">
          <td role="cell" colSpan={columns.length + 1}>
            <Details resource={resource} />
          </td>
        </tr>
      )}
    </Fragment>
  );
}

export function ResourceTable({ rows }: { rows: RowProps[] }) {
  return (
    <table class="dense resources" role="table" aria-label={text.table}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <th key={column} role="columnheader" scope="col">
              {column}
            </th>
          ))}
          <th role="columnheader" scope="col">
            <span class="unseen">{text.actions}</span>
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <Row key={row.resource.name} {...row} />
        ))}
      </tbody>
    </table>
  );
}
