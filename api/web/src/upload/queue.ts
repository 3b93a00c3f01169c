// The uploads of this tab: which of them run, and what the page shows of them.
import { api, ApiError, getAll } from '../lib/api';
import type { OpenUpload, Upload } from '../generated/api';
import type { Answer } from './answers';
import { base64, canDigest, digest, fingerprintOf } from './fingerprint';
import type { View } from './names';
import { Task } from './task';
import type { Deps, Plan, Target } from './task_types';
import { sendByXhr } from './transport';
import { alone, fileOf, handles, Waker, type FileHandle } from './world';

const AT_ONCE = 2; // a pair of camera and slides
const SHOW_MS = 120;

function answerOf(error: unknown): Answer {
  if (!(error instanceof ApiError)) throw error;
  return { status: error.status, reason: error.reason, message: error.message, retryAfter: error.retryAfterSeconds };
}

async function announce(plan: Plan): Promise<{ answer: Answer; target: Target | null }> {
  const body = { view: plan.view, fileName: plan.fileName, sizeBytes: String(plan.size), fingerprint: plan.fingerprint };
  try {
    const upload = await api.post<Upload>(`/v1/${plan.lecture}/uploads`, body);
    return { answer: { status: 200, reason: '', message: '', retryAfter: 0 }, target: upload };
  } catch (error) {
    return { answer: answerOf(error), target: null };
  }
}

export interface Item {
  id: number;
  task: Task;
  handle: FileHandle | null;
}

export class UploadQueue {
  items: Item[] = [];
  private readonly waker = new Waker();
  private readonly signIn = new Waker();
  private readonly running = new Map<Item, AbortController>();
  private readonly listeners = new Set<() => void>();
  private nextId = 1;
  private shown = 0;
  private readonly deps: Deps = {
    announce,
    alone,
    send: sendByXhr,
    fingerprint: fingerprintOf,
    checksum: canDigest() ? async (bytes) => base64(await digest(bytes)) : null,
    sleep: (ms, signal) => this.waker.sleep(ms, signal),
    // Another tab may have been used for it, so look now and then.
    signedIn: (signal) => this.signIn.sleep(15_000, signal),
    now: () => performance.now(),
    random: Math.random,
  };

