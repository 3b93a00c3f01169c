// How fast bytes leave, and how long it will take, for people: an average of 10 s, and an estimate that is silent until it is
// steady.
const AVERAGE_MS = 10_000;
const WINDOW_MS = 30_000;
const EARLIEST_MS = 8_000;
const STEADY = 0.25;

interface Sample {
  at: number;
  ms: number;
  bytes: number;
}

// Times are of one clock that only goes forward, in milliseconds.
export class Speed {
  private average = 0;
  private begunAt = -1;
  private at = -1;
  private pending = 0;
  private samples: Sample[] = [];
  private ends: number[] = []; // when it would be over, as the last estimates said

  // After a pause or a break: what was before says nothing about what comes.
  restart(): void {
    this.average = 0;
    this.begunAt = this.at = -1;
    this.pending = 0;
    this.samples = [];
    this.ends = [];
  }

  // `bytes` have left since the last call.
  add(bytes: number, now: number): void {
    if (this.begunAt < 0) {
      this.begunAt = this.at = now;
      return;
    }
    this.pending += bytes;
    const passed = now - this.at;
    if (passed < 250) return;
    const rate = (this.pending * 1000) / passed;
    const weight = this.average === 0 ? 1 : 1 - Math.exp(-passed / AVERAGE_MS);
    this.average += (rate - this.average) * weight;
    this.samples.push({ at: now, ms: passed, bytes: this.pending });
    this.samples = this.samples.filter((one) => one.at > now - WINDOW_MS);
    this.pending = 0;
    this.at = now;
  }

  // 0: not known.
  get bytesPerSecond(): number {
    return this.average;
  }

  // Null until the last calls' estimates, and the averages of 10 and of 30 s, agree. To be called about once a second.
  secondsLeft(missing: number, now: number): number | null {
    if (this.samples.length === 0 || now - this.begunAt < EARLIEST_MS) return null;
    const sum = (of: (one: Sample) => number) => this.samples.reduce((total, one) => total + of(one), 0);
    const rate =
      (sum((one) => one.bytes) * 1000) /
      Math.max(
        sum((one) => one.ms),
        1,
      );
    if (rate <= 0) return null;
    const left = missing / rate;
    this.ends = [...this.ends.slice(-4), now / 1000 + left];
    const spread = Math.max(...this.ends) - Math.min(...this.ends);
    const agree = Math.abs(this.average / rate - 1) < 2 * STEADY;
    return agree && this.ends.length === 5 && spread <= Math.max(3, left * STEADY) ? left : null;
  }
}

// What to send in one request: about five seconds' worth, so that a break costs no more, and no more than twice the last piece.
export function nextPiece(last: number, bytesPerSecond: number): number {
  const MiB = 1 << 20;
  if (bytesPerSecond <= 0) return last;
  const wanted = Math.min(bytesPerSecond * 5, last * 2);
  return Math.min(32 * MiB, Math.max(MiB, Math.floor(wanted / MiB) * MiB));
}
export const FIRST_PIECE = 4 << 20;
