// Where the words of a query are in a text. Pure.

export interface Piece {
  text: string;
  hit: boolean;
}

// Splits `text` where a word of it begins with a word of `query`, whatever the case: as the search does.
export function marked(text: string, query: string): Piece[] {
  const wanted = query
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
  const pieces: Piece[] = [];
  const add = (part: string, hit: boolean) => {
    const last = pieces[pieces.length - 1];
    if (!part) return;
    if (last && last.hit === hit) last.text += part;
    else pieces.push({ text: part, hit });
  };
  let end = 0;
  for (const match of text.matchAll(/[\p{L}\p{N}]+/gu)) {
    const word = match[0].toLowerCase();
    const best = Math.max(0, ...wanted.filter((part) => word.startsWith(part)).map((part) => part.length));
    add(text.slice(end, match.index), false);
    add(match[0].slice(0, best), true);
    add(match[0].slice(best), false);
    end = match.index + match[0].length;
  }
  add(text.slice(end), false);
  return pieces;
}
