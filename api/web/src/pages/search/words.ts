import { plural, words } from '../../lib/words';

export const t = words({
  en: {
    title: 'Search',
    titleFor: (query: string) => `Search: ${query}`,
    label: 'Search courses and lectures',
    button: 'Search',
    hint: 'Type at least two letters. All words have to be in the title or the description; beginnings of words are enough.',
    courses: 'Courses',
    lectures: 'Lectures',
    more: 'Show more',
    found: (count: number, more: boolean) => (more ? `The first ${plural(count, 'hit', 'hits')}` : plural(count, 'hit', 'hits')),
    none: (query: string) => `Nothing found for “${query}”`,
    noneHint: 'Check the spelling, use fewer words, or sign in: you see only what you may watch.',
    noneHintSignedIn: 'Check the spelling or use fewer words. You see only what you may watch.',
    start: 'What are you looking for?',
    keys: 'Arrow keys go through the hits, Enter opens one.',
  },
  de: {
    title: 'Suche',
    titleFor: (query: string) => `Suche: ${query}`,
    label: 'Kurse und Vorlesungen suchen',
    button: 'Suchen',
    hint: 'Geben Sie mindestens zwei Buchstaben ein. Alle Wörter müssen in Titel oder Beschreibung stehen; Wortanfänge genügen.',
    courses: 'Kurse',
    lectures: 'Vorlesungen',
    more: 'Mehr zeigen',
    found: (count: number, more: boolean) =>
      more ? `Die ersten ${plural(count, 'Treffer', 'Treffer')}` : plural(count, 'Treffer', 'Treffer'),
    none: (query: string) => `Nichts gefunden für „${query}“`,
    noneHint:
      'Prüfen Sie die Schreibweise, nehmen Sie weniger Wörter, oder melden Sie sich an: Sie sehen nur, was Sie ansehen dürfen.',
    noneHintSignedIn: 'Prüfen Sie die Schreibweise, oder nehmen Sie weniger Wörter. Sie sehen nur, was Sie ansehen dürfen.',
    start: 'Wonach suchen Sie?',
    keys: 'Mit den Pfeiltasten gehen Sie durch die Treffer, mit der Eingabetaste öffnen Sie einen.',
  },
});
