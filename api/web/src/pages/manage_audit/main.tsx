// Who did what to an organization and what belongs to it.
import '../../manage/manage.css';
import './audit.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { AuditEvent, ListAuditEventsResponse, Me, Organization } from '../../generated/api';
import { api, ApiError } from '../../lib/api';
import { formatDateTime } from '../../lib/format';
import { mount, pageMe } from '../../lib/layout';
import { Button, Empty, Notice, Pill, Select, Skeleton } from '../../lib/parts';
import { Ago } from '../../manage/clock';
import { OrganizationPicker, useOrganizations } from '../../manage/organizations';
import { Place } from '../../manage/place';
import { doubtRights } from '../../manage/rights';
import { SearchField } from '../../manage/search_field';
import { indented } from '../../manage/tree';
import { fitsText, useQuery } from '../../manage/url_state';
import { text as common } from '../../manage/words';
import { actionText, detailOf, pageOf } from './actions';
import { useNames } from './names';
import { outcomeText, text } from './words';

const defaults = { organization: '', outcome: '', q: '' };
const pageSize = 100;

interface Pages {
  events: AuditEvent[];
  next: string;
  state: 'loading' | 'there' | 'failed';
  error: ApiError | null;
  more: () => void;
}

// The pages of one organization's log; `organization` null: not known yet.
function usePages(organization: string | null): Pages {
  const [pages, setPages] = useState<Omit<Pages, 'more'>>({ events: [], next: '', state: 'loading', error: null });
  const turn = useRef(0);
  const ask = async (before: AuditEvent[], token: string) => {
    turn.current += 1;
    const mine = turn.current;
    setPages({ events: before, next: token, state: 'loading', error: null });
    try {
      const query = new URLSearchParams({
        page_size: String(pageSize),
        ...(organization && { organization }),
        ...(token && { page_token: token }),
      });
      const page = await api.get<ListAuditEventsResponse>(`/v1/auditEvents?${query}`);
      if (mine === turn.current)
        setPages({ events: [...before, ...page.auditEvents], next: page.nextPageToken, state: 'there', error: null });
    } catch (error) {
      if (mine !== turn.current) return;
      setPages({ events: before, next: token, state: 'failed', error: error as ApiError });
      doubtRights();
    }
  };
  useEffect(() => {
    if (organization !== null) void ask([], '');
  }, [organization]);
  return { ...pages, more: () => void ask(pages.events, pages.next) };
}

function Detail({ event, nameOf }: { event: AuditEvent; nameOf: (name: string) => string }) {
  const { facts, from } = detailOf(event.detail, event.target);
  return (
    <>
      {facts.length > 0 && (
        <small class="soft">{facts.map(([key, value]) => `${key && `${key}: `}${nameOf(value)}`).join(' \u00b7 ')}</small>
      )}
      {from && <small class="soft">{text.sentFrom(from)}</small>}
    </>
  );
}

function Row({ event, nameOf }: { event: AuditEvent; nameOf: (name: string) => string }) {
  const page = pageOf(event.target);
  const fine = event.outcome === 'OK' && event.action !== 'upload.rejected';
  return (
    <tr role="row">
      <td role="cell" data-title={text.time}>
        <span class="two-lines">
          <Ago at={event.time} />
          <small class="soft">{event.time && formatDateTime(event.time)}</small>
        </span>
      </td>
      <td role="cell" data-title={text.actor}>
        <span>{event.actor ? nameOf(event.actor) : <span class="soft">{text.nobody}</span>}</span>
      </td>
      <th role="rowheader" scope="row" class="audit-action">
        <span class="two-lines">
          <strong>{actionText(event.action)}</strong>
          <Detail event={event} nameOf={nameOf} />
        </span>
      </th>
      <td role="cell" data-title={text.target} class={event.target ? undefined : 'blank'}>
        <span>{page ? <a href={page}>{nameOf(event.target)}</a> : nameOf(event.target)}</span>
      </td>
      <td role="cell" data-title={text.outcome}>
        <span>
          <Pill tone={fine ? 'good' : 'warning'} icon={fine ? 'check' : 'warning'}>
            {outcomeText(event.outcome)}
          </Pill>
        </span>
      </td>
    </tr>
  );
}

