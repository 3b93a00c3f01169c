// The tree of organizations from the flat list that the API gives.
import type { Organization } from '../generated/api';

export interface Branch {
  organization: Organization;
  children: Branch[];
  below: number; // organizations beneath it, of all levels
}

// Keeps the order of the list. An organization whose parent is not in the list is a root.
export function treeOf(organizations: Organization[]): Branch[] {
  const byName = new Map(
    organizations.map((organization): [string, Branch] => [organization.name, { organization, children: [], below: 0 }]),
  );
  const roots: Branch[] = [];
  for (const branch of byName.values()) {
    (byName.get(branch.organization.parent)?.children ?? roots).push(branch);
  }
  const count = (branch: Branch): number => {
    branch.below = branch.children.reduce((sum, child) => sum + 1 + count(child), 0);
    return branch.below;
  };
  roots.forEach(count);
  return roots;
}

// From the root to the organization itself; empty where it is not in the list.
export function pathTo(organizations: Organization[], name: string): Organization[] {
  const byName = new Map(organizations.map((organization) => [organization.name, organization]));
  const path: Organization[] = [];
  for (let at = byName.get(name); at && !path.includes(at); at = byName.get(at.parent)) path.unshift(at);
  return path;
}

// Itself and what is beneath it.
export function subtreeOf(organizations: Organization[], name: string): Set<string> {
  const inside = new Set([name]);
  let before = 0;
  while (before !== inside.size) {
    before = inside.size;
    for (const { name: own, parent } of organizations) if (inside.has(parent)) inside.add(own);
  }
  return inside;
}

// For lists of choices: the names with the depth shown by spaces that browsers keep.
export function indented(organizations: Organization[]): { value: string; label: string }[] {
  const least = Math.min(...organizations.map(({ depth }) => depth));
  return organizations.map(({ name, displayName, depth }) => ({
    value: name,
    label: '\u2003'.repeat(depth - least) + displayName,
  }));
}
