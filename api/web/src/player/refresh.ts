// Asks the API again and again how the lecture is, from the countdown until the recording.
import type { Playback } from '../generated/api';
import { learnTime, serverNow } from './clock';

// Where the right to play comes from: a lecture's page asks for it in the person's name, an address with a token has it already.
export interface Source {
  lecture?: string; // lectures/12
  token?: string;
}

export interface Listener {
  onPlayback(playback: Playback): void;
  onAway(): void; // no answer; it is asked again
  onRefused(status: number, reason: string): void; // for good; nothing is asked any more
}

const beforeStartMs = 30_000;
const afterStartMs = 120_000;
const answerTimeMs = 10_000;
const longestPauseMs = 30_000;

// Milliseconds until the next question, without jitter.
export function pauseAfter(playback: Playback, now: number): number {
  const onAir = playback.views.some((view) => view.state === 'VIEW_LIVE' || view.state === 'VIEW_INTERRUPTED');
  if (onAir) return 5000;
  if (playback.state === 'RECORDED' || playback.state === 'FAILED') return 60_000;
  const start = Date.parse(playback.startTime ?? '');
  const due = now > start - beforeStartMs && now < start + afterStartMs;
  if (playback.state === 'SCHEDULED' && due) return 1500;
  // Nobody who waits since yesterday needs to ask every five seconds, but the last minutes may be moved forward.
  if (playback.state === 'SCHEDULED' && start - now > 30 * 60_000) return 30_000;
  return 5000;
}

export class Refresher {
  private timer = 0;
  private failures = 0;
  private asking = false;
  private ended = false;
  private askedAt = 0;

  private token: string;

  constructor(
    private readonly source: Source,
    private readonly listener: Listener,
  ) {
    this.token = source.token ?? '';
    addEventListener('online', () => this.soon());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.soon();
    });
  }

  end(): void {
    this.ended = true;
    clearTimeout(this.timer);
  }

  // At once, unless it was asked in the last second.
  soon(): void {
    if (this.ended || this.asking) return;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.turn(), Math.max(0, 1000 - (Date.now() - this.askedAt)));
  }

  private async turn(): Promise<void> {
    this.asking = true;
    this.askedAt = Date.now();
    let pause: number;
    try {
      pause = await this.exchange();
      this.failures = 0;
    } catch {
      pause = Math.min(longestPauseMs, 2000 * 2 ** this.failures++);
      // One question that is lost is not worth a word.
      if (this.failures > 1) this.listener.onAway();
    }
    this.asking = false;
    // Jitter: a lecture hall's browsers must not ask in step.
    if (!this.ended) this.timer = window.setTimeout(() => void this.turn(), pause * (0.8 + 0.4 * Math.random()));
  }

  private ask(): Promise<Response> {
    const [path, question] = this.token
      ? ['/v1/playback:refresh', { token: this.token }]
      : [`/v1/${this.source.lecture}:play`, { wait: true }];
    return fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(question),
      signal: AbortSignal.timeout(answerTimeMs),
      cache: 'no-store',
    });
  }

  private async exchange(): Promise<number> {
    const sent = Date.now();
    const response = await this.ask();
    const answer = await response.json();
    if (response.ok) {
      const playback = answer as Playback;
      learnTime(playback.now, sent, Date.now());
      this.token = playback.token || this.token;
      playback.views ??= [];
      this.listener.onPlayback(playback);
      return pauseAfter(playback, serverNow());
    }
    const refused = response.status >= 400 && response.status < 500 && ![408, 425, 429].includes(response.status);
    if (!refused) throw new Error(String(response.status));
    // A page that slept for hours: its token is no good, its person may be.
    if (this.token && this.source.lecture && response.status === 401) {
      this.token = '';
      return 1000;
    }
    this.ended = true;
    this.listener.onRefused(response.status, answer?.error?.reason ?? '');
    return 0;
  }
}
