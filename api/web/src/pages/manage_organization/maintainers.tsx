// Who maintains the organization: by a right of its own, or by one further up.
import { useState } from 'preact/hooks';
import type { ListMaintainersResponse, Maintainer, Me, Organization } from '../../generated/api';
import { api, ApiError, embeddedOrNull, getAll } from '../../lib/api';
import { idOf } from '../../lib/format';
import { Button, Field, Notice, Skeleton, useLoad } from '../../lib/parts';
import { Ask, useAction } from '../../manage/acting';
import { doubtRights } from '../../manage/rights';
import { text } from './words';

interface PanelProps {
  me: Me;
  organization: Organization;
  nameOf: (organization: string) => string;
}

function AddForm({ organization, onAdded }: { organization: Organization; onAdded: () => void }) {
  const [email, setEmail] = useState('');
  const { busy, error, act, forget } = useAction(async () => {
    await api.post(`/v1/${organization.name}:addMaintainer`, { user: email.trim() });
    setEmail('');
  }, onAdded);
  const unknown = error instanceof ApiError && error.reason === 'USER_NOT_FOUND';
  return (
    <form
      class="add-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (email.trim() && !busy) void act();
      }}
    >
      <Field
        label={text.email}
        type="email"
        required
        value={email}
        autoComplete="off"
        hint={text.emailHint}
        error={unknown ? text.noSuchPerson : error ? String((error as Error).message) : undefined}
        onInput={(value) => {
          forget();
          setEmail(value);
        }}
      />
      <Button type="submit" icon="plus" busy={busy}>
        {text.addMaintainer}
      </Button>
    </form>
  );
}

export function MaintainersPanel({ me, organization, nameOf }: PanelProps) {
  const came = embeddedOrNull<ListMaintainersResponse>('maintainers');
  const load = useLoad(
    () => getAll<Maintainer>(`/v1/${organization.name}/maintainers?page_size=200`, 'maintainers'),
    came && !came.nextPageToken ? came.maintainers : null,
  );
  const [leaving, setLeaving] = useState<Maintainer | null>(null);
  const self = leaving?.user === me.user?.name;
  const remove = async () => {
    await api.post(`/v1/${organization.name}:removeMaintainer`, { user: leaving!.user });
    if (self) doubtRights();
    await load.reload();
  };
  return (
    <section class="panel" aria-labelledby="maintainers-title">
      <header>
        <h2 id="maintainers-title">{text.maintainers}</h2>
      </header>
      <p class="soft">{text.maintainersText}</p>
      {load.error && <Notice error={load.error} onRetry={() => void load.reload()} />}
      {!load.data && !load.error && <Skeleton lines={3} />}
      {load.data?.length === 0 && <p class="soft">{text.noMaintainers}</p>}
      <ul class="items">
        {load.data?.map((one) => (
          <li key={`${one.user} ${one.organization}`}>
            <span class="grow">
              <strong>{one.displayName}</strong>
              <small>{one.email}</small>
            </span>
            {one.organization === organization.name ? (
              <Button
                small
                kind="quiet"
                icon="trash"
                label={text.removeMaintainer(one.displayName)}
                onClick={() => setLeaving(one)}
              />
            ) : (
              <a class="small-text" href={`/manage/organizations/${idOf(one.organization)}`}>
                {text.inherited(nameOf(one.organization))}
              </a>
            )}
          </li>
        ))}
      </ul>
      <AddForm organization={organization} onAdded={() => void load.reload()} />
      {leaving && (
        <Ask title={text.removeTitle(leaving.displayName)} action={text.remove} danger run={remove} onDone={() => setLeaving(null)}>
          <p>{self ? text.removeSelf : text.removeText}</p>
        </Ask>
      )}
    </section>
  );
}
