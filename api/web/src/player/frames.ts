// Which picture of a video is on the screen, by requestVideoFrameCallback.

export interface Frame {
  media: number;      // seconds on the video's own clock
  at: number;         // performance.now() when it is shown
}

export class Frames {
  last: Frame | null = null;

  // `onFrame` is called for each picture that is shown, as long as the video exists.
  constructor(private readonly video: HTMLVideoElement, private readonly onFrame: (frame: Frame) => void = () => {}) {
    if ('requestVideoFrameCallback' in video) this.wait();
  }

  private wait(): void {
    this.video.requestVideoFrameCallback((_now, data) => {
      this.last = { media: data.mediaTime, at: data.expectedDisplayTime };
      this.onFrame(this.last);
      this.wait();
    });
  }

  // Where the video is at the moment `at`; null where no picture was shown lately: it is hidden, or stands still.
  positionAt(at: number): number | null {
    const age = this.last ? at - this.last.at : Infinity;
    return Math.abs(age) < 300 ? this.last!.media + (age / 1000) * this.video.playbackRate : null;
  }
}
