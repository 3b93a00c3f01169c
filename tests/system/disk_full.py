"""Disks that are full, at the VOD service and at a worker: one clear error, nothing lost, and work goes on once there is room."""
import contextlib
import ctypes
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import faults
import media
import tokens
import uploading
from system import System, check, decode, wait_until

SKIP = 77
CLONE_NEWNS = 0x00020000
MIB = 1 << 20


def own_mounts():
    """Mounts of this process are seen by nobody else, and are gone with it however it ends."""
    if os.geteuid() != 0 or ctypes.CDLL(None).unshare(CLONE_NEWNS) != 0:
        print("SKIPPED: only root can mount a small disk; nothing was tested", file=sys.stderr)
        sys.exit(SKIP)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


@contextlib.contextmanager
def small_disk(mebibytes):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lt-disk-", dir="/tmp"))
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", folder], check=True)
        try:
            yield folder
        finally:
            subprocess.run(["umount", folder], check=True)
    finally:
        folder.rmdir()


def room(disk):
    state = os.statvfs(disk)
    return state.f_bavail * state.f_frsize


def fill(disk, leave=0):
    """Something else takes the space. Returns what to remove."""
    filler = disk / "filler"
    with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while room(disk) > leave:
            file.write(bytes(min(MIB, max(4096, room(disk) - leave))))
    return filler


def refused(system, lecture, path):
    """What lecternctl says where there is no space."""
    result = system.run_ctl("lecture", "upload", lecture, "--view", "comb", path, "--patience", "20", person="lecturer@example.org")
    lines = [line for line in result.stderr.splitlines() if line.startswith("lecternctl: ")]
    check(result.returncode == 1 and len(lines) == 1, f"exit status {result.returncode}: {result.stderr}")
    # Either the API knows already that there is no room, or the VOD service says so.
    known = "no VOD service has room" in lines[0] and "; ask " in lines[0]
    told = "no space left" in lines[0] and "ask your IT" in lines[0] and "call this again" in lines[0]
    check(known or told, f"the error does not say what to do: {lines[0]}")
    print(lines[0])


def no_room_for_a_new_upload(system, course, disk, playing):
    lecture = system.lecture(course, "too large")
    path = media.padded(system.folder / "large.mp4", 60 * MIB)
    filler = fill(disk, leave=100 * MIB)
    refused(system, lecture, path)
    check(decode(playing) > 0, "what was there does not play any more")
    filler.unlink()
    system.upload(lecture, path)
    faults.everything_holds(system, lecture)


def full_in_the_middle(system, course, disk, playing):
    """Someone else fills the disk after the upload was let in."""
    lecture = system.lecture(course, "cut short")
    path = media.padded(system.folder / "other.mp4", 20 * MIB, seconds=5)
    claims = uploading.announce(system, lecture, path)
    token = tokens.Mint(system).sign("upload", claims)
    upload = uploading.create(system, token, claims["size"])
    data = path.read_bytes()
    status = uploading.patch(system, upload, token, 0, data[:4 * MIB])[0]
    check(status == 204, f"the first part: {status}")
    filler = fill(disk)
    status, headers, body = uploading.patch(system, upload, token, 4 * MIB, data[4 * MIB:])
    check(status == 507 and "Retry-After" in headers and b"DISK_FULL" in body, f"the second part: {status} {headers} {body}")
    refused(system, lecture, path)
    kept = uploading.offset(system, upload, token)
    check(4 * MIB <= kept < claims["size"], f"{kept} bytes are left of the {4 * MIB} that were stored")
    check(system.view(lecture)["state"] not in ("PLAYABLE", "COMPLETE", "VIEW_FAILED"), f"half an upload is {system.view(lecture)}")
    check(decode(playing) > 0, "what was there does not play any more")
    filler.unlink()
    system.upload(lecture, path)
    faults.everything_holds(system, lecture)


def full_worker(system, organization, course, disk):
    """The only worker runs out of space in the middle of a transcode; another one finishes it."""
    system.start_worker(organization, "small", slots=1, scratch=disk, extra=["--scratch_min_free=16M"])
    system.wait_ready("small")
    check(system.processes["worker"].stop() == 0, "the worker did not drain cleanly")
    media.video(system.folder / "mpeg4.mp4", 30, size="1280x720", codec=("mpeg4", "-q:v", "5"))   # cannot be copied
    lecture, (_, job) = faults.start_transcode(system, course, "mpeg4")
    filler = fill(disk)
    first = wait_until("the attempt fails", lambda: faults.job(system, job)["attempts"][0].get("outcome") == "failed" and
                       faults.job(system, job)["attempts"][0], 30)
    check(first["failureClass"] == "RESOURCE_SHORT" and "full" in first["error"], f"the attempt: {first}")
    wait_until("the small worker takes no work", lambda: not system.ready("small"), 10)
    explained = wait_until("it is explained why the job waits", lambda: re.search(
        r"\(small, .*offers no slots", system.ctl("job", "explain", job)), 15, 0.2)
    print(explained.string.strip())
    system.start_worker(None, "worker")
    system.wait_ready("worker")
    faults.everything_holds(system, lecture)
    outcomes = [one["outcome"] for one in faults.job(system, job)["attempts"]]
    check(outcomes == ["failed", "done"], f"attempts: {outcomes}")
    filler.unlink()
    wait_until("the small worker takes work again", lambda: system.ready("small"), 20)


def main():
    own_mounts()
    with small_disk(400) as media_disk, small_disk(160) as scratch, System() as system:
        organization, course = system.standard(vod_data=media_disk / "media", vod_extra=["--min_free_bytes=80M"])
        lecture = system.lecture(course)
        system.upload(lecture, media.video(system.folder / "talk.mp4", 6))
        system.wait_complete(lecture)
        playing = system.url(lecture).replace(system.urls["edge"], system.urls["vod"])   # past the edge's cache
        no_room_for_a_new_upload(system, course, media_disk, playing)
        full_in_the_middle(system, course, media_disk, playing)
        full_worker(system, organization, course, scratch)


main()
