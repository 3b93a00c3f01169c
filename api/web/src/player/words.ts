// The player's sentences.
import { language, words } from '../lib/words';

const two = (n: number) => String(n).padStart(2, '0');

// "12 s", "4 min 05 s", "2 h 10 min", "3 d 4 h": for a countdown, which shows that it goes on.
export function waitText(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  const [days, hours, minutes] = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60];
  if (days > 0) return `${days} ${language === 'de' ? 'T' : 'd'} ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${two(s % 60)} s` : `${s} s`;
}

// "1 hour 2 minutes 5 seconds", as it is read aloud.
export function spokenTime(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const part = (count: number, unit: string) => (count ? new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(count) : '');
  const parts = [part(Math.floor(s / 3600), 'hour'), part(Math.floor(s / 60) % 60, 'minute'), part(s % 60, 'second')].filter(Boolean);
  return parts.join(' ') || new Intl.NumberFormat(language, { style: 'unit', unit: 'second', unitDisplay: 'long' }).format(0);
}

export const speedText = (speed: number) => `${speed.toLocaleString(language, { maximumFractionDigits: 2 })}×`;

export const text = words({
  en: {
    lecture: 'Lecture', player: 'Player', slidesPicture: 'Slides', cameraPicture: 'Camera', picture: 'Picture',
    loading: 'Loading the lecture ...', bySelf: 'The lecture appears here by itself.',
    notAvailable: 'Not available', cannotShow: 'This lecture cannot be shown', live: 'Live', notLive: 'Not live yet', recording: 'Recording',
    interrupted: 'Interrupted', processing: 'Recording in preparation', failed: 'Failed',
    behind: (length: string) => `Live, ${length} behind`,
    readyAbout: (time: string) => `Recording, ready about ${time}`,
    slateInterrupted: 'The lecture is interrupted; it goes on here by itself.',
    slateConnection: 'The connection was lost. Trying again ...',
    connectionLost: 'Connection lost, trying again',
    awayPlaying: 'The server does not answer at the moment. Playback goes on.', away: 'The server does not answer. Trying again ...',
    awayTitle: 'The server does not answer',
    soundBlocked: 'The browser has turned the sound off. Press "Sound on".',
    goesOn: 'The lecture goes on.', isOver: 'The lecture is over. This is its recording.', hasBegun: 'The lecture has begun.',
    beginsIn: 'The lecture begins in', anyMoment: 'The lecture begins any moment', notBegun: 'The lecture has not begun yet',
    beginning: 'The lecture is beginning',
    plannedFor: (moment: string) => `It was planned for ${moment}.`,
    preparing: 'The recording is being prepared', preparingText: 'It appears here by itself.',
    preparingUntil: (time: string) => `It should be ready about ${time}, and appears here by itself.`,
    couldNot: 'The recording could not be prepared', couldNotText: 'The lecturer can see why.',
    cannotNow: 'The recording cannot be played at the moment', cannotNowText: 'It is tried again by itself.',
    refusedExpired: 'This address has expired. Open the lecture again to get a fresh one.',
    refusedBad: 'This address is not valid. Open the lecture again to get a good one.',
    refusedGone: 'There is no such lecture any more.', refusedOther: 'This lecture cannot be opened with this address.',
    refusedWithdrawn: 'The right to watch with this address was withdrawn.',
    waitingForOther: 'Waiting for the second picture ...',
    otherMissing: 'The second picture does not come. The connection may be too slow for both.',
    onlyThis: 'Show one picture only',

    play: 'Play', pause: 'Pause', back: (s: number) => `${s} seconds back`, on: (s: number) => `${s} seconds on`,
    soundOn: 'Sound on', soundOff: 'Sound off', volume: 'Volume', fullScreen: 'Full screen', smallScreen: 'Leave full screen',
    toLive: 'Go to live', atLive: 'At the live edge', pictureInPicture: 'Picture in picture', help: 'Keys', position: 'Position in the lecture',
    of: (position: string, end: string) => `${position} of ${end}`,
    view: 'View', quality: 'Quality', speed: 'Speed', automatic: 'Automatic', automaticNow: (height: number) => `Automatic (${height}p)`,
    slidesLarge: 'Slides, camera in the corner', cameraLarge: 'Camera, slides in the corner', side: 'Side by side', sideCamera: 'Side by side, camera larger',
    slidesOnly: 'Slides only', cameraOnly: 'Camera only', composed: 'Both in one picture',
    skipSilence: 'Skip silence', skipSilenceSaves: (length: string) => `Skip silence (saves ${length})`, skipThis: 'Skip silence',
    fromBeginning: 'From the beginning', resumedAt: (time: string) => `Goes on at ${time}, where you stopped.`,
    cornerHandle: (picture: string, corner: string) => `${picture}, ${corner}. Arrow keys move it, Enter moves it on.`,
    'top-left': 'top left', 'top-right': 'top right', 'bottom-left': 'bottom left', 'bottom-right': 'bottom right',
    moveCorner: 'Move to another corner',

    keysTitle: 'Keys of the player', keysHint: 'They work everywhere on this page but in text fields.',
    keysOff: 'Keys without Ctrl or Alt are switched off in your settings.', space: 'Space', to: 'to',
    toggle: 'Play or pause', keyBack: (s: number) => `${s} seconds back`, keyOn: (s: number) => `${s} seconds on`, percent: 'Jump to 0 to 90 %',
    begin: 'Beginning', end: 'End, or live', nextSection: 'Next section', previousSection: 'Previous section', newBookmark: 'Bookmark here',
    swap: 'Swap camera and slides', slower: 'Slower', faster: 'Faster', louder: 'Louder', quieter: 'Quieter', mute: 'Sound on or off',
    full: 'Full screen on or off', openHelp: 'This help',
  },
  de: {
    lecture: 'Vorlesung', player: 'Player', slidesPicture: 'Folien', cameraPicture: 'Kamera', picture: 'Bild',
    loading: 'Die Vorlesung wird geladen ...', bySelf: 'Die Vorlesung erscheint hier von selbst.',
    notAvailable: 'Nicht verfügbar', cannotShow: 'Diese Vorlesung kann nicht gezeigt werden', live: 'Live', notLive: 'Noch nicht live', recording: 'Aufzeichnung',
    interrupted: 'Unterbrochen', processing: 'Aufzeichnung in Vorbereitung', failed: 'Fehlgeschlagen',
    behind: (length: string) => `Live, ${length} zurück`,
    readyAbout: (time: string) => `Aufzeichnung, fertig gegen ${time}`,
    slateInterrupted: 'Die Vorlesung ist unterbrochen; sie geht hier von selbst weiter.',
    slateConnection: 'Die Verbindung ist abgebrochen. Es wird wieder versucht ...',
    connectionLost: 'Verbindung abgebrochen, wird wieder versucht',
    awayPlaying: 'Der Server antwortet zurzeit nicht. Die Wiedergabe geht weiter.', away: 'Der Server antwortet nicht. Es wird wieder versucht ...',
    awayTitle: 'Der Server antwortet nicht',
    soundBlocked: 'Der Browser hat den Ton abgeschaltet. Drücken Sie „Ton an“.',
    goesOn: 'Die Vorlesung geht weiter.', isOver: 'Die Vorlesung ist zu Ende. Dies ist ihre Aufzeichnung.', hasBegun: 'Die Vorlesung hat begonnen.',
    beginsIn: 'Die Vorlesung beginnt in', anyMoment: 'Die Vorlesung beginnt jeden Moment', notBegun: 'Die Vorlesung hat noch nicht begonnen',
    beginning: 'Die Vorlesung beginnt gerade',
    plannedFor: (moment: string) => `Geplant war ${moment}.`,
    preparing: 'Die Aufzeichnung wird vorbereitet', preparingText: 'Sie erscheint hier von selbst.',
    preparingUntil: (time: string) => `Sie sollte gegen ${time} fertig sein und erscheint hier von selbst.`,
    couldNot: 'Die Aufzeichnung konnte nicht vorbereitet werden', couldNotText: 'Die Lehrperson kann sehen, warum.',
    cannotNow: 'Die Aufzeichnung kann gerade nicht abgespielt werden', cannotNowText: 'Es wird von selbst wieder versucht.',
    refusedExpired: 'Diese Adresse ist abgelaufen. Öffnen Sie die Vorlesung neu, um eine frische zu bekommen.',
    refusedBad: 'Diese Adresse ist nicht gültig. Öffnen Sie die Vorlesung neu, um eine gute zu bekommen.',
    refusedGone: 'Diese Vorlesung gibt es nicht mehr.', refusedOther: 'Mit dieser Adresse lässt sich die Vorlesung nicht öffnen.',
    refusedWithdrawn: 'Das Recht, mit dieser Adresse zuzusehen, wurde zurückgezogen.',
    waitingForOther: 'Das zweite Bild wird noch geladen ...',
    otherMissing: 'Das zweite Bild kommt nicht. Vielleicht ist die Verbindung für beide zu langsam.',
    onlyThis: 'Nur ein Bild zeigen',

    play: 'Abspielen', pause: 'Anhalten', back: (s: number) => `${s} Sekunden zurück`, on: (s: number) => `${s} Sekunden vor`,
    soundOn: 'Ton an', soundOff: 'Ton aus', volume: 'Lautstärke', fullScreen: 'Vollbild', smallScreen: 'Vollbild verlassen',
    toLive: 'Zu live', atLive: 'Sie sehen live', pictureInPicture: 'Bild im Bild', help: 'Tasten', position: 'Stelle in der Vorlesung',
    of: (position: string, end: string) => `${position} von ${end}`,
    view: 'Ansicht', quality: 'Qualität', speed: 'Tempo', automatic: 'Automatisch', automaticNow: (height: number) => `Automatisch (${height}p)`,
    slidesLarge: 'Folien, Kamera in der Ecke', cameraLarge: 'Kamera, Folien in der Ecke', side: 'Nebeneinander', sideCamera: 'Nebeneinander, Kamera größer',
    slidesOnly: 'Nur Folien', cameraOnly: 'Nur Kamera', composed: 'Beides in einem Bild',
    skipSilence: 'Stille überspringen', skipSilenceSaves: (length: string) => `Stille überspringen (spart ${length})`, skipThis: 'Stille überspringen',
    fromBeginning: 'Von vorn', resumedAt: (time: string) => `Es geht bei ${time} weiter, wo Sie aufgehört haben.`,
    cornerHandle: (picture: string, corner: string) => `${picture}, ${corner}. Pfeiltasten bewegen es, Eingabe bewegt es weiter.`,
    'top-left': 'oben links', 'top-right': 'oben rechts', 'bottom-left': 'unten links', 'bottom-right': 'unten rechts',
    moveCorner: 'In eine andere Ecke',

    keysTitle: 'Tasten des Players', keysHint: 'Sie wirken überall auf dieser Seite, nur nicht in Textfeldern.',
    keysOff: 'Tasten ohne Strg oder Alt sind in Ihren Einstellungen abgeschaltet.', space: 'Leertaste', to: 'bis',
    toggle: 'Abspielen oder anhalten', keyBack: (s: number) => `${s} Sekunden zurück`, keyOn: (s: number) => `${s} Sekunden vor`, percent: 'Zu 0 bis 90 % springen',
    begin: 'Anfang', end: 'Ende oder live', nextSection: 'Nächster Abschnitt', previousSection: 'Voriger Abschnitt', newBookmark: 'Lesezeichen hier',
    swap: 'Kamera und Folien tauschen', slower: 'Langsamer', faster: 'Schneller', louder: 'Lauter', quieter: 'Leiser', mute: 'Ton an oder aus',
    full: 'Vollbild an oder aus', openHelp: 'Diese Hilfe',
  },
});

export function refusalText(status: number, reason: string): string {
  if (reason === 'TOKEN_EXPIRED') return text.refusedExpired;
  if (status === 401) return text.refusedBad;
  if (status === 403) return text.refusedWithdrawn;
  if (status === 404) return text.refusedGone;
  return text.refusedOther;
}
