// A button that opens a list of links and actions. Escape, a press elsewhere or leaving it with the keyboard closes it.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Icon, type IconName } from './icons';

export interface MenuItem {
  label: string;
  icon?: IconName;
  href?: string;
  onSelect?: () => void;
  checked?: boolean; // one of several choices: is it the one?
  current?: boolean; // the link leads to where the person is
  danger?: boolean;
  disabled?: boolean;
  separated?: boolean; // a line above it
}

interface MenuProps {
  label: string; // shown, or the accessible name where `button` is given
  button?: ComponentChildren; // instead of the label
  icon?: IconName;
  items: (MenuItem | null | false)[];
  heading?: ComponentChildren; // above the items
  align?: 'start' | 'end';
  kind?: 'plain' | 'quiet';
  current?: boolean; // one of its links leads to where the person is
  class?: string;
}

function Item({ item, close }: { item: MenuItem; close: () => void }) {
  const classes = `menu-item${item.danger ? ' danger' : ''}`;
  const mark =
    item.checked !== undefined ? (
      <Icon name="check" class={item.checked ? '' : 'not-seen'} />
    ) : (
      item.icon && <Icon name={item.icon} />
    );
  if (item.href !== undefined) {
    return (
      <a class={classes} href={item.href} aria-current={item.current ? 'page' : undefined} onClick={close}>
        {mark}
        <span>{item.label}</span>
      </a>
    );
  }
  return (
    <button
      type="button"
      class={classes}
      disabled={item.disabled}
      aria-pressed={item.checked}
      onClick={() => {
        close();
        item.onSelect?.();
      }}
    >
      {mark}
      <span>{item.label}</span>
    </button>
  );
}

export function Menu({
  label,
  button,
  icon,
  items,
  heading,
  align = 'start',
  kind = 'plain',
  current,
  class: extra = '',
}: MenuProps) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return undefined;
    const outside = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', outside);
    document.addEventListener('focusin', outside);
    return () => {
      document.removeEventListener('pointerdown', outside);
      document.removeEventListener('focusin', outside);
    };
  }, [open]);
  const close = () => {
    setOpen(false);
    opener.current?.focus();
  };
  const move = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && open) {
      event.stopPropagation();
      close();
    }
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (!step) return;
    event.preventDefault();
    if (!open) {
      setOpen(true);
      return;
    }
    const all = [...root.current!.querySelectorAll<HTMLElement>('.menu-item:not(:disabled)')];
    all[(all.indexOf(document.activeElement as HTMLElement) + step + all.length) % all.length]?.focus();
  };
  return (
    <div class={`menu ${align} ${extra}`} ref={root} onKeyDown={move}>
      <button
        type="button"
        class={`button ${kind}${current ? ' current' : ''}`}
        ref={opener}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        aria-label={button ? label : undefined}
        onClick={() => setOpen(!open)}
      >
        {icon && <Icon name={icon} />}
        {button ?? (
          <>
            <span>{label}</span>
            <Icon name="chevron" class="turn" />
          </>
        )}
      </button>
      {open && (
        <div class="menu-list" id={id}>
          {heading && <div class="menu-heading">{heading}</div>}
          <ul>
            {items.map(
              (item) =>
                item && (
                  <li key={item.label} class={item.separated ? 'separated' : undefined}>
                    <Item item={item} close={close} />
                  </li>
                ),
            )}
          </ul>
        </div>
      )}
    </div>
  );
}
