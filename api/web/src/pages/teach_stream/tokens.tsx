// Personal tokens, which are stream keys: made, shown once, revoked.
import { useState } from 'preact/hooks';
import type { CreatePersonalTokenResponse, PersonalToken } from '../../generated/api';
import { api, getAll } from '../../lib/api';
import { formatDate, timeOf } from '../../lib/format';
import {
  Button,
  CopyBox,
  Dialog,
  Empty,
  Field,
  Notice,
  Select,
  Skeleton,
  Table,
  Time,
  useLoad,
  type Load,
} from '../../lib/parts';
import { given } from '../teach/gate';
import { text as shared } from '../teach/shared_words';
import { text } from './words';

const LIFETIMES = ['180', '30', '365', '0'];

function NewTokenDialog({ onMade, onClose }: { onMade: (made: CreatePersonalTokenResponse) => void; onClose: () => void }) {
  const [name, setName] = useState('');
  const [days, setDays] = useState('180');
  const [state, setState] = useState<{ busy: boolean; tried: boolean; error: unknown }>({
    busy: false,
    tried: false,
    error: null,
  });
  const create = (event: Event) => {
    event.preventDefault();
    if (state.busy) return;
    setState({ busy: name.trim() !== '', tried: true, error: null });
    if (!name.trim()) return;
    const expireTime = days === '0' ? undefined : new Date(Date.now() + Number(days) * 86_400_000).toISOString();
    api
      .post<CreatePersonalTokenResponse>('/v1/personalTokens', { displayName: name.trim(), ...(expireTime && { expireTime }) })
      .then(onMade, (error: unknown) => setState({ busy: false, tried: true, error }));
  };
  const actions = (
    <>
      <Button onClick={onClose}>{shared.cancel}</Button>
      <Button kind="primary" busy={state.busy} onClick={create}>
        {text.create}
      </Button>
    </>
  );
  return (
    <Dialog open title={text.newToken} onClose={onClose} actions={actions}>
      <form class="form" onSubmit={create}>
        <Field
          label={text.tokenName}
          hint={text.tokenNameHint}
          required
          maxLength={100}
          value={name}
          onInput={setName}
          autocomplete="off"
          error={state.tried && !name.trim() ? text.needsName : undefined}
        />
        <Select
          label={text.expires}
          value={days}
          onChange={setDays}
          options={LIFETIMES.map((one) => ({ value: one, label: text.lifetimes[one]! }))}
        />
        {state.error !== null && <Notice error={state.error} />}
        <button type="submit" hidden />
      </form>
    </Dialog>
  );
}

function RevokeDialog({ token, onRevoked, onClose }: { token: PersonalToken; onRevoked: () => void; onClose: () => void }) {
  const [state, setState] = useState<{ busy: boolean; error: unknown }>({ busy: false, error: null });
  const revoke = () => {
    setState({ busy: true, error: null });
    api.del(`/v1/${token.name}`).then(onRevoked, (error: unknown) => setState({ busy: false, error }));
  };
  const actions = (
    <>
      <Button onClick={onClose}>{shared.cancel}</Button>
      <Button kind="danger" busy={state.busy} onClick={revoke}>
        {text.revoke}
      </Button>
    </>
  );
  return (
    <Dialog open title={text.revokeTitle(token.displayName)} onClose={onClose} actions={actions}>
      <p>{text.revokeText}</p>
      {state.error !== null && <Notice error={state.error} />}
    </Dialog>
  );
}

function expiryOf(token: PersonalToken) {
  if (!token.expireTime) return text.never;
  return timeOf(token.expireTime) < Date.now() ? text.ended : <Time at={token.expireTime} format={formatDate} />;
}

export function useTokens(): Load<PersonalToken[]> {
  const [first, failed] = given<{ personalTokens: PersonalToken[] }>('tokens');
  return useLoad(
    () => getAll<PersonalToken>('/v1/personalTokens?page_size=100', 'personalTokens'),
    first?.personalTokens ?? null,
    failed,
  );
}

interface TokensProps {
  tokens: Load<PersonalToken[]>;
  secret: string; // that was just made; empty: none
  onSecret: (secret: string) => void;
}

export function Tokens({ tokens, secret, onSecret }: TokensProps) {
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<PersonalToken | null>(null);
  const made = (answer: CreatePersonalTokenResponse) => {
    setCreating(false);
    onSecret(answer.token);
    void tokens.reload();
  };
  const create = (
    <Button icon="plus" onClick={() => setCreating(true)}>
      {text.newToken}
    </Button>
  );
  return (
    <section class="panel stack" id="keys" aria-labelledby="tokens">
      <div class="row">
        <div class="grow">
          <h2 id="tokens">{text.tokens}</h2>
          <p class="soft">{text.tokensHint}</p>
        </div>
        {(tokens.data?.length ?? 0) > 0 && create}
      </div>
      {secret && (
        <Notice tone="good" title={text.shownOnce}>
          <p>{text.shownOnceText}</p>
          <CopyBox label={text.keyNew} value={secret} />
          <p>
            <Button small onClick={() => onSecret('')}>
              {text.done}
            </Button>
          </p>
        </Notice>
      )}
      {!tokens.data && !tokens.error && <Skeleton lines={2} />}
      {tokens.error && <Notice error={tokens.error} onRetry={() => void tokens.reload()} />}
      {tokens.data?.length === 0 && (
        <Empty icon="key" title={text.noTokens} actions={create}>
          {text.noTokensText}
        </Empty>
      )}
      {tokens.data && tokens.data.length > 0 && (
        <Table
          label={text.tokens}
          rows={tokens.data}
          keyOf={(token) => token.name}
          columns={[
            { title: text.name, cell: (token) => token.displayName, wide: true },
            { title: text.created, cell: (token) => <Time at={token.createTime} format={formatDate} /> },
            {
              title: text.lastUse,
              cell: (token) => (token.lastUseTime ? <Time at={token.lastUseTime} relative /> : text.notUsed),
            },
            { title: text.expiry, cell: expiryOf },
            {
              title: text.revoke,
              hideTitle: true,
              cell: (token) => (
                <Button small kind="danger" label={text.revokeOf(token.displayName)} onClick={() => setRevoking(token)}>
                  {text.revoke}
                </Button>
              ),
            },
          ]}
        />
      )}
      {creating && <NewTokenDialog onMade={made} onClose={() => setCreating(false)} />}
      {revoking && (
        <RevokeDialog
          token={revoking}
          onClose={() => setRevoking(null)}
          onRevoked={() => {
            setRevoking(null);
            void tokens.reload();
          }}
        />
      )}
    </section>
  );
}
