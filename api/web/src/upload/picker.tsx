// Where files come in: by a button, or dropped. Chromium gives handles that outlive the tab.
import { useRef, useState } from 'preact/hooks';
import { Button, Icon } from '../lib/parts';
import type { Picked } from './assign';
import type { FileHandle } from './world';
import { text } from './words';

interface PickerWindow {
  showOpenFilePicker?(options: { multiple: boolean }): Promise<FileHandle[]>;
}

// Null: nothing was chosen, or this browser has no such thing and `input` is to be used.
async function pickHandles(multiple: boolean): Promise<Picked[] | null> {
  const pick = (window as PickerWindow).showOpenFilePicker;
  if (!pick) return null;
  const chosen = await pick.call(window, { multiple });
  return Promise.all(chosen.map(async (handle) => ({ handle, file: await handle.getFile() })));
}

// Opens the browser's own dialog; resolves with nothing where the person leaves it.
export async function chooseFiles(input: HTMLInputElement, multiple: boolean): Promise<Picked[]> {
  try {
    const picked = await pickHandles(multiple);
    if (picked) return picked;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return [];
  }
  input.multiple = multiple;
  input.click();
  return [];
}

export const filesOf = (input: HTMLInputElement): Picked[] => {
  const picked = [...(input.files ?? [])].map((file) => ({ file, handle: null }));
  input.value = '';
  return picked;
};

interface DroppedItem extends DataTransferItem {
  getAsFileSystemHandle?(): Promise<(FileHandle & { kind: string }) | null>;
}

// What the event holds ends with it, so everything is asked for at once.
function dropped(transfer: DataTransfer): Promise<Picked[]> {
  const items = [...transfer.items].filter((item) => item.kind === 'file') as DroppedItem[];
  return Promise.all(
    items.map(async (item) => {
      const file = item.getAsFile();
      const handle = (await item.getAsFileSystemHandle?.().catch(() => null)) ?? null;
      return file ? [{ file, handle: handle?.kind === 'file' ? handle : null }] : [];
    }),
  ).then((all) => all.flat());
}

export function DropZone({ onFiles, compact }: { onFiles: (picked: Picked[]) => void; compact: boolean }) {
  const [over, setOver] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const drop = async (event: DragEvent) => {
    event.preventDefault();
    setOver(0);
    if (event.dataTransfer) onFiles(await dropped(event.dataTransfer));
  };
  return (
    <div
      class={`drop${over > 0 ? ' over' : ''}${compact ? ' compact' : ''}`}
      onDragOver={(event) => event.preventDefault()}
      onDragEnter={() => setOver((n) => n + 1)}
      onDragLeave={() => setOver((n) => Math.max(0, n - 1))}
      onDrop={(event) => void drop(event)}
    >
      <Icon name="upload" />
      <div>
        <p class="drop-title">{text.drop}</p>
        <p class="soft">{text.dropHint}</p>
      </div>
      <Button
        kind={compact ? 'plain' : 'primary'}
        icon="plus"
        onClick={() => void chooseFiles(input.current!, true).then((picked) => picked.length && onFiles(picked))}
      >
        {text.choose}
      </Button>
      <input
        ref={input}
        class="unseen"
        type="file"
        multiple
        tabIndex={-1}
        aria-label={text.choose}
        accept="video/*,audio/*,.mkv,.ts,.mxf,.flv"
        onChange={(event) => onFiles(filesOf(event.currentTarget))}
      />
    </div>
  );
}
