// Plays the master playlist that stands behind '#' in the page's address. The fragment never reaches a server, so that the
// playback token in it stays between this page and the edge.
import Hls from '../node_modules/hls.js/src/hls';

const video = document.querySelector<HTMLVideoElement>('#video')!;
const status = document.querySelector<HTMLElement>('#status')!;
const quality = document.querySelector<HTMLSelectElement>('#quality')!;
const qualityRow = document.querySelector<HTMLElement>('#quality-row')!;

const refusals: Record<number, string> = {
  401: 'The address lacks its playback token. Ask for a new one.',
  403: 'This playback address has expired or was withdrawn. Ask for a new one.',
  404: 'There is no such lecture here any more.',
  503: 'The server is starting or overloaded. Trying again ...',
};

function say(text: string): void {
  status.textContent = text;
}

// Only a playback path of a Lectern edge or VOD service is played.
function playbackUrl(): string | null {
  try {
    const url = new URL(decodeURIComponent(location.hash.slice(1)));
    const known = /^https?:$/.test(url.protocol) && /^\/p\/[^/]+\/\d+\/(comb|cam|pres)\/master\.m3u8$/.test(url.pathname);
    return known ? url.href : null;
  } catch {
    return null;
  }
}

function offerQualities(hls: Hls): void {
  const choices = [new Option('Automatic', '-1')];
  hls.levels.forEach((level, index) => choices.push(new Option(level.height ? `${level.height}p` : 'Sound', String(index))));
  quality.replaceChildren(...choices);
  quality.onchange = () => { hls.currentLevel = Number(quality.value); };
  qualityRow.hidden = hls.levels.length < 2;
}

function play(url: string): void {
  // hls.js first: several browsers claim to play HLS natively and then fail on demuxed sound.
  if (!Hls.isSupported()) {
    video.src = url;
    video.onerror = () => say('This browser cannot play the lecture. The address also opens in VLC and mpv.');
    return;
  }
  const hls = new Hls({ maxBufferLength: 30 });
  hls.on(Hls.Events.MANIFEST_PARSED, () => { offerQualities(hls); say(''); });
  hls.on(Hls.Events.ERROR, (_event, error) => {
    if (!error.fatal) return;
    say(refusals[error.response?.code ?? 0] ?? 'The connection was lost. Trying again ...');
    const code = error.response?.code ?? 0;
    if (code === 401 || code === 403 || code === 404) return;
    if (error.type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
    else setTimeout(() => (hls.levels.length ? hls.startLoad() : hls.loadSource(url)), 2000);
  });
  hls.loadSource(url);
  hls.attachMedia(video);
}

const url = playbackUrl();
if (url) play(url);
else say('Open this page with a playback address, as "lecternctl lecture url --page" prints it.');
