"""What is unusual but can be a lecture becomes one: codecs, sizes, rates, rotation, sound alone, no sound, and real clips."""
import media
from system import System, check, decode, fetch

X265 = ("libx265", "-preset", "ultrafast", "-x265-params", "log-level=error")


def recordings(folder):
    yield "no sound", media.video(folder / "mute.mp4", 5, sound=False), 5
    yield "odd size", media.video(folder / "odd.mp4", 5, size="321x241", codec=("libx264", "-preset", "veryfast", "-pix_fmt", "yuv444p")), 5
    yield "10 bit", media.video(folder / "ten.mp4", 5, codec=("libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p10le")), 5
    yield "HEVC", media.video(folder / "hevc.mp4", 5, codec=X265), 5
    yield "VP9", media.video(folder / "vp9.mp4", 5, codec=("libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8")), 5
    media.ffmpeg("-i", media.video(folder / "flat.mp4", 5), "-c", "copy", "-metadata:s:v:0", "rotate=90", folder / "turned.mp4")
    yield "rotated", folder / "turned.mp4", 5
    media.ffmpeg("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=6", "-vf", "select='lt(mod(n,25),20)'", "-vsync", "vfr",
                 "-c:v", "libx264", "-preset", "veryfast", folder / "vfr.mp4")
    yield "variable frame rate", folder / "vfr.mp4", 6
    media.ffmpeg("-f", "lavfi", "-i", "sine=duration=6", "-c:a", "aac", folder / "sound.m4a")
    yield "sound only", folder / "sound.m4a", 6
    for clip in sorted(media.SAMPLES.glob("*480p*.mp4")):
        yield "real clip", clip, 30


def main():
    with System() as system:
        _, course = system.standard(workers=("worker",))
        pending = []
        for what, path, seconds in recordings(system.folder):
            lecture = system.lecture(course, what)
            result = system.run_ctl("lecture", "upload", lecture, "--view", "comb", path, "--wait", person="lecturer@example.org")
            if what == "sound only" and result.returncode == 1:
                check("no video" in result.stderr.lower() or "picture" in result.stderr.lower(), f"{what}: {result.stderr}")
                continue
            check(result.returncode == 0, f"{what}: {result.stderr}")
            pending.append((what, lecture, seconds))
        for what, lecture, seconds in pending:
            state = system.wait_complete(lecture)
            check(abs(float(state["duration"].rstrip("s")) - seconds) < 0.5, f"{what}: lasts {state['duration']}, not {seconds} s")
            url = system.url(lecture)
            check(fetch(url)[0] == 200, f"{what}: no master playlist")
            if what != "sound only":
                check(decode(url) > 0, f"{what}: no pictures")
            print(f"{what}: {[one['label'] for one in state['renditions']]}")


main()
