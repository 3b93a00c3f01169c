// Password and sessions.
import { useState } from 'preact/hooks';
import type { ListSessionsResponse, Session } from '../../generated/api';
import { api, ApiError } from '../../lib/api';
import { idOf } from '../../lib/format';
import { Button, Field, Notice, Pill, Skeleton, Time, useLoad } from '../../lib/parts';
import { t } from './words';

export function Password({ onChanged }: { onChanged: () => void }) {
  const [old, setOld] = useState('');
  const [fresh, setFresh] = useState('');
  const [again, setAgain] = useState('');
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const wrongOld = error?.reason === 'WRONG_CREDENTIALS';

  const submit = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    setDone(false);
    setError(null);
    if (!old || [...fresh].length < 10 || fresh !== again) return;
    setBusy(true);
    try {
      await api.post('/v1/auth:changePassword', { oldPassword: old, newPassword: fresh });
      [setOld, setFresh, setAgain].forEach((set) => set(''));
      setTried(false);
      setDone(true);
      onChanged();
    } catch (failure) {
      setError(failure as ApiError);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="form" onSubmit={(event) => void submit(event)} noValidate>
      {done && <Notice tone="good">{t.changed}</Notice>}
      {error && !wrongOld && (error.status === 429 ? <Notice>{t.throttled}</Notice> : <Notice error={error} />)}
      <Field
        label={t.oldPassword}
        type="password"
        autoComplete="current-password"
        required
        value={old}
        onInput={setOld}
        error={wrongOld ? t.wrongOld : tried && !old ? t.needOld : undefined}
      />
      <div class="form-row">
        <Field
          label={t.newPassword}
          type="password"
          autoComplete="new-password"
          required
          value={fresh}
          onInput={setFresh}
          hint={t.passwordHint}
          error={tried && [...fresh].length < 10 ? t.tooShort : undefined}
        />
        <Field
          label={t.again}
          type="password"
          autoComplete="new-password"
          required
          value={again}
          onInput={setAgain}
          error={tried && fresh !== again ? t.different : undefined}
        />
      </div>
      <p class="row">
        <Button kind="primary" type="submit" busy={busy}>
          {t.change}
        </Button>
        <span class="hint">{t.changeHint}</span>
      </p>
    </form>
  );
}

function SessionItem({ session, onEnd }: { session: Session; onEnd: () => void }) {
  const device = session.device || t.unknownDevice;
  return (
    <li class="line-item">
      <div class="grow">
        <p class="row">
          <span>{device}</span>
          {session.current && (
            <Pill tone="good" icon="check">
              {t.thisDevice}
            </Pill>
          )}
        </p>
        <p class="hint">
          {t.since} <Time at={session.createTime} />
          {session.peer && (
            <>
              , {t.from} {session.peer}
            </>
          )}
        </p>
      </div>
      {!session.current && (
        <Button small label={t.endLong(device)} onClick={onEnd}>
          {t.end}
        </Button>
      )}
    </li>
  );
}

const firstOnes = 5;

export function Sessions({ initial }: { initial: ListSessionsResponse | null }) {
  const load = useLoad(() => api.get<ListSessionsResponse>('/v1/sessions?page_size=100'), initial);
  const [all, setAll] = useState(false);
  const [busy, setBusy] = useState(false);
  const [news, setNews] = useState('');
  const [error, setError] = useState<ApiError | null>(null);
  const sessions = load.data?.sessions ?? [];
  const shown = all ? sessions : sessions.slice(0, firstOnes);
  const others = sessions.filter((session) => !session.current);

  const end = async (chosen: Session[], message: string) => {
    setBusy(true);
    setError(null);
    try {
      for (const session of chosen) await api.del(`/v1/sessions/${idOf(session.name)}`);
      setNews(message);
    } catch (failure) {
      setError(failure as ApiError);
    } finally {
      setBusy(false);
      await load.reload();
    }
  };
  return (
    <div class="stack">
      <p class="soft">{t.sessionsHint}</p>
      {(error ?? load.error) && <Notice error={error ?? load.error} onRetry={() => void load.reload()} />}
      {!load.data && load.loading && <Skeleton lines={2} />}
      <ul class="line-list">
        {shown.map((session) => (
          <SessionItem key={session.name} session={session} onEnd={() => void end([session], t.ended)} />
        ))}
      </ul>
      {others.length > 1 && (
        <p class="row">
          {shown.length < sessions.length && <Button onClick={() => setAll(true)}>{t.allDevices(sessions.length)}</Button>}
          <Button busy={busy} onClick={() => void end(others, t.othersEnded)}>
            {t.endOthers}
          </Button>
        </p>
      )}
      <p role="status" class={news ? 'hint' : 'unseen'}>
        {news}
      </p>
    </div>
  );
}
