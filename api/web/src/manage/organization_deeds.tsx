// Creating, renaming and deleting organizations; used by the tree and by the page of one.
import { useState } from 'preact/hooks';
import type { Organization } from '../generated/api';
import { api } from '../lib/api';
import { Dialog, Field } from '../lib/parts';
import { Ask } from './acting';
import { text } from './tree_words';

interface NameProps {
  title: string;
  action: string;
  first?: string;
  save: (name: string) => Promise<unknown>;
  onDone: () => void;
}

function NameDialog({ title, action, first = '', save, onDone }: NameProps) {
  const [name, setName] = useState(first);
  const wanted = name.trim();
  return (
    <Ask title={title} action={action} disabled={wanted === '' || wanted === first} run={() => save(wanted)} onDone={onDone}>
      <Field
        label={text.name}
        hint={text.nameHint}
        value={name}
        onInput={setName}
        required
        maxLength={200}
        autoComplete="off"
        autoFocus
      />
    </Ask>
  );
}

interface CreateProps {
  parent: Organization | null; // null: a new root
  onCreated: (organization: Organization) => void;
  onDone: () => void;
}

export function CreateDialog({ parent, onCreated, onDone }: CreateProps) {
  const save = async (displayName: string) =>
    onCreated(await api.post<Organization>('/v1/organizations', { parent: parent?.name ?? '', displayName }));
  return <NameDialog title={text.createTitle(parent?.displayName ?? '')} action={text.createAction} save={save} onDone={onDone} />;
}

interface DeedProps {
  organization: Organization;
  onDone: () => void;
}

export function RenameDialog({ organization, onRenamed, onDone }: DeedProps & { onRenamed: (organization: Organization) => void }) {
  const save = async (displayName: string) =>
    onRenamed(await api.post<Organization>(`/v1/${organization.name}:rename`, { displayName }));
  return (
    <NameDialog
      title={text.renameTitle(organization.displayName)}
      action={text.rename}
      first={organization.displayName}
      save={save}
      onDone={onDone}
    />
  );
}

// Says why it cannot be where something is in it still.
export function DeleteDialog({
  organization,
  children,
  onDeleted,
  onDone,
}: DeedProps & { children: number; onDeleted: () => void }) {
  const { displayName, courseCount, resourceCount } = organization;
  const inside = [
    children > 0 && text.childrenBelow(children),
    courseCount > 0 && text.courses(courseCount),
    resourceCount > 0 && text.resources(resourceCount),
  ].filter(Boolean) as string[];
  if (inside.length > 0) {
    return (
      <Dialog open title={text.cannotTitle(displayName)} onClose={onDone}>
        <p>{text.cannotText}</p>
        <ul class="bullets">
          {inside.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
        <p>{text.cannotNext}</p>
      </Dialog>
    );
  }
  const run = async () => {
    await api.del(`/v1/${organization.name}`);
    onDeleted();
  };
  return (
    <Ask title={text.removeTitle(displayName)} action={text.remove} danger run={run} onDone={onDone}>
      <p>{text.removeText}</p>
    </Ask>
  );
}
