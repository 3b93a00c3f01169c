// What can be done with the player, whether by button or by key.
import type { Action } from './keys';
import { speeds } from './menus';
import type { Mark } from './seek_bar';
import type { Session } from './session';
import { stored, store } from './stored';

// What the page around the player adds, and how its person likes it.
export interface Wishes {
  seekStep: number;                             // seconds
  speed: number;
  skipSilence: boolean;
  keysOff: boolean;                             // single keys do nothing
  onSpeed(speed: number): void;                 // to be remembered
  onSkipSilence(skip: boolean): void;
  onBookmark?: (position: number) => void;      // absent: there are none
}

// Of somebody whom nobody knows: remembered by the browser.
export function localWishes(): Wishes {
  return {
    seekStep: 15,
    speed: stored<number>('speed', 1),
    skipSilence: stored<boolean>('skipSilence', false),
    keysOff: false,
    onSpeed: (speed) => store('speed', speed),
    onSkipSilence: (skip) => store('skipSilence', skip),
  };
}

export class Commands {
  height = 0;                                   // wished quality; 0: automatic
  sections: Mark[] = [];

  constructor(private readonly session: Session, readonly wishes: Wishes, private readonly openHelp: () => void) {}

  begin(): void {
    const { stage } = this.session;
    if (!stage) return;
    stage.speed = speeds.includes(this.wishes.speed) ? this.wishes.speed : 1;
    stage.skipping = this.wishes.skipSilence;
  }

  setSpeed(speed: number): void {
    const { stage } = this.session;
    if (!stage) return;
    stage.speed = Math.max(speeds[0]!, Math.min(speeds.at(-1)!, speed));
    this.wishes.onSpeed(stage.speed);
  }

  setSkip(skip: boolean): void {
    const { stage } = this.session;
    if (!stage) return;
    stage.skipping = skip;
    this.wishes.onSkipSilence(skip);
  }

  // The large picture is what the wish is about; the small one stays as small as it is shown.
  setHeight(height: number): void {
    const { stage } = this.session;
    if (!stage) return;
    this.height = height;
    const large = stage.large();
    for (const player of [stage.main, stage.second]) player.setHeight(player === large ? height : 0);
  }

  toggleFull(): void {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void document.getElementById('player')?.requestFullscreen().catch(() => {});
  }

  togglePicture(): void {
    const { stage } = this.session;
    if (!stage || !document.pictureInPictureEnabled) return;
    if (document.pictureInPictureElement) void document.exitPictureInPicture();
    else void stage.large().video.requestPictureInPicture().catch(() => {});
  }

  toSection(step: 1 | -1): void {
    const position = this.session.position;
    // Back within the first seconds of a section means the one before it.
    const target = step > 0
      ? this.sections.find((section) => section.position > position + 0.5)
      : this.sections.findLast((section) => section.position < position - 3);
    if (target) this.session.stage?.seek(target.position);
    else if (step < 0) this.session.stage?.seek(0);
  }

  do(action: Action): void {
    const { stage } = this.session;
    if (!stage) return;
    if (typeof action === 'object') {
      stage.seek((this.session.end * action.percent) / 100);
      return;
    }
    const { position } = stage;
    const { seekStep, onBookmark } = this.wishes;
    const doings: Record<Exclude<Action, object>, () => void> = {
      toggle: () => stage.toggle(),
      back: () => stage.seek(position - seekStep),
      on: () => stage.seek(position + seekStep),
      louder: () => stage.setVolume(stage.video.volume + 0.1),
      quieter: () => stage.setVolume(stage.video.volume - 0.1),
      mute: () => stage.toggleSound(),
      full: () => this.toggleFull(),
      picture: () => this.togglePicture(),
      swap: () => stage.swap(),
      bookmark: () => onBookmark?.(position),
      nextSection: () => this.toSection(1),
      previousSection: () => this.toSection(-1),
      slower: () => this.setSpeed(stage.speed - 0.25),
      faster: () => this.setSpeed(stage.speed + 0.25),
      begin: () => stage.seek(0),
      end: () => (stage.live ? stage.goLive() : stage.seek(stage.main.end)),
      help: () => this.openHelp(),
    };
    doings[action]();
  }
}
