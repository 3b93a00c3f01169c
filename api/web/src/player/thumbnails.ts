// Pictures for the seek bar: a WebVTT file whose cues name a rectangle of a sheet (`sheet-1.jpg#xywh=160,90,160,90`).

export interface Tile {
  start: number;
  end: number;
  url: string;        // of the sheet, relative to the file
  x: number;
  y: number;
  width: number;
  height: number;
}

const cueTimes = /^((?:\d+:)?\d{2}:\d{2}\.\d{3})\s+-->\s+((?:\d+:)?\d{2}:\d{2}\.\d{3})/;

function cueSeconds(text: string): number {
  return text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}

// Cues that are not pictures are left out.
export function parseTiles(text: string): Tile[] {
  const tiles: Tile[] = [];
  for (const block of text.replace(/\r\n?/g, '\n').split(/\n{2,}/)) {
    const lines = block.split('\n');
    const index = lines.findIndex((line) => cueTimes.test(line));
    if (index < 0) continue;
    const times = cueTimes.exec(lines[index]!)!;
    const target = /^(\S+?)#xywh=(?:pixel:)?(\d+),(\d+),(\d+),(\d+)\s*$/.exec(lines[index + 1] ?? '');
    if (!target) continue;
    const [x, y, width, height] = target.slice(2).map(Number) as [number, number, number, number];
    if (width === 0 || height === 0) continue;
    tiles.push({ start: cueSeconds(times[1]!), end: cueSeconds(times[2]!), url: target[1]!, x, y, width, height });
  }
  return tiles.sort((a, b) => a.start - b.start);
}

// The last one that begins by then; before the first one, the first.
export function tileAt(tiles: Tile[], seconds: number): Tile | null {
  let [low, high] = [0, tiles.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tiles[middle]!.start <= seconds) low = middle + 1;
    else high = middle;
  }
  return tiles[Math.max(0, low - 1)] ?? null;
}
