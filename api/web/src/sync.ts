// Keeps a second view with the first: same moment, same speed. The first one is never held up.
import type { ViewPlayer } from './player';

const goodSeconds = 0.02;      // less than a picture's time
const farSeconds = 1;          // more than what a change of speed mends soon
const strongest = 0.1;         // change of speed

export class Follower {
  private soughtAt = 0;

  constructor(private readonly leader: ViewPlayer, private readonly follower: ViewPlayer) {}

  // Seconds that the follower is ahead; null where one of them has nothing.
  drift(): number | null {
    const target = this.target();
    return target === null || this.follower.video.readyState < 1 ? null : this.follower.video.currentTime - target;
  }

  // By the time when the pictures were taken, since the views of a broadcast do not begin together; uploads have no such times.
  private target(): number | null {
    if (!this.leader.known || !this.follower.known) return null;
    const position = this.leader.video.currentTime;
    const date = this.leader.dateAt(position);
    return (date === null ? null : this.follower.positionOf(date)) ?? position;
  }

  tick(): void {
    const [leading, following] = [this.leader.video, this.follower.video];
    const drift = this.drift();
    if (drift === null) return;
    const target = following.currentTime - drift;
    const absent = target < 0 || target > this.follower.end;   // the follower has no such moment, or not yet
    if (leading.paused || leading.ended || absent) {
      if (!following.paused) following.pause();
    } else if (following.paused) {
      void following.play().catch(() => {});
    }
    if (absent) return;
    if (Math.abs(drift) > farSeconds || (leading.paused && Math.abs(drift) > goodSeconds)) {
      // A seek takes time; another one before it has ended would never let it end.
      if (following.seeking || performance.now() - this.soughtAt < 1000) return;
      this.soughtAt = performance.now();
      following.currentTime = Math.max(this.follower.begin, following.currentTime - drift);
      return;
    }
    const change = Math.abs(drift) < goodSeconds ? 0 : Math.max(-strongest, Math.min(strongest, drift * 0.5));
    const rate = leading.playbackRate * (1 - change);
    if (Math.abs(following.playbackRate - rate) > 0.001) following.playbackRate = rate;
  }
}
