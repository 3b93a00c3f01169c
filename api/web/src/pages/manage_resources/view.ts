// What the dashboard shows of the resources, and in which order. Pure.
import type { Resource } from '../../generated/api';
import { timeOf } from '../../lib/format';
import { fitsText } from '../../manage/url_state';
import { compareNames } from '../../manage/words';

export const defaults = { kind: '', state: '', organization: '', q: '', sort: 'host', open: '' };
export type Query = typeof defaults;

export const inTrouble = ({ state }: Resource) => state === 'DEAD' || state === 'SUSPECT';

const number = (value: string | undefined) => Number(value ?? 0);
export const cpuOf = (resource: Resource) => resource.load?.cpu ?? 0;

export function memoryOf({ load }: Resource) {
  const [used, all] = [number(load?.memoryUsedBytes), number(load?.memoryTotalBytes)];
  return { used, all, share: all > 0 ? used / all : 0 };
}

export function diskOf({ load }: Resource) {
  const [free, all] = [number(load?.diskFreeBytes), number(load?.diskTotalBytes)];
  return { free, all, share: all > 0 ? 1 - free / all : 0 };
}

const stateRank = { DEAD: 0, SUSPECT: 1, DRAINING: 2, NEVER_ATTACHED: 3, ALIVE: 4, RESOURCE_STATE_UNSPECIFIED: 5 };
const byHost = (a: Resource, b: Resource) => compareNames(a.host, b.host) || compareNames(a.name, b.name);
const orders: Record<string, (a: Resource, b: Resource) => number> = {
  host: byHost,
  state: (a, b) => stateRank[a.state] - stateRank[b.state] || byHost(a, b),
  organization: (a, b) => compareNames(a.organizationName, b.organizationName) || byHost(a, b),
  load: (a, b) => cpuOf(b) - cpuOf(a) || byHost(a, b),
  slots: (a, b) => (b.load?.slotsUsed ?? 0) - (a.load?.slotsUsed ?? 0) || byHost(a, b),
  joined: (a, b) => timeOf(b.createTime) - timeOf(a.createTime) || byHost(a, b),
};
export const orderOf = (sort: string) => orders[sort] ?? byHost;

// `inside` is the subtree of the chosen organization.
export function fits(resource: Resource, query: Query, inside: Set<string> | null): boolean {
  if (query.kind && resource.kind !== query.kind) return false;
  if (query.state === 'TROUBLE' ? !inTrouble(resource) : query.state !== '' && resource.state !== query.state) return false;
  if (inside && !inside.has(resource.organization)) return false;
  const { host, name, version, organizationName, publicUrl, capabilities, runningJobs, reason } = resource;
  const lectures = runningJobs.map((job) => job.lectureTitle);
  return (
    !query.q.trim() ||
    fitsText(query.q.trim(), [host, name, version, organizationName, publicUrl, reason, ...capabilities, ...lectures])
  );
}

export interface Summary {
  workers: number;
  workersAlive: number;
  slots: number;
  slotsUsed: number;
  liveSlots: number;
  liveSlotsUsed: number;
  vodServices: number;
  diskFree: number;
  diskAll: number;
  trouble: number;
  versions: [string, number][]; // most frequent first, of those that are there
}

const there = ({ state }: Resource) => state === 'ALIVE' || state === 'DRAINING' || state === 'SUSPECT';

// Slots count where they can be given out: of workers that are alive.
export function summaryOf(resources: Resource[]): Summary {
  const workers = resources.filter(({ kind }) => kind === 'WORKER');
  const alive = workers.filter(({ state }) => state === 'ALIVE' || state === 'DRAINING');
  const vods = resources.filter((resource) => resource.kind === 'VOD_SERVICE' && there(resource));
  const versions = new Map<string, number>();
  for (const { version } of resources.filter(there)) if (version) versions.set(version, (versions.get(version) ?? 0) + 1);
  const sum = <T>(list: T[], of: (one: T) => number) => list.reduce((total, one) => total + of(one), 0);
  return {
    workers: workers.length,
    workersAlive: alive.length,
    slots: sum(alive, ({ load }) => load?.slots ?? 0),
    slotsUsed: sum(alive, ({ load }) => load?.slotsUsed ?? 0),
    liveSlots: sum(alive, ({ liveSlots }) => liveSlots),
    liveSlotsUsed: sum(alive, ({ liveSlotsUsed }) => liveSlotsUsed),
    vodServices: vods.length,
    diskFree: sum(vods, (vod) => diskOf(vod).free),
    diskAll: sum(vods, (vod) => diskOf(vod).all),
    trouble: resources.filter(inTrouble).length,
    versions: [...versions].sort(([a, one], [b, other]) => other - one || compareNames(b, a)),
  };
}
