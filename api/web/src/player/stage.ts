// The picture: one view, or camera and slides together; rewind, live edge, silences, and the slate while nothing comes.
import type { ViewPlayback } from '../generated/api';
import { serverNow } from './clock';
import { choicesOf, rolesOf, type Choice, type Corner, type Layout, type View } from './roles';
import { skipTarget, type Interval } from './silence';
import { stored, store } from './stored';
import { Follower } from './sync';
import { ViewPlayer } from './view_player';

export type Trouble = 'none' | 'interrupted' | 'connection';

export interface StageEvents {
  onTick(): void;
  onChange(): void; // qualities, choice, live or not
  onRefused(status: number): void;
}

const tickMs = 250;
const starvedMs = 1500;
const slateMs = 6000;

export class Stage {
  readonly main: ViewPlayer;
  readonly second: ViewPlayer;
  readonly follower: Follower;
  choice: Choice;
  layout: Layout = stored('layout', 'corner');
  corner: Corner = stored('corner', 'bottom-right');
  swapped = stored<boolean>('swapped', false); // the camera is the large picture
  speed = 1;
  soundBlocked = false;
  skipping = false; // silences are left out
  silences: Interval[] = [];
  trouble: Trouble = 'none';
  private readonly silent = new Set<View>();
  private views: ViewPlayback[] = [];
  private toldAt = 0; // performance.now() when the API last told of them
  private expires = 0; // of their token
  private following = true; // stays at the live edge
  private catchingUp = false;
  private progressAt = 0;
  private progress = -1;
  private skippedAt = 0;
  private pendingDate: number | null = null;

  constructor(
    private readonly element: HTMLElement,
    video: HTMLVideoElement,
    second: HTMLVideoElement,
    private readonly events: StageEvents,
    wished: View | null,
  ) {
    const heard: StageEvents = {
      ...events,
      onChange: () => {
        this.learnSound();
        events.onChange();
      },
    };
    this.main = new ViewPlayer(video, heard);
    this.second = new ViewPlayer(second, heard, true);
    this.follower = new Follower(this.main, this.second);
    // Two pictures are too small on a phone where one has both in it.
    this.choice = wished ?? stored<Choice>('view', matchMedia('(max-width: 40rem)').matches ? 'COMB' : 'BOTH');
    video.volume = stored<number>('volume', 1);
    video.preservesPitch = second.preservesPitch = true;
    video.addEventListener('play', () => {
      this.following = this.atEdge();
    });
    video.addEventListener('pause', () => {
      if (!video.ended) this.following = false;
    });
    // What was pressed is seen at once, not at the next tick.
    for (const name of ['play', 'pause', 'seeking', 'seeked', 'volumechange', 'ratechange'])
      video.addEventListener(name, () => events.onTick());
    setInterval(() => this.tick(), tickMs);
  }

  get video(): HTMLVideoElement {
    return this.main.video;
  }
  get live(): boolean {
    return this.main.live;
  }
  get position(): number {
    return this.video.currentTime;
  }
  // What the API said some seconds ago is outdated by media that came since.
  get interrupted(): boolean {
    return this.shown()?.state === 'VIEW_INTERRUPTED' && this.main.newMediaAt < this.toldAt;
  }
  get single(): boolean {
    return this.choice !== 'BOTH';
  }

  // Seconds between the world and the picture; null in a recording.
  behind(): number | null {
    if (!this.live) return null;
    const date = this.main.dateAt(this.position);
    const playlist = this.main.lag + Math.max(0, this.main.end - this.main.edge);
    const real = date === null ? NaN : (serverNow() - date) / 1000;
    // A lecturer's machine may have another idea of the time: then what the playlist says.
    return real >= 0 && real < this.main.end - this.position + 30 ? real : playlist;
  }

  atEdge(): boolean {
    return this.live && this.position >= this.main.edge - 4;
  }

  choices(): Choice[] {
    return choicesOf(this.there());
  }

