// glass.mjs URL: plays a live lecture in Chromium as the lecture page does, reads the clock in the picture, and prints how old pictures are.
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { createRequire } from 'node:module';

const tools = createRequire(new URL('../../browser/package.json', import.meta.url));
const { chromium } = tools('playwright-core');
const hls = await readFile(tools.resolve('hls.js/dist/hls.min.js'));
const page = '<!doctype html><title>glass</title><video muted width=640></video><script src=/hls.js></script>';
const server = http.createServer((request, response) => {
  response.setHeader('Content-Type', request.url === '/hls.js' ? 'text/javascript' : 'text/html');
  response.end(request.url === '/hls.js' ? hls : page);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required'] });
const tab = await browser.newPage();
await tab.goto(`http://127.0.0.1:${server.address().port}/`);
const ages = await tab.evaluate(async (source) => {
  const video = document.querySelector('video');
  const player = new Hls({ liveSyncDuration: 4, liveMaxLatencyDuration: 10 });
  player.loadSource(source);
  player.attachMedia(video);
  player.on(Hls.Events.MANIFEST_PARSED, () => video.play());
  const canvas = new OffscreenCanvas(640, 360).getContext('2d', { willReadFrequently: true });
  const read = () => {
    canvas.drawImage(video, 0, 0, 640, 360);
    const pixels = canvas.getImageData(0, 8, 640, 1).data;
    let time = 0;
    for (let bit = 0; bit < 40; ++bit) time = time * 2 + (pixels[(bit * 16 + 8) * 4] > 120 ? 1 : 0);
    // The clock's upper bits are cut off at 40.
    return (Date.now() % 2 ** 40) - time;
  };
  const seen = [];
  for (let second = 0; second < 25; ++second) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    if (video.currentTime > 0 && !video.paused && video.readyState >= 3) seen.push(read() / 1000);
  }
  return seen.slice(5);
}, process.argv[2]);
await browser.close();
server.close();
const plausible = ages.filter((age) => age > 0 && age < 60).sort((a, b) => a - b);
console.log(plausible.length ? `median ${plausible[plausible.length >> 1].toFixed(2)} s, worst ${plausible.at(-1).toFixed(2)} s of ${plausible.length} looks`
  : `no clock was read: ${ages.slice(0, 5)}`);
