// The row of buttons below the picture.
import { clockText } from '../lib/format';
import { PlayerButton } from './button';
import type { Commands } from './commands';
import { Glyph, StepGlyph } from './glyphs';
import { QualityMenu, SpeedMenu, ViewMenu } from './menus';
import type { Session } from './session';
import { text } from './words';
import { Volume } from './volume';

export function ControlBar({ session, commands, onHelp }: { session: Session; commands: Commands; onHelp: () => void }) {
  const { stage } = session;
  const { seekStep } = commands.wishes;
  const paused = stage?.video.paused ?? true;
  const [position, end] = [session.position, Math.max(session.end, session.position)];
  const atLive = (stage?.atEdge() ?? false) && !paused;
  const full = document.fullscreenElement !== null;
  return (
    <div class="control-row">
      <div class="control-group">
        <PlayerButton id="play" label={paused ? text.play : text.pause} onClick={() => commands.do('toggle')}>
          <Glyph name={paused ? 'play' : 'pause'} />
        </PlayerButton>
        <PlayerButton label={text.back(seekStep)} onClick={() => commands.do('back')}>
          <StepGlyph seconds={seekStep} back />
        </PlayerButton>
        <PlayerButton label={text.on(seekStep)} onClick={() => commands.do('on')}>
          <StepGlyph seconds={seekStep} />
        </PlayerButton>
        <Volume stage={stage} />
        <span id="time" class="player-time">
          {clockText(position)} <span class="of">/ {clockText(end)}</span>
        </span>
        {session.live && (
          <button type="button" id="to-live" class="to-live" disabled={atLive} onClick={() => stage?.goLive()}>
            <span class="dot" aria-hidden="true" />
            {atLive ? text.live : text.toLive}
          </button>
        )}
      </div>
      <div class="control-group end">
        {stage && <ViewMenu stage={stage} />}
        {stage && <QualityMenu stage={stage} height={commands.height} onHeight={(height) => commands.setHeight(height)} />}
        {stage && (
          <SpeedMenu stage={stage} onSpeed={(speed) => commands.setSpeed(speed)} onSkip={(skip) => commands.setSkip(skip)} />
        )}
        {document.pictureInPictureEnabled && (
          <PlayerButton class="roomy" label={text.pictureInPicture} onClick={() => commands.togglePicture()}>
            <Glyph name="picture" />
          </PlayerButton>
        )}
        <PlayerButton class="keys-button" label={text.help} onClick={onHelp}>
          <Glyph name="keys" />
        </PlayerButton>
        <PlayerButton id="full" label={full ? text.smallScreen : text.fullScreen} onClick={() => commands.toggleFull()}>
          <Glyph name={full ? 'small' : 'full'} />
        </PlayerButton>
      </div>
    </div>
  );
}
