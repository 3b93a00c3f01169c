// One view in one video element, by hls.js.
import Hls from 'hls.js';
import type { ErrorData } from 'hls.js';
import type { LevelDetails } from 'hls.js';
import { Addresses } from './address';
import { serverNow } from './clock';
import { silentLoader } from './silent_loader';

const freshMs = 30 * 60_000;
const lastSeconds = 1.5;

export interface PlayerEvents {
  onChange(): void; // qualities, live or not
  onRefused(status: number): void; // an edge did not take the token, or has no such lecture
}

// Positions are seconds on the video's own clock.
export class ViewPlayer {
  private hls: Hls | null = null;
  private details: LevelDetails | null = null;
  private addresses = new Addresses([]);
  private source = '';
  private mediaEnd = 0; // of the last segment that is there
  private height = 0; // wished; 0: automatic
  private retryMs = 1000;
  private loadedAt = 0;
  private expires = 0; // of the token in use, by the server's clock
  private refused = false; // an edge did not take it
  sound: boolean | null = null; // whether the view has any; null: not known yet
  newMediaAt = 0; // performance.now() when the playlist last grew
  heardAt = 0; // and when an edge last answered with one, or with media

  // One that is `mute` loads no sound.
  constructor(
    readonly video: HTMLVideoElement,
    private readonly events: PlayerEvents,
    private readonly mute = false,
  ) {}

  get loaded(): boolean {
    return this.source !== '';
  }
  get known(): boolean {
    return this.details !== null;
  }
  get live(): boolean {
    return this.details?.live ?? false;
  }
  get age(): number {
    return performance.now() - this.loadedAt;
  }

  load(urls: string[], at: number | null): void {
    this.unload();
    this.addresses = new Addresses(urls);
    this.source = urls[0]!;
    this.sound = null;
    this.expires = 0;
    this.loadedAt = this.newMediaAt = this.heardAt = performance.now();
    // hls.js first: several browsers claim to play HLS natively and then fail on demuxed sound.
    if (!Hls.isSupported()) {
      this.video.src = this.source;
      this.video.controls = true;
      return;
    }
    this.open(at);
  }

  // The same view under a fresh token, perhaps at other edges. Nothing is interrupted. A token that is good for long is kept, since
  // the browser's cache knows addresses only with their token.
  renew(urls: string[], expires: number): void {
    const good = this.expires - serverNow() > freshMs && !this.refused && this.addresses.sameEdges(urls);
    if (good) return;
    this.expires = expires;
    this.refused = false;
    this.addresses.renew(urls);
    if (!this.hls) this.source = urls[0] ?? this.source;
  }

  // Begins anew at the same position: a playlist that had ended goes on.
  reload(): void {
    this.loadedAt = performance.now();
    const { currentTime, paused } = this.video;
    this.close();
    this.open(currentTime);
    if (!paused) void this.video.play().catch(() => {});
  }

  unload(): void {
    this.close();
    this.source = '';
    this.mediaEnd = 0;
    this.video.removeAttribute('src');
  }

  private close(): void {
    this.hls?.destroy();
    this.hls = null;
    this.details = null;
  }

  private open(at: number | null): void {
    const hls = new Hls({
      startPosition: at ?? -1,
      // Segments are two seconds long; everything that is broadcast stays in the playlist.
      liveSyncDuration: 4,
      maxBufferLength: 30,
      backBufferLength: 60,
      // Nobody sees more than the picture's size on the page, least of all in a corner.
      capLevelToPlayerSize: true,
      ...(this.mute && {
        pLoader: silentLoader((sound) => {
          this.sound = sound;
        }) as unknown as typeof Hls.DefaultConfig.pLoader,
      }),
      xhrSetup: (xhr, url) => this.setUp(xhr, url),
    });
    this.hls = hls;
    hls.on(Hls.Events.LEVEL_UPDATED, (_event, data) => this.update(data.details));
    hls.on(Hls.Events.LEVEL_LOADED, (_event, data) => this.update(data.details));
    hls.on(Hls.Events.LEVEL_SWITCHED, () => this.events.onChange());
    hls.on(Hls.Events.MANIFEST_PARSED, (_event, data) => {
      if (!this.mute) this.sound = data.audio || data.altAudio;
      this.setHeight(this.height);
      this.events.onChange();
    });
    hls.on(Hls.Events.ERROR, (_event, error) => this.recover(hls, error));
    hls.loadSource(this.source);
    hls.attachMedia(this.video);
  }

  private setUp(xhr: XMLHttpRequest, url: string): void {
    xhr.open('GET', this.addresses.rewrite(url), true);
    xhr.addEventListener('error', () => this.addresses.turn());
    xhr.addEventListener('load', () => {
      if (xhr.status < 400) this.heardAt = performance.now();
      if (xhr.status >= 500) this.addresses.turn();
      if (xhr.status !== 401 && xhr.status !== 403) return;
      this.refused = true;
      this.events.onRefused(xhr.status);
    });
  }

