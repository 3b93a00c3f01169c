// A button of the player: a drawing with a name.
import type { ComponentChildren } from 'preact';

interface ButtonProps {
  id?: string;
  label: string;
  class?: string;
  disabled?: boolean;
  onClick: () => void;
  children: ComponentChildren;
}

export function PlayerButton({ id, label, class: extra = '', disabled, onClick, children }: ButtonProps) {
  return (
    <button
      type="button"
      id={id}
      class={`player-button ${extra}`}
      aria-label={label}
      title={label}
      disabled={disabled}
      onClick={onClick}
    >
      {children}
    </button>
  );
}
