// play.mjs URL SECONDS: plays a lecture in Debian's Chromium with hls.js, lets it run, seeks, and checks that time goes on.
// Prints one JSON line of what was seen; exits 1 where it does not play.
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { launch } from './visit.mjs';

const [url, seconds] = [process.argv[2], Number(process.argv[3])];
const hls = await readFile(new URL('./node_modules/hls.js/dist/hls.min.js', import.meta.url));
const page = '<!doctype html><title>play</title><video muted width=640></video><script src=/hls.js></script>';

const server = http.createServer((request, response) => {
  response.setHeader('Content-Type', request.url === '/hls.js' ? 'text/javascript' : 'text/html');
  response.end(request.url === '/hls.js' ? hls : page);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const browser = await launch();

// Until the video's clock is past `time`, or the page says what went wrong.
const pastOf = (tab, time) => tab.waitForFunction((t) => {
  if (window.failure) throw new Error(window.failure);
  const video = document.querySelector('video');
  return !video.seeking && video.currentTime >= t;
}, time, { timeout: 30_000, polling: 50 });

try {
  const tab = await browser.newPage();
  await tab.goto(`http://127.0.0.1:${server.address().port}/`);
  await tab.evaluate((source) => {
    const player = new Hls();
    player.on(Hls.Events.ERROR, (_, data) => { if (data.fatal) window.failure = `${data.type} ${data.details}`; });
    player.loadSource(source);
    player.attachMedia(document.querySelector('video'));
    player.on(Hls.Events.MANIFEST_PARSED, () => document.querySelector('video').play());
  }, url);
  await pastOf(tab, 1.5);
  const target = seconds * 0.6;
  await tab.evaluate((t) => { document.querySelector('video').currentTime = t; }, target);
  await pastOf(tab, target + 1.5);
  const seen = await tab.evaluate(() => {
    const video = document.querySelector('video');
    const quality = video.getVideoPlaybackQuality();
    return { time: video.currentTime, duration: video.duration, width: video.videoWidth, height: video.videoHeight,
      frames: quality.totalVideoFrames, dropped: quality.droppedVideoFrames };
  });
  console.log(JSON.stringify(seen));
  if (Math.abs(seen.duration - seconds) > 0.5) throw new Error(`it lasts ${seen.duration} s, not ${seconds}`);
  if (seen.width === 0 || seen.frames < 25) throw new Error('no pictures');
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
} finally {
  await browser.close();
  server.close();
}
