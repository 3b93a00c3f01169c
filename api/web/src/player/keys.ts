// The keys of the player. The table is what works and what the help shows.

export type Action =
  | 'toggle'
  | 'back'
  | 'on'
  | 'louder'
  | 'quieter'
  | 'mute'
  | 'full'
  | 'picture'
  | 'swap'
  | 'bookmark'
  | 'nextSection'
  | 'previousSection'
  | 'slower'
  | 'faster'
  | 'begin'
  | 'end'
  | 'help'
  | { percent: number };

export interface KeyLine {
  keys: string[];
  action: Exclude<Action, { percent: number }> | 'percent';
}

export const keyLines: KeyLine[] = [
  { keys: [' ', 'k'], action: 'toggle' },
  { keys: ['ArrowLeft', 'j'], action: 'back' },
  { keys: ['ArrowRight', 'l'], action: 'on' },
  { keys: ['0', '9'], action: 'percent' },
  { keys: ['Home'], action: 'begin' },
  { keys: ['End'], action: 'end' },
  { keys: ['n'], action: 'nextSection' },
  { keys: ['N'], action: 'previousSection' },
  { keys: ['b'], action: 'bookmark' },
  { keys: ['v'], action: 'swap' },
  { keys: ['<'], action: 'slower' },
  { keys: ['>'], action: 'faster' },
  { keys: ['ArrowUp'], action: 'louder' },
  { keys: ['ArrowDown'], action: 'quieter' },
  { keys: ['m'], action: 'mute' },
  { keys: ['f'], action: 'full' },
  { keys: ['p'], action: 'picture' },
  { keys: ['?'], action: 'help' },
];

const actions = new Map<string, Action>(
  keyLines.filter((line) => line.action !== 'percent').flatMap((line) => line.keys.map((key) => [key, line.action as Action])),
);

// What the pressed key stands for; null where it stands for nothing here. Capital letters of a locked keyboard are the small ones.
export function actionOf(key: string, shift = false): Action | null {
  if (/^[0-9]$/.test(key)) return { percent: Number(key) * 10 };
  const letter = /^[A-Z]$/.test(key) && !shift ? key.toLowerCase() : key;
  return actions.get(letter) ?? (letter.length === 1 ? actions.get(letter.toLowerCase()) : undefined) ?? null;
}

// Whether the key belongs to the element that has the focus: text fields take all of them, others those that they have a use for.
export function ownedByElement(target: Element, key: string): boolean {
  if (
    target.closest('textarea, select, [contenteditable], input:not([type=range], [type=checkbox], [type=radio], [type=button])')
  )
    return true;
  if (target.closest('dialog')) return true;
  const arrows = /^(Arrow|Home|End|Page)/.test(key);
  if (target.closest('[role=slider], [role=tab], .menu:has(.menu-list), input[type=range], input[type=radio]') && arrows)
    return true;
  return target.closest('button, summary, a, input, [role=tab]') !== null && (key === ' ' || key === 'Enter');
}
