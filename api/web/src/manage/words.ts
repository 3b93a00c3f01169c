// Sentences that the pages of maintainers and administrators share.
import type { FailureClass, JobState, LiveState, ResourceKind, ResourceState, Role, View } from '../generated/api';
import { language, words } from '../lib/words';

type Names<K extends string> = Record<K, string>;

export const text = words({
  en: {
    areas: 'Areas of the administration',
    signInFirst: 'Sign in to manage',
    signInHint: 'This page is for people who maintain an organization.',
    signIn: 'Sign in',
    notYours: 'This page is not for you',
    notYoursMaintainer:
      'It is for people who maintain an organization. Whoever maintains yours can add you by your e-mail address.',
    notYoursAdministrator: 'It is for administrators of this installation.',
    toHome: 'To the home page',
    lostRight: 'You may no longer see this',
    lostRightHint:
      'Your right was taken away a moment ago, or what was here is gone. What you saw before has been removed from this page.',

    streamConnecting: 'Connecting',
    streamOpen: 'Live',
    streamOpenHint: 'This page updates by itself',
    streamLost: 'Reconnecting',
    streamLostHint: 'The connection is lost and is tried again by itself. The figures are from before.',
    streamEnded: 'Stopped',

    kinds: {
      RESOURCE_KIND_UNSPECIFIED: 'Resource',
      WORKER: 'Worker',
      VOD_SERVICE: 'VOD service',
      EDGE: 'Edge',
      RTMP_PROXY: 'RTMP proxy',
    },
    resourceStates: {
      RESOURCE_STATE_UNSPECIFIED: 'Unknown',
      ALIVE: 'Alive',
      SUSPECT: 'Silent',
      DEAD: 'Dead',
      DRAINING: 'Draining',
      NEVER_ATTACHED: 'Not connected yet',
    },
    jobStates: {
      JOB_STATE_UNSPECIFIED: 'Unknown',
      BLOCKED: 'Waits for others',
      READY: 'Waits for a place',
      LEASED: 'Handed over',
      RUNNING: 'Running',
      CANCELLING: 'Being cancelled',
      RETRY_WAIT: 'Tries again soon',
      DONE: 'Done',
      JOB_FAILED: 'Failed',
      CANCELLED: 'Cancelled',
      SKIPPED: 'Skipped',
      EXPIRED: 'Expired',
    },
    liveStates: {
      LIVE_STATE_UNSPECIFIED: 'Unknown',
      STARTING: 'Starting',
      ON_AIR: 'On air',
      INTERRUPTED: 'Interrupted',
      ENDING: 'Ending',
      ENDED: 'Ended',
    },
    views: { VIEW_UNSPECIFIED: '', COMB: 'Combined', CAM: 'Camera', PRES: 'Slides' },
    roles: { ROLE_UNSPECIFIED: 'Student', STUDENT: 'Student', LECTURER_ROLE: 'Lecturer', ADMINISTRATOR_ROLE: 'Administrator' },
    jobKinds: {
      probe: 'Examine the file',
      transcode_video: 'Encode video',
      transcode_audio: 'Encode sound',
      package: 'Package',
      thumbnails: 'Make preview pictures',
      loudness: 'Measure loudness',
      silence: 'Find silence',
      noop: 'Test',
      delete_media: 'Delete old media',
      live_ingest: 'Live stream',
      finalise: 'Complete the live recording',
    },
    failures: {
      FAILURE_CLASS_UNSPECIFIED: '',
      INFRASTRUCTURE:
        'The installation\u2019s fault: a lost machine, disk or network. It does not count against ' +
        'the recording and is tried again.',
      MEDIA: 'The file\u2019s fault: two different workers could not read it.',
      POISON: 'It brought down three workers one after the other. Look at the log before you try it again.',
      RESOURCE_SHORT: 'Disk or memory was short on the worker; it is tried on another.',
      REJECTED_INPUT: 'The file can never work. A new upload is needed.',
    },

    agoNow: 'now',
    ago: (span: string) => `${span} ago`,
    since: (span: string) => `for ${span}`,
    second: 's',
    minute: 'min',
    hour: 'h',
    day: 'd',

    allOrganizations: 'All of mine',
    wholeInstallation: 'The whole installation',
    organization: 'Organization',
    search: 'Search',
    clearFilters: 'Clear filters',
    nothingFits: 'Nothing fits these filters',
    more: (name: string) => `Actions for ${name}`,
    shared: 'Shared',
    showNew: (count: number) => (count === 1 ? 'Show 1 new row' : `Show ${count} new rows`),
    loadMore: 'Show older ones',
    loading: 'Loading',
    cancel: 'Cancel',
    of: (part: string, whole: string) => `${part} of ${whole}`,
    free: (free: string, whole: string) => `${free} free of ${whole}`,
    unknown: 'not known',
    sortedBy: 'Sort by',
  },
  de: {
    areas: 'Bereiche der Verwaltung',
    signInFirst: 'Zum Verwalten anmelden',
    signInHint: 'Diese Seite ist für Menschen, die eine Organisation verwalten.',
    signIn: 'Anmelden',
    notYours: 'Diese Seite ist nicht für Sie',
    notYoursMaintainer:
      'Sie ist für Menschen, die eine Organisation verwalten. Wer Ihre verwaltet, kann Sie mit Ihrer E-Mail-Adresse hinzufügen.',
    notYoursAdministrator: 'Sie ist für Administratorinnen und Administratoren dieser Installation.',
    toHome: 'Zur Startseite',
    lostRight: 'Sie dürfen dies nicht mehr sehen',
    lostRightHint:
      'Ihr Recht wurde eben entzogen, oder was hier war, gibt es nicht mehr. Was Sie vorher ' +
      'sahen, wurde von dieser Seite entfernt.',

    streamConnecting: 'Verbindet',
    streamOpen: 'Live',
    streamOpenHint: 'Diese Seite aktualisiert sich selbst',
    streamLost: 'Verbindet neu',
    streamLostHint: 'Die Verbindung ist abgebrochen und wird von selbst neu aufgebaut. Die Zahlen sind von vorher.',
    streamEnded: 'Angehalten',

    kinds: {
      RESOURCE_KIND_UNSPECIFIED: 'Ressource',
      WORKER: 'Worker',
      VOD_SERVICE: 'VOD-Dienst',
      EDGE: 'Edge',
      RTMP_PROXY: 'RTMP-Proxy',
    },
    resourceStates: {
      RESOURCE_STATE_UNSPECIFIED: 'Unbekannt',
      ALIVE: 'Läuft',
      SUSPECT: 'Still',
      DEAD: 'Ausgefallen',
      DRAINING: 'Läuft aus',
      NEVER_ATTACHED: 'Noch nie verbunden',
    },
    jobStates: {
      JOB_STATE_UNSPECIFIED: 'Unbekannt',
      BLOCKED: 'Wartet auf andere',
      READY: 'Wartet auf Platz',
      LEASED: 'Übergeben',
      RUNNING: 'Läuft',
      CANCELLING: 'Wird abgebrochen',
      RETRY_WAIT: 'Neuer Versuch folgt',
      DONE: 'Erledigt',
      JOB_FAILED: 'Fehlgeschlagen',
      CANCELLED: 'Abgebrochen',
      SKIPPED: 'Übersprungen',
      EXPIRED: 'Verfallen',
    },
    liveStates: {
      LIVE_STATE_UNSPECIFIED: 'Unbekannt',
      STARTING: 'Beginnt',
      ON_AIR: 'Auf Sendung',
      INTERRUPTED: 'Unterbrochen',
      ENDING: 'Endet',
      ENDED: 'Beendet',
    },
    views: { VIEW_UNSPECIFIED: '', COMB: 'Kombiniert', CAM: 'Kamera', PRES: 'Folien' },
    roles: {
      ROLE_UNSPECIFIED: 'Studierend',
      STUDENT: 'Studierend',
      LECTURER_ROLE: 'Lehrend',
      ADMINISTRATOR_ROLE: 'Administration',
    },
    jobKinds: {
      probe: 'Datei untersuchen',
      transcode_video: 'Bild kodieren',
      transcode_audio: 'Ton kodieren',
      package: 'Verpacken',
      thumbnails: 'Vorschaubilder machen',
      loudness: 'Lautheit messen',
      silence: 'Stille finden',
      noop: 'Probe',
      delete_media: 'Alte Medien löschen',
      live_ingest: 'Livestream',
      finalise: 'Live-Aufzeichnung vollenden',
    },
    failures: {
      FAILURE_CLASS_UNSPECIFIED: '',
      INFRASTRUCTURE:
        'Fehler der Installation: Rechner, Platte oder Netz. Er zählt nicht gegen die Aufzeichnung; es wird neu versucht.',
      MEDIA: 'Fehler der Datei: Zwei verschiedene Worker konnten sie nicht lesen.',
      POISON: 'Der Auftrag hat nacheinander drei Worker zu Fall gebracht. Sehen Sie ins Protokoll, bevor Sie ihn wiederholen.',
      RESOURCE_SHORT: 'Platte oder Arbeitsspeicher des Workers war knapp; ein anderer versucht es.',
      REJECTED_INPUT: 'Die Datei kann nie gelingen. Sie muss neu hochgeladen werden.',
    },

    agoNow: 'jetzt',
    ago: (span: string) => `vor ${span}`,
    since: (span: string) => `seit ${span}`,
    second: 's',
    minute: 'min',
    hour: 'h',
    day: 'T',

    allOrganizations: 'Alle meine',
    wholeInstallation: 'Die ganze Installation',
    organization: 'Organisation',
    search: 'Suchen',
    clearFilters: 'Filter löschen',
    nothingFits: 'Nichts passt zu diesen Filtern',
    more: (name: string) => `Aktionen für ${name}`,
    shared: 'Geteilt',
    showNew: (count: number) => (count === 1 ? '1 neue Zeile zeigen' : `${count} neue Zeilen zeigen`),
    loadMore: 'Ältere zeigen',
    loading: 'Wird geladen',
    cancel: 'Abbrechen',
    of: (part: string, whole: string) => `${part} von ${whole}`,
    free: (free: string, whole: string) => `${free} frei von ${whole}`,
    unknown: 'nicht bekannt',
    sortedBy: 'Sortieren nach',
  },
});

// The texts by the API's own words; what a newer API adds is shown as it calls it.
export const kindText = (kind: ResourceKind) => (text.kinds as Names<ResourceKind>)[kind] ?? kind;
export const resourceStateText = (state: ResourceState) => (text.resourceStates as Names<ResourceState>)[state] ?? state;
export const jobStateText = (state: JobState) => (text.jobStates as Names<JobState>)[state] ?? state;
export const liveStateText = (state: LiveState) => (text.liveStates as Names<LiveState>)[state] ?? state;
export const viewText = (view: View) => (text.views as Names<View>)[view] ?? view;
export const roleText = (role: Role) => (text.roles as Names<Role>)[role] ?? role;
export const failureText = (failure: FailureClass) => (text.failures as Names<FailureClass>)[failure] ?? failure;
export const jobKindText = (kind: string) => (text.jobKinds as Names<string>)[kind] ?? kind;

// "Encode video, 720p".
export function jobText(job: { kind: string; label: string }): string {
  return job.label ? `${jobKindText(job.kind)}, ${job.label}` : jobKindText(job.kind);
}

// How people sort names.
const order = new Intl.Collator(language, { numeric: true, sensitivity: 'base' });
export const compareNames = (a: string, b: string) => order.compare(a, b);
