// Settings of the whole installation, and announcements.
import '../../manage/manage.css';
import './installation.css';
import { useState } from 'preact/hooks';
import type { Installation, Me } from '../../generated/api';
import { api } from '../../lib/api';
import { mount, pageMe } from '../../lib/layout';
import { Button, Field, Notice, Skeleton, useLoad } from '../../lib/parts';
import { useAction } from '../../manage/acting';
import { Place } from '../../manage/place';
import { Announcements } from './announcements';
import { text } from './words';

type Key = keyof Installation;

interface Setting {
  key: Key;
  label: string;
  hint?: string;
  type?: 'email' | 'url';
  rows?: number;
}

const settings: Setting[] = [
  { key: 'displayName', label: text.name, hint: text.nameHint },
  { key: 'welcomeText', label: text.welcome, hint: text.welcomeHint, rows: 3 },
  { key: 'supportEmail', label: text.support, type: 'email' },
  { key: 'imprintUrl', label: text.imprint, hint: text.urlHint, type: 'url' },
  { key: 'privacyUrl', label: text.privacy, hint: text.urlHint, type: 'url' },
  { key: 'rtmpUrl', label: text.rtmp, hint: text.rtmpHint },
  { key: 'grpcEndpoint', label: text.grpc, hint: text.grpcHint },
];

function SettingsForm({ first, onSaved }: { first: Installation; onSaved: (saved: Installation) => void }) {
  const [values, setValues] = useState(first);
  const [told, setTold] = useState('');
  const { busy, error, act } = useAction(async () => {
    const saved = await api.put<Installation>('/v1/installation', values);
    setValues(saved);
    onSaved(saved);
    setTold(text.saved);
  });
  const changed = settings.some(({ key }) => values[key] !== first[key]);
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void act();
      }}
    >
      {settings.map(({ key, label, ...rest }) => (
        <Field
          key={key}
          label={label}
          value={values[key]}
          autoComplete="off"
          {...rest}
          onInput={(value) => {
            setTold('');
            setValues({ ...values, [key]: value });
          }}
        />
      ))}
      {error !== null && <Notice error={error} />}
      <div class="row">
        <Button type="submit" kind="primary" busy={busy} disabled={!changed}>
          {text.save}
        </Button>
        <span role="status" class="soft">
          {told || (changed && text.unsaved)}
        </span>
      </div>
    </form>
  );
}

function Settings({ me }: { me: Me }) {
  const load = useLoad(() => api.get<Installation>('/v1/installation'), me.installation ?? null);
  return (
    <>
      <div class="page-head">
        <div>
          <h1>{text.title}</h1>
          <p class="soft">{text.lead}</p>
        </div>
      </div>
      <div class="columns halves">
        <div>
          <Announcements />
        </div>
        <section class="panel" aria-labelledby="settings">
          <header>
            <h2 id="settings">{text.settings}</h2>
          </header>
          {load.error && <Notice error={load.error} onRetry={() => void load.reload()} />}
          {load.data ? <SettingsForm first={load.data} onSaved={load.set} /> : !load.error && <Skeleton lines={8} />}
        </section>
      </div>
    </>
  );
}

mount(
  <Place me={pageMe()} title={text.title} needs="administrator">
    {(me) => <Settings me={me} />}
  </Place>,
);
