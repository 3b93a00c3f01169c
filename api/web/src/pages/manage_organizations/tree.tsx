// The tree as nested lists: every node opens and closes with a button, and each row says what is in it.
import { useState } from 'preact/hooks';
import type { Organization } from '../../generated/api';
import { idOf } from '../../lib/format';
import { Icon, Menu } from '../../lib/parts';
import type { Branch } from '../../manage/tree';
import { text } from '../../manage/tree_words';
import { text as common } from '../../manage/words';

const storageKey = 'open organizations';

// Which nodes are open, in this tab: coming back finds the tree as it was left. The first two levels are open at first.
export function useOpenNodes(organizations: Organization[]): { open: Set<string>; setOpen: (open: Set<string>) => void } {
  const [open, keep] = useState<Set<string>>(() => {
    try {
      const stored = sessionStorage.getItem(storageKey);
      if (stored) return new Set(JSON.parse(stored) as string[]);
    } catch {
      /* nothing remembered */
    }
    const least = Math.min(...organizations.map(({ depth }) => depth));
    return new Set(organizations.filter(({ depth }) => depth <= least + 1).map(({ name }) => name));
  });
  const setOpen = (next: Set<string>) => {
    keep(next);
    try {
      sessionStorage.setItem(storageKey, JSON.stringify([...next]));
    } catch {
      /* only forgotten */
    }
  };
  return { open, setOpen };
}

export interface TreeProps {
  branches: Branch[];
  open: Set<string>;
  marked: Set<string>; // that fit what is looked for
  onOpen: (name: string, open: boolean) => void;
  onDeed: (deed: 'create' | 'rename' | 'delete', branch: Branch) => void;
}

function Node({ branch, ...tree }: Omit<TreeProps, 'branches'> & { branch: Branch }) {
  const {
    organization: { name, displayName, courseCount, resourceCount, right },
    children,
    below,
  } = branch;
  const isOpen = tree.open.has(name);
  const mayChange = right === 'MAINTAIN' || right === 'ADMINISTER';
  return (
    <li>
      <div class={tree.marked.has(name) ? 'node marked' : 'node'}>
        {children.length > 0 ? (
          <button
            type="button"
            class="node-toggle"
            aria-expanded={isOpen}
            aria-label={isOpen ? text.close(displayName) : text.open(displayName)}
            onClick={() => tree.onOpen(name, !isOpen)}
          >
            <Icon name="next" class="turn" />
          </button>
        ) : (
          <span class="node-leaf" />
        )}
        <a class="node-name" href={`/manage/organizations/${idOf(name)}`}>
          {displayName}
        </a>
        <span class="node-facts soft">
          <span class={courseCount ? '' : 'zero'}>{text.courses(courseCount)}</span>
          <span class={resourceCount ? '' : 'zero'}>{text.resources(resourceCount)}</span>
          {below > 0 && <span class="node-below">{text.below(below)}</span>}
        </span>
        {mayChange && (
          <Menu
            kind="quiet"
            align="end"
            label={common.more(displayName)}
            button={<Icon name="more" />}
            items={[
              { label: text.create, icon: 'plus', onSelect: () => tree.onDeed('create', branch) },
              { label: text.rename, icon: 'edit', onSelect: () => tree.onDeed('rename', branch) },
              { label: text.remove, icon: 'trash', danger: true, separated: true, onSelect: () => tree.onDeed('delete', branch) },
            ]}
          />
        )}
      </div>
      {isOpen && children.length > 0 && (
        <ul>
          {children.map((child) => (
            <Node key={child.organization.name} branch={child} {...tree} />
          ))}
        </ul>
      )}
    </li>
  );
}

export function OrganizationTree({ branches, ...tree }: TreeProps) {
  return (
    <ul class="tree" aria-label={text.tree}>
      {branches.map((branch) => (
        <Node key={branch.organization.name} branch={branch} {...tree} />
      ))}
    </ul>
  );
}
