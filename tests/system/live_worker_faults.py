"""The worker of a live lecture is killed and frozen, twenty times in a row: the encoder stays connected, viewers see new segments within
moments, and the recording has every frame once."""
import signal
import statistics
import time

from onair import LiveSystem, Watcher, clip, whole
from system import check, wait_until

ROUNDS = 20
SECONDS = 200


def strike(system, watcher, lecture, number):
    """One worker is killed or frozen. Returns the seconds until viewers saw a new segment."""
    name = wait_until("a worker has it", lambda: system.worker_of(lecture), 10)
    worker = system.processes[name]
    moment = time.monotonic()
    if number % 2 == 0:
        worker.kill()
    else:
        worker.send(signal.SIGSTOP)
    delay = watcher.first_after(moment + 0.05, 20)
    wait_until("another worker has it", lambda: system.worker_of(lecture) not in (None, "", name), 15)
    if number % 2 == 0:
        worker.start()
    else:
        worker.send(signal.SIGCONT)
    system.wait_ready(name)
    watcher.wait_segments(1)
    return delay


def main():
    with LiveSystem() as system:
        _, course = system.live_standard()
        lecture = system.due_lecture(course)
        source = clip(system.folder / "clip.flv", SECONDS)
        publisher = system.publish(source)
        system.wait_live(lecture)
        delays = []
        with Watcher(system.url(lecture)) as watcher:
            watcher.wait_segments(2)
            for number in range(ROUNDS):
                if not publisher.alive():
                    break
                delays.append(strike(system, watcher, lecture, number))
            check(len(delays) == ROUNDS, f"only {len(delays)} rounds fitted into {SECONDS} s")
        killed, frozen = delays[0::2], delays[1::2]
        print(f"until a new segment: killed median {statistics.median(killed):.2f} s, worst {max(killed):.2f} s; "
              f"frozen median {statistics.median(frozen):.2f} s, worst {max(frozen):.2f} s")
        wait_until("the clip is over", lambda: not publisher.alive(), SECONDS)
        check(publisher.popen.returncode == 0, f"the encoder was disconnected: {publisher.tail()}")
        stream = system.wait_recorded(lecture, seconds=40) and system.live_stream(lecture)
        check(int(stream["failovers"]) >= ROUNDS, f"{stream['failovers']} failovers were noticed")
        whole(system, lecture, SECONDS)


main()
