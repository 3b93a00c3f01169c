import { useId } from 'preact/hooks';
import { text } from './words';

// Narrows a list while it is typed in.
export function SearchField({
  value,
  hint,
  label = text.search,
  onInput,
}: {
  value: string;
  hint?: string;
  label?: string;
  onInput: (value: string) => void;
}) {
  const id = useId();
  return (
    <div class="field search-field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="search"
        value={value}
        placeholder={hint}
        autoComplete="off"
        spellcheck={false}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </div>
  );
}
