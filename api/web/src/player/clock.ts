// The server's clock, on a machine with another idea of the time.

let offsetMs = 0;
let precisionMs = Infinity;

// `now` is what the server said; the request left at `sent` and the answer came at `received` (Date.now()). The quickest answers
// tell best; old ones count less and less.
export function learnTime(now: string | undefined, sent: number, received: number): void {
  const server = Date.parse(now ?? '');
  if (!Number.isFinite(server)) return;
  const precision = (received - sent) / 2;
  precisionMs += 20;
  if (precision > precisionMs) return;
  precisionMs = precision;
  offsetMs = server - (sent + received) / 2;
}

export function serverNow(): number {
  return Date.now() + offsetMs;
}
