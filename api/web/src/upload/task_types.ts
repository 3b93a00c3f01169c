// What an upload is made of, and what it needs of the world.
import type { Answer, Failure } from './answers';
import type { View } from './names';
import type { Send } from './transport';

export interface Plan {
  lecture: string;
  view: View;
  fileName: string;
  size: number;
  fingerprint: string; // empty: not read yet
}

export interface Target {
  uploadId: string;
  createUrl: string;
  uploadUrl: string;
  token: string;
}

export interface Deps {
  announce(plan: Plan, signal: AbortSignal): Promise<{ answer: Answer; target: Target | null }>;
  send: Send;
  fingerprint(file: Blob): Promise<string>;
  checksum: ((bytes: Uint8Array<ArrayBuffer>) => Promise<string>) | null; // base64 of SHA-256; null: too slow here
  sleep(ms: number, signal: AbortSignal): Promise<void>; // resolves early when trying again looks promising
  signedIn(signal: AbortSignal): Promise<void>; // resolves when somebody has signed in again
  alone<T>(uploadId: string, signal: AbortSignal, elsewhere: () => void, work: () => Promise<T>): Promise<T>;
  now(): number;
  random(): number;
}

// waiting: for its turn; held: a trouble that passes by itself; elsewhere: another tab sends it.
export type State =
  | 'waiting'
  | 'reading'
  | 'uploading'
  | 'held'
  | 'elsewhere'
  | 'paused'
  | 'sign_in'
  | 'needs_file'
  | 'stored'
  | 'failed'
  | 'cancelled';

export interface Problem {
  failure: Failure;
  message: string; // the service's own words; may be empty
}
