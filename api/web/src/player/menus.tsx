// The player's menus: view, quality, speed.
import { Menu, type MenuItem } from '../lib/menu';
import { LayoutGlyph } from './glyphs';
import type { Layout } from './roles';
import { savedSeconds } from './silence';
import type { Stage } from './stage';
import { speedText, text, waitText } from './words';

export const speeds = Array.from({ length: 11 }, (_, index) => 0.5 + index * 0.25);

type Kind = Parameters<typeof LayoutGlyph>[0]['kind'];

const together: { kind: Kind; layout: Layout; swapped: boolean }[] = [
  { kind: 'slidesLarge', layout: 'corner', swapped: false },
  { kind: 'cameraLarge', layout: 'corner', swapped: true },
  { kind: 'side', layout: 'side', swapped: false },
  { kind: 'sideCamera', layout: 'side', swapped: true },
];
const alone = { PRES: 'slidesOnly', CAM: 'cameraOnly', COMB: 'composed' } as const;

export function kindOf(stage: Stage): Kind {
  if (stage.choice !== 'BOTH') return alone[stage.choice];
  return together.find((entry) => entry.layout === stage.layout && entry.swapped === stage.swapped)!.kind;
}

export function ViewMenu({ stage }: { stage: Stage }) {
  const choices = stage.choices();
  if (choices.length < 2) return null;
  const current = kindOf(stage);
  const items: MenuItem[] = [
    ...(choices.includes('BOTH') ? together : []).map(({ kind, layout, swapped }) => ({
      label: text[kind],
      checked: kind === current,
      onSelect: () => stage.choose('BOTH', layout, swapped),
    })),
    ...choices
      .filter((choice) => choice !== 'BOTH')
      .map((choice) => ({
        label: text[alone[choice]],
        checked: alone[choice] === current,
        onSelect: () => stage.choose(choice),
      })),
  ];
  return (
    <Menu
      class="view-menu"
      kind="quiet"
      align="end"
      label={`${text.view}: ${text[current]}`}
      button={<LayoutGlyph kind={current} />}
      items={items}
    />
  );
}

export function QualityMenu({ stage, height, onHeight }: { stage: Stage; height: number; onHeight: (height: number) => void }) {
  const main = stage.large();
  const heights = main.heights();
  if (heights.length < 2) return null;
  const playing = main.playingHeight();
  const items: MenuItem[] = [
    {
      label: playing && height === 0 ? text.automaticNow(playing) : text.automatic,
      checked: height === 0,
      onSelect: () => onHeight(0),
    },
    ...heights.map((value) => ({ label: `${value}p`, checked: value === height, onSelect: () => onHeight(value) })),
  ];
  const shown = height === 0 ? playing : height;
  return (
    <Menu
      class="quality-menu"
      kind="quiet"
      align="end"
      label={`${text.quality}: ${height === 0 ? text.automaticNow(shown) : `${height}p`}`}
      button={<span class="word">{shown ? `${shown}p` : text.automatic}</span>}
      items={items}
    />
  );
}

interface SpeedProps {
  stage: Stage;
  onSpeed: (speed: number) => void;
  onSkip: (skip: boolean) => void;
}

export function SpeedMenu({ stage, onSpeed, onSkip }: SpeedProps) {
  const saved = savedSeconds(stage.silences) / stage.speed;
  const skips = saved > 1 && !stage.live;
  // Silence first: below eleven speeds nobody finds it, and on small players it lies outside of the list.
  const items: (MenuItem | false)[] = [
    skips && {
      label: text.skipSilenceSaves(waitText(saved)),
      checked: stage.skipping,
      onSelect: () => onSkip(!stage.skipping),
    },
    ...[...speeds].reverse().map((speed, index) => ({
      label: speedText(speed),
      checked: speed === stage.speed,
      separated: skips && index === 0,
      onSelect: () => onSpeed(speed),
    })),
  ];
  return (
    <Menu
      class="speed-menu"
      kind="quiet"
      align="end"
      label={`${text.speed}: ${speedText(stage.speed)}`}
      button={<span class="word">{speedText(stage.speed)}</span>}
      items={items}
    />
  );
}
