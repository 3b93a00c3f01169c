"""What stands between the lecturer and the worker breaks: proxy, nginx, the encoder itself. One lecture, one recording."""
import os
import signal
import time

from onair import LiveSystem, Watcher, clip, ended_playlist, variants
from system import check, exists, wait_until

SECONDS = 150


def proxy_is_killed(system, watcher, encoder):
    """The front keeps the lecturer; the next proxy takes both over."""
    before = system.front_pids()
    check(before, "there is no nginx")
    system.processes["proxy"].kill()
    time.sleep(0.5)
    check(all(exists(pid) for pid in before), "the front died with the proxy")
    system.processes["proxy"].start()
    system.wait_ready("proxy")
    watcher.wait_segments(2)
    check(set(system.front_pids()) == set(before), "the front was started again")
    check("connection lost" not in encoder.tail(200), "the encoder was disconnected")


def front_is_killed(system, watcher, encoder):
    for pid in system.front_pids():
        os.kill(pid, signal.SIGKILL)
    wait_until("the encoder notices", lambda: "connection lost" in encoder.tail(200), 20)
    watcher.wait_segments(3, 40)


def encoder_freezes(system, watcher, encoder):
    """It is dropped, and comes back by itself when it thaws."""
    encoder.send(signal.SIGSTOP)
    wait_until("the stream is seen as interrupted", lambda: [one for one in system.live_streams() if one["state"] == "INTERRUPTED"], 30)
    encoder.send(signal.SIGCONT)
    watcher.wait_segments(3, 40)


def second_encoder(system, watcher, lecture):
    """The newer one wins; it is the same lecture."""
    source = system.folder / "clip.flv"
    other = system.stream(source, name="encoder-2")
    wait_until("the first one is disconnected", lambda: "connection lost" in system.processes["encoder"].tail(3), 20)
    system.processes["encoder"].stop()
    watcher.wait_segments(2, 30)
    check(len([one for one in system.live_streams() if one["lecture"] == lecture]) == 1, "two streams of one lecture run")
    return other


def main():
    with LiveSystem(grace="25s") as system:
        _, course = system.live_standard()
        lecture = system.due_lecture(course)
        encoder = system.stream(clip(system.folder / "clip.flv", SECONDS), "--loop")
        system.wait_live(lecture)
        with Watcher(system.url(lecture)) as watcher:
            watcher.wait_segments(2)
            proxy_is_killed(system, watcher, encoder)
            front_is_killed(system, watcher, encoder)
            encoder_freezes(system, watcher, encoder)
            second_encoder(system, watcher, lecture).stop()
        system.wait_recorded(lecture, seconds=60)
        streams = [one for one in system.live_streams(ended=True) if one["lecture"] == lecture]
        check(len(streams) == 1, f"{len(streams)} streams were made of one lecture")
        lists = [ended_playlist(one) for one in variants(system.url(lecture))]
        check(any(segment.get("gap") for segment in lists[0].segments), "the time that is missing is not shown as a gap")
        lengths = [one.seconds(gaps=True) for one in lists]
        check(max(lengths) - min(lengths) < 1.5, f"renditions differ in length: {lengths}")


main()
