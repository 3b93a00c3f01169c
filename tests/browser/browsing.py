"""A lecture's page in Debian's Chromium, as a scenario sees it."""
import json
import os
import pathlib
import subprocess

from system import Failed, check, die_with_parent, wait_until

HERE = pathlib.Path(__file__).resolve().parent
# Remembers what a glance now and then would miss: every slate, every load of the page, the longest time without progress.
OBSERVER = """(() => {
  const seen = window.seen = { slates: 0, stall: 0 };
  const video = document.querySelector('#video'), slate = document.querySelector('#slate');
  let hidden = slate.hidden, progress = video.currentTime, at = performance.now();
  new MutationObserver(() => { if (hidden && !slate.hidden) ++seen.slates; hidden = slate.hidden; }).observe(slate, { attributes: true });
  setInterval(() => {
    if (video.currentTime !== progress) { progress = video.currentTime; at = performance.now(); }
    seen.stall = Math.max(seen.stall, (performance.now() - at) / 1000);
  }, 50);
})()"""
STATE = """(() => {
  const video = document.querySelector('#video'), text = (id) => document.getElementById(id).textContent;
  return { phase: document.body.dataset.phase, slate: !document.querySelector('#slate').hidden, badge: text('badge'), status: text('status'),
    waiting: text('waiting-title'), timer: text('waiting-timer'), time: video.currentTime, paused: video.paused, ready: video.readyState,
    atLive: document.querySelector('#to-live')?.disabled ?? false, width: video.videoWidth, pictures: video.getVideoPlaybackQuality().totalVideoFrames,
    seen: window.seen ?? null };
})()"""


class Tab:
    """Screenshots go to the folder that LECTERN_SCREENSHOTS names, if it does."""

    def __init__(self, folder):
        self.shots = os.environ.get("LECTERN_SCREENSHOTS")
        if self.shots:
            os.makedirs(self.shots, exist_ok=True)
        self.process = subprocess.Popen(["node", HERE / "tab.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, "LECTERN_TEST_FOLDER": str(folder)}, preexec_fn=die_with_parent)
        self.answer()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if error is not None and self.process.poll() is None:
            print(f"--- the page: {json.dumps(self.call('value', STATE))}, {self.call('faults')}")
            self.shoot("failed")
        self.process.stdin.close()
        self.process.wait(30)

    def answer(self):
        line = self.process.stdout.readline()
        check(line, "the browser is gone")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer.get("value")

    def call(self, name, argument=None):
        self.process.stdin.write(json.dumps([name, argument]) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def open(self, url):
        self.call("open", url)
        self.call("value", OBSERVER)

    def shoot(self, name):
        if self.shots:
            self.call("shoot", f"{self.shots}/{name}.png")

    @property
    def state(self):
        return self.call("value", STATE)

    def until(self, what, condition, seconds=60):
        """The state of the page when `condition` of it holds."""
        def holds():
            state = self.state
            return state if condition(state) else None
        return wait_until(f"the page: {what}", holds, seconds, 0.1)

    def plays_on(self, what, seconds=3):
        """Until the picture has moved on by so much from where it is."""
        start = self.state
        return self.until(f"{what}: {start['time']:.1f} s and on", lambda now: now["time"] >= start["time"] + seconds
                          and now["pictures"] > start["pictures"])
