// Tells the server where the person is, so that they can go on anywhere.
import { api } from '../../lib/api';
import { durationOf } from '../../lib/format';
import { serverNow } from '../../player/clock';
import type { Session } from '../../player/session';

const everyMs = 10_000;

export function saveProgress(session: Session, lecture: string): void {
  const path = `/v1/${lecture}/progress`;
  let savedAt = performance.now();
  let saved = -1;
  const said = () => ({
    position: durationOf(session.position),
    time: new Date(serverNow()).toISOString(),
    // Whoever is at the live edge is at its end, and has not seen the rest all the same.
    ...(session.live && { watched: false }),
  });
  const worth = () =>
    session.picture &&
    session.stage!.main.known &&
    Math.abs(session.position - saved) > 1 &&
    session.stage!.video.played.length > 0;
  const save = () => {
    if (!worth()) return;
    [savedAt, saved] = [performance.now(), session.position];
    // The next one comes in ten seconds.
    api.put(path, said()).catch(() => undefined);
  };
  let paused = true;
  session.subscribe(() => {
    const video = session.stage?.video;
    if (!video) return;
    const pausedNow = video.paused && !paused;
    paused = video.paused;
    if (pausedNow || (!video.paused && performance.now() - savedAt > everyMs)) save();
  });
  addEventListener('pagehide', () => {
    if (worth()) api.leave('PUT', path, said());
  });
}
