// One HTTP request to a VOD service, with the bytes that have left while they leave; fetch cannot tell those.
import { retryAfterSeconds, type Answer } from './answers';

const STALLED_MS = 20_000;
// All bytes have left, and the service syncs them to its disk.
const ANSWER_MS = 60_000;

export interface WireRequest {
  method: 'HEAD' | 'POST' | 'PATCH' | 'DELETE';
  url: string;
  headers: Record<string, string>;
  body?: Uint8Array<ArrayBuffer>;
  onSent?: (bytes: number) => void; // of this request so far
  signal: AbortSignal;
}

export interface WireAnswer extends Answer {
  offset: number | null; // Upload-Offset
}

// Rejects only when `signal` aborts; what cannot be reached, or has stopped taking bytes, is an answer with status 0.
export type Send = (request: WireRequest) => Promise<WireAnswer>;

export const NO_ANSWER: WireAnswer = { status: 0, reason: '', message: '', retryAfter: 0, offset: null };

function errorOf(text: string): { reason: string; message: string } {
  try {
    const { error } = JSON.parse(text) as { error?: { reason?: string; message?: string } };
    return { reason: error?.reason ?? '', message: error?.message ?? '' };
  } catch {
    return { reason: '', message: '' };
  }
}

// A refusal may come from something in between, which lets nobody read its other fields.
function answerOf(xhr: XMLHttpRequest): WireAnswer {
  const offset = xhr.status < 300 ? xhr.getResponseHeader('Upload-Offset') : null;
  return {
    status: xhr.status,
    ...errorOf(xhr.responseText),
    retryAfter: xhr.status < 300 ? 0 : retryAfterSeconds(xhr.getResponseHeader('Retry-After'), Date.now()),
    offset: offset !== null && /^\d+$/.test(offset) ? Number(offset) : null,
  };
}

export const sendByXhr: Send = (request) =>
  new Promise((resolve, reject) => {
    const { signal } = request;
    signal.throwIfAborted();
    const xhr = new XMLHttpRequest();
    let watchdog = 0;
    const watch = (ms: number) => {
      clearTimeout(watchdog);
      watchdog = window.setTimeout(() => xhr.abort(), ms);
    };
    const abort = () => xhr.abort();
    xhr.open(request.method, request.url);
    for (const [name, value] of Object.entries(request.headers)) xhr.setRequestHeader(name, value);
    if (request.onSent) {
      xhr.upload.onprogress = (event) => {
        watch(STALLED_MS);
        request.onSent?.(event.loaded);
      };
      xhr.upload.onload = () => watch(ANSWER_MS);
    }
    xhr.onloadend = () => {
      clearTimeout(watchdog);
      signal.removeEventListener('abort', abort);
      if (signal.aborted) reject(signal.reason);
      else resolve(xhr.status === 0 ? NO_ANSWER : answerOf(xhr));
    };
    signal.addEventListener('abort', abort);
    watch(STALLED_MS);
    xhr.send(request.body ?? null);
  });
