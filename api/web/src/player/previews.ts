// The seek bar's pictures: loaded when somebody first looks for them, whole sheets at a time.
import type { Session } from './session';
import { parseTiles, tileAt, type Tile } from './thumbnails';

// An address carries its token, and the browser's cache knows it by its address: it is kept as long as it surely is good.
const goodMs = 45 * 60_000;
const preferred = ['PRES', 'COMB', 'CAM'];

export interface Preview {
  sheet: string;
  tile: Tile;
}

export class Previews {
  private tiles: Tile[] = [];
  private file = '';              // path of the loaded file
  private base = '';              // its address
  private basedAt = 0;
  private loading = '';

  constructor(private readonly session: Session) {}

  // Slides tell more than a lecturer's face.
  private wanted(): { file: string; address: string } | null {
    for (const name of preferred) {
      const file = this.session.facts.views?.find((view) => view.view === name)?.thumbnails;
      const master = this.session.playback?.views.find((view) => view.view === name)?.urls[0];
      if (file && master) return { file, address: new URL(file, master).href };
    }
    return null;
  }

  // Somebody may look for a picture soon.
  prepare(): void {
    const wanted = this.wanted();
    if (!wanted || this.loading === wanted.file) return;
    this.loading = wanted.file;
    void this.load(wanted.file, wanted.address);
  }

  private async load(file: string, address: string): Promise<void> {
    try {
      const response = await fetch(address, { signal: AbortSignal.timeout(15_000) });
      if (!response.ok) throw new Error(String(response.status));
      this.tiles = parseTiles(await response.text());
      [this.file, this.base, this.basedAt] = [file, address, performance.now()];
    } catch {
      // Without a picture the bar still tells the time; the next look tries again.
      setTimeout(() => { this.loading = ''; }, 10_000);
    }
  }

  at(seconds: number): Preview | null {
    const tile = tileAt(this.tiles, seconds);
    if (!tile) return null;
    if (performance.now() - this.basedAt > goodMs) {
      const fresh = this.wanted();
      if (fresh?.file === this.file) [this.base, this.basedAt] = [fresh.address, performance.now()];
    }
    return { sheet: new URL(tile.url, this.base).href, tile };
  }
}