  constructor() {
    addEventListener('beforeunload', (event) => {
      if (this.unsent()) event.preventDefault();
    });
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  // Bytes that leave with the page. What is paused or broken goes on later with or without this tab.
  unsent(): boolean {
    return this.items.some(({ task }) => ['waiting', 'reading', 'uploading', 'held', 'sign_in'].includes(task.state));
  }

  add(file: File, handle: FileHandle | null, lecture: string, view: View): Item {
    const plan = { lecture, view, fileName: shortName(file.name), size: file.size, fingerprint: '' };
    return this.put(new Task(plan, file, this.deps), handle);
  }

  // The caller's unfinished uploads of a lecture (empty: of all), from any device. Those that are here already stay as they are.
  async loadOpen(lecture = ''): Promise<void> {
    const query = lecture ? `&lecture=${encodeURIComponent(lecture)}` : '';
    const open = await getAll<OpenUpload>(`/v1/uploads?page_size=200${query}`, 'uploads');
    for (const one of open) {
      if (this.items.some(({ task }) => task.uploadId === one.uploadId)) continue;
      const plan = {
        lecture: one.lecture,
        view: one.view as View,
        fileName: one.fileName,
        size: Number(one.sizeBytes),
        fingerprint: one.fingerprint,
      };
      const task = new Task(plan, null, this.deps, { uploadId: one.uploadId, received: Number(one.receivedBytes) });
      this.put(task, (await handles.get(one.uploadId)) ?? null);
    }
  }

  private put(task: Task, handle: FileHandle | null): Item {
    const item = { id: this.nextId++, task, handle };
    let state = task.state,
      uploadId = task.uploadId;
    task.onChange = () => {
      if (task.uploadId !== uploadId && item.handle) void handles.keep(task.uploadId, item.handle);
      const changed = task.state !== state || task.uploadId !== uploadId;
      [state, uploadId] = [task.state, task.uploadId];
      this.show(changed);
    };
    this.items = [...this.items, item];
    this.next();
    return item;
  }

  // At most a few times a second while only figures change.
  private show(atOnce: boolean): void {
    if (!atOnce && performance.now() - this.shown < SHOW_MS) return;
    this.shown = performance.now();
    for (const one of [...this.listeners]) one();
  }

  private next(): void {
    for (const item of this.items) {
      if (this.running.size >= AT_ONCE) break;
      if (item.task.state === 'waiting' && !this.running.has(item)) void this.run(item);
    }
    this.show(true);
  }

  private async run(item: Item): Promise<void> {
    const stop = new AbortController();
    this.running.set(item, stop);
    try {
      await item.task.run(stop.signal);
      if (item.task.state === 'stored') void handles.forget(item.task.uploadId);
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    } finally {
      if (this.running.get(item) === stop) this.running.delete(item);
      this.next();
    }
  }

  private halt(item: Item): void {
    const stop = this.running.get(item);
    this.running.delete(item);
    stop?.abort(new DOMException('stopped', 'AbortError'));
  }

  pause(item: Item): void {
    this.halt(item);
    item.task.set('paused');
    this.next();
  }

  // After a pause or a failure that a person has dealt with. One whose file is not at hand gets it through `giveFile`.
  resume(item: Item): void {
    if (this.running.has(item)) this.waker.wake();
    else item.task.set(item.task.file ? 'waiting' : 'needs_file');
    this.next();
  }

  // What was stored is lost, or was of another file: from the first byte, as another upload.
  async startAgain(item: Item, file: File | null = null, handle: FileHandle | null = item.handle): Promise<void> {
    if (item.task.otherFile) await this.terminate(item).catch(() => undefined);
    item.handle = handle;
    item.task.reset(file ?? item.task.file);
    this.next();
  }

  // True where it is the file that was begun.
  async giveFile(item: Item, file: File, handle: FileHandle | null): Promise<boolean> {
    const same = await item.task.giveFile(file);
    if (same && handle) {
      item.handle = handle;
      void handles.keep(item.task.uploadId, handle);
    }
    this.next();
    return same;
  }

  // With the handle that this browser kept: one click for the permission. False where the file must be chosen again.
  async giveKept(item: Item): Promise<boolean> {
    const file = item.handle ? await fileOf(item.handle) : null;
    if (!file) {
      item.handle = null;
      this.show(true);
      return false;
    }
    return this.giveFile(item, file, item.handle);
  }

  // Rejects with an ApiError where the service could not be told; the upload is still there then.
  async cancel(item: Item): Promise<void> {
    this.halt(item);
    item.task.set('paused');
    await this.terminate(item);
    item.task.set('cancelled');
    this.forget(item);
  }

  private async terminate({ task }: Item): Promise<void> {
    if (!task.uploadId) return;
    const { answer, target } = await announce(task.plan);
    if (!target) throw new ApiError(answer.status, '', answer.reason, answer.message);
    const headers = { 'Tus-Resumable': '1.0.0', Authorization: `Bearer ${target.token}` };
    const request = { method: 'DELETE', url: target.uploadUrl, headers, signal: new AbortController().signal } as const;
    let ended = await sendByXhr(request);
    if (ended.status === 404) {
      // Never begun there, so that nobody would tell the API that it is gone.
      await sendByXhr({
        ...request,
        method: 'POST',
        url: target.createUrl,
        headers: { ...headers, 'Upload-Length': String(task.plan.size) },
      });
      ended = await sendByXhr(request);
    }
    if ((ended.status >= 300 && ended.status !== 404 && ended.status !== 410) || ended.status === 0) {
      throw new ApiError(ended.status, '', ended.reason, ended.message);
    }
    void handles.forget(task.uploadId);
  }

  // Takes it out of the list; what was stored stays.
  forget(item: Item): void {
    this.halt(item);
    this.items = this.items.filter((one) => one !== item);
    this.next();
  }

  tryNow(): void {
    this.waker.wake();
  }

  signedInAgain(): void {
    this.signIn.wake();
    this.waker.wake();
  }
}

// The API takes 255 bytes.
export function shortName(name: string): string {
  const clean = name.replace(/[\u0000-\u001f\u007f]/g, ' ').trim() || 'recording';
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  if (bytes(clean) <= 255) return clean;
  const end = /\.[A-Za-z0-9]{1,8}$/.exec(clean)?.[0] ?? '';
  let stem = clean.slice(0, clean.length - end.length);
  while (bytes(stem + end) > 255) stem = [...stem].slice(0, -1).join('');
  return stem + end;
}
