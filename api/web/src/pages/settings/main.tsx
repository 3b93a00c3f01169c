import './settings.css';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { ListCalendarFeedsResponse, ListSessionsResponse, Me, UserSettings } from '../../generated/api';
import { signInPath } from '../../lib/address';
import { ApiError, embeddedOrNull } from '../../lib/api';
import { Feeds } from '../../lib/feeds';
import { numberText } from '../../lib/format';
import { mount, Page, pageMe } from '../../lib/layout';
import { Button, Notice, Select, Switch, Toast } from '../../lib/parts';
import { currentTheme, saveSettings, type Theme } from '../../lib/preferences';
import { text } from '../../lib/texts';
import { language } from '../../lib/words';
import { Password, Sessions } from './account';
import { t } from './words';

const me = pageMe();
const rates = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3];
const steps = [5, 10, 15, 20, 30, 60];

function Panel({ id, title, children }: { id: string; title: string; children: ComponentChildren }) {
  return (
    <section class="panel settings-panel" id={id} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{title}</h2>
      {children}
    </section>
  );
}

// A value that another program has set stays among the choices.
const withValue = (values: number[], value: number) =>
  values.includes(value) ? values : [...values, value].sort((a, b) => a - b);

function SettingsPage() {
  const who: Me = me ?? ({} as Me);
  const [settings, setSettings] = useState<Partial<UserSettings>>(who.settings ?? { language: '', theme: currentTheme() });
  const [news, setNews] = useState('');
  const [error, setError] = useState<ApiError | null>(null);
  const [sessionsTurn, setSessionsTurn] = useState(0);
  const signedIn = Boolean(me?.user);

  const save = async (change: Partial<UserSettings>) => {
    const before = settings;
    setSettings({ ...settings, ...change });
    setNews('');
    setError(null);
    try {
      setSettings(await saveSettings(who, change));
      setNews(t.saved);
      if (change.language !== undefined && change.language !== language) location.reload();
    } catch (failure) {
      setSettings(before);
      setError(failure as ApiError);
    }
  };
  const rate = settings.playbackRate || 1;
  const step = settings.seekStepSeconds || 15;

  return (
    <Page me={me} title={t.title} narrow>
      <div class="page-head">
        <div>
          <h1>{t.title}</h1>
          {me?.user && (
            <p class="soft">
              {me.user.displayName}, {me.user.email}
              {t.role[me.user.role] && ` · ${t.role[me.user.role]}`}
            </p>
          )}
        </div>
      </div>
      <Toast>{news}</Toast>
      {error && <Notice title={t.notSaved} error={error} />}
      {!signedIn && (
        <Notice
          tone="info"
          title={t.signInFirst}
          actions={
            <Button small kind="primary" href={signInPath()}>
              {text.signIn}
            </Button>
          }
        >
          <p>{t.signInHint}</p>
        </Notice>
      )}
      <Panel id="appearance" title={t.appearance}>
        <div class="form-row">
          <Select
            label={t.language}
            value={settings.language || (signedIn ? '' : language)}
            onChange={(value) => void save({ language: value })}
            options={[
              { value: '', label: t.browser },
              { value: 'en', label: 'English' },
              { value: 'de', label: 'Deutsch' },
            ]}
          />
          <Select
            label={t.theme}
            value={(settings.theme ?? '') as Theme}
            onChange={(value) => void save({ theme: value })}
            options={[
              { value: '', label: text.themeSystem },
              { value: 'light', label: text.themeLight },
              { value: 'dark', label: text.themeDark },
            ]}
          />
        </div>
      </Panel>
      {signedIn && (
        <>
          <Panel id="playback" title={t.playback}>
            <div class="form-row">
              <Select
                label={t.speed}
                value={String(rate)}
                onChange={(value) => void save({ playbackRate: Number(value) })}
                options={withValue(rates, rate).map((value) => ({ value: String(value), label: `${numberText(value, 2)} ×` }))}
              />
              <Select
                label={t.seek}
                value={String(step)}
                onChange={(value) => void save({ seekStepSeconds: Number(value) })}
                options={withValue(steps, step).map((value) => ({ value: String(value), label: t.seconds(value) }))}
              />
            </div>
            <Switch
              label={t.skip}
              hint={t.skipHint}
              checked={settings.skipSilence ?? false}
              onChange={(skipSilence) => void save({ skipSilence })}
            />
            <Switch
              label={t.shortcuts}
              hint={t.shortcutsHint}
              checked={!settings.singleKeyShortcutsOff}
              onChange={(on) => void save({ singleKeyShortcutsOff: !on })}
            />
          </Panel>
          <Panel id="password" title={t.password}>
            <Password onChanged={() => setSessionsTurn(sessionsTurn + 1)} />
          </Panel>
          <Panel id="sessions" title={t.sessions}>
            <Sessions key={sessionsTurn} initial={sessionsTurn === 0 ? embeddedOrNull<ListSessionsResponse>('sessions') : null} />
          </Panel>
          <Panel id="calendars" title={t.feeds}>
            <Feeds course="" initial={embeddedOrNull<ListCalendarFeedsResponse>('feeds')?.calendarFeeds ?? null} />
          </Panel>
          {me!.teaches && (
            <Panel id="keys" title={t.tokens}>
              <p>{t.tokensHint}</p>
              <p>
                <Button href="/teach/stream" icon="key">
                  {t.toTokens}
                </Button>
              </p>
            </Panel>
          )}
        </>
      )}
    </Page>
  );
}

mount(<SettingsPage />);
