import { words } from '../../lib/words';

export const text = words({
  en: {
    title: 'Resources',
    lead: 'Workers, VOD services, edges and RTMP proxies of your organizations.',
    join: 'Join a machine',
    summary: 'Summary',
    tileWorkers: 'Workers alive',
    tileSlots: 'Job slots in use',
    tileLive: 'Live slots in use',
    tileDisk: 'Space for recordings',
    tileTrouble: 'Trouble',
    tileFine: 'None',
    tileFineDetail: 'all is well',
    tileTroubleDetail: (count: number): string => (count === 1 ? 'resource needs attention' : 'resources need attention'),
    tileShow: 'Show them',
    none: 'none',
    vodServices: (count: number) => `on ${count} ${count === 1 ? 'VOD service' : 'VOD services'}`,
    versions: (list: string) => `Not all run the same version: ${list}. Most run the first one; bring the others to it.`,

    kind: 'Kind',
    allKinds: 'All kinds',
    state: 'State',
    allStates: 'All states',
    trouble: 'In trouble',
    searchHint: 'Host, version, lecture',
    sorts: { host: 'Name', state: 'State', organization: 'Organization', load: 'CPU', slots: 'Slots in use', joined: 'Newest' },

    table: 'Resources',
    host: 'Name',
    organization: 'Organization',
    loads: 'Load',
    slots: 'Slots',
    work: 'Running',
    version: 'Version',
    actions: 'Actions',
    cpu: 'CPU',
    memory: 'Memory',
    disk: 'Disk',
    cores: (count: number) => `${count} ${count === 1 ? 'core' : 'cores'}`,
    noLoad: 'No figures yet',
    slotsUsed: (used: number, all: number) => `${used} of ${all} slots`,
    liveUsed: (used: number, all: number) => `${used} of ${all} live`,
    slotsShort: (used: number, all: number) => `${used} / ${all}`,
    liveShort: (used: number, all: number) => `live ${used} / ${all}`,
    idle: 'Idle',
    notForJobs: '\u2013',
    moreJobs: (count: number) => `and ${count} more`,
    up: 'up',
    otherVersion: 'differs',
    details: 'Details',
    showDetails: (host: string) => `Details of ${host}`,
    heard: 'Last heard of',
    heardNow: 'within the last seconds',
    joined: 'Joined',
    address: 'Address',
    noAddress: 'has none',
    capabilities: 'Can do',
    uptime: 'Running for',
    name: 'API name',
    runningJobs: 'Running jobs',
    noJobs: 'Nothing runs on it now.',
    reason: 'Reason',

    drain: 'Drain',
    resume: 'Resume',
    share: 'Share',
    unshare: 'Stop sharing',
    remove: 'Remove',
    openOrganization: 'Open organization',
    allJobs: 'Its jobs',
    drainTitle: (host: string) => `Drain ${host}?`,
    drainText: 'It gets no new work. You can resume it at any time.',
    drainJobs: (count: number) =>
      count === 0
        ? 'Nothing runs on it now.'
        : count === 1
          ? 'The job that runs on it is finished first.'
          : `The ${count} jobs that run on it are finished first.`,
    drainLive: 'Live streams on it are handed to other workers one by one; nobody who watches notices.',
    resumeTitle: (host: string) => `Resume ${host}?`,
    resumeText: 'It gets new work again at once.',
    shareTitle: (host: string) => `Share ${host} with all organizations?`,
    shareText: 'Jobs of every organization may then run on it. Its own organization still comes first.',
    unshareTitle: (host: string) => `Keep ${host} to its organization?`,
    unshareText: 'Only its organization and those below it use it then. What runs on it for others is finished.',
    removeTitle: (host: string) => `Remove ${host}?`,
    removeText: 'Its credential is withdrawn at once. To come back it needs a new organization token.',
    removeJobs: (count: number) =>
      count === 0
        ? 'Nothing runs on it now.'
        : count === 1
          ? 'The job that runs on it starts again elsewhere.'
          : `The ${count} jobs that run on it start again elsewhere.`,
    removeMedia: 'It keeps recordings',
    removeMediaText:
      'Whoever removes it takes these recordings away from all who watch them. They cannot be played until it has joined again.',
    removeAnyway: 'Remove it although it keeps recordings',

    empty: 'Nothing has joined yet',
    emptyText:
      'Create a token on the page of an organization: it gives you the command that starts a worker, a VOD service or an edge.',
    emptyAction: 'Choose an organization',
    appeared: (count: number) => (count === 1 ? 'A resource has joined.' : `${count} resources have joined.`),
    shown: (count: number, all: number) =>
      count === all ? `${all} ${all === 1 ? 'resource' : 'resources'}` : `${count} of ${all} resources`,
  },
  de: {
    title: 'Ressourcen',
    lead: 'Worker, VOD-Dienste, Edges und RTMP-Proxys Ihrer Organisationen.',
    join: 'Rechner anschließen',
    summary: 'Überblick',
    tileWorkers: 'Worker, die laufen',
    tileSlots: 'Belegte Plätze',
    tileLive: 'Belegte Live-Plätze',
    tileDisk: 'Platz für Aufzeichnungen',
    tileTrouble: 'Störungen',
    tileFine: 'Keine',
    tileFineDetail: 'alles ist gesund',
    tileTroubleDetail: (count: number): string => (count === 1 ? 'Ressource braucht Hilfe' : 'Ressourcen brauchen Hilfe'),
    tileShow: 'Zeigen',
    none: 'keine',
    vodServices: (count: number) => `auf ${count} ${count === 1 ? 'VOD-Dienst' : 'VOD-Diensten'}`,
    versions: (list: string) =>
      `Nicht alle haben dieselbe Version: ${list}. Die meisten haben die erste; bringen Sie die anderen auf diese.`,

    kind: 'Art',
    allKinds: 'Alle Arten',
    state: 'Zustand',
    allStates: 'Alle Zustände',
    trouble: 'Mit Störung',
    searchHint: 'Name, Version, Vorlesung',
    sorts: {
      host: 'Name',
      state: 'Zustand',
      organization: 'Organisation',
      load: 'CPU',
      slots: 'Belegte Plätze',
      joined: 'Neueste',
    },

    table: 'Ressourcen',
    host: 'Name',
    organization: 'Organisation',
    loads: 'Last',
    slots: 'Plätze',
    work: 'Arbeitet an',
    version: 'Version',
    actions: 'Aktionen',
    cpu: 'CPU',
    memory: 'Speicher',
    disk: 'Platte',
    cores: (count: number) => `${count} ${count === 1 ? 'Kern' : 'Kerne'}`,
    noLoad: 'Noch keine Zahlen',
    slotsUsed: (used: number, all: number) => `${used} von ${all} Plätzen`,
    liveUsed: (used: number, all: number) => `${used} von ${all} live`,
    slotsShort: (used: number, all: number) => `${used} / ${all}`,
    liveShort: (used: number, all: number) => `live ${used} / ${all}`,
    idle: 'Frei',
    notForJobs: '\u2013',
    moreJobs: (count: number) => `und ${count} weitere`,
    up: 'läuft',
    otherVersion: 'weicht ab',
    details: 'Einzelheiten',
    showDetails: (host: string) => `Einzelheiten von ${host}`,
    heard: 'Zuletzt gehört',
    heardNow: 'in den letzten Sekunden',
    joined: 'Angeschlossen',
    address: 'Adresse',
    noAddress: 'hat keine',
    capabilities: 'Kann',
    uptime: 'Läuft seit',
    name: 'Name in der API',
    runningJobs: 'Laufende Aufträge',
    noJobs: 'Gerade läuft nichts darauf.',
    reason: 'Grund',

    drain: 'Auslaufen lassen',
    resume: 'Wieder einsetzen',
    share: 'Teilen',
    unshare: 'Nicht mehr teilen',
    remove: 'Entfernen',
    openOrganization: 'Organisation öffnen',
    allJobs: 'Ihre Aufträge',
    drainTitle: (host: string) => `${host} auslaufen lassen?`,
    drainText: 'Es kommt keine neue Arbeit hinzu. Sie können sie jederzeit wieder einsetzen.',
    drainJobs: (count: number) =>
      count === 0
        ? 'Gerade läuft nichts darauf.'
        : count === 1
          ? 'Der laufende Auftrag wird noch beendet.'
          : `Die ${count} laufenden Aufträge werden noch beendet.`,
    drainLive: 'Livestreams werden nacheinander an andere Worker übergeben; wer zusieht, merkt nichts davon.',
    resumeTitle: (host: string) => `${host} wieder einsetzen?`,
    resumeText: 'Sofort kommt wieder neue Arbeit hinzu.',
    shareTitle: (host: string) => `${host} mit allen Organisationen teilen?`,
    shareText: 'Aufträge jeder Organisation dürfen dann darauf laufen. Die eigene Organisation geht weiterhin vor.',
    unshareTitle: (host: string) => `${host} nur noch für die eigene Organisation?`,
    unshareText: 'Nur noch ihre Organisation und die darunter nutzen sie. Was für andere läuft, wird noch beendet.',
    removeTitle: (host: string) => `${host} entfernen?`,
    removeText: 'Der Ausweis wird sofort entzogen. Zum Wiederkommen ist ein neues Token der Organisation nötig.',
    removeJobs: (count: number) =>
      count === 0
        ? 'Gerade läuft nichts darauf.'
        : count === 1
          ? 'Der laufende Auftrag beginnt anderswo von vorn.'
          : `Die ${count} laufenden Aufträge beginnen anderswo von vorn.`,
    removeMedia: 'Hier liegen Aufzeichnungen',
    removeMediaText:
      'Wer die Ressource entfernt, nimmt diese Aufzeichnungen allen weg, die sie ansehen. Sie ' +
      'sind erst wieder abspielbar, wenn sie neu angeschlossen ist.',
    removeAnyway: 'Trotz der Aufzeichnungen entfernen',

    empty: 'Noch ist nichts angeschlossen',
    emptyText:
      'Erstellen Sie auf der Seite einer Organisation ein Token: Dort steht der Befehl, der ' +
      'einen Worker, einen VOD-Dienst oder eine Edge startet.',
    emptyAction: 'Organisation wählen',
    appeared: (count: number) => (count === 1 ? 'Eine Ressource ist dazugekommen.' : `${count} Ressourcen sind dazugekommen.`),
    shown: (count: number, all: number) =>
      count === all ? `${all} ${all === 1 ? 'Ressource' : 'Ressourcen'}` : `${count} von ${all} Ressourcen`,
  },
});
