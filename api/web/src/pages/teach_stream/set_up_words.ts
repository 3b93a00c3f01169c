// What to type into OBS, and why, in its own terms.
import { words } from '../../lib/words';

export const text = words({
  en: {
    keys: 'Stream keys',
    setUp: 'Set up OBS once',
    setUpHint: 'From then on press Start Streaming only.',
    step1: 'Settings, Stream: where it goes',
    step1Why: 'The service is “Custom...”.',
    server: 'Server',
    noServer: 'Your IT has not told the address for streams yet. Ask them for the RTMP server of this installation.',
    keyNew: 'Stream key',
    keyHint: 'The stream key is a personal token. Create one here; it stands for you, so show it to nobody.',
    keyHave: 'The stream key is your personal token. It was shown once; if it is lost, create another.',
    twoViews: 'Two programs, one for the camera and one for the slides? Add ?view=cam or ?view=pres to the key of each.',
    step2: 'Settings, Output: how it is packed',
    step2List: [
      ['Encoder', 'x264, or any other H.264', 'every browser plays it, and it is passed on without loss'],
      ['Rate control', 'VBR or CRF, 2500 to 6000 kbit/s', 'more than 8000 is too much for many viewers'],
      ['Keyframe interval', '2 s', 'viewers get in quickly, and rewinding is exact'],
      ['Audio bitrate', '128 kbit/s or more', 'speech stays clear'],
    ],
    step3: 'Settings, Video: what it shows',
    step3List: [
      ['Output resolution', '1920 x 1080', 'slides stay readable; smaller pictures are made here'],
      ['Common FPS', '25 or 30', 'more costs bit rate and shows nothing more'],
    ],
    step4: 'Rehearse',
    step4Text:
      'Press Start Streaming at any time: outside of your lectures it is private. Look at picture, level and advice above.',
    setting: 'Setting',
    value: 'Value',
    why: 'Why',
  },
  de: {
    keys: 'Streamschlüssel',
    setUp: 'OBS einmal einrichten',
    setUpHint: 'Danach drücken Sie nur noch „Streaming starten“.',
    step1: 'Einstellungen, Stream: wohin',
    step1Why: 'Die Plattform ist „Benutzerdefiniert“.',
    server: 'Server',
    noServer:
      'Ihre IT hat die Adresse für Streams noch nicht eingetragen. Fragen Sie sie nach dem RTMP-Server dieser Installation.',
    keyNew: 'Streamschlüssel',
    keyHint:
      'Der Streamschlüssel ist ein persönliches Token. Legen Sie hier eines an; es steht für Sie, zeigen Sie es niemandem.',
    keyHave:
      'Der Streamschlüssel ist Ihr persönliches Token. Es wurde einmal gezeigt; ist es verloren, legen Sie ein anderes an.',
    twoViews:
      'Zwei Programme, eines für die Kamera und eines für die Folien? Hängen Sie ?view=cam oder ' +
      '?view=pres an den jeweiligen Schlüssel an.',
    step2: 'Einstellungen, Ausgabe: wie es verpackt wird',
    step2List: [
      ['Videoencoder', 'x264 oder ein anderer für H.264', 'jeder Browser spielt es ab, und es wird verlustlos weitergegeben'],
      ['Qualitätsregulierung', 'VBR oder CRF, 2500 bis 6000 kbit/s', 'mehr als 8000 ist für viele zu viel'],
      ['Keyframeintervall', '2 s', 'wer dazukommt, sieht schnell etwas, und Zurückspulen ist genau'],
      ['Audio-Bitrate', '128 kbit/s oder mehr', 'Sprache bleibt klar'],
    ],
    step3: 'Einstellungen, Video: was gezeigt wird',
    step3List: [
      ['Ausgabeauflösung', '1920 x 1080', 'Folien bleiben lesbar; kleinere Bilder entstehen hier'],
      ['FPS-Wert', '25 oder 30', 'mehr kostet Bitrate und zeigt nicht mehr'],
    ],
    step4: 'Proben',
    step4Text:
      'Starten Sie das Streaming irgendwann: Außerhalb Ihrer Vorlesungen ist es privat. Sehen ' +
      'Sie oben nach Bild, Pegel und Ratschlägen.',
    setting: 'Einstellung',
    value: 'Wert',
    why: 'Warum',
  },
});
