"""A worker that fails whatever it is given is left alone after a few jobs; one whose FFmpeg hangs is stopped."""
import shutil

import media
from system import System, check, exists, wait_until

LECTURES = 5


def fake_programs(system, name, flag, action):
    """A folder with an ffmpeg and an ffprobe that work until `flag` exists, and do `action` then."""
    folder = system.folder / f"{name}-programs"
    folder.mkdir()
    for program in ("ffmpeg", "ffprobe"):
        path = folder / program
        path.write_text(f"#!/bin/sh\nif [ -e {flag} ]; then {action}; fi\nexec {shutil.which(program)} \"$@\"\n")
        path.chmod(0o755)
    return folder


def start_faulty(system, organization, name, action):
    flag = system.folder / f"{name}.flag"
    programs = fake_programs(system, name, flag, action)
    system.start_worker(organization, name, slots=1, extra=[f"--ffmpeg_dir={programs}"])
    system.wait_ready(name)
    return flag


def failed_at(system, name):
    number = system.resources()[name]["name"].split("/")[1]
    return system.sql(f"select job_id, failure_class, error from job_attempts where resource_id = {number} and "
                      "outcome in ('failed', 'stalled')")


def exits_at_once(system, organization, course):
    flag = start_faulty(system, organization, "broken", "echo 'Illegal instruction' >&2; exit 1")
    path = media.video(system.folder / "talk.mp4", 4)
    lectures = [system.lecture(course, f"talk {k}") for k in range(LECTURES)]
    flag.touch()
    for lecture in lectures:
        system.upload(lecture, path, wait=False)
    quarantined = wait_until("the broken worker is in quarantine", lambda: (one := system.resources()["broken"]).get("reason") and one, 30)
    check("no new work" in quarantined["reason"], f"it is not said why: {quarantined}")
    for lecture in lectures:
        wait_until(f"{lecture} is playable", lambda: system.view(lecture)["state"] in ("PLAYABLE", "COMPLETE"), 60)
    touched = failed_at(system, "broken")
    check(3 <= len(touched) and len({row[0] for row in touched}) < 5, f"the broken worker touched {touched}")
    failed = system.ctl_json("job", "list", "--state", "failed")["jobs"]
    check(not failed, f"jobs failed for good: {failed}")
    print(f"quarantined after {len(touched)} jobs: {quarantined['reason']}")
    for lecture in lectures:
        system.wait_complete(lecture)
    system.processes["broken"].stop()


def hangs(system, organization, course):
    """The limit is a minute in production; here the jobs are given less when they are made."""
    system.sql("create function impatient() returns trigger language plpgsql as "
               "'begin new.stall_seconds := 5; return new; end'; "
               "create trigger impatient before insert on jobs for each row execute function impatient()")
    flag = start_faulty(system, organization, "hanging", "sleep 1000 & wait")
    check(system.processes["worker"].stop() == 0, "the good worker did not drain cleanly")
    lecture = system.lecture(course, "hangs")
    flag.touch()
    system.upload(lecture, media.video(system.folder / "other.mp4", 4), wait=False)
    children = wait_until("its FFmpeg hangs", lambda: system.processes["hanging"].children("sleep"), 20)
    system.start_worker(None, "worker")
    system.wait_ready("worker")
    error = wait_until("the hanging job is stopped", lambda: failed_at(system, "hanging"), 25)[0][2]
    check("no progress" in error, f"the error does not say what is wrong: {error}")
    wait_until("nothing of it is left", lambda: not any(exists(pid) for pid in children), 5)
    flag.unlink()
    system.wait_complete(lecture)


def main():
    with System() as system:
        organization, course = system.standard()
        exits_at_once(system, organization, course)
        hangs(system, organization, course)


main()
