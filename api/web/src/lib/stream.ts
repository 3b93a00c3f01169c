// Server-Sent Events over fetch: unlike EventSource it tells why a stream was refused, and notices one that has gone silent.
import { ApiError } from './api';
import { text } from './texts';

// "lost": it broke and is tried again by itself. "ended": it was refused for good; `error` says why.
export type StreamState = 'connecting' | 'open' | 'lost' | 'ended';

interface Handlers<T> {
  onEvent: (message: T) => void;
  onState?: (state: StreamState, error?: ApiError) => void;
}

const silenceMs = 40_000; // the gateway sends something every 15 s
const longestPauseMs = 30_000;
// Nothing that trying again changes.
const forGood = (status: number) => status >= 400 && status < 500 && status !== 408 && status !== 429;

// Lines of one event: "event: NAME", "data: ..."; a line that begins with a colon is a comment.
export function parseEvent(block: string): { name: string; data: string } {
  let name = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) name = line.slice(6).trim();
    else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
  }
  return { name, data: data.join('\n') };
}

function refusal(status: number, body: string): ApiError {
  let error: { status?: string; reason?: string; message?: string; code?: number } = {};
  try {
    error = (JSON.parse(body) as { error?: typeof error }).error ?? {};
  } catch {
    /* an answer of something in between */
  }
  const known = status || error.code || 0;
  return new ApiError(known, error.status ?? 'UNKNOWN', error.reason ?? '', error.message || text.noReason(known));
}

// Reads one connection to its end. Resolves where it ended by itself; throws an ApiError where it was refused.
async function readStream<T>(path: string, handlers: Handlers<T>, stop: AbortController): Promise<void> {
  let timer = 0;
  const alive = () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => stop.abort(), silenceMs);
  };
  alive();
  try {
    const response = await fetch(path, { headers: { Accept: 'text/event-stream' }, signal: stop.signal });
    if (!response.ok || !response.body) throw refusal(response.status, await response.text());
    handlers.onState?.('open');
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      alive();
      rest += value.replaceAll('\r', '');
      const blocks = rest.split('\n\n');
      rest = blocks.pop()!;
      for (const block of blocks) {
        const { name, data } = parseEvent(block);
        if (name === 'error') throw refusal(0, data);
        if (data) handlers.onEvent(JSON.parse(data) as T);
      }
    }
  } finally {
    clearTimeout(timer);
  }
}

// Keeps a stream open until the returned function is called. After a break it is opened anew, at once when the browser is online
// or the page is looked at again; the first event after that is whatever the method begins with.
export function watch<T>(path: string, handlers: Handlers<T>): () => void {
  let ended = false;
  let failures = 0;
  let stop = new AbortController();
  let wake: () => void = () => undefined;
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      wake = resolve;
      setTimeout(resolve, ms);
    });
  const nudge = () => {
    if (document.visibilityState === 'visible') wake();
  };
  addEventListener('online', nudge);
  document.addEventListener('visibilitychange', nudge);

  const run = async () => {
    while (!ended) {
      stop = new AbortController();
      try {
        if (failures === 0) handlers.onState?.('connecting');
        await readStream<T>(
          path,
          {
            ...handlers,
            onEvent: (message) => {
              failures = 0;
              handlers.onEvent(message);
            },
          },
          stop,
        );
      } catch (error) {
        if (ended) return;
        if (error instanceof ApiError && forGood(error.status)) {
          handlers.onState?.('ended', error);
          return;
        }
      }
      if (ended) return;
      failures += 1;
      handlers.onState?.('lost');
      const limit = Math.min(longestPauseMs, 1000 * 2 ** Math.min(failures - 1, 5));
      await pause(limit / 2 + (Math.random() * limit) / 2);
    }
  };
  void run();
  return () => {
    ended = true;
    stop.abort();
    wake();
    removeEventListener('online', nudge);
    document.removeEventListener('visibilitychange', nudge);
  };
}
