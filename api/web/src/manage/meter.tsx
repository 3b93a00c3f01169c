// Figures with a bar beneath, of one width whatever they are.
import type { ComponentChildren } from 'preact';
import { Bar } from '../lib/parts';
import { percentText } from '../lib/format';

interface MeterProps {
  label: string;
  share: number; // 0..1
  figure?: string; // instead of per cent
  detail?: string; // what it is of, for the title
  high?: number; // from here on it is marked; 1 or more: never
}

export function Meter({ label, share, figure, detail, high = 0.9 }: MeterProps) {
  const value = Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0));
  return (
    <span class={value >= high ? 'meter high' : 'meter'} title={detail}>
      <span class="meter-figure">{figure ?? percentText(value)}</span>
      <Bar thin value={value} label={detail ? `${label}: ${detail}` : label} />
    </span>
  );
}

interface TileProps {
  title: string;
  figure: string;
  detail?: string;
  share?: number; // shows a bar
  tone?: 'bad' | 'warning' | 'good';
  children?: ComponentChildren;
}

// A figure of the summary on top of a page.
export function Tile({ title, figure, detail, share, tone, children }: TileProps) {
  return (
    <div class={`tile ${tone ?? ''}`}>
      <dt>{title}</dt>
      <dd>
        <span class="tile-figure">{figure}</span>
        {children}
        {detail && <span class={children ? 'tile-detail whole' : 'tile-detail'}>{detail}</span>}
        {share !== undefined && <Bar thin value={share} label={title} />}
      </dd>
    </div>
  );
}
