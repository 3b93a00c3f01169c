"""As lecturer: an upload with a progress bar that survives Ctrl-C and goes on with the second call."""
import os
import pathlib
import pty
import signal
import time

import media
from system import BINARIES, System, check, fetch, wait_until

SIZE = 1500 << 20


def received(system):
    """Bytes of the largest file that the VOD service has."""
    return max((path.stat().st_size for path in (system.folder / "vod").rglob("*") if path.is_file()), default=0)


def interrupted(system, lecture, path):
    running = system.start_ctl("lecture", "upload", lecture, "--view", "comb", path, person="lecturer@example.org")
    wait_until("the upload has begun", lambda: received(system) > (64 << 20) or running.poll() is not None, 60, 0.005)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=30)
    check(running.returncode == 1, f"exit status {running.returncode} after Ctrl-C: {errors}")
    check("go on with" in errors and "lecture upload" in errors, f"it does not say how to go on: {errors}")
    return received(system)


def resumed(system, lecture, path):
    """On a terminal, where it draws a bar; returns what was drawn."""
    system.sign_in("lecturer@example.org")
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(system.ctl_environment("lecturer@example.org"))
        os.execv(BINARIES / "lecternctl", ["lecternctl", "lecture", "upload", lecture, "--view", "comb", str(path), "--wait"])
    drawn = b""
    deadline = time.monotonic() + 150
    while time.monotonic() < deadline:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        if not piece:
            break
        drawn += piece
    _, status = os.waitpid(pid, 0)
    check(os.waitstatus_to_exitcode(status) == 0, f"the second call failed: {drawn[-500:].decode(errors='replace')}")
    return drawn.decode(errors="replace")


def first_percent(drawn):
    return int(drawn.split(" %")[0].split("]")[-1])


def main():
    with System() as system:
        _, course = system.standard()
        lecture = system.lecture(course)
        path = media.padded(pathlib.Path(system.folder / "large.mp4"), SIZE)
        had = interrupted(system, lecture, path)
        check(had < path.stat().st_size, "the upload ended before it could be interrupted")
        drawn = resumed(system, lecture, path)
        check("[" in drawn and "MiB/s" in drawn, f"no progress bar: {drawn[:300]!r}")
        check(first_percent(drawn) > 0, f"the second call began again: {drawn[:200]!r}")
        check("Playable" in drawn, f"it did not wait until the lecture is playable: {drawn[-300:]!r}")
        view = system.view(lecture)
        check(view["state"] in ("PLAYABLE", "COMPLETE"), f"the view is {view['state']}")
        check(fetch(system.url(lecture))[0] == 200, "the master playlist cannot be fetched")
        refused = system.run_ctl("lecture", "upload", "lectures/999999", "--view", "comb", path, person="lecturer@example.org")
        check(refused.returncode == 1 and "lecternctl:" in refused.stderr, f"an unknown lecture: {refused.stderr}")


main()
