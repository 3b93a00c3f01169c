// The small picture in its corner: moved by dragging it, by its button, and by arrow keys.
import { useRef, useState } from 'preact/hooks';
import { Glyph } from './glyphs';
import { cornerAt, corners, cornerTowards } from './roles';
import type { Session } from './session';
import { text } from './words';

const dragPixels = 6;

export function CornerHandle({ session, name }: { session: Session; name: string }) {
  const stage = session.stage!;
  const key = (event: KeyboardEvent) => {
    if (!event.key.startsWith('Arrow')) return;
    event.preventDefault();
    event.stopPropagation();
    stage.moveCorner(cornerTowards(stage.corner, event.key));
  };
  return (
    <button type="button" class="corner-handle" aria-label={text.cornerHandle(name, text[stage.corner])} title={text.moveCorner}
      onClick={() => stage.moveCorner(corners[(corners.indexOf(stage.corner) + 1) % corners.length]!)} onKeyDown={key}>
      <Glyph name="move" />
    </button>
  );
}

// Handlers for a pane. A press that does not move is a click on the picture.
export function useDragging(session: Session, onPress: () => void) {
  const from = useRef<{ x: number; y: number } | null>(null);
  const [shift, setShift] = useState<{ x: number; y: number } | null>(null);
  const small = () => session.stage?.choice === 'BOTH' && session.stage.layout === 'corner';
  return {
    shift,
    handlers: {
      onPointerDown: (event: PointerEvent) => {
        if (event.button !== 0 || (event.target as Element).closest('button')) return;
        from.current = { x: event.clientX, y: event.clientY };
        const pane = event.currentTarget as HTMLElement;
        if (pane.dataset.place === 'small' && small()) pane.setPointerCapture(event.pointerId);
      },
      onPointerMove: (event: PointerEvent) => {
        const pane = event.currentTarget as HTMLElement;
        if (!from.current || !pane.hasPointerCapture(event.pointerId)) return;
        const [x, y] = [event.clientX - from.current.x, event.clientY - from.current.y];
        if (shift || Math.hypot(x, y) > dragPixels) setShift({ x, y });
      },
      onPointerUp: (event: PointerEvent) => {
        if (!from.current) return;
        from.current = null;
        setShift(null);
        if (!shift) {
          onPress();
          return;
        }
        const pane = (event.currentTarget as HTMLElement).getBoundingClientRect();
        const stage = document.getElementById('stage')!.getBoundingClientRect();
        const middle = { x: pane.left + pane.width / 2, y: pane.top + pane.height / 2 };
        session.stage?.moveCorner(cornerAt((middle.x - stage.left) / stage.width, (middle.y - stage.top) / stage.height));
      },
      onPointerCancel: () => { from.current = null; setShift(null); },
    },
  };
}
