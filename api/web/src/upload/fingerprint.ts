// A digest that ties a resumed upload to the same bytes without reading all of a large file: the same as api/cli/fingerprint.h,
// so that an upload that a browser began goes on at a command line, and the other way round.
import { sha256 } from './sha256';

const PIECE = 1 << 20;

// [begin, end) of what is read.
export function pieces(size: number): [number, number][] {
  if (size <= 3 * PIECE) return [[0, size]];
  const middle = Math.floor((size - PIECE) / 2);
  return [
    [0, PIECE],
    [middle, middle + PIECE],
    [size - PIECE, size],
  ];
}

export function canDigest(): boolean {
  return globalThis.crypto?.subtle !== undefined;
}

export async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return canDigest() ? new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)) : sha256(bytes);
}

// Hex. Rejects where the file cannot be read (any more).
export async function fingerprintOf(file: Blob): Promise<string> {
  const parts = await Promise.all(pieces(file.size).map(([begin, end]) => file.slice(begin, end).arrayBuffer()));
  const all = new Uint8Array(8 + parts.reduce((sum, part) => sum + part.byteLength, 0));
  new DataView(all.buffer).setBigUint64(0, BigInt(file.size), true);
  let at = 8;
  for (const part of parts) {
    all.set(new Uint8Array(part), at);
    at += part.byteLength;
  }
  return [...(await digest(all))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
