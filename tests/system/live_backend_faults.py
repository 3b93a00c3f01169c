"""What stands behind the worker goes away while a lecture is live: the VOD service, one API instance, all of them, the database. The encoder
stays connected and no frame is lost. LECTERN_OUTAGE_SECONDS (25) says for how long all instances of the API are away."""
import os
import signal
import time

from onair import LiveSystem, Watcher, clip, whole
from system import check

OUTAGE = int(os.environ.get("LECTERN_OUTAGE_SECONDS", "25"))
SECONDS = 110 + OUTAGE


def vod_is_killed(system, watcher):
    """Segments wait at the worker and are stored in order when it is back."""
    system.processes["vod"].kill()
    time.sleep(8)
    system.processes["vod"].start()
    system.wait_ready("vod")
    watcher.wait_segments(5)


def one_api_is_killed(system, watcher):
    system.processes["api-1"].kill()
    watcher.wait_segments(3)
    system.processes["api-1"].start()
    system.wait_ready("api-1")
    watcher.wait_segments(1)


def all_apis_are_away(system, watcher):
    for k in (1, 2):
        system.processes[f"api-{k}"].kill()
    watcher.wait_segments(OUTAGE // 2, OUTAGE + 15)
    for k in (1, 2):
        system.processes[f"api-{k}"].start()
    for k in (1, 2):
        system.wait_ready(f"api-{k}")
    watcher.wait_segments(6)


def database_is_restarted(system, watcher):
    system.processes["postgres"].stop(signal.SIGINT)
    watcher.wait_segments(3)
    system.start_postgres()
    for k in (1, 2):
        system.wait_ready(f"api-{k}")
    watcher.wait_segments(6)


def main():
    with LiveSystem() as system:
        _, course = system.live_standard()
        lecture = system.due_lecture(course, lasts=SECONDS * 2)
        publisher = system.publish(clip(system.folder / "clip.flv", SECONDS))
        system.wait_live(lecture)
        with Watcher(system.url(lecture)) as watcher:
            watcher.wait_segments(2)
            for fault in (vod_is_killed, one_api_is_killed, all_apis_are_away, database_is_restarted):
                fault(system, watcher)
                check(publisher.alive(), f"the encoder was disconnected or too short: {publisher.tail()}")
        check(publisher.popen.wait(SECONDS) == 0, f"the encoder was disconnected: {publisher.tail()}")
        system.wait_recorded(lecture, seconds=60)
        whole(system, lecture, SECONDS)


main()