function EventTable({ events, nameOf }: { events: AuditEvent[]; nameOf: (name: string) => string }) {
  return (
    <table class="dense audit" role="table" aria-label={text.table}>
      <thead role="rowgroup">
        <tr role="row">
          {[text.time, text.actor, text.action, text.target, text.outcome].map((column) => (
            <th key={column} role="columnheader" scope="col">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {events.map((event, i) => (
          <Row key={i} event={event} nameOf={nameOf} />
        ))}
      </tbody>
    </table>
  );
}

interface LogProps {
  me: Me;
  organizations: Organization[];
}

function Log({ me, organizations }: LogProps) {
  const { query, set, clear, isDefault } = useQuery(defaults, ['organization']);
  // Only administrators see what belongs to no organization.
  const organization = query.organization || (me.administrator ? '' : (organizations[0]?.name ?? ''));
  const { events, next, state, error, more } = usePages(organization);
  const nameOf = useNames(events, organizations, me);
  const shown = events.filter(
    (event) =>
      (query.outcome === '' || (event.outcome === 'OK') === (query.outcome === 'DONE')) &&
      (!query.q.trim() ||
        fitsText(query.q.trim(), [
          nameOf(event.actor),
          actionText(event.action),
          event.action,
          nameOf(event.target),
          event.target,
          event.detail,
        ])),
  );
  return (
    <>
      <div class="filters" role="search" aria-label={text.title}>
        <SearchField hint={text.searchHint} value={query.q} onInput={(q) => set({ q })} />
        {me.administrator ? (
          <OrganizationPicker
            organizations={organizations}
            all={common.wholeInstallation}
            value={organization}
            onChange={(one) => set({ organization: one })}
          />
        ) : (
          <Select
            label={common.organization}
            value={organization}
            options={indented(organizations)}
            onChange={(one) => set({ organization: one })}
          />
        )}
        <Select
          label={text.from}
          value={query.outcome}
          onChange={(outcome) => set({ outcome })}
          options={[
            { value: '', label: text.allOutcomes },
            { value: 'DONE', label: text.done },
            { value: 'REFUSED', label: text.refused },
          ]}
        />
        <p class="filter-foot">
          <span class="soft tabular" role="status">
            {state === 'loading' ? common.loading : text.shown(shown.length, events.length)}
          </span>
          {!isDefault && (
            <Button small kind="quiet" icon="close" onClick={clear}>
              {common.clearFilters}
            </Button>
          )}
        </p>
      </div>
      {error && <Notice error={error} onRetry={more} />}
      {shown.length > 0 && <EventTable events={shown} nameOf={nameOf} />}
      {state === 'loading' && events.length === 0 && <Skeleton lines={6} />}
      {state === 'there' && events.length === 0 && <Empty title={text.empty}>{text.emptyText}</Empty>}
      {state === 'there' && events.length > 0 && shown.length === 0 && (
        <Empty icon="search" title={common.nothingFits} actions={<Button onClick={clear}>{common.clearFilters}</Button>}>
          {text.filterNote}
        </Empty>
      )}
      {next && (
        <p class="more">
          <Button busy={state === 'loading'} onClick={more}>
            {common.loadMore}
          </Button>
        </p>
      )}
    </>
  );
}

function Audit({ me }: { me: Me }) {
  const { data, error, reload } = useOrganizations();
  return (
    <>
      <div class="page-head">
        <div>
          <h1>{text.title}</h1>
          <p class="soft">{text.lead}</p>
        </div>
      </div>
      {data ? (
        <Log me={me} organizations={data} />
      ) : error ? (
        <Notice error={error} onRetry={() => void reload()} />
      ) : (
        <Skeleton lines={6} />
      )}
    </>
  );
}

mount(
  <Place me={pageMe()} title={text.title}>
    {(me) => <Audit me={me} />}
  </Place>,
);
