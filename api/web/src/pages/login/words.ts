import { words } from '../../lib/words';

export const t = words({
  en: {
    title: 'Sign in', email: 'E-mail', password: 'Password', show: 'Show password', hide: 'Hide password', button: 'Sign in',
    needEmail: 'Enter your e-mail address, like name@example.org.', needPassword: 'Enter your password.',
    wrong: 'E-mail or password is wrong', wrongHint: 'Check both. Capitals matter in the password.',
    throttled: 'Too many attempts', throttledFor: (wait: string) => `Try again in ${wait}.`,
    throttledHint: 'Wait some minutes, then try again.',
    failed: 'You could not be signed in',
    forgotten: 'Forgotten your password?', forgottenHint: 'Ask the support; they can give you a new one.', support: 'Write to the support',
    already: (name: string) => `You are signed in as ${name}`, goOn: 'Go on', other: 'Sign out to use another account',
    back: 'After signing in you go back to where you were.',
  },
  de: {
    title: 'Anmelden', email: 'E-Mail', password: 'Passwort', show: 'Passwort zeigen', hide: 'Passwort verbergen', button: 'Anmelden',
    needEmail: 'Geben Sie Ihre E-Mail-Adresse ein, etwa name@example.org.', needPassword: 'Geben Sie Ihr Passwort ein.',
    wrong: 'E-Mail oder Passwort ist falsch', wrongHint: 'Prüfen Sie beides. Beim Passwort zählt die Groß- und Kleinschreibung.',
    throttled: 'Zu viele Versuche', throttledFor: (wait: string) => `Versuchen Sie es in ${wait} wieder.`,
    throttledHint: 'Warten Sie einige Minuten, und versuchen Sie es dann wieder.',
    failed: 'Die Anmeldung war nicht möglich',
    forgotten: 'Passwort vergessen?', forgottenHint: 'Fragen Sie die Hilfe; dort bekommen Sie ein neues.', support: 'An die Hilfe schreiben',
    already: (name: string) => `Sie sind als ${name} angemeldet`, goOn: 'Weiter', other: 'Abmelden, um ein anderes Konto zu benutzen',
    back: 'Nach dem Anmelden kommen Sie dorthin zurück, wo Sie waren.',
  },
});
