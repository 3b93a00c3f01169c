// Sentences of lib itself.
import { words } from './words';

export const text = words({
  en: {
    noReason: (status: number) => `The server could not do this (${status || 'no answer'}). Try again; if it stays, tell the support.`,
    noAnswer: 'The server cannot be reached. Check the connection and try again.',
    noAnswerInTime: 'The server did not answer in time. Try again.',

    skip: 'Skip to content', search: 'Search', searchLong: 'Search courses and lectures', menu: 'Menu', main: 'Main',
    teach: 'Teach', manage: 'Manage', administer: 'Installation',
    myCourses: 'My courses', streaming: 'Streaming',
    organizations: 'Organizations', resources: 'Resources', jobs: 'Jobs', live: 'Live now', storage: 'Storage', audit: 'Audit log',
    people: 'People', installation: 'Installation',
    theme: 'Theme', themeSystem: 'As the system', themeLight: 'Light', themeDark: 'Dark', language: 'Language',
    account: 'Account', settings: 'Settings', signIn: 'Sign in', signOut: 'Sign out', home: 'Home', path: 'You are here',
    imprint: 'Imprint', privacy: 'Privacy', support: 'Help by e-mail', announcement: 'Announcement', hide: 'Hide',
    signedInAs: (name: string) => `Signed in as ${name}`,

    close: 'Close', cancel: 'Cancel', retry: 'Try again', copy: 'Copy', copied: 'Copied', copyFailed: 'Select and copy it by hand', loading: 'Loading',
    actions: 'Actions', error: 'Error', required: 'needed', optional: 'optional',
    stateLive: 'Live', stateScheduled: 'Scheduled', stateProcessing: 'Processing', stateRecorded: 'Recording', stateFailed: 'Failed',
    watched: 'Watched', notDated: 'No date yet',
    viewers: (count: number) => `${count} watching`,
    newLectures: (count: number) => `${count} new`,
    lectures: (count: number) => `${count} ${count === 1 ? 'lecture' : 'lectures'}`,
    seen: (at: string, of: string) => `${at} of ${of} watched`,
    pin: (title: string) => `Pin ${title}`, unpin: (title: string) => `Unpin ${title}`,
    today: 'Today', tomorrow: 'Tomorrow', yesterday: 'Yesterday',
    public: 'Public', loggedIn: 'Signed-in people', enrolled: 'Enrolled people', hidden: 'Hidden',
  },
  de: {
    noReason: (status: number) => `Der Server konnte das nicht tun (${status || 'keine Antwort'}). Versuchen Sie es noch einmal; bleibt es so, melden Sie es der Hilfe.`,
    noAnswer: 'Der Server ist nicht erreichbar. Prüfen Sie die Verbindung und versuchen Sie es noch einmal.',
    noAnswerInTime: 'Der Server hat nicht rechtzeitig geantwortet. Versuchen Sie es noch einmal.',

    skip: 'Zum Inhalt springen', search: 'Suchen', searchLong: 'Kurse und Vorlesungen suchen', menu: 'Menü', main: 'Hauptmenü',
    teach: 'Lehren', manage: 'Verwalten', administer: 'Installation',
    myCourses: 'Meine Kurse', streaming: 'Streamen',
    organizations: 'Organisationen', resources: 'Ressourcen', jobs: 'Aufträge', live: 'Jetzt live', storage: 'Speicher', audit: 'Protokoll',
    people: 'Personen', installation: 'Installation',
    theme: 'Farben', themeSystem: 'Wie das System', themeLight: 'Hell', themeDark: 'Dunkel', language: 'Sprache',
    account: 'Konto', settings: 'Einstellungen', signIn: 'Anmelden', signOut: 'Abmelden', home: 'Start', path: 'Sie sind hier',
    imprint: 'Impressum', privacy: 'Datenschutz', support: 'Hilfe per E-Mail', announcement: 'Mitteilung', hide: 'Ausblenden',
    signedInAs: (name: string) => `Angemeldet als ${name}`,

    close: 'Schließen', cancel: 'Abbrechen', retry: 'Noch einmal versuchen', copy: 'Kopieren', copied: 'Kopiert', copyFailed: 'Bitte von Hand markieren und kopieren', loading: 'Wird geladen',
    actions: 'Aktionen', error: 'Fehler', required: 'nötig', optional: 'freiwillig',
    stateLive: 'Live', stateScheduled: 'Geplant', stateProcessing: 'In Bearbeitung', stateRecorded: 'Aufzeichnung', stateFailed: 'Fehlgeschlagen',
    watched: 'Gesehen', notDated: 'Noch ohne Termin',
    viewers: (count: number) => `${count} sehen zu`,
    newLectures: (count: number) => `${count} neu`,
    lectures: (count: number) => `${count} ${count === 1 ? 'Vorlesung' : 'Vorlesungen'}`,
    seen: (at: string, of: string) => `${at} von ${of} gesehen`,
    pin: (title: string) => `${title} anheften`, unpin: (title: string) => `${title} nicht mehr anheften`,
    today: 'Heute', tomorrow: 'Morgen', yesterday: 'Gestern',
    public: 'Öffentlich', loggedIn: 'Angemeldete', enrolled: 'Eingeschriebene', hidden: 'Verborgen',
  },
});
