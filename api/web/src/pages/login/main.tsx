import './login.css';
import { useRef, useState } from 'preact/hooks';
import type { Me } from '../../generated/api';
import { parameter, safeNext } from '../../lib/address';
import { api, ApiError, signIn, signOut } from '../../lib/api';
import { lengthText } from '../../lib/format';
import { brandOf, mount, Page, pageMe } from '../../lib/layout';
import { Button, Field, Notice } from '../../lib/parts';
import { adoptSettings } from '../../lib/preferences';
import { t } from './words';

const me = pageMe();
const next = safeNext(parameter('next'));

function explain(error: ApiError): { title: string; hint: string } {
  if (error.reason === 'WRONG_CREDENTIALS' || error.status === 401) return { title: t.wrong, hint: t.wrongHint };
  if (error.status !== 429) return { title: t.failed, hint: error.message };
  return {
    title: t.throttled,
    hint: error.retryAfterSeconds > 0 ? t.throttledFor(lengthText(error.retryAfterSeconds)) : t.throttledHint,
  };
}

function Form() {
  const form = useRef<HTMLFormElement>(null);
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [tried, setTried] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const emailError = tried && !/^\S+@\S+$/.test(email.trim()) ? t.needEmail : undefined;
  const passwordError = tried && !password ? t.needPassword : undefined;

  const submit = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    setError(null);
    if (!/^\S+@\S+$/.test(email.trim())) {
      form.current?.querySelector('input')?.focus();
      return;
    }
    if (!password) {
      form.current?.querySelectorAll('input')[1]?.focus();
      return;
    }
    setBusy(true);
    try {
      await signIn(email.trim(), password);
      adoptSettings((await api.get<Me>('/v1/me').catch(() => null))?.settings);
      location.replace(next);
    } catch (failure) {
      setError(failure as ApiError);
      setBusy(false);
    }
  };
  const words = error && explain(error);
  return (
    <form class="form" ref={form} onSubmit={(event) => void submit(event)} noValidate>
      {words && (
        <Notice title={words.title}>
          <p>{words.hint}</p>
        </Notice>
      )}
      <Field
        label={t.email}
        type="email"
        name="email"
        autoComplete="username"
        inputMode="email"
        spellcheck={false}
        required
        autoFocus
        value={email}
        error={emailError}
        onInput={setEmail}
      />
      <div class="password">
        <Field
          label={t.password}
          type={shown ? 'text' : 'password'}
          name="password"
          autoComplete="current-password"
          spellcheck={false}
          required
          value={password}
          error={passwordError}
          onInput={setPassword}
        />
        <button type="button" class="button quiet small reveal" aria-pressed={shown} onClick={() => setShown(!shown)}>
          {shown ? t.hide : t.show}
        </button>
      </div>
      <Button kind="primary" type="submit" busy={busy}>
        {t.button}
      </Button>
    </form>
  );
}

function Already({ name }: { name: string }) {
  return (
    <div class="form">
      <p>{t.already(name)}.</p>
      <Button kind="primary" href={next}>
        {t.goOn}
      </Button>
      <Button kind="quiet" onClick={() => void signOut()}>
        {t.other}
      </Button>
    </div>
  );
}

function LoginPage() {
  const support = me?.installation?.supportEmail;
  return (
    <Page me={me} title={t.title} narrow search={false}>
      <div class="login panel">
        <h1>{t.title}</h1>
        <p class="soft">
          {brandOf(me)}
          {next !== '/' && !me?.user && (
            <>
              <br />
              {t.back}
            </>
          )}
        </p>
        {me?.user ? <Already name={me.user.displayName || me.user.email} /> : <Form />}
        {!me?.user && (
          <p class="hint">
            <strong>{t.forgotten}</strong> {t.forgottenHint}
            {support && (
              <>
                {' '}
                <a href={`mailto:${support}`}>{t.support}</a>
              </>
            )}
          </p>
        )}
      </div>
    </Page>
  );
}

mount(<LoginPage />);
