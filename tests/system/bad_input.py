"""What cannot become a lecture ends with one clear error, and publishes nothing."""
import media
from system import System, check


def rejected(system, course, what, path, words):
    lecture = system.lecture(course, what)
    result = system.run_ctl("lecture", "upload", lecture, "--view", "comb", path, "--wait", person="lecturer@example.org", timeout=120)
    check(result.returncode == 1, f"{what}: exit status {result.returncode}: {result.stderr}")
    check(any(word in result.stderr.lower() for word in words), f"{what}: the error does not say what is wrong: {result.stderr}")
    view = system.view(lecture)
    if view:
        check(view["state"] == "VIEW_FAILED" and not view["renditions"], f"{what}: {view}")
        check(view["error"], f"{what}: no error in the lecture")
    check(system.run_ctl("lecture", "url", lecture, person="lecturer@example.org").returncode == 1, f"{what}: has a playback address")
    print(f"{what}: {result.stderr.strip().splitlines()[-1]}")


def main():
    with System() as system:
        _, course = system.standard(workers=("worker", "worker-2"))
        folder = system.folder
        (folder / "text.mp4").write_text("This is not a recording.\n" * 1000)
        whole = media.video(folder / "whole.mp4", 6)
        # The moov box is at the end here, so half of the file has none.
        media.ffmpeg("-i", whole, "-c", "copy", "-movflags", "0", folder / "late.mp4")
        (folder / "truncated.mp4").write_bytes((folder / "late.mp4").read_bytes()[:200_000])
        (folder / "empty.mp4").touch()
        media.ffmpeg("-f", "lavfi", "-i", "sine=duration=5", "-c:a", "aac", folder / "sound.m4a")
        rejected(system, course, "not a video", folder / "text.mp4", ("not a", "recording", "format", "video"))
        rejected(system, course, "truncated", folder / "truncated.mp4", ("truncated", "incomplete", "moov", "damaged", "broken", "cut"))
        rejected(system, course, "zero length", folder / "empty.mp4", ("empty",))
        system.sql("update organizations set quota_bytes = 1000")
        rejected(system, course, "larger than the quota", whole, ("quota",))
        system.sql("update organizations set quota_bytes = null")
        check(system.ctl_json("job", "list", "--state", "ready,running,leased,retry_wait")["jobs"] == [], "jobs are left")


main()
