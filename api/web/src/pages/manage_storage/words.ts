import { plural, words } from '../../lib/words';

export const text = words({
  en: {
    title: 'Storage', lead: 'What recordings take, as they arrived: without the smaller versions that are made of them.',
    total: 'All recordings', recordings: 'Recordings', hours: 'Hours', services: 'Free on VOD services', largest: 'Takes most',
    table: 'Storage by organization', organization: 'Organization', own: 'Own', subtree: 'With what is below', quota: 'Limit', share: 'Share', noQuota: 'none',
    ofQuota: (part: string, whole: string) => `${part} of ${whole} used`, over: 'over the limit', near: 'almost full',
    open: (name: string) => `Show what is below ${name}`, close: (name: string) => `Hide what is below ${name}`,
    machines: 'VOD services', machinesText: 'Where recordings lie. New ones go to the service of their organization with most room.', noMachines: 'No VOD service has joined.',
    used: (free: string, whole: string) => `${free} free of ${whole}`, empty: 'Nothing is stored yet', emptyText: 'As soon as a lecture is uploaded or streamed, its organization appears here.',
    ofOrganizations: (count: number) => plural(count, 'organization', 'organizations'),
  },
  de: {
    title: 'Speicher', lead: 'Was Aufzeichnungen belegen, so wie sie ankamen: ohne die kleineren Fassungen, die daraus entstehen.',
    total: 'Alle Aufzeichnungen', recordings: 'Aufzeichnungen', hours: 'Stunden', services: 'Frei auf VOD-Diensten', largest: 'Belegt am meisten',
    table: 'Speicher je Organisation', organization: 'Organisation', own: 'Eigene', subtree: 'Mit allem darunter', quota: 'Grenze', share: 'Anteil', noQuota: 'keine',
    ofQuota: (part: string, whole: string) => `${part} von ${whole} belegt`, over: 'über der Grenze', near: 'fast voll',
    open: (name: string) => `Zeigen, was unter ${name} liegt`, close: (name: string) => `Verbergen, was unter ${name} liegt`,
    machines: 'VOD-Dienste', machinesText: 'Hier liegen Aufzeichnungen. Neue kommen zu dem Dienst ihrer Organisation mit dem meisten Platz.', noMachines: 'Kein VOD-Dienst ist angeschlossen.',
    used: (free: string, whole: string) => `${free} frei von ${whole}`, empty: 'Noch ist nichts gespeichert', emptyText: 'Sobald eine Vorlesung hochgeladen oder gestreamt wird, erscheint ihre Organisation hier.',
    ofOrganizations: (count: number) => plural(count, 'Organisation', 'Organisationen'),
  },
});
