// Adding people, and what administrators do to an account.
import { useState } from 'preact/hooks';
import type { Role, User } from '../../generated/api';
import { api, ApiError } from '../../lib/api';
import { CopyBox, Dialog, Field, Notice, Select } from '../../lib/parts';
import { Ask } from '../../manage/acting';
import { roleText } from '../../manage/words';
import { makePassword, PasswordField, shortestPassword } from './password';
import { text } from './words';

export const roles: Role[] = ['STUDENT', 'LECTURER_ROLE', 'ADMINISTRATOR_ROLE'];
export const roleOptions = roles.map((value) => ({ value, label: roleText(value) }));

export interface Secret {
  title: string;
  email: string;
  password: string;
}

interface CreateProps {
  onCreated: (user: User, secret: Secret) => void;
  onDone: () => void;
}

export function CreateDialog({ onCreated, onDone }: CreateProps) {
  const [displayName, setName] = useState('');
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('STUDENT');
  const [password, setPassword] = useState(makePassword);
  const [taken, setTaken] = useState(false);
  const complete = displayName.trim() !== '' && email.includes('@') && password.length >= shortestPassword;
  const create = async () => {
    try {
      const user = await api.post<User>('/v1/users', { displayName: displayName.trim(), email: email.trim(), role, password });
      onCreated(user, { title: text.createdTitle(user.displayName), email: user.email, password });
      return undefined;
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'ALREADY_EXISTS') throw error;
      setTaken(true);
      return 'stay';
    }
  };
  return (
    <Ask title={text.createTitle} action={text.create} disabled={!complete} run={create} onDone={onDone}>
      <Field label={text.displayName} required value={displayName} maxLength={200} autoComplete="off" autoFocus onInput={setName} />
      <Field
        label={text.email}
        required
        type="email"
        value={email}
        autoComplete="off"
        error={taken ? text.exists : undefined}
        onInput={(value) => {
          setTaken(false);
          setEmail(value);
        }}
      />
      <Select label={text.role} value={role} options={roleOptions} hint={text.roleHint} onChange={setRole} />
      <PasswordField value={password} onInput={setPassword} />
    </Ask>
  );
}

export function SecretDialog({ secret, onDone }: { secret: Secret; onDone: () => void }) {
  return (
    <Dialog open title={secret.title} onClose={onDone}>
      <Notice tone="good">
        <p>{text.onceText}</p>
      </Notice>
      <CopyBox lines label={text.signInData} value={`${secret.email}\n${secret.password}`} />
    </Dialog>
  );
}

interface DeedProps {
  user: User;
  onChanged: (user: User) => void;
  onDone: () => void;
}

export function ResetDialog({ user, onReset, onDone }: { user: User; onReset: (secret: Secret) => void; onDone: () => void }) {
  const [password, setPassword] = useState(makePassword);
  const run = async () => {
    await api.post(`/v1/${user.name}:resetPassword`, { password });
    onReset({ title: text.resetDone(user.displayName), email: user.email, password });
  };
  return (
    <Ask
      title={text.resetTitle(user.displayName)}
      action={text.resetAction}
      disabled={password.length < shortestPassword}
      run={run}
      onDone={onDone}
    >
      <p>{text.resetText}</p>
      <PasswordField value={password} onInput={setPassword} />
    </Ask>
  );
}

export function DisableDialog({ user, onChanged, onDone }: DeedProps) {
  const run = async () => onChanged(await api.post<User>(`/v1/${user.name}:setDisabled`, { disabled: !user.disabled }));
  const name = user.displayName;
  return user.disabled ? (
    <Ask title={text.enableTitle(name)} action={text.enable} run={run} onDone={onDone}>
      <p>{text.enableText}</p>
    </Ask>
  ) : (
    <Ask title={text.disableTitle(name)} action={text.disable} danger run={run} onDone={onDone}>
      <p>{text.disableText}</p>
    </Ask>
  );
}

export function RoleDialog({ user, role, onChanged, onDone }: DeedProps & { role: Role }) {
  const run = async () => onChanged(await api.post<User>(`/v1/${user.name}:setRole`, { role }));
  return (
    <Ask
      title={text.roleTitle(user.displayName, roleText(role))}
      action={text.change}
      danger={role === 'ADMINISTRATOR_ROLE'}
      run={run}
      onDone={onDone}
    >
      <p>
        {text.roleText} {role === 'ADMINISTRATOR_ROLE' && text.administratorText}
      </p>
    </Ask>
  );
}
