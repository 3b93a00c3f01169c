// The gateway's JSON interface, as a signed-in person's page uses it (the session is a cookie that scripts cannot read).
import { text } from './texts';

const timeLimitMs = 20_000;

// A call that failed. `status` is the HTTP status, 0 where there was no answer; `code` its word ("NOT_FOUND"); `reason` tells one
// failure of a kind from another ("COURSE_NOT_FOUND"), empty where there is none; `message` is for people.
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly reason: string,
    message: string,
    readonly retryAfterSeconds = 0,
  ) {
    super(message);
  }

  get notFound(): boolean {
    return this.status === 404;
  }
  get signInNeeded(): boolean {
    return this.status === 401;
  }
}

interface ErrorBody {
  error?: { status?: string; message?: string; reason?: string };
}

function errorOf(status: number, body: unknown, retryAfter = 0): ApiError {
  const error = (body as ErrorBody | null)?.error ?? {};
  return new ApiError(status, error.status ?? 'UNKNOWN', error.reason ?? '', error.message || text.noReason(status), retryAfter);
}

async function call<T>(method: string, path: string, body?: unknown, keepalive = false): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(timeLimitMs),
      keepalive,
    });
  } catch (error) {
    const late = error instanceof DOMException && error.name === 'TimeoutError';
    throw new ApiError(0, 'UNAVAILABLE', '', late ? text.noAnswerInTime : text.noAnswer);
  }
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw errorOf(response.status, answer, Number(response.headers.get('Retry-After')) || 0);
  return answer as T;
}

export const api = {
  get: <T>(path: string) => call<T>('GET', path),
  post: <T>(path: string, body: unknown = {}) => call<T>('POST', path, body),
  patch: <T>(path: string, body: unknown) => call<T>('PATCH', path, body),
  put: <T>(path: string, body: unknown) => call<T>('PUT', path, body),
  del: <T>(path: string) => call<T>('DELETE', path),
  // A last word that outlives the page; nobody waits for its answer.
  leave: (method: 'POST' | 'PUT', path: string, body: unknown) => {
    call(method, path, body, true).catch(() => undefined);
  },
};

interface Embedded {
  [name: string]: { status: number; body: unknown } | undefined;
}

let embeddedData: Embedded | null = null;

// The datum that came with the page (docs/web.md), or null where the page has none of this name. Throws its ApiError where it
// failed.
export function embedded<T>(name: string): T | null {
  embeddedData ??= JSON.parse(document.getElementById('data')?.textContent || '{}') as Embedded;
  const datum = embeddedData[name];
  if (!datum) return null;
  if (datum.status >= 400) throw errorOf(datum.status, datum.body);
  return datum.body as T;
}

// As `embedded`, or null where it failed too: for what a page can do without.
export function embeddedOrNull<T>(name: string): T | null {
  try {
    return embedded<T>(name);
  } catch {
    return null;
  }
}

// All pages of a list: `path` may have a query already.
export async function getAll<T>(path: string, field: string): Promise<T[]> {
  const all: T[] = [];
  let token = '';
  do {
    const mark = path.includes('?') ? '&' : '?';
    const page = await api.get<Record<string, unknown>>(token ? `${path}${mark}page_token=${encodeURIComponent(token)}` : path);
    all.push(...((page[field] as T[] | undefined) ?? []));
    token = (page.nextPageToken as string | undefined) ?? '';
  } while (token);
  return all;
}

export async function signIn(email: string, password: string): Promise<void> {
  await api.post('/session', { email, password });
}

export async function signOut(): Promise<void> {
  await api.del('/session').catch(() => undefined);
  location.assign('/');
}

export { watch, type StreamState } from './stream';
