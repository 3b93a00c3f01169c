// One recording on its way to a VOD service over tus 1.0, through every trouble that passes by itself.
//
// A task runs (`run`) until its bytes are stored, something needs a person, or it is stopped; then it can be run again. All
// that touches the world comes from `Deps`, so that tests conduct it.
import { backOffMs, verdict, type Answer, type Failure, type Step, type Trouble, type Verdict } from './answers';
import { FIRST_PIECE, nextPiece, Speed } from './speed';
import type { Deps, Plan, Problem, State, Target } from './task_types';
import type { WireAnswer, WireRequest } from './transport';

const MAX_RENEWALS = 3;
const MAX_RESYNCS = 3;

class Unreadable extends Error {}

export class Task {
  state: State;
  acknowledged: number; // that the service has stored
  sent = 0; // of the request that is on its way, on top of these
  trouble: Trouble | null = null;
  retryAt = 0; // by Deps.now, while held
  problem: Problem | null = null;
  otherFile = false; // the file that was given last is not the one that was begun
  target: Target | null = null;
  uploadId: string; // empty: not announced yet
  readonly speed = new Speed();
  onChange: () => void = () => {};

  private step: Step = 'announce';
  private begun: boolean;
  private failures = 0; // in a row, without progress; as the next three
  private renewals = 0;
  private resyncs = 0;
  private resent = false;
  private piece = FIRST_PIECE;

  constructor(
    public plan: Plan,
    public file: File | null,
    private readonly deps: Deps,
    open?: { uploadId: string; received: number },
  ) {
    this.uploadId = open?.uploadId ?? '';
    this.acknowledged = open?.received ?? 0;
    this.begun = this.acknowledged > 0;
    this.state = file ? 'waiting' : 'needs_file';
  }

  set(state: State): void {
    this.state = state;
    this.sent = state === 'uploading' ? this.sent : 0;
    if (state !== 'held') this.trouble = null;
    if (state !== 'failed') this.problem = null;
    this.onChange();
  }

  // Takes the file of an upload that was begun before. False (and `otherFile`) where it is another one.
  async giveFile(file: File): Promise<boolean> {
    let same = file.size === this.plan.size;
    try {
      same &&= (await this.deps.fingerprint(file)) === this.plan.fingerprint;
    } catch {
      same = false;
    }
    this.otherFile = !same;
    if (same) this.file = file;
    this.set(same ? 'waiting' : 'needs_file');
    return same;
  }

  // From the beginning, as another upload: what was stored of this one is lost or was of another file.
  reset(file: File | null = this.file): void {
    this.file = file;
    if (file) this.plan = { ...this.plan, size: file.size, fileName: file.name, fingerprint: '' };
    this.acknowledged = this.sent = 0;
    this.begun = this.otherFile = false;
    this.target = null;
    this.uploadId = '';
    this.set(file ? 'waiting' : 'needs_file');
  }

  // Ends in `stored`, `failed` or `needs_file`; rejects with the signal's reason when that aborts.
  async run(signal: AbortSignal): Promise<void> {
    this.step = 'announce';
    this.failures = this.renewals = this.resyncs = 0;
    this.resent = false;
    this.speed.restart();
    try {
      await this.prepare(signal);
      if (!this.running()) return;
      await this.deps.alone(
        this.uploadId,
        signal,
        () => this.set('elsewhere'),
        async () => {
          this.set('uploading');
          while (this.running()) await this.go(signal);
        },
      );
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.fail('changed', '');
    }
  }

  // Until the service knows that it will come, and where.
  private async prepare(signal: AbortSignal): Promise<void> {
    if (!this.plan.fingerprint) {
      this.set('reading');
      const fingerprint = await this.read(() => this.deps.fingerprint(this.file!));
      signal.throwIfAborted();
      this.plan = { ...this.plan, fingerprint };
    }
    while (this.running() && this.step === 'announce') await this.go(signal);
  }

  private running(): boolean {
    return this.state !== 'stored' && this.state !== 'failed' && this.state !== 'needs_file';
  }

  private async read<T>(reading: () => Promise<T>): Promise<T> {
    try {
      return await reading();
    } catch {
      throw new Unreadable();
    }
  }

  private async go(signal: AbortSignal): Promise<void> {
    const step = this.step;
    if (step === 'announce') {
      const { answer, target } = await this.deps.announce(this.plan, signal);
      signal.throwIfAborted();
      await this.react(step, { ...answer, offset: null }, signal, target);
    } else {
      const request = await this.request(step, signal);
      await this.react(step, await this.deps.send(request), signal, null);
    }
  }

