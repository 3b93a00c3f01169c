// Which view a file shows, and which files belong together, as far as their names say so. Pure.
export type View = 'COMB' | 'CAM' | 'PRES';

const SLIDES =
  /^(pres|presentation|praesentation|präsentation|slides?|folien?|screen|screencast|desktop|beamer|hdmi|vga|bildschirm)$/;
const CAMERA = /^(cam|camera|kamera|cam\d|lecturer|dozent|dozentin|speaker|ptz|webcam)$/;
const BOTH = /^(comb|combined|kombi|kombiniert|mix|mixed|pip|both|full)$/;

function words(name: string): string[] {
  return name
    .replace(/\.[^.]*$/, '')
    .normalize('NFC')
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
}

// Null: the name does not say.
export function viewOf(name: string): View | null {
  const all = words(name);
  if (all.some((word) => BOTH.test(word))) return 'COMB';
  if (all.some((word) => SLIDES.test(word))) return 'PRES';
  if (all.some((word) => CAMERA.test(word))) return 'CAM';
  return null;
}

// What is left of a name without the words that tell views apart: the same for files of one lecture.
export function stemOf(name: string): string {
  return words(name)
    .filter((word) => !BOTH.test(word) && !SLIDES.test(word) && !CAMERA.test(word))
    .join(' ');
}

// One view for each of the files that go to one lecture: what the names say, and what is left for the others. A single file
// that says nothing is taken for the composed view; of two, the other one follows from the one that is known.
export function assignViews(names: string[], taken: View[] = []): View[] {
  const said = names.map(viewOf);
  const used = new Set<View>([...taken, ...said.filter((view) => view !== null)]);
  const order: View[] =
    used.has('PRES') || used.has('CAM') || names.length > 1 ? ['CAM', 'PRES', 'COMB'] : ['COMB', 'CAM', 'PRES'];
  return said.map((view) => {
    const chosen = view ?? order.find((one) => !used.has(one)) ?? 'COMB';
    used.add(chosen);
    return chosen;
  });
}

export interface Titled {
  name: string; // lectures/12
  title: string;
}

// The lecture whose title has most words of the file's name, where one is better than all others; null else.
export function lectureOf(fileName: string, lectures: Titled[]): string | null {
  const stem = new Set(
    stemOf(fileName)
      .split(' ')
      .filter(Boolean)
      .map((word) => word.replace(/^0+(?=\d)/, '')),
  );
  const scores = lectures
    .map(({ name, title }) => ({
      name,
      score: words(`${title}.x`).filter((word) => stem.has(word.replace(/^0+(?=\d)/, ''))).length,
    }))
    .sort((a, b) => b.score - a.score);
  if (!scores[0] || scores[0].score === 0 || scores[0].score === scores[1]?.score) return null;
  return scores[0].name;
}

// Recordings only; by type where the browser knows one, else by the end of the name.
export function isRecording(file: { name: string; type: string }): boolean {
  return (
    /^(video|audio)\//.test(file.type) ||
    /\.(mp4|m4v|mov|mkv|webm|avi|wmv|asf|flv|ts|mts|m2ts|mpg|mpeg|mxf|ogv|3gp|m4a|mp3|wav|aac|ogg|opus|flac)$/i.test(file.name)
  );
}
