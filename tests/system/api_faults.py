"""SIGKILL of each API instance while work runs, of both while a lecture plays, and of one between two calls of lecternctl."""
import media
import faults
from system import System, check, decode, fetch, wait_until


def each_killed(system, course):
    lecture, (_, job) = faults.start_transcode(system, course)
    for k in range(2):
        system.processes[f"api-{k + 1}"].kill()
        check(system.ctl_json("whoami")["email"] == "admin@example.org", "the other instance does not answer")
        for name in ("vod", "edge", "worker"):
            wait_until(f"{name} is attached again", lambda: system.ready(name), 15)
        system.start_api(k)
        system.wait_ready(f"api-{k + 1}")
    attempts = faults.job(system, job)["attempts"]
    check(len(attempts) == 1, f"a running job was taken away because an API instance died: {attempts}")
    faults.everything_holds(system, lecture)


def both_down_while_playing(system, course):
    lecture = system.lecture(course, "playing")
    system.upload(lecture, media.video(system.folder / "talk.mp4", 20))
    url = system.url(lecture)
    check(fetch(url)[0] == 200, "it does not play")
    for k in range(2):
        system.processes[f"api-{k + 1}"].kill()
    check(decode(url) > 0 and decode(url, seconds=3) > 0, "playback stopped with the API")
    for k in range(2):
        system.start_api(k)
    for name in ("api-1", "api-2", "vod", "edge", "worker"):
        system.wait_ready(name)
    faults.everything_holds(system, lecture)


def upload_ends_without_the_api(system, course):
    """The last byte arrives while no API is there: what reached us becomes a lecture when it is back."""
    lecture = system.lecture(course, "orphan")
    path = media.padded(system.folder / "large.mp4", 800 << 20)
    before = set((system.folder / "vod").rglob("*"))
    running = system.start_ctl("lecture", "upload", lecture, "--view", "comb", path, person="lecturer@example.org")
    wait_until("the upload goes on", lambda: running.poll() is not None or any(
        one.stat().st_size > (50 << 20) for one in set((system.folder / "vod").rglob("*")) - before if one.is_file()), 60, 0.005)
    check(running.poll() is None, "the upload ended too early")
    for k in range(2):
        system.processes[f"api-{k + 1}"].kill()
    _, errors = running.communicate(timeout=120)
    check(running.returncode == 0, f"the upload failed without the API: {errors}")
    for k in range(2):
        system.start_api(k)
    system.wait_ready("api-1")
    faults.everything_holds(system, lecture)


def main():
    with System() as system:
        _, course = system.standard()
        each_killed(system, course)
        both_down_while_playing(system, course)
        upload_ends_without_the_api(system, course)


main()