  // What can be played now. The first time, playing begins: at `at`, else at the live edge or the beginning.
  show(views: ViewPlayback[], expires: number, at: number | null): void {
    this.expires = expires;
    this.toldAt = performance.now();
    this.views = views.filter((view) => view.urls?.length > 0);
    const [first, again] = [!this.main.loaded, this.choice];
    if (!this.choices().includes(this.choice)) this.choice = this.choices()[0] ?? 'COMB';
    const changed = first || this.choice !== again;
    if (first) this.load(at);
    else this.arrange();
    for (const player of [this.main, this.second]) this.renew(player);
    if (changed) this.events.onChange();
  }

  choose(choice: Choice, layout: Layout = this.layout, swapped: boolean = this.swapped): void {
    [this.choice, this.layout, this.swapped] = [choice, layout, swapped];
    store('view', choice);
    store('layout', layout);
    store('swapped', swapped);
    this.arrange();
    this.events.onChange();
  }

  // The other picture becomes the large one, or the only one.
  swap(): void {
    const other: Choice = this.choice === 'PRES' ? 'CAM' : 'PRES';
    if (this.choice === 'BOTH') this.choose('BOTH', this.layout, !this.swapped);
    else if (this.choice !== 'COMB' && this.choices().includes(other)) this.choose(other);
  }

  moveCorner(corner: Corner): void {
    this.corner = corner;
    store('corner', corner);
    this.place();
    this.events.onChange();
  }

  // Sound may need a gesture of the viewer; the picture does not.
  async begin(): Promise<void> {
    // At the end the browser would wait for ever.
    if (!this.live && this.main.edge > 0.5 && this.position >= this.main.edge - 0.5) this.seek(this.main.begin);
    try {
      await this.video.play();
    } catch (error) {
      if ((error as DOMException).name !== 'NotAllowedError') return;
      this.video.muted = this.soundBlocked = true;
      await this.video.play().catch(() => {});
    }
    this.following = this.live;
  }

  toggle(): void {
    if (!this.main.loaded) return;
    if (this.video.paused) void this.begin();
    else this.video.pause();
  }

  seek(position: number): void {
    if (!this.main.loaded) return;
    const target = Math.max(this.main.begin, Math.min(position, this.main.edge));
    this.video.currentTime = target;
    if (this.second.loaded) this.follower.moveTo(target);
    this.following = this.atEdge();
  }

  goLive(): void {
    this.speed = 1;
    this.seek(this.main.edge);
    if (this.video.paused) void this.begin();
    this.following = true;
  }

  setVolume(volume: number): void {
    this.video.volume = Math.max(0, Math.min(1, volume));
    this.video.muted = this.soundBlocked = false;
    store('volume', this.video.volume);
  }

  toggleSound(): void {
    const { video } = this;
    video.muted = !video.muted;
    if (!video.muted && video.volume === 0) this.setVolume(1);
    this.soundBlocked = false;
  }

  stop(): void {
    this.main.unload();
    this.second.unload();
  }

  // The player of the large picture.
  large(): ViewPlayer {
    return this.second.video.parentElement!.dataset.place === 'large' ? this.second : this.main;
  }

  private there(): View[] {
    return this.views.map((view) => view.view as View);
  }
  roles() {
    return rolesOf(this.choice, this.there(), this.silent);
  }
  private shown(): ViewPlayback | undefined {
    return this.views.find((view) => view.view === this.main.video.dataset.view);
  }
  private urlsOf(view: View): string[] {
    return this.views.find((candidate) => candidate.view === view)?.urls ?? [];
  }

  private learnSound(): void {
    const before = this.silent.size;
    for (const player of [this.main, this.second]) {
      if (player.loaded && player.sound === false) this.silent.add(player.video.dataset.view as View);
    }
    if (this.silent.size !== before) this.arrange();
  }

  private load(at: number | null): void {
    const { leader } = this.roles();
    const urls = this.urlsOf(leader);
    if (urls.length === 0) return;
    this.main.video.dataset.view = leader;
    this.main.load(urls, at);
    this.progressAt = performance.now();
    this.arrange();
  }

