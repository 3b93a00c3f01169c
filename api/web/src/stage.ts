// The picture: one view, or camera and slides side by side; rewind, live edge, and the slate while nothing comes.
import type { View } from './address';
import { serverNow } from './clock';
import { ViewPlayer } from './player';
import type { ViewPlayback } from './refresh';
import { Follower } from './sync';

export type Choice = View | 'BOTH';
export type Trouble = 'none' | 'interrupted' | 'connection';

export interface StageEvents {
  onTick(): void;
  onChange(): void;                       // qualities, choice, live or not
  onRefused(status: number): void;
}

const tickMs = 250;
const starvedMs = 1500;
const slateMs = 6000;
const choiceKey = 'lectern.view';

export class Stage {
  readonly main: ViewPlayer;
  readonly second: ViewPlayer;
  readonly follower: Follower;
  choice: Choice = 'COMB';
  speed = 1;
  soundBlocked = false;
  trouble: Trouble = 'none';
  private views: ViewPlayback[] = [];
  private toldAt = 0;                     // performance.now() when the API last told of them
  private expires = 0;                    // of their token
  private following = true;               // stays at the live edge
  private catchingUp = false;
  private progressAt = 0;
  private progress = -1;
  private skippedAt = 0;
  private pendingDate: number | null = null;

  constructor(private readonly element: HTMLElement, video: HTMLVideoElement, second: HTMLVideoElement, private readonly events: StageEvents,
              wished: View | null) {
    this.main = new ViewPlayer(video, events);
    this.second = new ViewPlayer(second, events);
    this.follower = new Follower(this.main, this.second);
    this.choice = wished ?? storedChoice() ?? 'COMB';
    video.addEventListener('play', () => { this.following = this.atEdge(); });
    video.addEventListener('pause', () => { if (!video.ended) this.following = false; });
    setInterval(() => this.tick(), tickMs);
  }

  get video(): HTMLVideoElement { return this.main.video; }
  get live(): boolean { return this.main.live; }
  // What the API said some seconds ago is outdated by media that came since.
  get interrupted(): boolean { return this.shown()?.state === 'VIEW_INTERRUPTED' && this.main.newMediaAt < this.toldAt; }

  // Seconds between the world and the picture; null in a recording.
  behind(): number | null {
    if (!this.live) return null;
    const date = this.main.dateAt(this.video.currentTime);
    const playlist = this.main.lag + Math.max(0, this.main.end - this.main.edge);
    const real = date === null ? NaN : (serverNow() - date) / 1000;
    // A lecturer's machine may have another idea of the time: then what the playlist says.
    return real >= 0 && real < this.main.end - this.video.currentTime + 30 ? real : playlist;
  }

  atEdge(): boolean { return this.live && this.video.currentTime >= this.main.edge - 4; }

  choices(): Choice[] {
    const there = this.views.map((view) => view.view);
    const all: Choice[] = ['BOTH', 'COMB', 'CAM', 'PRES'];
    return all.filter((choice) => (choice === 'BOTH' ? there.includes('CAM') && there.includes('PRES') : there.includes(choice)));
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

  choose(choice: Choice): void {
    this.choice = choice;
    localStorage.setItem(choiceKey, choice);
    this.arrange();
    this.events.onChange();
  }

  // Sound may need a gesture of the viewer; the picture does not.
  async begin(): Promise<void> {
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
    if (this.video.paused) void this.begin();
    else this.video.pause();
  }

  seek(position: number): void {
    if (!this.main.loaded) return;
    this.video.currentTime = Math.max(this.main.begin, Math.min(position, this.main.edge));
    this.following = this.atEdge();
  }

  goLive(): void {
    this.speed = 1;
    this.video.currentTime = this.main.edge;
    if (this.video.paused) void this.begin();
    this.following = true;
  }

  stop(): void {
    this.main.unload();
    this.second.unload();
  }

  private mainView(): View { return this.choice === 'BOTH' ? 'CAM' : this.choice; }
  private shown(): ViewPlayback | undefined { return this.views.find((view) => view.view === this.mainView()); }
  private urlsOf(view: View): string[] { return this.views.find((candidate) => candidate.view === view)?.urls ?? []; }

  private load(at: number | null): void {
    const urls = this.urlsOf(this.mainView());
    if (urls.length === 0) return;
    this.main.video.dataset.view = this.mainView();
    this.main.load(urls, at);
    this.progressAt = performance.now();
    this.arrange();
  }

  // Brings the players into line with the choice, at the same moment of the lecture.
  private arrange(): void {
    if (this.main.loaded && this.main.video.dataset.view !== this.mainView() && this.urlsOf(this.mainView()).length > 0) {
      const [position, paused, edge] = [this.video.currentTime, this.video.paused, this.following && this.live];
      this.pendingDate = edge ? null : this.main.dateAt(position);
      this.load(edge ? null : position);
      if (!paused) void this.video.play().catch(() => {});
    }
    const both = this.choice === 'BOTH';
    this.element.dataset.layout = both ? 'both' : 'one';
    this.second.video.hidden = !both;
    if (both && !this.second.loaded) this.second.load(this.urlsOf('PRES'), this.live && this.following ? null : this.video.currentTime);
    if (!both && this.second.loaded) this.second.unload();
  }

  private renew(player: ViewPlayer): void {
    if (!player.loaded) return;
    const view = this.views.find((candidate) => candidate.view === (player === this.main ? this.mainView() : 'PRES'));
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
    this.moveToDate();
    this.adjustSpeed();
    if (this.choice === 'BOTH') this.follower.tick();
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
    const next = this.main.nextMedia(this.video.currentTime + this.main.bufferedAhead());
    if (next === null || performance.now() - this.skippedAt < 2000) return;
    this.skippedAt = performance.now();
    this.video.currentTime = next + 0.05;
  }

  // After a change of view: the views of a broadcast do not begin together.
  private moveToDate(): void {
    if (this.pendingDate === null || !this.main.known || this.video.readyState < 1) return;
    const position = this.main.positionOf(this.pendingDate);
    this.pendingDate = null;
    if (position !== null && Math.abs(position - this.video.currentTime) > 0.3) this.video.currentTime = Math.max(this.main.begin, position);
  }

  // Who follows and fell behind gets everything, a little faster, rather than a jump.
  private adjustSpeed(): void {
    const lag = this.main.lag;
    const follows = this.live && this.following && this.speed === 1;
    this.catchingUp = follows && this.main.bufferedAhead() > 2 && lag > (this.catchingUp ? 0.3 : 1.5);
    if (this.live && this.speed > 1 && lag < 0.5) this.speed = 1;
    const rate = this.catchingUp ? 1.1 : this.speed;
    if (this.video.playbackRate !== rate) this.video.playbackRate = rate;
  }
}

function storedChoice(): Choice | null {
  const stored = localStorage.getItem(choiceKey);
  return stored && ['BOTH', 'COMB', 'CAM', 'PRES'].includes(stored) ? (stored as Choice) : null;
}
