"""What the fault scenarios share: a recording that takes a while, and what must hold after any fault."""
import media
from system import check, decode, wait_until


def start_transcode(system, course, name="heavy", seconds=40):
    """Uploads a recording that cannot be copied; returns the lecture once FFmpeg works on it. (lecture, (worker name, ffmpeg pid))"""
    lecture = system.lecture(course, name)
    path = system.folder / f"{name}.mp4"
    if not path.exists():
        media.heavy(path, seconds)
    system.upload(lecture, path, wait=False)
    return lecture, wait_until("a transcode runs", lambda: running_transcode(system, lecture), 60)


def running_transcode(system, lecture):
    """(worker name, job name) of a transcode that has made progress."""
    for job in system.ctl_json("job", "list", "--lecture", lecture, "--state", "running")["jobs"]:
        if job["kind"] == "transcode_video" and job["progress"] > 0:
            hosts = {one["name"]: host for host, one in system.resources().items()}
            return hosts[job["resource"]], job["name"]
    return None


def job(system, name):
    return system.ctl_json("job", "show", name)


def everything_holds(system, lecture, seconds=240):
    """The lecture becomes complete and plays; no job committed twice; nothing is left to do."""
    state = system.wait_complete(lecture, seconds=seconds)
    check(decode(system.url(lecture)) > 0, "it does not play")
    twice = system.sql("select job_id, count(*) from job_attempts where outcome = 'done' group by 1 having count(*) > 1")
    check(not twice, f"jobs were done twice: {twice}")
    number = lecture.split("/")[1]
    doubled = system.sql(f"select r.asset_id, r.label, count(*) from renditions r join assets a on a.id = r.asset_id "
                         f"where a.lecture_id = {number} group by 1, 2 having count(*) > 1")
    check(not doubled, f"renditions are there twice: {doubled}")
    held = system.sql("select id, kind, state from jobs where state in ('leased', 'running', 'cancelling')")
    check(not held, f"jobs are still held: {held}")
    wait_until("every slot is free", lambda: all(one["load"].get("slotsUsed", 0) == 0 for one in system.resources().values()
                                                 if one["state"] == "ALIVE"), 10)
    return state