  private async request(step: Step, signal: AbortSignal): Promise<WireRequest> {
    const { createUrl, uploadUrl, token } = this.target!;
    const headers: Record<string, string> = { 'Tus-Resumable': '1.0.0', Authorization: `Bearer ${token}` };
    if (step === 'head') return { method: 'HEAD', url: uploadUrl, headers, signal };
    if (step === 'create') {
      return { method: 'POST', url: createUrl, headers: { ...headers, 'Upload-Length': String(this.plan.size) }, signal };
    }
    const end = Math.min(this.acknowledged + this.piece, this.plan.size);
    const body = new Uint8Array(await this.read(() => this.file!.slice(this.acknowledged, end).arrayBuffer()));
    if (body.length !== end - this.acknowledged) throw new Unreadable();
    headers['Upload-Offset'] = String(this.acknowledged);
    headers['Content-Type'] = 'application/offset+octet-stream';
    if (this.deps.checksum) headers['Upload-Checksum'] = `sha256 ${await this.deps.checksum(body)}`;
    signal.throwIfAborted();
    return { method: 'PATCH', url: uploadUrl, headers, body, signal, onSent: (bytes) => this.left(bytes) };
  }

  private left(bytes: number): void {
    this.speed.add(Math.max(0, bytes - this.sent), this.deps.now());
    this.sent = bytes;
    if (this.state !== 'uploading') this.set('uploading');
    else this.onChange();
  }

  private async react(step: Step, answer: WireAnswer, signal: AbortSignal, target: Target | null): Promise<void> {
    const what = verdict(step, answer, this.begun);
    this.sent = 0;
    switch (what.do) {
      case 'continue':
        return this.advance(step, answer, target);
      case 'create':
        this.step = 'create';
        return;
      case 'renew':
        return this.renew(answer);
      case 'resend':
        return this.resend(answer);
      case 'resync':
        return this.resync(answer, signal);
      case 'wait':
        return this.wait(step, what, signal);
      case 'fail':
        return this.fail(what.failure, answer.message);
      case 'sign_in':
        if (this.state !== 'sign_in') this.set('sign_in');
        return this.deps.signedIn(signal);
    }
  }

  // The service's offset is the only truth: after a break it may be less than what was sent, or more than what was acknowledged.
  private advance(step: Step, answer: WireAnswer, target: Target | null): void {
    if (step === 'announce') {
      if (target!.uploadId !== this.uploadId && this.uploadId) this.acknowledged = 0;
      this.target = target;
      this.uploadId = target!.uploadId;
      // Creating what is there already answers with its offset too, and makes no noise where it is not.
      this.step = this.begun ? 'head' : 'create';
      return;
    }
    this.begun = true;
    const offset = answer.offset;
    if (offset === null || offset > this.plan.size) {
      this.step = 'head';
      return;
    }
    if (offset > this.acknowledged) {
      this.failures = this.renewals = this.resyncs = 0;
      this.resent = false;
      if (step === 'patch') this.piece = nextPiece(this.piece, this.speed.bytesPerSecond);
    }
    this.acknowledged = offset;
    this.step = 'patch';
    this.set(offset === this.plan.size ? 'stored' : 'uploading');
  }

  private renew(answer: Answer): void {
    if (++this.renewals > MAX_RENEWALS) this.fail('forbidden', answer.message);
    this.step = 'announce';
  }

  private resend(answer: Answer): void {
    if (this.resent) this.fail('damaged', answer.message);
    this.resent = true;
    this.step = 'head';
  }

  private async resync(answer: Answer, signal: AbortSignal): Promise<void> {
    this.step = 'head';
    if (++this.resyncs > MAX_RESYNCS)
      await this.wait('head', { do: 'wait', trouble: 'server', leastMs: answer.retryAfter * 1000 }, signal);
  }

  private async wait(step: Step, { trouble, leastMs }: Extract<Verdict, { do: 'wait' }>, signal: AbortSignal): Promise<void> {
    this.step = step === 'announce' ? 'announce' : 'head';
    this.speed.restart();
    const ms = Math.max(leastMs, backOffMs(this.failures++, this.deps.random()));
    this.trouble = trouble;
    this.retryAt = this.deps.now() + ms;
    this.set('held');
    await this.deps.sleep(ms, signal);
  }

  private fail(failure: Failure, message: string): void {
    this.set('failed');
    this.problem = { failure, message };
    this.onChange();
  }
}
