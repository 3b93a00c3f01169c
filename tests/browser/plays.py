"""A lecture plays in Chromium with hls.js from the edge, and seeks: while it is only copied, and with all renditions."""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
import media  # noqa: E402
from system import System, check  # noqa: E402

SECONDS = 20


def plays(url):
    result = subprocess.run(["node", HERE / "play.mjs", url, str(SECONDS)], capture_output=True, text=True, timeout=120, check=False)
    check(result.returncode == 0, f"{result.stdout}{result.stderr}")
    print(result.stdout.strip())


def main():
    with System() as system:
        _, course = system.standard()
        lecture = system.lecture(course)
        system.upload(lecture, media.video(system.folder / "talk.mp4", SECONDS))
        plays(system.url(lecture))
        system.wait_complete(lecture)
        plays(system.url(lecture))


main()
