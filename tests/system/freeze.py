"""SIGSTOP of a worker: shorter than its lease nothing is lost, beyond it its late results are refused."""
import signal
import time

import faults
from system import System, check, wait_until


def freeze(process, number):
    """The worker and its FFmpeg, as a stuck machine would."""
    import os
    for pid in [process.pid, *process.children()]:
        os.kill(pid, number)


def short(system, course):
    lecture, (name, job) = faults.start_transcode(system, course)
    freeze(system.processes[name], signal.SIGSTOP)
    time.sleep(4)
    freeze(system.processes[name], signal.SIGCONT)
    faults.everything_holds(system, lecture)
    attempts = faults.job(system, job)["attempts"]
    check(len(attempts) == 1, f"the work of a short freeze was lost: {attempts}")


def long(system, course):
    lecture, (name, job) = faults.start_transcode(system, course)
    freeze(system.processes[name], signal.SIGSTOP)
    wait_until("the job runs elsewhere", lambda: len(faults.job(system, job)["attempts"]) == 2, 30)
    check(system.resources()[name]["state"] in ("DEAD", "SUSPECT"), f"the frozen worker is {system.resources()[name]['state']}")
    freeze(system.processes[name], signal.SIGCONT)
    wait_until("it is alive again", lambda: system.resources()[name]["state"] == "ALIVE", 20)
    faults.everything_holds(system, lecture)
    attempts = faults.job(system, job)["attempts"]
    check([one["outcome"] for one in attempts] == ["lost", "done"], f"attempts: {attempts}")


def main():
    with System() as system:
        _, course = system.standard(workers=("worker", "worker-2"))
        short(system, course)
        long(system, course)


main()
