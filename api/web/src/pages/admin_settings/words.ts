import { words } from '../../lib/words';

export const text = words({
  en: {
    title: 'Installation', lead: 'What holds for everybody, and what everybody is told.',
    settings: 'Settings', name: 'Name', nameHint: 'Of the university, in the header of every page. Empty: Lectern.', welcome: 'Welcome', welcomeHint: 'On the home page of people who are not signed in.',
    support: 'E-mail address for help', imprint: 'Address of the imprint', privacy: 'Address of the privacy notice', urlHint: 'Begins with https://',
    rtmp: 'RTMP server for lecturers', rtmpHint: 'What they type into OBS: rtmp://live.example.org/live', grpc: 'Address of the API for machines', grpcHint: 'HOST:PORT, in the commands with which workers join.',
    save: 'Save settings', saved: 'The settings are saved. Everybody sees them with their next page.', unsaved: 'Not saved yet',
    announcements: 'Announcements', announcementsText: 'Shown above every page, to everybody, while they hold.', announcement: 'Text', announcementHint: 'At most 1000 characters. Say what happens, when, and what people can do.',
    level: 'Kind', info: 'News', warning: 'Warning', from: 'From', until: 'Until', fromHint: 'Empty: from now on.', untilHint: 'Empty: until it is deleted.', preview: 'Preview', previewEmpty: 'What you write appears here as people will see it.',
    announce: 'Announce', announced: 'It is announced.', untilBefore: 'This is before the beginning.', list: 'Written so far', none: 'There is no announcement.',
    shownNow: 'Shown now', later: 'Later', over: 'Over', since: 'since', always: 'until deleted', delete: 'Delete', deleteLabel: (words: string) => `Delete: ${words}`,
    deleteTitle: 'Delete this announcement?', deleteText: 'Nobody sees it any more with their next page.',
  },
  de: {
    title: 'Installation', lead: 'Was für alle gilt, und was allen gesagt wird.',
    settings: 'Einstellungen', name: 'Name', nameHint: 'Der Hochschule, oben auf jeder Seite. Leer: Lectern.', welcome: 'Willkommen', welcomeHint: 'Auf der Startseite von Menschen, die nicht angemeldet sind.',
    support: 'E-Mail-Adresse für Hilfe', imprint: 'Adresse des Impressums', privacy: 'Adresse der Datenschutzerklärung', urlHint: 'Beginnt mit https://',
    rtmp: 'RTMP-Server für Lehrende', rtmpHint: 'Was sie in OBS eintragen: rtmp://live.example.org/live', grpc: 'Adresse der API für Rechner', grpcHint: 'HOST:PORT, in den Befehlen, mit denen sich Worker anschließen.',
    save: 'Einstellungen speichern', saved: 'Die Einstellungen sind gespeichert. Alle sehen sie mit ihrer nächsten Seite.', unsaved: 'Noch nicht gespeichert',
    announcements: 'Mitteilungen', announcementsText: 'Stehen über jeder Seite, für alle, solange sie gelten.', announcement: 'Text', announcementHint: 'Höchstens 1000 Zeichen. Sagen Sie, was wann geschieht und was man tun kann.',
    level: 'Art', info: 'Neuigkeit', warning: 'Warnung', from: 'Von', until: 'Bis', fromHint: 'Leer: ab jetzt.', untilHint: 'Leer: bis sie gelöscht wird.', preview: 'Vorschau', previewEmpty: 'Was Sie schreiben, erscheint hier so, wie alle es sehen werden.',
    announce: 'Mitteilen', announced: 'Es ist mitgeteilt.', untilBefore: 'Das liegt vor dem Anfang.', list: 'Bisher geschrieben', none: 'Es gibt keine Mitteilung.',
    shownNow: 'Wird gezeigt', later: 'Später', over: 'Vorbei', since: 'seit', always: 'bis zum Löschen', delete: 'Löschen', deleteLabel: (words: string) => `Löschen: ${words}`,
    deleteTitle: 'Diese Mitteilung löschen?', deleteText: 'Mit der nächsten Seite sieht sie niemand mehr.',
  },
});
