"""As IT: an organization, a token, a second worker that joins, is shared, drained, killed and removed."""
import base64
import json
import time

from system import System, check, exists, wait_until


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def joins_and_is_seen(system, school):
    token = system.ctl("org", "token", "create", school)
    lifetime = claims(token)["exp"] - time.time()
    check(7 * 3600 - 60 < lifetime <= 7 * 3600, f"an organization token lives for {lifetime} s, not 7 hours")
    worker = system.resource("second", "lectern-worker", ["--slots=3", f"--scratch_dir={system.folder}/second/scratch"], token)
    system.wait_ready("second")
    alive = wait_until("the second worker is alive", lambda: system.resources().get("second", {}).get("state") == "ALIVE" and
                       system.resources()["second"], 1)
    load = alive["load"]
    check(load["slots"] == 3 and load["cpuCount"] >= 1, f"slots and processors: {load}")
    check(int(load["memoryTotalBytes"]) > 0 and int(load["diskTotalBytes"]) > 0 and "uptime" in load, f"memory, disk, uptime: {load}")
    check(alive["version"] and alive["organization"] == school, f"version and organization: {alive}")
    # The credential lasts without the token.
    check(worker.stop() == 0, f"the worker did not drain cleanly:\n{worker.tail()}")
    system.start_worker(None, "second", slots=3)
    system.wait_ready("second")
    return alive["name"]


def is_shared_and_drained(system, name):
    system.ctl("resource", "share", name)
    check(system.resources()["second"]["shared"], "the worker is not shared")
    system.ctl("resource", "unshare", name.split("/")[1])
    check(not system.resources()["second"]["shared"], "the worker is still shared")
    system.ctl("resource", "drain", name)
    wait_until("the worker drains", lambda: system.resources()["second"]["state"] == "DRAINING", 5)
    system.ctl("resource", "resume", name)
    wait_until("the worker is alive again", lambda: system.resources()["second"]["state"] == "ALIVE", 5)


def is_seen_dead(system):
    system.processes["second"].kill()
    started = time.monotonic()
    wait_until("the killed worker is dead", lambda: system.resources()["second"]["state"] == "DEAD", 4)
    print(f"dead after {time.monotonic() - started:.1f} s")


def foreign_tokens_are_refused(system):
    good = system.ctl("org", "token", "create", system.organization("Other school"))
    header, payload, signature = good.split(".")
    forged = json.dumps({**claims(good), "exp": int(time.time()) + 10 ** 6}).encode()
    tampered = ".".join([header, base64.urlsafe_b64encode(forged).rstrip(b"=").decode(), signature])
    for what, token in (("forged", tampered), ("no", "nonsense"), ("an unsigned", f"eyJhbGciOiJub25lIn0.{payload}.")):
        worker = system.resource("stranger", "lectern-worker", [f"--scratch_dir={system.folder}/stranger/scratch"], token)
        code = wait_until(f"a worker with {what} token ends", lambda: (worker.popen.poll() is not None) and (worker.popen.returncode,), 15)[0]
        check(code != 0, f"a worker with {what} token joined")
        del system.processes["stranger"]
    check("stranger" not in system.resources(), "a worker joined with a bad token")


def removed_is_refused(system, name):
    worker = system.start_worker(None, "second")
    system.wait_ready("second")
    system.ctl("resource", "remove", name)
    wait_until("the removed worker is not ready", lambda: not worker.alive() or not system.ready("second"), 10)
    check("second" not in system.resources(), "a removed worker is still listed")
    check(exists(system.processes["first"].pid), "the first worker died")


def main():
    with System() as system:
        root = system.organization("University")
        school = system.organization("School", root)
        check(system.ctl_json("org", "list")["organizations"][1]["parent"] == root, "the school is not below the university")
        system.start_worker(root, "first")
        system.wait_ready("first")
        name = joins_and_is_seen(system, school)
        is_shared_and_drained(system, name)
        is_seen_dead(system)
        foreign_tokens_are_refused(system)
        removed_is_refused(system, name)


main()
