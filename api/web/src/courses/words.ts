// What is said of a course where it is made or set up.
import { words } from '../lib/words';

export const text = words({
  en: {
    newCourse: 'New course',
    term: 'Term',
    organization: 'Organization',
    courseTitle: 'Title',
    termHint: 'Year and W or S, as in 2026W',
    badTerm: 'Write the year and W or S, as in 2026W.',
    needsTitle: 'Give it a title.',
    whoMayWatch: 'Who may watch',
    description: 'Description',
    create: 'Create course',
    visibility: {
      VISIBILITY_UNSPECIFIED: '',
      PUBLIC: 'Public',
      LOGGED_IN: 'Signed-in people',
      ENROLLED: 'Enrolled people',
      HIDDEN: 'Hidden',
    },
    visibilityText: {
      VISIBILITY_UNSPECIFIED: '',
      PUBLIC: 'Listed for everybody, and anyone may watch without an account.',
      LOGGED_IN: 'Listed for and watched by everybody who is signed in here.',
      ENROLLED: 'Only people whom you enrol see it and may watch.',
      HIDDEN: 'Listed for nobody but its lecturers; anyone who has the link may watch.',
    },
    cancel: 'Cancel',
  },
  de: {
    newCourse: 'Neuer Kurs',
    term: 'Semester',
    organization: 'Organisation',
    courseTitle: 'Titel',
    termHint: 'Jahr und W oder S, zum Beispiel 2026W',
    badTerm: 'Schreiben Sie das Jahr und W oder S, zum Beispiel 2026W.',
    needsTitle: 'Geben Sie dem Kurs einen Titel.',
    whoMayWatch: 'Wer zusehen darf',
    description: 'Beschreibung',
    create: 'Kurs anlegen',
    visibility: {
      VISIBILITY_UNSPECIFIED: '',
      PUBLIC: 'Öffentlich',
      LOGGED_IN: 'Angemeldete',
      ENROLLED: 'Eingeschriebene',
      HIDDEN: 'Verborgen',
    },
    visibilityText: {
      VISIBILITY_UNSPECIFIED: '',
      PUBLIC: 'Für alle aufgeführt; jeder kann ohne Konto zusehen.',
      LOGGED_IN: 'Aufgeführt und zu sehen für alle, die hier angemeldet sind.',
      ENROLLED: 'Nur Personen, die Sie einschreiben, sehen den Kurs und können zusehen.',
      HIDDEN: 'Nur für seine Lehrenden aufgeführt; wer den Link hat, kann zusehen.',
    },
    cancel: 'Abbrechen',
  },
});
