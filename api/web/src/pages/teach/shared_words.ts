// What all pages for lecturers say.
import { words } from '../../lib/words';

export const text = words({
  en: {
    teach: 'My courses', signIn: 'Sign in', signInTitle: 'Sign in to manage your lectures',
    signInText: 'Courses, uploads and live streams are here once we know who you are.',
    unknown: 'There is nothing here', unknownText: 'The address is wrong, it was deleted, or you may not manage it.',
    toCourses: 'My courses', notYours: 'You do not teach this course',
    notYoursText: 'You may watch it. Ask one of its lecturers to add you where you should manage it.', watchIt: 'Watch it',
    views: { VIEW_UNSPECIFIED: 'View', COMB: 'Combined', CAM: 'Camera', PRES: 'Slides' },
    visibility: { VISIBILITY_UNSPECIFIED: '', PUBLIC: 'Public', LOGGED_IN: 'Signed-in people', ENROLLED: 'Enrolled people', HIDDEN: 'Hidden' },
    visibilityText: {
      VISIBILITY_UNSPECIFIED: '',
      PUBLIC: 'Listed for everybody, and anyone may watch without an account.',
      LOGGED_IN: 'Listed for and watched by everybody who is signed in here.',
      ENROLLED: 'Only people whom you enrol see it and may watch.',
      HIDDEN: 'Listed for nobody but its lecturers; anyone who has the link may watch.',
    },
    failed: 'Processing failed', partly: 'Partly failed', missing: 'No recording', live: 'Live', processing: 'Processing',
    readyAbout: (time: string) => `ready about ${time}`,
    noDate: 'No date', recorded: 'Recorded', scheduled: 'Scheduled',
    cancel: 'Cancel', save: 'Save', saved: 'Saved', delete: 'Delete', edit: 'Edit', add: 'Add', back: 'Back',
  },
  de: {
    teach: 'Meine Kurse', signIn: 'Anmelden', signInTitle: 'Melden Sie sich an, um Ihre Vorlesungen zu verwalten',
    signInText: 'Kurse, Uploads und Livestreams sind hier, sobald wir wissen, wer Sie sind.',
    unknown: 'Hier ist nichts', unknownText: 'Die Adresse stimmt nicht, es wurde gelöscht, oder Sie dürfen es nicht verwalten.',
    toCourses: 'Meine Kurse', notYours: 'Sie lehren diesen Kurs nicht',
    notYoursText: 'Ansehen dürfen Sie ihn. Sollen Sie ihn verwalten, bitten Sie eine der Lehrpersonen, Sie hinzuzufügen.', watchIt: 'Ansehen',
    views: { VIEW_UNSPECIFIED: 'Ansicht', COMB: 'Kombiniert', CAM: 'Kamera', PRES: 'Folien' },
    visibility: { VISIBILITY_UNSPECIFIED: '', PUBLIC: 'Öffentlich', LOGGED_IN: 'Angemeldete', ENROLLED: 'Eingeschriebene', HIDDEN: 'Verborgen' },
    visibilityText: {
      VISIBILITY_UNSPECIFIED: '',
      PUBLIC: 'Für alle aufgeführt; jeder kann ohne Konto zusehen.',
      LOGGED_IN: 'Aufgeführt und zu sehen für alle, die hier angemeldet sind.',
      ENROLLED: 'Nur Personen, die Sie einschreiben, sehen den Kurs und können zusehen.',
      HIDDEN: 'Nur für seine Lehrenden aufgeführt; wer den Link hat, kann zusehen.',
    },
    failed: 'Verarbeitung fehlgeschlagen', partly: 'Teilweise fehlgeschlagen', missing: 'Keine Aufzeichnung', live: 'Live',
    processing: 'In Bearbeitung',
    readyAbout: (time: string) => `fertig etwa ${time}`,
    noDate: 'Ohne Termin', recorded: 'Aufgezeichnet', scheduled: 'Geplant',
    cancel: 'Abbrechen', save: 'Speichern', saved: 'Gespeichert', delete: 'Löschen', edit: 'Bearbeiten', add: 'Hinzufügen', back: 'Zurück',
  },
});
