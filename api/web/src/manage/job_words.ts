// Sentences of the list of jobs and of the page of one.
import { plural, words } from '../lib/words';

export const text = words({
  en: {
    title: 'Jobs', lead: 'Everything that the system works on: recordings, live streams, tests.',
    tabs: { attention: 'Needs attention', running: 'Running', waiting: 'Waiting', ended: 'Ended', all: 'All' }, tabList: 'Jobs by state',
    state: 'State', job: 'Job', lecture: 'Lecture', organization: 'Organization', where: 'Machine', when: 'Created', attempts: 'Attempt', actions: 'Actions', select: 'Select',
    kind: 'Kind', allKinds: 'All kinds', searchHint: 'Lecture, machine, error',
    attempt: (number: number, most: number) => `${number} of ${most}`, noLecture: 'no lecture', nowhere: 'nowhere yet',
    explain: 'Explain', retry: 'Try again', cancel: 'Cancel job', open: 'Open',
    retryTitle: (count: number) => (count === 1 ? 'Try the job again?' : `Try ${count} jobs again?`),
    retryText: 'Jobs that were skipped because of it run again too. Attempts are counted from one.',
    retrySelected: (count: number) => (count === 1 ? 'Try 1 job again' : `Try ${count} jobs again`), selectAll: 'Select all', retried: (count: number) => (count === 1 ? 'One job waits for a place now.' : `${count} jobs wait for a place now.`),
    retriedSome: (failed: number, message: string) => `${plural(failed, 'job', 'jobs')} could not be tried again: ${message}`,
    cancelTitle: 'Cancel this job?', cancelText: 'It stops at once. Jobs that need it are skipped. It can be tried again later.',
    cancelLive: 'It takes a live stream in: the stream ends for everyone who watches. What has arrived stays as the recording.',
    why: 'Why', explanation: 'In words', candidates: 'What stands in the way, one by one', noDetails: 'There is nothing more to say about it.',
    emptyAttention: 'Nothing needs attention', emptyAttentionText: 'Jobs that have failed appear here, with the reason and a button to try them again.',
    emptyRunning: 'Nothing runs right now', emptyWaiting: 'Nothing waits', emptyEnded: 'Nothing has ended yet', emptyAll: 'There are no jobs yet',
    appeared: (count: number) => (count === 1 ? 'A job has appeared.' : `${count} jobs have appeared.`),
    failedNow: (count: number) => (count === 1 ? 'A job has failed.' : `${count} jobs have failed.`),
    shown: (count: number) => plural(count, 'job', 'jobs'), newest: (count: number) => `the ${count} newest jobs`,

    notThere: 'There is no such job', notThereText: 'It is gone with its lecture, or it is not yours to see.', toJobs: 'All jobs', loading: 'Job',
    progress: 'Progress', created: 'Created', started: 'Started', endedAt: 'Ended', nextTry: 'Tried again', error: 'What went wrong', view: 'View', task: 'Task',
    history: 'Attempts', noAttempts: 'No machine has had it yet.', number: (n: number) => `Attempt ${n}`, took: 'Took', log: 'End of the log', logOf: (n: number) => `Log of attempt ${n}`,
    outcomes: {
      '': 'Under way', done: 'Done', failed: 'Failed', lost: 'The machine was lost', rejected: 'Given back by the machine', not_accepted: 'Not accepted in time',
      cancelled: 'Cancelled', stalled: 'Stood still and was stopped',
    },
    openLecture: 'Open the lecture', manageLecture: 'Manage the lecture',
  },
  de: {
    title: 'Aufträge', lead: 'Alles, woran das System arbeitet: Aufzeichnungen, Livestreams, Proben.',
    tabs: { attention: 'Braucht Hilfe', running: 'Läuft', waiting: 'Wartet', ended: 'Beendet', all: 'Alle' }, tabList: 'Aufträge nach Zustand',
    state: 'Zustand', job: 'Auftrag', lecture: 'Vorlesung', organization: 'Organisation', where: 'Rechner', when: 'Angelegt', attempts: 'Versuch', actions: 'Aktionen', select: 'Auswählen',
    kind: 'Art', allKinds: 'Alle Arten', searchHint: 'Vorlesung, Rechner, Fehler',
    attempt: (number: number, most: number) => `${number} von ${most}`, noLecture: 'ohne Vorlesung', nowhere: 'noch nirgends',
    explain: 'Erklären', retry: 'Noch einmal versuchen', cancel: 'Auftrag abbrechen', open: 'Öffnen',
    retryTitle: (count: number) => (count === 1 ? 'Den Auftrag noch einmal versuchen?' : `${count} Aufträge noch einmal versuchen?`),
    retryText: 'Aufträge, die deswegen übersprungen wurden, laufen dann auch. Die Versuche zählen wieder von eins.',
    retrySelected: (count: number) => (count === 1 ? '1 Auftrag noch einmal versuchen' : `${count} Aufträge noch einmal versuchen`), selectAll: 'Alle auswählen', retried: (count: number) => (count === 1 ? 'Ein Auftrag wartet nun auf Platz.' : `${count} Aufträge warten nun auf Platz.`),
    retriedSome: (failed: number, message: string) => `${plural(failed, 'Auftrag ließ', 'Aufträge ließen')} sich nicht wiederholen: ${message}`,
    cancelTitle: 'Diesen Auftrag abbrechen?', cancelText: 'Er hält sofort an. Aufträge, die ihn brauchen, werden übersprungen. Er lässt sich später wiederholen.',
    cancelLive: 'Er nimmt einen Livestream auf: Der Stream endet für alle, die zusehen. Was angekommen ist, bleibt als Aufzeichnung.',
    why: 'Warum', explanation: 'In Worten', candidates: 'Was im Weg steht, eines nach dem anderen', noDetails: 'Mehr gibt es dazu nicht zu sagen.',
    emptyAttention: 'Nichts braucht Hilfe', emptyAttentionText: 'Fehlgeschlagene Aufträge erscheinen hier, mit dem Grund und einem Knopf zum Wiederholen.',
    emptyRunning: 'Gerade läuft nichts', emptyWaiting: 'Nichts wartet', emptyEnded: 'Noch ist nichts beendet', emptyAll: 'Noch gibt es keine Aufträge',
    appeared: (count: number) => (count === 1 ? 'Ein Auftrag ist dazugekommen.' : `${count} Aufträge sind dazugekommen.`),
    failedNow: (count: number) => (count === 1 ? 'Ein Auftrag ist fehlgeschlagen.' : `${count} Aufträge sind fehlgeschlagen.`),
    shown: (count: number) => plural(count, 'Auftrag', 'Aufträge'), newest: (count: number) => `die ${count} neuesten Aufträge`,

    notThere: 'Diesen Auftrag gibt es nicht', notThereText: 'Er ist mit seiner Vorlesung verschwunden, oder Sie dürfen ihn nicht sehen.', toJobs: 'Alle Aufträge', loading: 'Auftrag',
    progress: 'Fortschritt', created: 'Angelegt', started: 'Begonnen', endedAt: 'Beendet', nextTry: 'Neuer Versuch', error: 'Was schiefging', view: 'Ansicht', task: 'Aufgabe',
    history: 'Versuche', noAttempts: 'Noch hatte ihn kein Rechner.', number: (n: number) => `Versuch ${n}`, took: 'Dauerte', log: 'Ende des Protokolls', logOf: (n: number) => `Protokoll von Versuch ${n}`,
    outcomes: {
      '': 'Läuft noch', done: 'Erledigt', failed: 'Fehlgeschlagen', lost: 'Der Rechner ging verloren', rejected: 'Vom Rechner zurückgegeben', not_accepted: 'Nicht rechtzeitig angenommen',
      cancelled: 'Abgebrochen', stalled: 'Stand still und wurde angehalten',
    },
    openLecture: 'Vorlesung öffnen', manageLecture: 'Vorlesung verwalten',
  },
});

export const outcomeText = (outcome: string) => (text.outcomes as Record<string, string>)[outcome] ?? outcome;