  // Brings the players into line with the choice, at the same moment of the lecture.
  private arrange(): void {
    const { leader, follower } = this.roles();
    const { main, second, video } = this;
    if (main.loaded && video.dataset.view !== leader && this.urlsOf(leader).length > 0) {
      const [position, paused, edge] = [this.position, video.paused, this.following && this.live];
      this.pendingDate = edge ? null : main.dateAt(position);
      this.load(edge ? null : position);
      if (!paused) void video.play().catch(() => {});
      return;
    }
    if (follower !== null && !(second.loaded && second.video.dataset.view === follower)) {
      second.video.dataset.view = follower;
      second.load(this.urlsOf(follower), this.live && this.following ? null : this.position);
      this.follower.reset();
    }
    if (follower === null && second.loaded) {
      second.unload();
      this.follower.reset();
    }
    this.place();
  }

  // Where the pictures are on the page: by attributes, which the styles read.
  private place(): void {
    const { leaderSeen, follower } = this.roles();
    const both = this.choice === 'BOTH';
    const large: View = this.swapped ? 'CAM' : 'PRES';
    this.element.dataset.layout = both ? this.layout : 'one';
    this.element.dataset.corner = this.corner;
    this.second.video.hidden = follower === null;
    for (const { video } of [this.main, this.second]) {
      const alone = video === this.video ? leaderSeen : !leaderSeen;
      video.parentElement!.dataset.place = both ? (video.dataset.view === large ? 'large' : 'small') : alone ? 'large' : 'unseen';
    }
  }

  private renew(player: ViewPlayer): void {
    if (!player.loaded) return;
    const view = this.views.find((candidate) => candidate.view === player.video.dataset.view);
    if (!view) return;
    player.renew(view.urls, this.expires);
    // A recording that goes on: the lecturer came back.
    const goesOn = view.state === 'VIEW_LIVE' && player.known && !player.live && player.age > 5000;
    if (goesOn) player.reload();
  }

  private tick(): void {
    if (!this.main.loaded) return;
    const starved = this.starved();
    if (starved) this.skipHole();
    this.skipSilence();
    this.moveToDate();
    if (this.second.loaded) this.follower.tick();
    this.adjustSpeed();
    this.trouble = this.judge(starved);
    this.events.onTick();
  }

  // Playing, but nothing moves since there is nothing more.
  private starved(): boolean {
    const now = performance.now();
    const { currentTime, paused, ended } = this.video;
    if (currentTime !== this.progress || paused || ended) {
      this.progress = currentTime;
      this.progressAt = now;
    }
    return now - this.progressAt > starvedMs && this.main.bufferedAhead() < 0.5;
  }

  private judge(starved: boolean): Trouble {
    const now = performance.now();
    if (!starved) return 'none';
    if (now - this.main.heardAt > 10_000) return 'connection';
    if (!this.live) return 'none';
    return this.interrupted || now - this.main.newMediaAt > slateMs ? 'interrupted' : 'none';
  }

  // Over the time in which nothing was broadcast.
  private skipHole(): void {
    const next = this.main.nextMedia(this.position + this.main.bufferedAhead());
    if (next === null || performance.now() - this.skippedAt < 2000) return;
    this.skippedAt = performance.now();
    this.video.currentTime = next + 0.05;
  }

  private skipSilence(): void {
    if (!this.skipping || this.live || this.video.paused || this.video.seeking) return;
    const target = skipTarget(this.silences, this.position);
    if (target !== null) this.seek(target);
  }

  // After a change of view: the views of a broadcast do not begin together.
  private moveToDate(): void {
    if (this.pendingDate === null || !this.main.known || this.video.readyState < 1) return;
    const position = this.main.positionOf(this.pendingDate);
    this.pendingDate = null;
    if (position !== null && Math.abs(position - this.position) > 0.3) this.video.currentTime = Math.max(this.main.begin, position);
  }

  // Who follows and fell behind gets everything, a little faster, rather than a jump.
  private adjustSpeed(): void {
    const lag = this.main.lag;
    const follows = this.live && this.following && this.speed === 1;
    this.catchingUp = follows && this.main.bufferedAhead() > 2 && lag > (this.catchingUp ? 0.3 : 1.5);
    if (this.live && this.speed > 1 && lag < 0.5) this.speed = 1;
    // A speed of zero waits without the marks of a pause.
    const rate = this.follower.hold ? 0 : this.catchingUp ? 1.1 : this.speed;
    if (this.video.playbackRate !== rate) this.video.playbackRate = rate;
  }
}
