"""PostgreSQL stops at once (as after a power loss) and comes back while work runs."""
import signal
import time

import faults
from system import System, check, wait_until


def main():
    with System() as system:
        _, course = system.standard()
        lecture, (_, job) = faults.start_transcode(system, course)
        system.processes["postgres"].stop(signal.SIGQUIT, 10)
        refused = time.monotonic()
        check(system.run_ctl("whoami", timeout=60).returncode == 1, "a call succeeded without a database")
        check(time.monotonic() - refused < 15, "a call hung while the database was away")
        time.sleep(12)   # longer than a lease and than the loss of a silent resource
        system.start_postgres()
        wait_until("the API answers again", lambda: system.run_ctl("whoami").returncode == 0, 20)
        for one in ("api-1", "api-2", "vod", "edge", "worker"):
            system.wait_ready(one)
        attempts = faults.job(system, job)["attempts"]
        check(len(attempts) == 1, f"silence during the outage was held against the worker: {attempts}")
        faults.everything_holds(system, lecture)


main()
