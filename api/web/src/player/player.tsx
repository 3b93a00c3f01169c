// The player: pictures, the screens in their place, seek bar, buttons and keys.
import { useEffect, useRef, useState } from 'preact/hooks';
import { clockText } from '../lib/format';
import { Button } from '../lib/controls';
import { Commands, type Wishes } from './commands';
import { ControlBar } from './control_bar';
import { CornerHandle, useDragging } from './corner';
import { Glyph } from './glyphs';
import { HelpDialog } from './help';
import { useEveryTick } from './hooks';
import { actionOf, ownedByElement } from './keys';
import { SeekBar, type Mark } from './seek_bar';
import type { Session } from './session';
import { skipTarget } from './silence';
import { slateText, waitingWords } from './state_words';
import { text } from './words';
import './player.css';

const idleMs = 3000;

interface Props {
  session: Session;
  wishes: Wishes;
  sections?: Mark[];
  bookmarks?: Mark[];
}

function Waiting({ session }: { session: Session }) {
  const [title, timer, more] = waitingWords(session);
  return (
    <div id="waiting" class="screen" hidden={session.picture}>
      <p id="waiting-title" class="large">
        {title}
      </p>
      <p id="waiting-timer" class="timer" role="timer">
        {timer}
      </p>
      <p id="waiting-text">{more}</p>
    </div>
  );
}

function Overlays({ session, commands }: { session: Session; commands: Commands }) {
  const stage = session.stage!;
  const target = session.live || stage.skipping ? null : skipTarget(stage.silences, session.position);
  const begun = stage.video.played.length > 0;
  return (
    <>
      {stage.video.paused && !begun && !session.live && (
        <button type="button" class="large-play" aria-label={text.play} onClick={() => commands.do('toggle')}>
          <Glyph name="play" />
        </button>
      )}
      <div class="overlay">
        {session.resumed !== null && (
          <p class="overlay-words">
            <span>{text.resumedAt(clockText(session.resumed))}</span>
            <Button small onClick={() => session.fromBeginning()}>
              {text.fromBeginning}
            </Button>
          </p>
        )}
        {stage.follower.hopeless && (
          <p class="overlay-words">
            <span>{text.otherMissing}</span>
            <Button small onClick={() => stage.choose(stage.roles().leader)}>
              {text.onlyThis}
            </Button>
          </p>
        )}
        {stage.follower.hold && <p class="overlay-words">{text.waitingForOther}</p>}
        {target !== null && (
          <button type="button" class="skip-silence" onClick={() => stage.seek(target)}>
            {text.skipThis}
            <Glyph name="skip" />
          </button>
        )}
      </div>
    </>
  );
}

// One picture. What is in it, and where it stands, is the stage's business.
function Pane({ session, commands, id, muted }: { session: Session; commands: Commands; id: string; muted?: boolean }) {
  const { shift, handlers } = useDragging(session, () => commands.do('toggle'));
  const { stage } = session;
  const video = stage && (id === 'video' ? stage.main.video : stage.second.video);
  const pane = video?.parentElement;
  const names: Record<string, string> = { CAM: text.cameraPicture, PRES: text.slidesPicture };
  const name = names[video?.dataset.view ?? ''] ?? text.picture;
  const small = stage?.choice === 'BOTH' && stage.layout === 'corner' && pane?.dataset.place === 'small';
  return (
    <div
      class={`pane${shift ? ' dragged' : ''}`}
      {...handlers}
      onDblClick={() => commands.toggleFull()}
      style={shift ? { translate: `${shift.x}px ${shift.y}px` } : { translate: 'none' }}
    >
      <video id={id} playsInline preload="metadata" muted={muted} aria-label={name} />
      {small && session.picture && <CornerHandle session={session} name={name} />}
    </div>
  );
}

export function Player({ session, wishes, sections = [], bookmarks = [] }: Props) {
  useEveryTick(session);
  const [help, setHelp] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const [commands] = useState(() => new Commands(session, wishes, () => setHelp(true)));
  commands.sections = sections;
  useEffect(() => {
    const byId = (id: string) => root.current!.querySelector<HTMLElement>(`#${id}`)!;
    session.begin(byId('stage'), byId('video') as HTMLVideoElement, byId('second') as HTMLVideoElement);
    commands.begin();
  }, []);
  useKeys(session, commands);
  useIdle(root, session);
  const { picture } = session;
  const slate = slateText(session);
  const player = (
    <div id="player" class="player" ref={root} role="region" aria-label={text.player}>
      <div id="stage" class="stage">
        <Pane session={session} commands={commands} id="video" />
        <Pane session={session} commands={commands} id="second" muted />
        <div id="slate" class="screen" hidden={!picture || !slate}>
          <p id="slate-text" class="large" aria-hidden="true">
            {slate}
          </p>
        </div>
        {session.stage && picture && !slate && <Overlays session={session} commands={commands} />}
      </div>
      <div id="controls" class={`controls${picture ? '' : ' absent'}`} role="group" aria-label={text.player} inert={!picture}>
        <SeekBar session={session} sections={sections} bookmarks={bookmarks} />
        <ControlBar session={session} commands={commands} onHelp={() => setHelp(true)} />
      </div>
      <Waiting session={session} />
    </div>
  );
  // The help has the page's colours, not the player's.
  return (
    <>
      {player}
      <HelpDialog open={help} onClose={() => setHelp(false)} wishes={wishes} />
    </>
  );
}

function useKeys(session: Session, commands: Commands): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (commands.wishes.keysOff || !session.picture || ownedByElement(event.target as Element, event.key)) return;
      const action = actionOf(event.key, event.shiftKey);
      if (!action) return;
      event.preventDefault();
      commands.do(action);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

// In full screen the buttons leave when nobody needs them.
function useIdle(root: { current: HTMLDivElement | null }, session: Session): void {
  useEffect(() => {
    let timer = 0;
    const wake = () => {
      const player = root.current;
      if (!player) return;
      player.classList.remove('idle');
      clearTimeout(timer);
      timer = window.setTimeout(() => {
        const choosing = player.querySelector('.menu-list');
        if (document.fullscreenElement && session.stage && !session.stage.video.paused && !choosing) player.classList.add('idle');
      }, idleMs);
    };
    const names = ['pointermove', 'pointerdown', 'keydown', 'fullscreenchange'];
    for (const name of names) document.addEventListener(name, wake);
    return () => {
      for (const name of names) document.removeEventListener(name, wake);
    };
  }, []);
}
