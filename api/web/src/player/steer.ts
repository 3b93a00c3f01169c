// How a second picture is kept with the first: what to do about an offset. Pure.

export interface Look {
  offset: number;           // seconds that the follower is ahead
  rate: number;             // of the leader
  correcting: boolean;      // the last decision was a change of speed
}

export type Decision = { kind: 'follow'; rate: number } | { kind: 'nudge'; rate: number } | { kind: 'seek' };

export const calmSeconds = 0.03;        // what nobody sees
export const farSeconds = 0.4;          // what a change of speed does not mend soon
export const strongest = 0.05;          // change of speed
const settledSeconds = 0.01;            // a correction goes on until here, so that it does not begin again at once
const perSecond = 1;                    // share of the offset that is mended in a second

export function steer(look: Look): Decision {
  const size = Math.abs(look.offset);
  if (size > farSeconds) return { kind: 'seek' };
  if (size < (look.correcting ? settledSeconds : calmSeconds)) return { kind: 'follow', rate: look.rate };
  const change = Math.max(-strongest, Math.min(strongest, (look.offset * perSecond) / look.rate));
  return { kind: 'nudge', rate: look.rate * (1 - change) };
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
