// Language and theme: cookies tell the gateway, so that a page arrives as it should look; a person's settings carry them to
// other devices.
import type { Me, UserSettings } from '../generated/api';
import { api } from './api';
import type { Language } from './words';

export type Theme = 'light' | 'dark' | ''; // '': as the system

function remember(name: string, value: string): void {
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `${name}=${value}; Path=/; SameSite=Lax; Max-Age=${value ? 31_536_000 : 0}${secure}`;
}

export function currentTheme(): Theme {
  const theme = document.documentElement.dataset.theme;
  return theme === 'light' || theme === 'dark' ? theme : '';
}

export function showTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
  remember('lectern_theme', theme);
}

export function rememberLanguage(language: Language | ''): void {
  remember('lectern_lang', language);
}

// Replaces some of a person's settings. Does nothing but for the cookies where nobody is signed in.
export async function saveSettings(me: Me, change: Partial<UserSettings>): Promise<UserSettings> {
  const settings = { ...me.settings, ...change } as UserSettings;
  if (change.theme !== undefined) showTheme(change.theme as Theme);
  if (change.language !== undefined) rememberLanguage(change.language as Language | '');
  if (!me.user) return settings;
  const saved = await api.put<UserSettings>('/v1/settings', settings);
  me.settings = saved;
  return saved;
}

// After signing in on a device that has no cookies of its own yet.
export function adoptSettings(settings: UserSettings | undefined): void {
  if (!settings) return;
  if (settings.theme === 'light' || settings.theme === 'dark') showTheme(settings.theme);
  if (settings.language === 'en' || settings.language === 'de') rememberLanguage(settings.language);
}
