"""Camera and slides of one lecture stay together on the screen, at 1x and at 2x, while a worker transcodes and afterwards."""
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
import media  # noqa: E402
from onair import LECTURER, LiveSystem  # noqa: E402
from system import check, wait_until  # noqa: E402

SECONDS = 150
MOST_MS = 40      # of the median; half of the pictures are closer than this


def measure(system, lecture, what):
    page = system.ctl("lecture", "url", lecture, "--page", person=LECTURER)
    result = subprocess.run(["node", HERE / "sync.mjs", page, "15"], capture_output=True, text=True, timeout=180, check=False)
    check(result.returncode == 0, f"{result.stdout}{result.stderr}")
    for speed, seen in json.loads(result.stdout).items():
        print(f"{what}, {speed}x: median {seen['median']:.1f} ms, 95th percentile {seen['p95']:.1f} ms of {seen['samples']} pictures "
              f"(load {os.getloadavg()[0]:.1f})")
        check(seen["rate"] == float(speed) and seen["places"] == "large,small", f"not what was to be measured: {seen}")
        check(seen["samples"] > 100, f"the pictures did not move: {seen}")
        check(seen["median"] <= MOST_MS, f"{what}, {speed}x: half of the pictures are more than {MOST_MS} ms apart: {seen}")
        check(abs(seen["own"] - seen["median"]) < 15, f"the player believes something else: {seen}")


def main():
    with LiveSystem(pages=True) as system:
        _, course = system.standard()
        lecture = system.lecture(course)
        for view in ("cam", "pres"):
            system.upload(lecture, media.video(system.folder / f"{view}.mp4", SECONDS, size="1280x720"), view)
        for view in ("cam", "pres"):
            wait_until(f"{view} is playable", lambda view=view: (system.view(lecture, view) or {}).get("state") in ("PLAYABLE", "COMPLETE"), 60)
        busy = "COMPLETE" not in (system.view(lecture, "cam")["state"], system.view(lecture, "pres")["state"])
        measure(system, lecture, "with a busy worker" if busy else "at once")
        for view in ("cam", "pres"):
            system.wait_complete(lecture, view)
        measure(system, lecture, "with an idle worker")


main()
