// What people press and fill in. Native elements; each has its label.
import type { ComponentChildren, InputHTMLAttributes } from 'preact';
import { useId, useState } from 'preact/hooks';
import { Icon, type IconName } from './icons';
import { text } from './texts';

type Kind = 'plain' | 'primary' | 'danger' | 'quiet';

interface ButtonProps {
  children?: ComponentChildren;
  kind?: Kind;
  icon?: IconName;
  small?: boolean;
  label?: string; // the accessible name of a button that shows an icon only
  href?: string; // a link that looks like a button
  download?: boolean | string;
  type?: 'button' | 'submit';
  disabled?: boolean;
  busy?: boolean; // its action runs: not to be pressed again, but keeps the focus
  pressed?: boolean; // of a switch between two states
  onClick?: (event: MouseEvent) => void;
  class?: string;
}

export function Button({
  children,
  kind = 'plain',
  icon,
  small,
  label,
  href,
  download,
  type,
  disabled,
  busy,
  pressed,
  onClick,
  class: extra,
}: ButtonProps) {
  const classes = `button ${kind}${small ? ' small' : ''}${children ? '' : ' only-icon'} ${extra ?? ''}`;
  const inside = (
    <>
      {icon && <Icon name={icon} />}
      {children && <span>{children}</span>}
    </>
  );
  if (href !== undefined) {
    return (
      <a class={classes} href={href} download={download} aria-label={label} title={children ? undefined : label}>
        {inside}
      </a>
    );
  }
  return (
    <button
      class={classes}
      type={type ?? 'button'}
      disabled={disabled}
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      aria-pressed={pressed}
      aria-label={label}
      title={children ? undefined : label}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {inside}
    </button>
  );
}

interface FieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'label' | 'onInput' | 'value'> {
  label: string;
  hint?: string; // below it, before anything is wrong
  error?: string; // below it, what is wrong and what to do
  value: string;
  rows?: number; // makes it a text of several lines
  onInput: (value: string) => void;
}

export function Field({ label, hint, error, value, rows, onInput, required, ...rest }: FieldProps) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined;
  const common = {
    id,
    value,
    required,
    'aria-invalid': error ? true : undefined,
    'aria-describedby': described,
    onInput: (event: Event) => onInput((event.currentTarget as HTMLInputElement).value),
  };
  return (
    <div class="field">
      <label for={id}>
        {label}
        {!required && <small> ({text.optional})</small>}
      </label>
      {rows ? (
        <textarea {...(rest as object)} {...common} rows={rows} />
      ) : (
        <input type="text" {...(rest as object)} {...common} />
      )}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="field-error" id={`${id}-error`}>
          <Icon name="warning" />
          {error}
        </p>
      )}
    </div>
  );
}

interface SelectProps<T extends string> {
  label: string;
  value: T;
  options: { value: T; label: string; disabled?: boolean }[];
  onChange: (value: T) => void;
  hint?: string;
  inline?: boolean; // label and field on one line
  hideLabel?: boolean; // for those who see what it is about
  disabled?: boolean;
}

export function Select<T extends string>({ label, value, options, onChange, hint, inline, hideLabel, disabled }: SelectProps<T>) {
  const id = useId();
  return (
    <div class={inline ? 'field inline' : 'field'}>
      <label for={id} class={hideLabel ? 'unseen' : undefined}>
        {label}
      </label>
      <select
        id={id}
        value={value}
        disabled={disabled}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onChange(event.currentTarget.value as T)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value} disabled={option.disabled}>
            {option.label}
          </option>
        ))}
      </select>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

interface SwitchProps {
  label: string;
  hint?: string;
  checked: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
}

// On or off, at once.
export function Switch({ label, hint, checked, disabled, onChange }: SwitchProps) {
  const id = useId();
  return (
    <div class="switch">
      <input
        id={id}
        type="checkbox"
        role="switch"
        checked={checked}
        disabled={disabled}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <label for={id}>{label}</label>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

export { Dialog } from './dialog';

// A secret or a command that is to be taken somewhere else.
export function CopyBox({ value, label, lines }: { value: string; label: string; lines?: boolean }) {
  const id = useId();
  const [state, setState] = useState<'' | 'copied' | 'failed'>('');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      setState('copied');
    } catch {
      getSelection()?.selectAllChildren(document.getElementById(id)!);
      setState('failed');
    }
    setTimeout(() => setState(''), 4000);
  };
  return (
    <div class="copy-box">
      <span class="copy-label">{label}</span>
      <code id={id} class={lines ? 'lines' : undefined} tabIndex={0} role="group" aria-label={label}>
        {value}
      </code>
      <Button icon={state === 'copied' ? 'check' : 'copy'} onClick={() => void copy()}>
        {state === 'copied' ? text.copied : text.copy}
      </Button>
      <span role="status" class={state === 'failed' ? 'hint' : 'unseen'}>
        {state === 'copied' ? text.copied : state === 'failed' ? text.copyFailed : ''}
      </span>
    </div>
  );
}
