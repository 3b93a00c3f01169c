// Everybody with an account here.
import '../../manage/manage.css';
import './people.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ListUsersResponse, Me, Role, User } from '../../generated/api';
import { api, ApiError, embeddedOrNull } from '../../lib/api';
import { formatDate } from '../../lib/format';
import { mount, pageMe } from '../../lib/layout';
import { Button, Empty, Icon, Menu, Notice, Pill, Select, Skeleton } from '../../lib/parts';
import { Place } from '../../manage/place';
import { SearchField } from '../../manage/search_field';
import { useQuery } from '../../manage/url_state';
import { roleText, text as common } from '../../manage/words';
import { CreateDialog, DisableDialog, ResetDialog, RoleDialog, roleOptions, SecretDialog, type Secret } from './dialogs';
import { text } from './words';

const defaults = { q: '' };
const typingPauseMs = 250;
const came = embeddedOrNull<ListUsersResponse>('people');
const addressOf = (filter: string, token: string) =>
  `/v1/users?${new URLSearchParams({ page_size: '50', ...(filter && { filter }), ...(token && { page_token: token }) })}`;

// People who fit, as they are asked for while somebody types.
function usePeople(filter: string) {
  const [page, setPage] = useState<ListUsersResponse | null>(filter ? null : came);
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const turn = useRef(0);
  const ask = async (before: User[], token: string) => {
    turn.current += 1;
    const mine = turn.current;
    setBusy(true);
    try {
      const answer = await api.get<ListUsersResponse>(addressOf(filter, token));
      if (mine === turn.current) {
        setPage({ ...answer, users: [...before, ...answer.users] });
        setError(null);
      }
    } catch (why) {
      if (mine === turn.current) setError(why as ApiError);
    }
    if (mine === turn.current) setBusy(false);
  };
  const first = useRef(true);
  useEffect(() => {
    const known = first.current && page !== null;
    first.current = false;
    if (known) return undefined;
    const timer = setTimeout(() => void ask([], ''), typingPauseMs);
    return () => clearTimeout(timer);
  }, [filter]);
  const put = (user: User) =>
    setPage((old) => {
      if (!old) return old;
      const there = old.users.some(({ name }) => name === user.name);
      return { ...old, users: there ? old.users.map((one) => (one.name === user.name ? user : one)) : [user, ...old.users] };
    });
  return { page, error, busy, put, again: () => void ask([], ''), more: () => void ask(page!.users, page!.nextPageToken) };
}

type Deed = { user: User; deed: 'reset' | 'disable' | 'role'; role?: Role };

function Row({ user, self, choose }: { user: User; self: boolean; choose: (deed: Deed) => void }) {
  const name = user.displayName || user.email;
  return (
    <tr role="row" class={user.disabled ? 'off' : undefined}>
      <th role="rowheader" scope="row" class="head-cell">
        <span class="two-lines">
          <strong>
            {name}
            {self && <span class="soft"> ({text.you})</span>}
          </strong>
          <small class="soft">{user.email}</small>
        </span>
      </th>
      <td role="cell" data-title={text.role}>
        <span>
          {self ? (
            roleText(user.role)
          ) : (
            <Select
              label={text.roleOf(name)}
              hideLabel
              value={user.role}
              options={roleOptions}
              onChange={(role) => choose({ user, deed: 'role', role })}
            />
          )}
        </span>
      </td>
      <td role="cell" data-title={text.state}>
        <span>
          {user.disabled ? (
            <Pill tone="warning" icon="close">
              {text.disabled}
            </Pill>
          ) : (
            <Pill tone="good" icon="check">
              {text.active}
            </Pill>
          )}
        </span>
      </td>
      <td role="cell" data-title={text.since} class="tabular">
        <span>{user.createTime && formatDate(user.createTime)}</span>
      </td>
      <td role="cell" class="menu-cell">
        {!self && (
          <Menu
            kind="quiet"
            align="end"
            label={common.more(name)}
            button={<Icon name="more" />}
            items={[
              { label: text.reset, icon: 'key', onSelect: () => choose({ user, deed: 'reset' }) },
              user.disabled
                ? { label: text.enable, icon: 'check', onSelect: () => choose({ user, deed: 'disable' }) }
                : {
                    label: text.disable,
                    icon: 'close',
                    danger: true,
                    separated: true,
                    onSelect: () => choose({ user, deed: 'disable' }),
                  },
            ]}
          />
        )}
      </td>
    </tr>
  );
}

function PeopleTable({ me, users, choose }: { me: Me; users: User[]; choose: (deed: Deed) => void }) {
  return (
    <table class="dense people" role="table" aria-label={text.table}>
      <thead role="rowgroup">
        <tr role="row">
          {[text.name, text.role, text.state, text.since].map((column) => (
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
        {users.map((user) => (
          <Row key={user.name} user={user} self={user.name === me.user?.name} choose={choose} />
        ))}
      </tbody>
    </table>
  );
}

function People({ me }: { me: Me }) {
  const { query, set } = useQuery(defaults);
  const { page, error, busy, put, again, more } = usePeople(query.q.trim());
  const [creating, setCreating] = useState(false);
  const [secret, setSecret] = useState<Secret | null>(null);
  const [deed, setDeed] = useState<Deed | null>(null);
  const done = () => setDeed(null);
  return (
    <>
      <div class="page-head">
        <div>
          <h1>{text.title}</h1>
          <p class="soft">{text.lead}</p>
        </div>
        <Button kind="primary" icon="plus" onClick={() => setCreating(true)}>
          {text.add}
        </Button>
      </div>
      <div class="filters" role="search" aria-label={text.title}>
        <SearchField hint={text.searchHint} value={query.q} onInput={(q) => set({ q })} />
        <p class="filter-foot">
          <span class="soft tabular" role="status">
            {page ? text.shown(page.users.length, page.nextPageToken !== '') : common.loading}
          </span>
        </p>
      </div>
      {error && <Notice error={error} onRetry={again} />}
      {!page && !error && <Skeleton lines={8} />}
      {page?.users.length === 0 && (
        <Empty icon="search" title={text.empty} actions={<Button onClick={() => set({ q: '' })}>{common.clearFilters}</Button>}>
          {text.emptyText}
        </Empty>
      )}
      {page && page.users.length > 0 && <PeopleTable me={me} users={page.users} choose={setDeed} />}
      {page?.nextPageToken && (
        <p class="more">
          <Button busy={busy} onClick={more}>
            {common.loadMore}
          </Button>
        </p>
      )}
      {creating && (
        <CreateDialog
          onCreated={(user, made) => {
            put(user);
            setSecret(made);
          }}
          onDone={() => setCreating(false)}
        />
      )}
      {deed?.deed === 'reset' && <ResetDialog user={deed.user} onReset={setSecret} onDone={done} />}
      {deed?.deed === 'disable' && <DisableDialog user={deed.user} onChanged={put} onDone={done} />}
      {deed?.deed === 'role' && <RoleDialog user={deed.user} role={deed.role!} onChanged={put} onDone={done} />}
      {secret && !creating && !deed && <SecretDialog secret={secret} onDone={() => setSecret(null)} />}
    </>
  );
}

mount(
  <Place me={pageMe()} title={text.title} needs="administrator">
    {(me) => <People me={me} />}
  </Place>,
);
