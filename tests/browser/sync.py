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

SECONDS = 80
MOST_MS = 40      # of the median; half of the pictures are closer than this


TRIES = 3         # a machine that does something else as well may take the browser's time for a while


def fault_of(seen, speed):
    check(seen["rate"] == float(speed) and seen["places"] == "large,small", f"not what was to be measured: {seen}")
    if seen["samples"] < 100:
        return f"{speed}x: the pictures did not move"
    if abs(seen["own"] - seen["median"]) > 15:
        return f"{speed}x: the player believes something else: {seen}"
    return f"{speed}x: half of the pictures are more than {MOST_MS} ms apart" if seen["median"] > MOST_MS else None


def measure(system, lecture, what):
    page = system.ctl("lecture", "url", lecture, "--page", person=LECTURER)
    for _ in range(TRIES):
        result = subprocess.run(["node", HERE / "sync.mjs", page, "15"], capture_output=True, text=True, timeout=180, check=False)
        check(result.returncode == 0, f"{result.stdout}{result.stderr}")
        faults = []
        for speed, seen in json.loads(result.stdout).items():
            print(f"{what}, {speed}x: median {seen['median']:.1f} ms, 95th percentile {seen['p95']:.1f} ms of {seen['samples']} pictures "
                  f"(load {os.getloadavg()[0]:.1f})", flush=True)
            faults.append(fault_of(seen, speed))
        if not any(faults):
            return
    check(False, f"{what}: {faults}")


def main():
    with LiveSystem(pages=True) as system:
        _, course = system.standard()
        lecture = system.lecture(course)
        recording = media.video(system.folder / "recording.mp4", SECONDS, size="960x540", codec=("libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"))
        for view in ("cam", "pres"):
            system.upload(lecture, recording, view)
        for view in ("cam", "pres"):
            wait_until(f"{view} is playable", lambda view=view: (system.view(lecture, view) or {}).get("state") in ("PLAYABLE", "COMPLETE"), 60)
        busy = "COMPLETE" not in (system.view(lecture, "cam")["state"], system.view(lecture, "pres")["state"])
        measure(system, lecture, "with a busy worker" if busy else "at once")
        for view in ("cam", "pres"):
            system.wait_complete(lecture, view)
        measure(system, lecture, "with an idle worker")


main()
