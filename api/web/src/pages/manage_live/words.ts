import { plural, words } from '../../lib/words';

export const text = words({
  en: {
    title: 'Live now', lead: 'Every stream of your organizations, as it is this second.', wall: 'Streams', search: 'Course, lecture, worker',
    state: 'State', allStates: 'All', troubled: 'With warnings', rehearsals: 'Rehearsals', rehearsal: 'Rehearsal',
    tileStreams: 'Streams on air', tileViewers: 'Viewers', tileTrouble: 'With warnings', tileRate: 'Coming in', tileFine: 'None', fineDetail: 'everything arrives well',
    lecturesOf: (count: number) => `of ${plural(count, 'lecture', 'lectures')}`, needLook: (count: number): string => (count === 1 ? 'stream needs a look' : 'streams need a look'),
    hall: 'Lecture hall', encoder: 'Encoder', picture: (title: string) => `Newest picture of ${title}`,
    noPicture: 'No picture yet', privatePicture: 'Only its lecturer sees the picture', videoGone: 'No picture comes in',
    duration: 'On air for', rate: 'Bit rate', delay: 'Delay', worker: 'Worker', viewers: 'Viewers', failovers: 'Moves', segment: 'Last segment', format: 'Picture', renditions: 'Renditions', encoderName: 'Program', noWorker: 'none yet', sound: 'Sound',
    seconds: (value: string) => `${value} s`, level: (value: string) => `${value} dBFS`, failoverHint: 'Changes of worker that nobody asked for',
    warnings: {
      KEYFRAME_INTERVAL: 'Key frames too far apart', CODEC: 'Format is not supported', BITRATE_HIGH: 'Bit rate too high', BITRATE_LOW: 'Bit rate very low', SILENCE: 'No sound to hear',
      BLACK_PICTURE: 'Black picture', NO_AUDIO: 'No sound', NO_VIDEO: 'No picture', PADDING: 'Mostly padding', TIMESTAMPS: 'Jumping clock', SLOW_ENCODER: 'Worker too slow',
      STORAGE_SLOW: 'Storage too slow', TWO_ENCODERS: 'Two encoders', NO_WORKER: 'No worker',
    },
    move: 'Move to another worker', end: 'End stream', openLecture: 'Open lecture', openWorker: 'Show its worker',
    moveTitle: (title: string) => `Move ${title}?`, moveText: 'Another worker takes the stream over without a gap; nobody who watches notices.', moveAction: 'Move',
    endTitle: (title: string) => `End the stream of ${title}?`, endText: 'It ends for everyone who watches. What has arrived becomes the recording.',
    endRehearsal: 'It is a rehearsal: it is gone after a day.', endView: 'Only this view ends; other views of the lecture go on.', endAction: 'End it',
    empty: 'Nobody is live', emptyText: 'As soon as a lecturer or a lecture hall goes on air, the stream appears here.',
    appeared: (count: number) => (count === 1 ? 'A stream has begun.' : `${count} streams have begun.`), shown: (count: number) => plural(count, 'stream', 'streams'),
  },
  de: {
    title: 'Jetzt live', lead: 'Jeder Stream Ihrer Organisationen, wie er gerade ist.', wall: 'Streams', search: 'Kurs, Vorlesung, Worker',
    state: 'Zustand', allStates: 'Alle', troubled: 'Mit Warnungen', rehearsals: 'Proben', rehearsal: 'Probe',
    tileStreams: 'Streams auf Sendung', tileViewers: 'Sehen zu', tileTrouble: 'Mit Warnungen', tileRate: 'Kommt herein', tileFine: 'Keiner', fineDetail: 'alles kommt gut an',
    lecturesOf: (count: number) => `von ${plural(count, 'Vorlesung', 'Vorlesungen')}`, needLook: (count: number): string => (count === 1 ? 'Stream braucht einen Blick' : 'Streams brauchen einen Blick'),
    hall: 'Hörsaal', encoder: 'Encoder', picture: (title: string) => `Neuestes Bild von ${title}`,
    noPicture: 'Noch kein Bild', privatePicture: 'Das Bild sieht nur, wer lehrt', videoGone: 'Es kommt kein Bild herein',
    duration: 'Auf Sendung seit', rate: 'Bitrate', delay: 'Verzug', worker: 'Worker', viewers: 'Sehen zu', failovers: 'Wechsel', segment: 'Letztes Segment', format: 'Bild', renditions: 'Fassungen', encoderName: 'Programm', noWorker: 'noch keiner', sound: 'Ton',
    seconds: (value: string) => `${value} s`, level: (value: string) => `${value} dBFS`, failoverHint: 'Wechsel des Workers, um die niemand gebeten hat',
    warnings: {
      KEYFRAME_INTERVAL: 'Schlüsselbilder zu selten', CODEC: 'Format wird nicht unterstützt', BITRATE_HIGH: 'Bitrate zu hoch', BITRATE_LOW: 'Bitrate sehr niedrig', SILENCE: 'Kein Ton zu hören',
      BLACK_PICTURE: 'Schwarzes Bild', NO_AUDIO: 'Kein Ton', NO_VIDEO: 'Kein Bild', PADDING: 'Meist Füllbytes', TIMESTAMPS: 'Springende Uhr', SLOW_ENCODER: 'Worker zu langsam',
      STORAGE_SLOW: 'Speicher zu langsam', TWO_ENCODERS: 'Zwei Encoder', NO_WORKER: 'Kein Worker',
    },
    move: 'An anderen Worker geben', end: 'Stream beenden', openLecture: 'Vorlesung öffnen', openWorker: 'Worker zeigen',
    moveTitle: (title: string) => `${title} verlegen?`, moveText: 'Ein anderer Worker übernimmt den Stream lückenlos; wer zusieht, merkt nichts davon.', moveAction: 'Verlegen',
    endTitle: (title: string) => `Stream von ${title} beenden?`, endText: 'Er endet für alle, die zusehen. Was angekommen ist, wird zur Aufzeichnung.',
    endRehearsal: 'Es ist eine Probe: Sie verschwindet nach einem Tag.', endView: 'Nur diese Ansicht endet; andere Ansichten der Vorlesung laufen weiter.', endAction: 'Beenden',
    empty: 'Niemand ist live', emptyText: 'Sobald jemand oder ein Hörsaal auf Sendung geht, erscheint der Stream hier.',
    appeared: (count: number) => (count === 1 ? 'Ein Stream hat begonnen.' : `${count} Streams haben begonnen.`), shown: (count: number) => plural(count, 'Stream', 'Streams'),
  },
});

export const warningText = (code: string) => (text.warnings as Record<string, string>)[code] ?? code;
