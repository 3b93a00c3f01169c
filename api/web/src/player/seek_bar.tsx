// Where one is in the lecture, and the way to any other place: by pointer, touch and keyboard.
import { useRef, useState } from 'preact/hooks';
import { clockText } from '../lib/format';
import type { Preview } from './previews';
import type { Session } from './session';
import type { Interval } from './silence';
import { spokenTime, text } from './words';

export interface Mark {
  position: number;
  title: string;
}

interface Props {
  session: Session;
  sections: Mark[];
  bookmarks: Mark[];
}

const shareOf = (seconds: number, end: number) => `${end > 0 ? Math.max(0, Math.min(100, (seconds / end) * 100)) : 0}%`;
const between = (from: number, to: number, end: number) => ({ '--from': shareOf(from, end), '--to': shareOf(to, end) });

export function sectionAt(sections: Mark[], position: number): Mark | null {
  return sections.findLast((section) => section.position <= position) ?? null;
}

function bufferedOf(video: HTMLVideoElement | undefined): Interval[] {
  const ranges: Interval[] = [];
  for (let i = 0; video && i < video.buffered.length; ++i)
    ranges.push({ start: video.buffered.start(i), end: video.buffered.end(i) });
  return ranges;
}

// A whole sheet is the background; the tile is cut out by its position.
function Picture({ preview }: { preview: Preview | null }) {
  if (!preview) return null;
  const { sheet, tile } = preview;
  return (
    <div
      class="seek-picture"
      style={{
        width: `${tile.width}px`,
        height: `${tile.height}px`,
        backgroundImage: `url("${sheet}")`,
        backgroundPosition: `-${tile.x}px -${tile.y}px`,
      }}
    />
  );
}

function Hint({ session, position, end, title }: { session: Session; position: number; end: number; title: string }) {
  return (
    <div class="seek-hint" aria-hidden="true" style={{ '--at': shareOf(position, end) }}>
      <Picture preview={session.previews.at(position)} />
      {title && <span class="seek-title">{title}</span>}
      <span class="seek-time">{clockText(position)}</span>
    </div>
  );
}

export function SeekBar({ session, sections, bookmarks }: Props) {
  const bar = useRef<HTMLDivElement>(null);
  const [pointed, setPointed] = useState<number | null>(null); // under the pointer
  const [dragged, setDragged] = useState<number | null>(null);
  const [focused, setFocused] = useState(false);
  const { stage } = session;
  const playing = session.position;
  const end = Math.max(session.end, playing, 0.1);
  const position = dragged ?? playing;
  const starts = sections
    .filter((section) => section.position > 0.5 && section.position < end)
    .map((section) => section.position);
  const edges = [0, ...starts, end];
  const hint = dragged ?? pointed ?? (focused ? playing : null);

  const secondsAt = (event: PointerEvent) => {
    const box = bar.current!.getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * end;
  };
  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    bar.current!.setPointerCapture(event.pointerId);
    session.previews.prepare();
    setDragged(secondsAt(event));
  };
  const move = (event: PointerEvent) => {
    if (dragged !== null) setDragged(secondsAt(event));
    else if (event.pointerType !== 'touch') setPointed(secondsAt(event));
    session.previews.prepare();
  };
  const up = (event: PointerEvent) => {
    if (dragged === null) return;
    stage?.seek(secondsAt(event));
    setDragged(null);
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps: Record<string, number> = {
      ArrowLeft: -5,
      ArrowDown: -5,
      ArrowRight: 5,
      ArrowUp: 5,
      PageDown: -60,
      PageUp: 60,
      Home: -Infinity,
      End: Infinity,
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    stage?.seek(Math.max(0, Math.min(end, playing + step)));
  };
  const title = (at: number) => sectionAt(sections, at)?.title ?? '';
  const spoken = [text.of(spokenTime(position), spokenTime(end)), title(position)].filter(Boolean).join(', ');

  return (
    <div
      class="seek"
      id="seek"
      ref={bar}
      role="slider"
      tabIndex={0}
      aria-label={text.position}
      aria-valuemin={0}
      aria-valuemax={Math.ceil(end)}
      aria-valuenow={Math.round(position)}
      aria-valuetext={spoken}
      aria-orientation="horizontal"
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={up}
      onPointerCancel={() => setDragged(null)}
      onPointerLeave={() => setPointed(null)}
      onKeyDown={key}
      onFocus={() => {
        setFocused(bar.current!.matches(':focus-visible'));
        session.previews.prepare();
      }}
      onBlur={() => setFocused(false)}
    >
      <div class="seek-track">
        {bufferedOf(stage?.video).map((range) => (
          <span key={`b${range.start}`} class="seek-buffered" style={between(range.start, range.end, end)} />
        ))}
        <span class="seek-played" style={between(0, position, end)} />
        {!session.live &&
          stage?.silences.map((silence) => (
            <span key={`s${silence.start}`} class="seek-silence" style={between(silence.start, silence.end, end)} />
          ))}
        {edges.slice(1, -1).map((start) => (
          <span key={`e${start}`} class="seek-edge" style={{ '--at': shareOf(start, end) }} />
        ))}
        {hint !== null && <SectionUnder edges={edges} at={hint} end={end} />}
      </div>
      {bookmarks.map((mark) => (
        <span key={mark.position} class="seek-mark" style={{ '--at': shareOf(mark.position, end) }} />
      ))}
      <span class="seek-handle" style={{ '--at': shareOf(position, end) }} />
      {hint !== null && <Hint session={session} position={hint} end={end} title={title(hint)} />}
    </div>
  );
}

// Shows how far the section reaches that one is about to choose.
function SectionUnder({ edges, at, end }: { edges: number[]; at: number; end: number }) {
  if (edges.length < 3) return null;
  const index = Math.max(
    0,
    edges.findLastIndex((edge) => edge <= at),
  );
  return <span class="seek-section" style={between(edges[index]!, edges[index + 1] ?? end, end)} />;
}
