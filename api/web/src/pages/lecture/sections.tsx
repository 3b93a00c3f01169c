// The lecture's sections; the one that plays is marked and kept in sight.
import { useEffect, useRef } from 'preact/hooks';
import { Button } from '../../lib/controls';
import { Empty } from '../../lib/feedback';
import { clockText } from '../../lib/format';
import { useSession } from '../../player/hooks';
import type { Mark } from '../../player/seek_bar';
import type { Session } from '../../player/session';
import { text } from './words';

interface Props {
  session: Session;
  sections: Mark[];
  manageUrl: string | null; // for who may make some
}

export function Sections({ session, sections, manageUrl }: Props) {
  const list = useRef<HTMLOListElement>(null);
  const current = useSession(session, (now) =>
    now.picture ? sections.findLastIndex((section) => section.position <= now.position + 0.3) : -1,
  );
  useEffect(() => {
    const item = list.current?.children[current] as HTMLElement | undefined;
    const scroller = list.current?.closest<HTMLElement>('[role=tabpanel]');
    // Not under the hands of somebody who looks through the list.
    if (!item || !scroller || scroller.matches(':hover, :focus-within')) return;
    scroller.scrollTop = item.offsetTop - scroller.clientHeight / 3;
  }, [current]);
  if (sections.length === 0) {
    return (
      <Empty title={text.noSections} actions={manageUrl && <Button href={manageUrl}>{text.addSections}</Button>}>
        {!manageUrl && text.noSectionsText}
      </Empty>
    );
  }
  return (
    <ol class="sections" ref={list}>
      {sections.map((section, index) => (
        <li key={section.position}>
          <button
            type="button"
            class="section-button"
            aria-current={index === current ? 'true' : undefined}
            disabled={!session.stage}
            onClick={() => session.stage?.seek(section.position)}
          >
            <span class="moment">{clockText(section.position)}</span>
            <span>{section.title}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}
