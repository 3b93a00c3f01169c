// Keys of keyboards, headsets and lock screens.
import type { Lecture } from '../../generated/api';
import type { Session } from '../../player/session';

export function offerMediaKeys(session: Session, lecture: Lecture, seekStep: number): void {
  if (!('mediaSession' in navigator)) return;
  const { mediaSession } = navigator;
  mediaSession.metadata = new MediaMetadata({
    title: lecture.title, artist: lecture.courseTitle, artwork: lecture.pictureUrls.slice(0, 1).map((src) => ({ src })),
  });
  const seekBy = (step: number) => session.stage?.seek(session.position + step);
  const handlers: [MediaSessionAction, MediaSessionActionHandler][] = [
    ['play', () => void session.stage?.begin()],
    ['pause', () => session.stage?.video.pause()],
    ['seekbackward', (details) => seekBy(-(details.seekOffset ?? seekStep))],
    ['seekforward', (details) => seekBy(details.seekOffset ?? seekStep)],
    ['seekto', (details) => session.stage?.seek(details.seekTime ?? 0)],
  ];
  for (const [action, handler] of handlers) {
    try { mediaSession.setActionHandler(action, handler); } catch { /* a browser that does not know this key */ }
  }
}
