// One lecture on one page, from the countdown over the broadcast to the recording, without being loaded again.
import type { Playback } from '../generated/api';
import { rememberToken } from './address';
import { Refresher, type Source } from './refresh';
import type { View } from './roles';
import { skippable } from './silence';
import { Stage } from './stage';
import { Previews } from './previews';
import { refusalText, text } from './words';

export interface Beginning {
  url?: string | null; // a playback address that plays while the API has not answered
  view?: View | null;
  at?: number | null; // where an address asks to begin
  resumeAt?: number | null; // where the person was; a broadcast begins at its live edge all the same
}

// What the API knows of the lecture besides how to play it.
export interface Facts {
  readyTime?: string;
  views?: { view: string; state: string; thumbnails: string; silences: { start?: string; end?: string }[] }[];
}

export interface SessionOptions {
  source: Source;
  beginning: Beginning;
  refusal?: (status: number, reason: string) => string;
  onState?: (playback: Playback) => void; // after each answer
}

const newsMs = 15_000;

export class Session {
  stage: Stage | null = null;
  playback: Playback | null = null;
  facts: Facts = {};
  refusal = '';
  away = false;
  news = ''; // what changed last, for a while
  resumed: number | null = null; // where it went on, as long as that is news
  readonly previews = new Previews(this);
  private readonly listeners = new Set<() => void>();
  private readonly refresher: Refresher;
  private lastRefusal = ''; // of the API, while an address still plays
  private wasLive: boolean | null = null;
  private waited = false;

  constructor(private readonly options: SessionOptions) {
    this.refresher = new Refresher(options.source, {
      onPlayback: (playback) => this.take(playback),
      onAway: () => {
        this.away = true;
        this.draw();
      },
      onRefused: (status, reason) => this.takeRefusal(status, reason),
    });
  }

  // With the elements of the page; once.
  begin(element: HTMLElement, video: HTMLVideoElement, second: HTMLVideoElement): void {
    const { beginning } = this.options;
    this.stage = new Stage(
      element,
      video,
      second,
      {
        onTick: () => this.draw(),
        onChange: () => {
          this.noticeEnd();
          this.draw();
        },
        // A fresh token, if the API still gives one, is on its way; the player goes on trying.
        onRefused: (code) => {
          if (code === 404 ? !this.playback : this.lastRefusal !== '') this.refuse(this.lastRefusal || this.refusalOf(code, ''));
          this.refresher.soon();
          this.draw();
        },
      },
      beginning.view ?? null,
    );
    if (beginning.url && beginning.view)
      this.stage.show([{ view: beginning.view, urls: [beginning.url], state: 'VIEW_STATE_UNSPECIFIED' }], 0, null);
    this.tellFacts(this.facts);
    setInterval(() => this.draw(), 500);
    if (!this.refusal) this.refresher.soon();
  }

  get picture(): boolean {
    return this.stage?.main.loaded === true && !this.refusal;
  }
  get live(): boolean {
    return this.stage?.live ?? false;
  }
  get position(): number {
    return this.stage?.video.currentTime ?? 0;
  }
  get end(): number {
    return this.stage?.main.end ?? 0;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  tellFacts(facts: Facts): void {
    this.facts = facts;
    if (!this.stage) return;
    const speaking = this.stage.video.dataset.view;
    const views = facts.views ?? [];
    const heard = views.find((view) => view.view === speaking) ?? views.find((view) => view.silences.length > 0);
    this.stage.silences = skippable(heard?.silences);
  }

  refuse(words: string): void {
    this.refusal = words;
    this.stage?.stop();
    this.draw();
  }

  tell(words: string): void {
    this.news = words;
    setTimeout(() => {
      if (this.news === words) this.news = '';
      this.draw();
    }, newsMs);
    this.draw();
  }

  fromBeginning(): void {
    this.resumed = null;
    this.stage?.seek(0);
    void this.stage?.begin();
    this.draw();
  }

  private refusalOf(status: number, reason: string): string {
    return (this.options.refusal ?? refusalText)(status, reason);
  }

  private take(playback: Playback): void {
    [this.playback, this.away, this.refusal] = [playback, false, ''];
    const {
      stage,
      options: { source, beginning },
    } = this;
    if (!source.lecture) rememberToken(playback.lecture, playback.token);
    if (stage) {
      const first = !stage.main.loaded;
      const playable = playback.views.some((view) => view.urls?.length > 0);
      if (playable) stage.show(playback.views, Date.parse(playback.expireTime ?? '') || 0, first ? this.startOf(playback) : null);
      else if (!stage.main.loaded) this.waited = true;
      // Whoever waited, and whoever comes to a lecture that runs, wants to see it at once.
      if (first && playable && (this.waited || playback.state === 'LIVE')) void stage.begin();
      if (first && playable && beginning.url === undefined) this.tellFacts(this.facts);
    }
    this.options.onState?.(playback);
    this.draw();
  }

  private startOf(playback: Playback): number | null {
    const { at, resumeAt } = this.options.beginning;
    if (at !== null && at !== undefined) return at;
    if (playback.state === 'LIVE' || this.waited || !resumeAt || resumeAt < 5) return null;
    this.resumed = resumeAt;
    setTimeout(() => {
      this.resumed = null;
      this.draw();
    }, 3 * newsMs);
    return resumeAt;
  }

  private takeRefusal(status: number, reason: string): void {
    this.away = false;
    this.lastRefusal = this.refusalOf(status, reason);
    // An address that still plays is left alone until an edge refuses it too, unless the right is gone.
    if (!this.stage?.main.loaded || status === 403 || reason === 'LECTURE_NOT_FOUND') this.refuse(this.lastRefusal);
    this.draw();
  }

  // Live has become a recording, or goes on.
  private noticeEnd(): void {
    const { stage } = this;
    if (!stage?.main.known || this.wasLive === stage.live) return;
    if (this.wasLive !== null) this.tell(stage.live ? text.goesOn : text.isOver);
    else if (stage.live && this.waited) this.tell(text.hasBegun);
    this.wasLive = stage.live;
  }

  private draw(): void {
    document.body.dataset.phase = this.refusal ? 'refused' : !this.picture ? 'waiting' : this.live ? 'live' : 'recording';
    for (const listener of this.listeners) listener();
  }
}
