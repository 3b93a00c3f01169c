// Sound on and off, and how loud.
import { PlayerButton } from './button';
import { Glyph } from './glyphs';
import type { Stage } from './stage';
import { text } from './words';

export function Volume({ stage }: { stage: Stage | null }) {
  const silent = !stage || stage.video.muted || stage.video.volume === 0;
  return (
    <>
      <PlayerButton
        id="mute"
        label={silent ? text.soundOn : text.soundOff}
        class={stage?.soundBlocked ? 'wanted' : ''}
        onClick={() => stage?.toggleSound()}
      >
        <Glyph name={silent ? 'silent' : 'sound'} />
        {stage?.soundBlocked && <span>{text.soundOn}</span>}
      </PlayerButton>
      <input
        id="volume"
        class="volume"
        type="range"
        min="0"
        max="1"
        step="0.05"
        aria-label={text.volume}
        value={silent ? 0 : stage.video.volume}
        onInput={(event) => stage?.setVolume(Number(event.currentTarget.value))}
      />
    </>
  );
}
