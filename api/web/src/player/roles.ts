// Which view plays where. Pure.

export type View = 'COMB' | 'CAM' | 'PRES';
export type Choice = View | 'BOTH';
export type Layout = 'corner' | 'side';
export type Corner = 'top-left' | 'top-right' | 'bottom-left' | 'bottom-right';

export const views: View[] = ['COMB', 'CAM', 'PRES'];
export const corners: Corner[] = ['top-left', 'top-right', 'bottom-right', 'bottom-left'];

export interface Roles {
  leader: View;                       // its sound is heard, its clock counts
  follower: View | null;
  leaderSeen: boolean;                // false: it is there for its sound
}

// What can be chosen, best first, where these views can be played.
export function choicesOf(there: View[]): Choice[] {
  const all: Choice[] = ['BOTH', 'COMB', 'PRES', 'CAM'];
  return all.filter((choice) => (choice === 'BOTH' ? there.includes('CAM') && there.includes('PRES') : there.includes(choice)));
}

// `silent` are views whose recordings turned out to have no sound: the other one's is played with them.
export function rolesOf(choice: Choice, there: View[], silent: ReadonlySet<View>): Roles {
  const other: Record<string, View> = { CAM: 'PRES', PRES: 'CAM' };
  const speaks = (view: View) => there.includes(view) && !silent.has(view);
  if (choice === 'BOTH') {
    const leader: View = !speaks('CAM') && speaks('PRES') ? 'PRES' : 'CAM';
    return { leader, follower: other[leader]!, leaderSeen: true };
  }
  const partner = other[choice];
  if (partner && silent.has(choice) && speaks(partner)) return { leader: partner, follower: choice, leaderSeen: false };
  return { leader: choice, follower: null, leaderSeen: true };
}

// The corner next to `corner` in the direction of an arrow key.
export function cornerTowards(corner: Corner, key: string): Corner {
  const [row, column] = corner.split('-') as [string, string];
  const vertical = key === 'ArrowUp' ? 'top' : key === 'ArrowDown' ? 'bottom' : row;
  const horizontal = key === 'ArrowLeft' ? 'left' : key === 'ArrowRight' ? 'right' : column;
  return `${vertical}-${horizontal}` as Corner;
}

// The corner nearest to a point of the stage; both from 0 to 1.
export function cornerAt(x: number, y: number): Corner {
  return `${y < 0.5 ? 'top' : 'bottom'}-${x < 0.5 ? 'left' : 'right'}` as Corner;
}