  private update(details: LevelDetails): void {
    const was = this.details?.live;
    this.details = details;
    this.retryMs = 1000;
    const last = details.fragments.findLast((fragment) => !fragment.gap);
    const end = last ? last.start + last.duration : 0;
    if (end > this.mediaEnd + 0.01) this.newMediaAt = performance.now();
    this.mediaEnd = end;
    if (was !== details.live) this.events.onChange();
  }

  // hls.js has tried what it can by itself; a lecture's page goes on trying as long as it is open.
  private recover(hls: Hls, error: ErrorData): void {
    if (error.details === Hls.ErrorDetails.FRAG_LOAD_TIMEOUT || error.details === Hls.ErrorDetails.LEVEL_LOAD_TIMEOUT) {
      this.addresses.turn();
    }
    if (!error.fatal) return;
    if (error.type === Hls.ErrorTypes.MEDIA_ERROR) {
      hls.recoverMediaError();
      return;
    }
    if (error.response?.code === 404 && !this.details) this.events.onRefused(404);
    this.addresses.turn();
    const again = this.retryMs * (0.8 + 0.4 * Math.random());
    this.retryMs = Math.min(10_000, this.retryMs * 2);
    setTimeout(() => {
      if (this.hls !== hls) return;
      if (hls.levels.length) hls.startLoad();
      else hls.loadSource(this.source);
    }, again);
  }

  // Heights of the qualities there are, highest first.
  heights(): number[] {
    const heights = (this.hls?.levels ?? []).map((level) => level.height).filter((height) => height > 0);
    return [...new Set(heights)].sort((a, b) => b - a);
  }

  playingHeight(): number {
    const hls = this.hls;
    return hls?.levels[hls.currentLevel]?.height ?? 0;
  }

  // The best quality of at most that height; 0: as the connection allows.
  setHeight(height: number): void {
    this.height = height;
    if (!this.hls) return;
    const fitting = this.hls.levels
      .map((level, index) => ({ height: level.height, index }))
      .filter((level) => level.height <= height);
    fitting.sort((a, b) => b.height - a.height);
    const wanted = height === 0 ? -1 : (fitting[0]?.index ?? 0);
    if (this.hls.levels.length > 1) this.hls.nextLevel = wanted;
  }

  // The first position with all of picture and sound. Before the first sample of any track hls.js loads that track at the live
  // edge, so that nothing plays; sound begins some milliseconds off.
  get begin(): number {
    return this.live ? (this.details?.fragments[0]?.start ?? 0) + 0.1 : 0;
  }

  // Where live playback should be; the end of a recording.
  get edge(): number {
    return this.live ? (this.hls?.liveSyncPosition ?? this.end) : this.end;
  }
  get end(): number {
    return this.mediaEnd || (Number.isFinite(this.video.duration) ? this.video.duration : 0);
  }
  get lag(): number {
    return this.live ? Math.max(0, (this.hls?.latency ?? 0) - (this.hls?.targetLatency ?? 0)) : 0;
  }

  bufferedAhead(): number {
    const { buffered, currentTime } = this.video;
    for (let i = 0; i < buffered.length; ++i) {
      if (buffered.start(i) <= currentTime + 0.1 && currentTime < buffered.end(i)) return buffered.end(i) - currentTime;
    }
    return 0;
  }

  // Where the next media begin, if the playlist has none at `position` but some behind it. Before a hole the tracks do not end
  // together, so that playing stops a little before the last segment's end.
  nextMedia(position: number): number | null {
    const fragments = this.details?.fragments ?? [];
    let index = fragments.findIndex((fragment) => fragment.start + fragment.duration > position + 0.1);
    const [last, after] = [fragments[index], fragments[index + 1]];
    if (last && !last.gap && after?.gap && last.start + last.duration < position + lastSeconds) ++index;
    const next = index < 0 ? undefined : fragments.slice(index).find((fragment) => !fragment.gap);
    return next && next.start > position + 0.1 ? next.start : null;
  }

  // When the picture at `position` was taken, in milliseconds; null where the stream does not say.
  dateAt(position: number): number | null {
    const fragments = this.details?.fragments ?? [];
    const fragment = fragments.find((candidate) => position < candidate.start + candidate.duration) ?? fragments.at(-1);
    return fragment?.programDateTime ? fragment.programDateTime + (position - fragment.start) * 1000 : null;
  }

  positionOf(date: number): number | null {
    const dated = (this.details?.fragments ?? []).filter((fragment) => fragment.programDateTime);
    const fragment = dated.findLast((candidate) => candidate.programDateTime! <= date) ?? dated[0];
    return fragment ? fragment.start + (date - fragment.programDateTime!) / 1000 : null;
  }
}
