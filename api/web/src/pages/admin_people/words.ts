import { plural, words } from '../../lib/words';

export const text = words({
  en: {
    title: 'People', lead: 'Everybody with an account. Rights on organizations and courses are given there.', add: 'Add a person', searchHint: 'Name or e-mail address',
    table: 'People', name: 'Name', role: 'Role', state: 'Account', since: 'Since', actions: 'Actions', roleOf: (name: string) => `Role of ${name}`, active: 'Active', disabled: 'Disabled', you: 'you',
    shown: (count: number, more: boolean) => (more ? `the first ${count}` : plural(count, 'person', 'people')), empty: 'Nobody fits', emptyText: 'Look for a part of the name or of the address.',
    displayName: 'Name', email: 'E-mail address', password: 'First password', passwordHint: 'At least 10 characters. They can change it in their settings.', generate: 'Make one up', create: 'Create',
    createTitle: 'Add a person', roleHint: 'Lecturers may be made lecturer of a course; administrators may do everything.',
    createdTitle: (name: string) => `${name} can sign in now`, onceText: 'Pass this on in person or by a message that only they read. The password is shown this once.', signInData: 'Address and password',
    reset: 'New password', resetTitle: (name: string) => `New password for ${name}`, resetText: 'All their sessions end. Tell them the new password; they can change it in their settings.', resetAction: 'Set the password',
    resetDone: (name: string) => `${name} has a new password`,
    disable: 'Disable', enable: 'Enable', disableTitle: (name: string) => `Disable ${name}?`, disableText: 'They are signed out at once and can do nothing any more. What they made stays. You can enable them again.',
    enableTitle: (name: string) => `Enable ${name}?`, enableText: 'They can sign in again with their password.',
    roleTitle: (name: string, role: string) => `${name}: ${role}?`, roleText: 'The new role holds at once.', administratorText: 'Administrators may do everything here, to everyone.', change: 'Change',
    exists: 'Somebody has this address already.',
  },
  de: {
    title: 'Personen', lead: 'Alle mit einem Konto. Rechte an Organisationen und Kursen werden dort vergeben.', add: 'Person hinzufügen', searchHint: 'Name oder E-Mail-Adresse',
    table: 'Personen', name: 'Name', role: 'Rolle', state: 'Konto', since: 'Seit', actions: 'Aktionen', roleOf: (name: string) => `Rolle von ${name}`, active: 'Aktiv', disabled: 'Gesperrt', you: 'Sie',
    shown: (count: number, more: boolean) => (more ? `die ersten ${count}` : plural(count, 'Person', 'Personen')), empty: 'Niemand passt', emptyText: 'Suchen Sie nach einem Teil des Namens oder der Adresse.',
    displayName: 'Name', email: 'E-Mail-Adresse', password: 'Erstes Passwort', passwordHint: 'Mindestens 10 Zeichen. Es lässt sich in den eigenen Einstellungen ändern.', generate: 'Eines ausdenken', create: 'Anlegen',
    createTitle: 'Person hinzufügen', roleHint: 'Lehrende können für einen Kurs eingesetzt werden; die Administration darf alles.',
    createdTitle: (name: string) => `${name} kann sich jetzt anmelden`, onceText: 'Geben Sie dies persönlich weiter oder so, dass nur diese Person es liest. Das Passwort wird nur dieses eine Mal gezeigt.', signInData: 'Adresse und Passwort',
    reset: 'Neues Passwort', resetTitle: (name: string) => `Neues Passwort für ${name}`, resetText: 'Alle Sitzungen enden. Teilen Sie das neue Passwort mit; es lässt sich in den eigenen Einstellungen ändern.', resetAction: 'Passwort setzen',
    resetDone: (name: string) => `${name} hat ein neues Passwort`,
    disable: 'Sperren', enable: 'Entsperren', disableTitle: (name: string) => `${name} sperren?`, disableText: 'Die Person wird sofort abgemeldet und kann nichts mehr tun. Was sie gemacht hat, bleibt. Sie können sie wieder entsperren.',
    enableTitle: (name: string) => `${name} entsperren?`, enableText: 'Die Person kann sich wieder mit ihrem Passwort anmelden.',
    roleTitle: (name: string, role: string) => `${name}: ${role}?`, roleText: 'Die neue Rolle gilt sofort.', administratorText: 'Die Administration darf hier alles, bei allen.', change: 'Ändern',
    exists: 'Diese Adresse hat schon jemand.',
  },
});
