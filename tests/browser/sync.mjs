// sync.mjs URL [SECONDS]: plays the lecture of that page, camera and slides together, at 1x and at 2x, and prints how far the two pictures on the
// screen are apart: {"1": {"median", "p95", "samples", "own"}, "2": ...}, milliseconds. What is measured is measured here, with
// requestVideoFrameCallback on both videos; "own" is the median of what the player itself says.
import { launch } from './visit.mjs';

const [url, seconds = '20'] = process.argv.slice(2);
const patience = 60_000;
const browser = await launch();

async function measure(tab, speed) {
  // The correction of the first moments, after a start or another speed, is not what one watches.
  await tab.waitForTimeout(5000);
  return tab.evaluate(async ([forMs]) => {
    const [first, second] = document.querySelectorAll('video');
    const frames = { first: null, offsets: [] };
    let going = true;
    const listen = (video, heard) => {
      const again = () => video.requestVideoFrameCallback((_now, frame) => { heard(frame); if (going) again(); });
      again();
    };
    listen(first, (frame) => { frames.first = frame; });
    listen(second, (frame) => {
      const leader = frames.first;
      const late = leader ? frame.expectedDisplayTime - leader.expectedDisplayTime : Infinity;
      if (Math.abs(late) > 300) return;
      frames.offsets.push(Math.abs(frame.mediaTime * 1000 - (leader.mediaTime * 1000 + late * first.playbackRate)));
    });
    const from = performance.now();
    await new Promise((resolve) => setTimeout(resolve, forMs));
    going = false;
    const at = (all, share) => [...all].sort((a, b) => a - b)[Math.floor(all.length * share)] ?? null;
    const own = window.lecternSync.filter((sample) => sample.t >= from).map((sample) => Math.abs(sample.offsetMs));
    const places = [...document.querySelectorAll('video')].map((video) => video.parentElement.dataset.place).sort().join();
    return { median: at(frames.offsets, 0.5), p95: at(frames.offsets, 0.95), samples: frames.offsets.length, own: at(own, 0.5),
      rate: first.playbackRate, places, moved: first.currentTime };
  }, [Number(seconds) * 1000, speed]);
}

try {
  const tab = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await tab.goto(url);
  await tab.waitForFunction(() => document.querySelector('#second')?.readyState > 1 && document.querySelector('#video').readyState > 1, null, { timeout: patience });
  await tab.evaluate(() => document.querySelector('#video').play());
  const result = {};
  for (const speed of [1, 2]) {
    while (await tab.evaluate(() => document.querySelector('#video').playbackRate) < speed) {
      await tab.keyboard.press('>');
      await tab.waitForTimeout(400);
    }
    result[speed] = await measure(tab, speed);
  }
  console.log(JSON.stringify(result));
} finally {
  await browser.close();
}
