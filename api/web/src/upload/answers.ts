// What an upload does about an answer, by its status and reason and never by its text. Pure.
//
// Source: RFC 9110 15, tus 1.0; the VOD service's reasons are in vod_service/http/errors.cc.

export type Step = 'announce' | 'head' | 'create' | 'patch';

export interface Answer {
  status: number; // 0: none came
  reason: string; // "QUOTA_EXCEEDED"; empty: none was given
  message: string; // for a person; empty: none was given
  retryAfter: number; // seconds; 0: not given
}

// Why nothing goes on for now; all of these pass by themselves.
export type Trouble = 'network' | 'server' | 'throttled' | 'busy';
// Why it ended; none of these passes by itself. `gone` can be begun again, the others say what to do.
export type Failure =
  | 'gone'
  | 'damaged'
  | 'changed'
  | 'too_large'
  | 'quota'
  | 'disk_full'
  | 'no_vod_service'
  | 'no_lecture'
  | 'forbidden'
  | 'refused';

export type Verdict =
  | { do: 'continue' }
  | { do: 'create' }
  | { do: 'resync' }
  | { do: 'resend' }
  | { do: 'renew' }
  | { do: 'sign_in' }
  | { do: 'wait'; trouble: Trouble; leastMs: number }
  | { do: 'fail'; failure: Failure };

const byReason: Record<string, Failure> = {
  QUOTA_EXCEEDED: 'quota',
  NO_VOD_SERVICE: 'no_vod_service',
  DISK_FULL: 'disk_full',
  TOO_LARGE: 'too_large',
  UPLOAD_GONE: 'gone',
};

function wait(trouble: Trouble, answer: Answer): Verdict {
  return { do: 'wait', trouble, leastMs: Math.min(answer.retryAfter, 600) * 1000 };
}

// Answers that mean the same whoever gives them; null: it depends on the step.
function common(answer: Answer): Verdict | null {
  const { status } = answer;
  if (status >= 200 && status < 300) return { do: 'continue' };
  if (status === 0) return wait('network', answer);
  const known = byReason[answer.reason];
  if (known) return { do: 'fail', failure: known };
  if (status === 429 || (status === 503 && answer.retryAfter > 0)) return wait('throttled', answer);
  if (status === 507) return { do: 'fail', failure: 'disk_full' };
  if (status === 408 || status === 425 || status >= 500) return wait('server', answer);
  return null;
}

// What the API said to CreateUpload.
function announced(answer: Answer): Verdict {
  switch (answer.status) {
    case 401:
      return { do: 'sign_in' };
    case 403:
      return { do: 'fail', failure: 'forbidden' };
    case 404:
      return { do: 'fail', failure: 'no_lecture' };
    default:
      return { do: 'fail', failure: 'refused' };
  }
}

// `begun`: the VOD service has had this upload.
export function verdict(step: Step, answer: Answer, begun: boolean): Verdict {
  const same = common(answer);
  if (same) return same;
  if (step === 'announce') return announced(answer);
  switch (answer.status) {
    case 401:
    case 403:
      return { do: 'renew' };
    case 404:
      return begun ? { do: 'fail', failure: 'gone' } : step === 'head' ? { do: 'create' } : { do: 'resync' };
    case 409:
      return answer.reason === 'UPLOAD_BUSY' ? wait('busy', answer) : { do: 'resync' };
    case 410:
      return { do: 'fail', failure: 'gone' };
    case 413:
      return { do: 'fail', failure: 'too_large' };
    case 423:
      return wait('busy', answer);
    case 460:
      return { do: 'resend' };
    default:
      return { do: 'fail', failure: 'refused' };
  }
}

// Seconds of a Retry-After, which may be a number or a date; 0 where there is none or it makes no sense.
export function retryAfterSeconds(value: string | null, nowMs: number): number {
  if (!value) return 0;
  if (/^\d+$/.test(value)) return Number(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? 0 : Math.max(0, Math.ceil((at - nowMs) / 1000));
}

// Full jitter: uniform up to 1 s * 2^failures, at most 60 s, at least 200 ms. `random` in [0, 1).
export function backOffMs(failures: number, random: number): number {
  return Math.max(200, Math.min(60_000, 1000 * 2 ** Math.min(failures, 10)) * random);
}
