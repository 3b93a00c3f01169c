// Jobs as a table, or as cards where it is narrow.
import type { Job } from '../../generated/api';
import { idOf, percentText } from '../../lib/format';
import { Bar, Icon, Menu } from '../../lib/parts';
import { Ago } from '../../manage/clock';
import { HostName } from '../../manage/host_name';
import { mayCancel, mayRetry } from '../../manage/job_deeds';
import { text } from '../../manage/job_words';
import { JobPill } from '../../manage/states';
import { jobText, text as common, viewText } from '../../manage/words';

export type Deed = 'explain' | 'retry' | 'cancel';

interface TableProps {
  label: string;
  rows: Job[];
  selected: Set<string> | null; // null: nothing can be selected
  onSelect: (names: Set<string>) => void;
  onDeed: (job: Job, deed: Deed) => void;
}

interface RowProps extends Omit<TableProps, 'rows' | 'label'> {
  job: Job;
}

function Row({ job, selected, onSelect, onDeed }: RowProps) {
  const title = jobText(job);
  const toggle = (on: boolean) => {
    const next = new Set(selected);
    if (on) next.add(job.name);
    else next.delete(job.name);
    onSelect(next);
  };
  return (
    <tr role="row">
      {selected && (
        <td role="cell" class="select-cell">
          {mayRetry(job) && (
            <input
              type="checkbox"
              checked={selected.has(job.name)}
              aria-label={`${text.select}: ${title}, ${job.lectureTitle}`}
              onChange={(event) => toggle(event.currentTarget.checked)}
            />
          )}
        </td>
      )}
      <th role="rowheader" scope="row" class="head-cell">
        <a class="job-name" href={`/manage/jobs/${idOf(job.name)}`}>
          {title}
        </a>
        <small class="soft">{[viewText(job.view), idOf(job.name)].filter(Boolean).join(' \u00b7 ')}</small>
      </th>
      <td role="cell" class="job-state">
        <JobPill state={job.state} />
        {job.state === 'RUNNING' && job.kind !== 'live_ingest' && (
          <span class="job-progress">
            <Bar thin value={job.progress} label={title} />
            <small class="tabular">{percentText(job.progress)}</small>
          </span>
        )}
        {job.error && (
          <small class="soft job-error" title={job.error}>
            {job.error}
          </small>
        )}
      </td>
      <td role="cell" data-title={text.lecture}>
        <span class="two-lines">
          {job.lecture ? (
            <a href={`/lectures/${idOf(job.lecture)}`}>{job.lectureTitle || job.lecture}</a>
          ) : (
            <span class="soft">{text.noLecture}</span>
          )}
          <small class="soft">{job.organizationName}</small>
        </span>
      </td>
      <td role="cell" data-title={text.where} class={job.resource ? undefined : 'blank'}>
        <span class="small-text">
          {job.resource ? <HostName host={job.resourceHost || job.resource} /> : <span class="soft">{text.nowhere}</span>}
        </span>
      </td>
      <td role="cell" data-title={text.attempts} class="tabular">
        <span>{text.attempt(job.attempt, job.maxAttempts)}</span>
      </td>
      <td role="cell" data-title={text.when} class="job-when">
        <Ago at={job.createTime} />
      </td>
      <td role="cell" class="menu-cell">
        <Menu
          kind="quiet"
          align="end"
          label={common.more(title)}
          button={<Icon name="more" />}
          items={[
            { label: text.open, icon: 'next', href: `/manage/jobs/${idOf(job.name)}` },
            { label: text.explain, icon: 'info', onSelect: () => onDeed(job, 'explain') },
            mayRetry(job) && { label: text.retry, icon: 'refresh', onSelect: () => onDeed(job, 'retry') },
            mayCancel(job) && {
              label: text.cancel,
              icon: 'close',
              danger: true,
              separated: true,
              onSelect: () => onDeed(job, 'cancel'),
            },
          ]}
        />
      </td>
    </tr>
  );
}

export function JobTable({ label, rows, ...row }: TableProps) {
  const columns = [text.job, text.state, text.lecture, text.where, text.attempts, text.when];
  return (
    <table class={row.selected ? 'dense jobs selectable' : 'dense jobs'} role="table" aria-label={label}>
      <thead role="rowgroup">
        <tr role="row">
          {row.selected && (
            <th role="columnheader" scope="col">
              <span class="unseen">{text.select}</span>
            </th>
          )}
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
        {rows.map((job) => (
          <Row key={job.name} job={job} {...row} />
        ))}
      </tbody>
    </table>
  );
}
