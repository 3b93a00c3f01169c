// Passwords that somebody else is to have: typed or made up, and shown once when they hold.
import { Button, Field } from '../../lib/parts';
import { text } from './words';

export const shortestPassword = 10;

// 60 of no letters or digits that look alike, 16 long: 94 bits.
const letters = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789-_+=';

export function makePassword(): string {
  const bytes = new Uint8Array(64);
  crypto.getRandomValues(bytes);
  // What would make the first letters likelier is left out.
  const even = [...bytes].filter((byte) => byte < letters.length * 4).slice(0, 16);
  return even.map((byte) => letters[byte % letters.length]).join('');
}

export function PasswordField({ value, onInput }: { value: string; onInput: (value: string) => void }) {
  return (
    <div class="password-field">
      <Field
        label={text.password}
        required
        value={value}
        hint={text.passwordHint}
        minLength={shortestPassword}
        autoComplete="new-password"
        spellcheck={false}
        onInput={onInput}
      />
      <Button icon="refresh" onClick={() => onInput(makePassword())}>
        {text.generate}
      </Button>
    </div>
  );
}
