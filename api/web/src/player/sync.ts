// Keeps a second view with the first: same moment, same speed. What is compared are the pictures on the screen.
import { Frames, type Frame } from './frames';
import { median, steer } from './steer';
import type { ViewPlayer } from './view_player';

export interface Sample {
  t: number; // performance.now()
  offsetMs: number; // that the second view's picture is ahead
}

const kept = 2000;
const lookMs = 400; // samples of this time make one decision
const settleMs = 1000; // after a seek; another one before it has ended would never let it end
const starvedMs = 2000;
const hopelessMs = 8000;

declare global {
  interface Window {
    lecternSync?: Sample[];
  }
}

// The first one is held up only while the second has nothing to show, and not for ever.
export class Follower {
  readonly samples: Sample[] = [];
  hold = false; // both are to wait
  hopeless = false; // waiting did not help
  private readonly leaderFrames: Frames;
  private soughtAt = -Infinity;
  private seekCost = 0.1; // seconds that the leader goes on while the follower seeks
  private judgeSeek = false;
  private correcting = false;
  private starvedAt = 0; // performance.now() since when the follower has nothing; 0: it has

  constructor(
    private readonly leader: ViewPlayer,
    private readonly follower: ViewPlayer,
  ) {
    this.leaderFrames = new Frames(leader.video);
    new Frames(follower.video, (frame) => this.measure(frame));
    window.lecternSync = this.samples;
  }

  // After another view was chosen.
  reset(): void {
    this.samples.length = 0;
    this.hold = this.hopeless = this.correcting = this.judgeSeek = false;
    this.starvedAt = 0;
    this.soughtAt = -Infinity;
  }

  // Where the follower should be while the leader is at `position`. By the time when the pictures were taken, since the views of a
  // broadcast do not begin together; uploads have no such times.
  private targetOf(position: number): number {
    const date = this.leader.dateAt(position);
    return (date === null ? null : this.follower.positionOf(date)) ?? position;
  }

  private get ready(): boolean {
    return (
      this.leader.known &&
      this.follower.known &&
      this.follower.video.readyState > 0 &&
      !this.follower.video.seeking &&
      !this.leader.video.seeking
    );
  }

  private measure(frame: Frame): void {
    if (!this.ready || this.leader.video.paused || this.hold || frame.at < this.soughtAt + 200) return;
    const leading = this.leaderFrames.positionAt(frame.at);
    if (leading === null) return;
    this.samples.push({ t: frame.at, offsetMs: (frame.media - this.targetOf(leading)) * 1000 });
    if (this.samples.length > kept) this.samples.splice(0, this.samples.length - kept);
  }

  // Seconds that the follower is ahead: of its pictures, or of its clock where no pictures come.
  private offset(): number {
    const now = performance.now();
    const recent: number[] = [];
    for (let i = this.samples.length - 1; i >= 0 && this.samples[i]!.t > now - lookMs; --i)
      recent.push(this.samples[i]!.offsetMs);
    if (recent.length >= 3) return median(recent) / 1000;
    return this.follower.video.currentTime - this.targetOf(this.leader.video.currentTime);
  }

  // The leader is sent to `position`: the follower goes there at once, not only when the offset is seen.
  moveTo(position: number): void {
    if (!this.leader.known || !this.follower.known) return;
    const target = this.targetOf(position);
    if (target >= 0 && target <= this.follower.end) this.seekTo(target, false);
  }

  tick(): void {
    const [leading, following] = [this.leader.video, this.follower.video];
    if (!this.leader.known || !this.follower.known || following.readyState < 1) {
      this.starve(
        !leading.paused && this.leader.bufferedAhead() > 1 && this.leader.age > starvedMs && this.follower.loaded,
        false,
      );
      return;
    }
    const target = this.targetOf(leading.currentTime);
    const absent = target < 0 || target > this.follower.end - 0.1; // the follower has no such moment, or not yet
    this.run(absent);
    // Behind the end of a playlist that still grows a little patience helps; otherwise there is nothing to wait for.
    const coming = !absent || (this.follower.live && performance.now() - this.follower.newMediaAt < 6000 && target > 0);
    this.starve(
      coming && !leading.paused && following.readyState < 3,
      this.follower.bufferedAhead() > 1 || following.readyState > 3,
    );
    if (!absent && !following.seeking && !leading.seeking) this.correct();
  }

  private run(absent: boolean): void {
    const [leading, following] = [this.leader.video, this.follower.video];
    if (leading.paused || leading.ended || absent || this.hold) {
      if (!following.paused) following.pause();
    } else if (following.paused) {
      void following.play().catch(() => {});
    }
  }

  private starve(starving: boolean, fed: boolean): void {
    const now = performance.now();
    if (!starving && (!this.hold || fed)) {
      this.starvedAt = 0;
      this.hold = this.hopeless = false;
      return;
    }
    if (this.starvedAt === 0) this.starvedAt = now;
    this.hopeless = now - this.starvedAt > hopelessMs;
    this.hold = now - this.starvedAt > starvedMs && !this.hopeless;
  }

  private correct(): void {
    const [leading, following] = [this.leader.video, this.follower.video];
    const now = performance.now();
    if (now < this.soughtAt + settleMs) return;
    const offset = this.offset();
    if (leading.paused || this.hold) {
      if (Math.abs(offset) > 0.02) this.seekTo(this.targetOf(leading.currentTime), false);
      return;
    }
    if (this.judgeSeek) {
      this.judgeSeek = false;
      this.seekCost = Math.max(0, Math.min(0.8, this.seekCost - offset / 2 / Math.max(0.5, leading.playbackRate)));
    }
    const decision = steer({ offset, rate: leading.playbackRate, correcting: this.correcting });
    this.correcting = decision.kind === 'nudge';
    if (decision.kind === 'seek') this.seekTo(this.targetOf(leading.currentTime + this.seekCost * leading.playbackRate), true);
    else if (Math.abs(following.playbackRate - decision.rate) > 0.001) following.playbackRate = decision.rate;
  }

  private seekTo(position: number, playing: boolean): void {
    this.soughtAt = performance.now();
    this.judgeSeek = playing;
    this.follower.video.playbackRate = this.leader.video.playbackRate || 1;
    this.follower.video.currentTime = Math.max(this.follower.begin, Math.min(position, this.follower.end));
  }
}
