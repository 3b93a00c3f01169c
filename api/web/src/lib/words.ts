// The language of the page: the gateway has chosen it and written it into the HTML.
import { setFormatLanguage } from './format';

export type Language = 'en' | 'de';

export const language: Language =
  typeof document !== 'undefined' && document.documentElement.lang.toLowerCase().startsWith('de') ? 'de' : 'en';
setFormatLanguage(language);

// A page's texts in both languages; a text with a number or name in it is a function. The German ones must have the same shape.
export function words<T extends object>(both: { en: T; de: NoInfer<T> }): T {
  return both[language];
}

// plural(1, "lecture", "lectures") is "1 lecture"; the number is written as the language does.
export function plural(count: number, one: string, many: string): string {
  return `${count.toLocaleString(language === 'de' ? 'de-DE' : 'en-GB')} ${count === 1 ? one : many}`;
}

export { formatDate, formatDateTime, formatDay, formatRelative, formatTime, formatWeekday } from './format';
