// All keys of the player.
import { Dialog } from '../lib/controls';
import type { Wishes } from './commands';
import { keyLines } from './keys';
import { text } from './words';

const shown: Record<string, string> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Home: 'Home',
  End: 'End',
  ' ': text.space,
  N: 'Shift N',
};

export function HelpDialog({ open, onClose, wishes }: { open: boolean; onClose: () => void; wishes: Wishes }) {
  const meaning: Record<string, string> = {
    toggle: text.toggle,
    back: text.keyBack(wishes.seekStep),
    on: text.keyOn(wishes.seekStep),
    percent: text.percent,
    begin: text.begin,
    end: text.end,
    nextSection: text.nextSection,
    previousSection: text.previousSection,
    bookmark: text.newBookmark,
    swap: text.swap,
    slower: text.slower,
    faster: text.faster,
    louder: text.louder,
    quieter: text.quieter,
    mute: text.mute,
    full: text.full,
    picture: text.pictureInPicture,
    help: text.openHelp,
  };
  const lines = keyLines.filter((line) => line.action !== 'bookmark' || wishes.onBookmark);
  return (
    <Dialog open={open} title={text.keysTitle} onClose={onClose} wide>
      <p class="soft">{wishes.keysOff ? text.keysOff : text.keysHint}</p>
      <dl class="keys">
        {lines.map(({ keys, action }) => (
          <div key={action}>
            <dt>
              {keys.map((key, index) => (
                <>
                  {index > 0 && <span class="soft">{action === 'percent' ? text.to : ' '}</span>}
                  <kbd>{shown[key] ?? (/[a-z]/.test(key) ? key.toUpperCase() : key)}</kbd>
                </>
              ))}
            </dt>
            <dd>{meaning[action]}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
