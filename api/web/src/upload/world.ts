// What a task needs of the browser: time, wake-ups, locks, and the file handles that Chromium can keep.

// Ends waits early when trying again looks promising: the network is back, the tab is looked at again, or a person says so.
export class Waker {
  private readonly waiting = new Set<() => void>();

  constructor() {
    addEventListener('online', () => this.wake());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.wake();
    });
    addEventListener('pageshow', () => this.wake());
  }

  wake(): void {
    for (const one of [...this.waiting]) one();
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        this.waiting.delete(end);
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const stop = () => {
        end();
        reject(signal.reason);
      };
      const timer = setTimeout(end, ms);
      this.waiting.add(end);
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop);
    });
  }
}

// Runs `work` while no other tab of this browser runs work for the same upload. `elsewhere` is called where it has to wait for
// that.
export async function alone<T>(uploadId: string, signal: AbortSignal, elsewhere: () => void, work: () => Promise<T>): Promise<T> {
  if (!navigator.locks) return work();
  const name = `lectern-upload-${uploadId}`;
  const tried = await navigator.locks.request(name, { ifAvailable: true }, async (lock) =>
    lock ? { value: await work() } : null,
  );
  if (tried) return tried.value;
  elsewhere();
  return navigator.locks.request(name, { signal }, work) as Promise<T>;
}

export interface FileHandle {
  name: string;
  getFile(): Promise<File>;
  queryPermission?(options: { mode: 'read' }): Promise<PermissionState>;
  requestPermission?(options: { mode: 'read' }): Promise<PermissionState>;
}

function store<T>(mode: IDBTransactionMode, use: (handles: IDBObjectStore) => IDBRequest<T>): Promise<T | null> {
  return new Promise((resolve) => {
    const none = () => resolve(null);
    const open = indexedDB.open('lectern-uploads', 1);
    open.onupgradeneeded = () => open.result.createObjectStore('handles');
    open.onerror = open.onblocked = none;
    open.onsuccess = () => {
      try {
        const request = use(open.result.transaction('handles', mode).objectStore('handles'));
        request.onsuccess = () => resolve(request.result);
        request.onerror = none;
      } catch {
        none();
      }
      open.result.onversionchange = () => open.result.close();
    };
  });
}

// By upload id. All of these do nothing where the browser has no such thing, or is in private mode.
export const handles = {
  keep: (uploadId: string, handle: FileHandle) => store('readwrite', (all) => all.put(handle, uploadId)),
  get: (uploadId: string) => store<FileHandle | undefined>('readonly', (all) => all.get(uploadId)),
  forget: (uploadId: string) => store('readwrite', (all) => all.delete(uploadId)),
};

// The file behind a handle, after asking for the permission that ended with the last tab; null where it was refused or is gone.
export async function fileOf(handle: FileHandle): Promise<File | null> {
  try {
    const asked = { mode: 'read' } as const;
    let permission = (await handle.queryPermission?.(asked)) ?? 'granted';
    if (permission === 'prompt') permission = (await handle.requestPermission?.(asked)) ?? 'denied';
    return permission === 'granted' ? await handle.getFile() : null;
  } catch {
    return null;
  }
}
