// Header, announcements and footer.
import { useState } from 'preact/hooks';
import type { Me } from '../generated/api';
import { signInPath } from './address';
import { signOut } from './api';
import { brandOf } from './layout';
import { Icon, Mark } from './icons';
import { Menu, type MenuItem } from './menu';
import { currentTheme, saveSettings, type Theme } from './preferences';
import { text } from './texts';
import { language, type Language } from './words';

const here = location.pathname;
const link = (label: string, href: string, separated = false): MenuItem => ({
  label,
  href,
  separated,
  current: href === here || (here.startsWith(`${href}/`) && href !== '/teach'),
});

function teachItems(me: Me): MenuItem[] {
  if (!me.teaches && me.user?.role !== 'LECTURER_ROLE') return [];
  return [link(text.myCourses, '/teach'), link(text.streaming, '/teach/stream')];
}

function manageItems(me: Me): MenuItem[] {
  const items: MenuItem[] = [];
  if (me.maintains.length > 0 || me.administrator) {
    items.push(
      link(text.organizations, '/manage/organizations'),
      link(text.resources, '/manage/resources'),
      link(text.jobs, '/manage/jobs'),
      link(text.live, '/manage/live'),
      link(text.storage, '/manage/storage'),
      link(text.audit, '/manage/audit'),
    );
  }
  if (me.administrator) items.push(link(text.people, '/admin/people', true), link(text.installation, '/admin/settings'));
  return items;
}

const languages: { code: Language; label: string }[] = [
  { code: 'en', label: 'English' },
  { code: 'de', label: 'Deutsch' },
];

function useAppearance(me: Me | null): { themes: MenuItem[]; tongues: MenuItem[] } {
  const [theme, setTheme] = useState(currentTheme());
  const who = me ?? ({} as Me);
  const pick = (value: Theme) => {
    setTheme(value);
    saveSettings(who, { theme: value }).catch(() => undefined);
  };
  const speak = (code: Language) => {
    saveSettings(who, { language: code })
      .catch(() => undefined)
      .then(() => location.reload());
  };
  const choices: [Theme, string][] = [
    ['', text.themeSystem],
    ['light', text.themeLight],
    ['dark', text.themeDark],
  ];
  return {
    themes: choices.map(([value, label]) => ({ label, checked: value === theme, onSelect: () => pick(value) })),
    tongues: languages.map(({ code, label }) => ({ label, checked: code === language, onSelect: () => speak(code) })),
  };
}

function accountItems(me: Me | null): MenuItem[] {
  if (!me?.user) return [{ label: text.signIn, icon: 'user', href: signInPath() }];
  return [
    { ...link(text.settings, '/settings'), icon: 'user' },
    { label: text.signOut, icon: 'external', onSelect: () => void signOut() },
  ];
}

function initials(name: string): string {
  const parts = name.trim().split(/\s+/);
  return ((parts[0]?.[0] ?? '') + (parts.length > 1 ? parts[parts.length - 1]![0] : '')).toUpperCase();
}

function SearchForm() {
  // The pages' policy lets no form be sent; this one only leads to an address.
  const search = (event: SubmitEvent) => {
    event.preventDefault();
    const words = String(new FormData(event.currentTarget as HTMLFormElement).get('q') ?? '').trim();
    if (words.length >= 2) location.assign(`/search?q=${encodeURIComponent(words)}`);
  };
  return (
    <form class="search" role="search" onSubmit={search}>
      <label class="unseen" for="search">
        {text.searchLong}
      </label>
      <Icon name="search" />
      <input
        id="search"
        type="search"
        name="q"
        placeholder={text.searchLong}
        minLength={2}
        maxLength={200}
        required
        autoComplete="off"
      />
    </form>
  );
}

export function Header({ me, search = true }: { me: Me | null; search?: boolean }) {
  const { themes, tongues } = useAppearance(me);
  const teach = me ? teachItems(me) : [];
  const manage = me ? manageItems(me) : [];
  const account = accountItems(me);
  const user = me?.user;
  const short = initials(user?.displayName || user?.email || '');
  const all = [...teach, ...manage.map((item, i) => (i === 0 ? { ...item, separated: true } : item))];
  return (
    <header class="top">
      <div class="top-inside">
        <a class="brand" href="/">
          <Mark />
          <span>{brandOf(me)}</span>
        </a>
        {search && <SearchForm />}
        <nav class="top-menus" aria-label={text.main}>
          {search && (
            <a class="button quiet only-icon search-link" href="/search" aria-label={text.search}>
              <Icon name="search" />
            </a>
          )}
          {teach.length > 0 && (
            <Menu class="roomy" kind="quiet" label={text.teach} items={teach} current={here.startsWith('/teach')} />
          )}
          {manage.length > 0 && (
            <Menu class="roomy" kind="quiet" label={text.manage} items={manage} current={/^\/(manage|admin)/.test(here)} />
          )}
          {all.length > 0 && (
            <Menu class="tight" kind="quiet" align="end" label={text.menu} button={<Icon name="menu" />} items={all} />
          )}
          <Menu
            kind="quiet"
            align="end"
            label={`${text.language}, ${text.theme}`}
            button={<Icon name="globe" />}
            items={[...tongues, ...themes.map((item, i) => ({ ...item, separated: i === 0 }))]}
          />
          {user ? (
            <Menu
              kind="quiet"
              align="end"
              label={`${short}, ${text.account}`}
              button={<span class="avatar">{short}</span>}
              heading={
                <>
                  <strong>{user.displayName}</strong>
                  <span class="soft">{user.email}</span>
                </>
              }
              items={account}
            />
          ) : (
            here !== '/login' && (
              <a class="button primary sign-in" href={signInPath()}>
                {text.signIn}
              </a>
            )
          )}
        </nav>
      </div>
    </header>
  );
}

function hiddenOnes(): string[] {
  try {
    return JSON.parse(sessionStorage.getItem('hidden announcements') ?? '[]') as string[];
  } catch {
    return [];
  }
}

export function Announcements({ me }: { me: Me | null }) {
  const [hidden, setHidden] = useState(hiddenOnes);
  const shown = (me?.announcements ?? []).filter((announcement) => !hidden.includes(announcement.name));
  if (shown.length === 0) return null;
  const hide = (name: string) => {
    const next = [...hidden, name];
    setHidden(next);
    try {
      sessionStorage.setItem('hidden announcements', JSON.stringify(next));
    } catch {
      /* it comes back on the next page */
    }
  };
  return (
    <section class="announcements" aria-label={text.announcement}>
      {shown.map(({ name, text: words, level }) => (
        <div key={name} class={`announcement ${level === 'WARNING' ? 'warning' : ''}`}>
          <Icon name={level === 'WARNING' ? 'warning' : 'info'} />
          <p>{words}</p>
          <button type="button" class="button quiet only-icon small" aria-label={text.hide} onClick={() => hide(name)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </section>
  );
}

export function Footer({ me }: { me: Me | null }) {
  const installation = me?.installation;
  return (
    <footer class="bottom">
      <div class="bottom-inside">
        <span>{brandOf(me)}</span>
        {installation?.supportEmail && <a href={`mailto:${installation.supportEmail}`}>{text.support}</a>}
        {installation?.imprintUrl && <a href={installation.imprintUrl}>{text.imprint}</a>}
        {installation?.privacyUrl && <a href={installation.privacyUrl}>{text.privacy}</a>}
      </div>
    </footer>
  );
}
