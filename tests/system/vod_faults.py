"""SIGKILL of the VOD service in the middle of an upload and of packaging."""
import media
import faults
from system import System, check, fetch, wait_until


def received(system):
    return max((path.stat().st_size for path in (system.folder / "vod").rglob("*") if path.is_file()), default=0)


def restart(system):
    system.processes["vod"].kill()
    system.start_vod()


def killed_while_uploading(system, course):
    lecture = system.lecture(course, "upload")
    path = media.padded(system.folder / "large.mp4", 1200 << 20)
    running = system.start_ctl("lecture", "upload", lecture, "--view", "comb", path, "--wait", person="lecturer@example.org")
    for mark in (100 << 20, 500 << 20):
        wait_until("the upload goes on", lambda: received(system) > mark or running.poll() is not None, 60, 0.005)
        check(running.poll() is None, f"the upload ended too early: {running.communicate()[1] if running.poll() is not None else ''}")
        restart(system)
    _, errors = running.communicate(timeout=150)
    check(running.returncode == 0, f"the upload failed: {errors}")
    check(fetch(system.url(lecture))[0] == 200, "it has no master playlist")
    faults.everything_holds(system, lecture)


def packaging(system, lecture):
    jobs = system.ctl_json("job", "list", "--lecture", lecture, "--state", "leased,running")["jobs"]
    return [job for job in jobs if job["kind"] == "package"]


def killed_while_packaging(system, course):
    """Killed at different moments after packaging has begun; each recording must come out whole."""
    path = media.video(system.folder / "long.mp4", 240, size="1280x720")
    for attempt in range(3):
        lecture = system.lecture(course, f"packaging {attempt}")
        system.upload(lecture, path, wait=False)
        wait_until("packaging runs", lambda: packaging(system, lecture) or system.view(lecture)["state"] in ("PLAYABLE", "COMPLETE"), 30, 0.01)
        restart(system)
        wait_until("it is playable", lambda: system.view(lecture)["state"] in ("PLAYABLE", "COMPLETE"), 60)
        check(fetch(system.url(lecture))[0] == 200, "it is called playable and is not")
        system.ctl("lecture", "delete", lecture)


def main():
    with System() as system:
        _, course = system.standard()
        killed_while_uploading(system, course)
        killed_while_packaging(system, course)


main()
