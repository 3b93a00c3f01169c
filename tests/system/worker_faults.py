"""SIGKILL of a worker and of its FFmpeg in the middle of a transcode."""
import os
import signal
import time

import faults
from system import System, check, exists, wait_until


def worker_killed(system, course):
    lecture, (name, job) = faults.start_transcode(system, course)
    worker = system.processes[name]
    children = worker.children("ffmpeg")
    check(children, "the worker runs no FFmpeg")
    worker.kill()
    killed = time.monotonic()
    wait_until("its FFmpeg has died with it", lambda: not any(exists(pid) for pid in children), 2, 0.01)
    other = wait_until("the job runs elsewhere", lambda: (found := faults.job(system, job))["state"] == "RUNNING" and
                       len(found["attempts"]) == 2 and found, 10, 0.05)
    print(f"the job runs elsewhere after {time.monotonic() - killed:.1f} s")
    check(other["attempts"][0]["outcome"] == "lost", f"first attempt: {other['attempts'][0]}")
    faults.everything_holds(system, lecture)
    system.start_worker(None, name)
    system.wait_ready(name)
    scratch = system.folder / name / "scratch"
    check(not any(path.is_file() for path in scratch.rglob("*") if path.suffix in (".mp4", ".m4s", ".m4a")), "scratch files survived the crash")


def ffmpeg_killed(system, course):
    lecture, (name, job) = faults.start_transcode(system, course)
    for pid in system.processes[name].children("ffmpeg"):
        os.kill(pid, signal.SIGKILL)
    wait_until("the job is tried again", lambda: len(faults.job(system, job)["attempts"]) >= 2, 15)
    first = faults.job(system, job)["attempts"][0]
    check(first["outcome"] == "failed" and first["error"], f"first attempt: {first}")
    faults.everything_holds(system, lecture)


def main():
    with System() as system:
        _, course = system.standard(workers=("worker", "worker-2"))
        worker_killed(system, course)
        ffmpeg_killed(system, course)


main()
