// What the page's address says. Everything stands behind '#', so that the playback token never reaches a server's log.

import { parseTime } from './timing';
import type { View } from './roles';

export interface Start {
  token: string;
  url: string | null;         // a playback address to begin with
  view: View | null;
  at: number | null;          // seconds
}

const playbackPath = /^(.*\/p\/)([^/]+)\/(\d+)\/(comb|cam|pres)\/master\.m3u8$/;

// "#lecture=12&token=TOKEN&t=90", or "#https://edge/p/TOKEN/12/cam/master.m3u8". Null where there is no token.
export function parseAddress(fragment: string): Start | null {
  const text = fragment.replace(/^#/, '');
  const fields = new URLSearchParams(text);
  const token = fields.get('token');
  if (token) return { token, url: null, view: null, at: parseTime(fields.get('t')) };
  try {
    const url = new URL(decodeURIComponent(text));
    const parts = playbackPath.exec(url.pathname);
    if (!/^https?:$/.test(url.protocol) || !parts) return null;
    return { token: parts[2]!, url: url.href, view: parts[4]!.toUpperCase() as View, at: null };
  } catch {
    return null;
  }
}

// Keeps the address good for a reload or a bookmark. Only the form with fields is rewritten.
export function rememberToken(lecture: string, token: string): void {
  const fields = new URLSearchParams(location.hash.slice(1));
  if (!fields.get('token') || fields.get('token') === token) return;
  fields.set('lecture', lecture.replace(/^lectures\//, ''));
  fields.set('token', token);
  history.replaceState(null, '', `${location.pathname}#${fields}`);
}

// The addresses of one view: the same playlist at several edges, under a token that changes. The player knows one address for ever;
// each request goes to the edge and the token of the moment, so that fresh tokens and lost edges need no new start.
export class Addresses {
  private bases: string[] = [];
  private current = 0;
  private turnedAt = 0;

  constructor(urls: string[]) {
    this.renew(urls);
  }

  // True where the edges are the ones that are known: only the token differs.
  sameEdges(urls: string[]): boolean {
    const edges = (all: string[]) => all.map((url) => url.replace(/\/p\/[^/]+\/.*$/, '')).join('\n');
    return edges(urls) === edges(this.bases);
  }

  // Stays with the edge in use where it is still among them.
  renew(urls: string[]): void {
    const bases = urls.map((url) => url.replace(/(\/p\/[^/]+\/)\d+\/[^/]+\/master\.m3u8$/, '$1'));
    const edge = this.bases[this.current]?.replace(/\/p\/[^/]+\/$/, '');
    const same = bases.findIndex((base) => base.replace(/\/p\/[^/]+\/$/, '') === edge);
    this.bases = bases;
    this.current = Math.max(0, same);
  }

  rewrite(url: string): string {
    const path = /\/p\/[^/]+\/(\d+\/(?:comb|cam|pres)\/.*)$/.exec(url);
    return path && this.bases.length ? this.bases[this.current]! + path[1] : url;
  }

  // The edge in use failed: the next one. Several requests may fail at once for one reason.
  turn(): void {
    if (performance.now() - this.turnedAt < 2000) return;
    this.turnedAt = performance.now();
    this.current = (this.current + 1) % Math.max(1, this.bases.length);
  }
}
