// The player's buttons, sliders and keys.
import type { Choice, Stage } from './stage';
import { clockText, lengthText, viewWords } from './words';

function element<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

const play = element<HTMLButtonElement>('play');
const seek = element<HTMLInputElement>('seek');
const time = element('time');
const toLive = element<HTMLButtonElement>('to-live');
const mute = element<HTMLButtonElement>('mute');
const volume = element<HTMLInputElement>('volume');
const speed = element<HTMLSelectElement>('speed');
const view = element<HTMLSelectElement>('view');
const quality = element<HTMLSelectElement>('quality');
const full = element<HTMLButtonElement>('full');

function set(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

function options(select: HTMLSelectElement, entries: [string, string][], value: string): void {
  const wanted = entries.map((entry) => entry.join()).join('|');
  if (select.dataset.entries !== wanted) {
    select.dataset.entries = wanted;
    select.replaceChildren(...entries.map(([key, text]) => new Option(text, key)));
  }
  select.value = value;
  select.closest('label')!.hidden = entries.length < 2;
}

export class Controls {
  private height = 0;       // wished; 0: automatic
  private dragging = false;

  constructor(private readonly stage: Stage) {
    const { video } = stage;
    play.onclick = () => stage.toggle();
    video.onclick = () => stage.toggle();
    toLive.onclick = () => stage.goLive();
    mute.onclick = () => this.toggleSound();
    full.onclick = () => this.toggleFull();
    seek.oninput = () => { this.dragging = true; this.showTime(Number(seek.value)); };
    seek.onchange = () => { this.dragging = false; stage.seek(Number(seek.value)); };
    volume.oninput = () => { video.volume = Number(volume.value); video.muted = false; stage.soundBlocked = false; };
    speed.onchange = () => { stage.speed = Number(speed.value); };
    view.onchange = () => stage.choose(view.value as Choice);
    quality.onchange = () => this.setQuality(Number(quality.value));
    addEventListener('keydown', (event) => this.onKey(event));
  }

  // Choices, after they may have changed.
  renew(): void {
    const { stage } = this;
    options(view, stage.choices().map((choice) => [choice, viewWords[choice]!]), stage.choice);
    const playing = stage.main.playingHeight();
    const automatic = playing && this.height === 0 ? `Automatic (${playing}p)` : 'Automatic';
    const heights = stage.main.heights().map((height) => [String(height), `${height}p`] as [string, string]);
    options(quality, [['0', automatic], ...(heights.length > 1 ? heights : [])], String(this.height));
    toLive.hidden = !stage.live;
    this.tick();
  }

  tick(): void {
    const { stage } = this;
    const { video } = stage;
    set(play, video.paused ? 'Play' : 'Pause');
    set(mute, video.muted || video.volume === 0 ? 'Sound on' : 'Sound off');
    speed.value = String(stage.speed);
    if (!this.dragging) this.showTime(video.currentTime);
    toLive.disabled = stage.atEdge() && !video.paused;
  }

  private showTime(position: number): void {
    const { stage } = this;
    const end = Math.max(stage.main.end, position);
    seek.max = String(Math.ceil(end));
    seek.value = String(position);
    seek.setAttribute('aria-valuetext', `${lengthText(position)} of ${lengthText(end)}`);
    set(time, `${clockText(position)} / ${clockText(end)}`);
  }

  private setQuality(height: number): void {
    this.height = height;
    this.stage.main.setHeight(height);
    this.stage.second.setHeight(height);
    this.renew();
  }

  private toggleSound(): void {
    const { video } = this.stage;
    video.muted = !video.muted;
    if (!video.muted && video.volume === 0) video.volume = 1;
    this.stage.soundBlocked = false;
    volume.value = String(video.volume);
    this.tick();
  }

  private toggleFull(): void {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void element('player').requestFullscreen().catch(() => {});
  }

  private onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.stage.main.loaded) return;
    const target = event.target as HTMLElement;
    // Keys that the focused element has a use of its own for stay with it.
    if (target.closest('select, textarea, input:not([type=range])')) return;
    if (target.matches('input[type=range]') && /^(Arrow|Home|End|Page)/.test(event.key)) return;
    if (target.closest('button, summary, a') && (event.key === ' ' || event.key === 'Enter')) return;
    const { stage } = this;
    const { video } = stage;
    const louder = (step: number) => {
      volume.value = String(Math.max(0, Math.min(1, video.volume + step)));
      volume.dispatchEvent(new Event('input'));
    };
    const actions: Record<string, () => void> = {
      ' ': () => stage.toggle(),
      k: () => stage.toggle(),
      ArrowLeft: () => stage.seek(video.currentTime - 10),
      j: () => stage.seek(video.currentTime - 10),
      ArrowRight: () => stage.seek(video.currentTime + 10),
      l: () => stage.seek(video.currentTime + 10),
      ArrowUp: () => louder(0.1),
      ArrowDown: () => louder(-0.1),
      m: () => this.toggleSound(),
      f: () => this.toggleFull(),
      Home: () => stage.seek(0),
      End: () => (stage.live ? stage.goLive() : stage.seek(stage.main.end)),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
    this.tick();
  }
}
