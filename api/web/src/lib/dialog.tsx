// A window over the page, by the browser's own <dialog>: the rest of the page is out of reach, Escape closes it.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Button } from './controls';
import { text } from './texts';

interface DialogProps {
  open: boolean;
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  actions?: ComponentChildren; // buttons at the foot; without them there is one that closes
  wide?: boolean;
}

// The focus goes back to where it was when it closes.
export function Dialog({ open, title, onClose, children, actions, wide }: DialogProps) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (!element) return;
    if (open && !element.open) element.showModal();
    if (!open && element.open) element.close();
  }, [open]);
  if (!open) return null;
  return (
    <dialog
      ref={dialog}
      class={wide ? 'dialog wide' : 'dialog'}
      aria-labelledby={id}
      onClose={onClose}
      onMouseDown={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <div class="dialog-inside">
        <header>
          <h2 id={id}>{title}</h2>
          <Button kind="quiet" icon="close" label={text.close} onClick={onClose} />
        </header>
        <div class="dialog-body">{children}</div>
        <footer>{actions ?? <Button onClick={onClose}>{text.close}</Button>}</footer>
      </div>
    </dialog>
  );
}
