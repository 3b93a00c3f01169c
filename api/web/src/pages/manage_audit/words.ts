import { words } from '../../lib/words';

export const text = words({
  en: {
    title: 'Audit log', lead: 'Who changed what, and what was refused; newest first.', searchHint: 'Person, action, object', from: 'Outcome', allOutcomes: 'All', refused: 'Refused', done: 'Done',
    table: 'Events', time: 'When', actor: 'Who', action: 'What', target: 'Object', outcome: 'Outcome', nobody: 'not signed in', sentFrom: (address: string) => `from ${address}`, ok: 'Done',
    shown: (shown: number, all: number) => (shown === all ? `${all} ${all === 1 ? 'event' : 'events'}` : `${shown} of the ${all} that are loaded`),
    empty: 'Nothing has happened yet', emptyText: 'Changes to this organization, and attempts that were refused, appear here.', choose: 'Choose an organization', filterNote: 'The text is looked for among the events that are loaded.',
    outcomes: {
      OK: 'Done', PERMISSION_DENIED: 'Refused: no right', UNAUTHENTICATED: 'Refused: not signed in', NOT_FOUND: 'Not found', INVALID_ARGUMENT: 'Wrong values', FAILED_PRECONDITION: 'Not possible then',
      ALREADY_EXISTS: 'There already', RESOURCE_EXHAUSTED: 'Too many', ABORTED: 'Overtaken', INTERNAL: 'Error', UNAVAILABLE: 'Not available',
    },
  },
  de: {
    title: 'Protokoll', lead: 'Wer was geändert hat und was abgelehnt wurde; das Neueste zuerst.', searchHint: 'Person, Handlung, Gegenstand', from: 'Ergebnis', allOutcomes: 'Alle', refused: 'Abgelehnt', done: 'Getan',
    table: 'Ereignisse', time: 'Wann', actor: 'Wer', action: 'Was', target: 'Gegenstand', outcome: 'Ergebnis', nobody: 'nicht angemeldet', sentFrom: (address: string) => `von ${address}`, ok: 'Getan',
    shown: (shown: number, all: number) => (shown === all ? `${all} ${all === 1 ? 'Ereignis' : 'Ereignisse'}` : `${shown} der ${all} geladenen`),
    empty: 'Noch ist nichts geschehen', emptyText: 'Änderungen an dieser Organisation und abgelehnte Versuche erscheinen hier.', choose: 'Organisation wählen', filterNote: 'Der Text wird in den geladenen Ereignissen gesucht.',
    outcomes: {
      OK: 'Getan', PERMISSION_DENIED: 'Abgelehnt: kein Recht', UNAUTHENTICATED: 'Abgelehnt: nicht angemeldet', NOT_FOUND: 'Nicht gefunden', INVALID_ARGUMENT: 'Falsche Werte', FAILED_PRECONDITION: 'Nicht möglich',
      ALREADY_EXISTS: 'Gab es schon', RESOURCE_EXHAUSTED: 'Zu viele', ABORTED: 'Überholt', INTERNAL: 'Fehler', UNAVAILABLE: 'Nicht erreichbar',
    },
  },
});

export const outcomeText = (outcome: string) => (text.outcomes as Record<string, string>)[outcome] ?? outcome;
