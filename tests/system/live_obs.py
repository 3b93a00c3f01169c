"""A real OBS Studio, as a lecturer leaves it: key frames every 8.33 s, constant bitrate. It streams into a lecture, survives the death of the
worker and of the front, and leaves one recording."""
import os
import signal
import sys

from onair import LECTURER, LiveSystem, Obs, Watcher, ended_playlist, frames_by_segment, have_obs, variants
from system import check, wait_until


def worker_is_killed(system, watcher, lecture, obs):
    before = obs.connections()
    name = system.worker_of(lecture)
    system.processes[name].kill()
    watcher.wait_segments(4, 40)
    system.processes[name].start()
    check(obs.connections() == before, "OBS noticed that the worker died")


def front_is_killed(system, watcher, obs):
    before = obs.connections()
    for pid in system.front_pids():
        os.kill(pid, signal.SIGKILL)
    wait_until("OBS is connected again", lambda: obs.connections() > before, 40)
    watcher.wait_segments(3, 40)


def main():
    if not have_obs():
        print("skipped: OBS Studio or Xvfb is missing")
        sys.exit(77)
    with LiveSystem(grace="30s") as system:
        _, course = system.live_standard()
        lecture = system.due_lecture(course)
        obs = Obs(system, system.rtmp, system.personal_token)
        obs.start()
        try:
            system.wait_live(lecture, seconds=60)
            with Watcher(system.url(lecture)) as watcher:
                watcher.wait_segments(3, 40)
                worker_is_killed(system, watcher, lecture, obs)
                front_is_killed(system, watcher, obs)
        finally:
            obs.stop()
        system.ctl("lecture", "end", lecture, person=LECTURER)
        system.wait_recorded(lecture, seconds=30)
        url = system.url(lecture)
        one = ended_playlist(variants(url)[0])
        gaps = one.seconds(gaps=True) - one.seconds()
        check(one.seconds() > 12 and gaps < 12, f"the recording has {one.seconds()} s and gaps of {gaps} s")
        frames = frames_by_segment(variants(url)[0])
        check(abs(frames - one.seconds() * 30) <= 4, f"{frames} pictures in {one.seconds()} s")
        check(len([1 for stream in system.live_streams(ended=True) if stream["lecture"] == lecture]) == 1, "more than one stream was made")


main()
