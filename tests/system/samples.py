"""Real recordings: playable by copy within seconds, whole, and every piece of them can be fetched."""
import re
import subprocess
import sys
import time
import urllib.parse

import media
from system import System, check, fetch, probe_duration

SKIP = 77
COPY_SECONDS = 30   # generous: other tests may use the machine; the bench measures it


def lines_of(playlist):
    return [line for line in playlist.splitlines() if line and not line.startswith("#")]


def whole(url):
    """Fetches everything that the master playlist leads to. Returns the number of segments."""
    status, _, body = fetch(url)
    check(status == 200, f"master playlist: {status}")
    master = body.decode()
    playlists = lines_of(master) + re.findall(r'#EXT-X-MEDIA:.*URI="([^"]+)"', master)
    check(playlists, "the master playlist is empty")
    count = 0
    for playlist in playlists:
        address = urllib.parse.urljoin(url, playlist)
        status, _, body = fetch(address)
        check(status == 200, f"{playlist}: {status}")
        text = body.decode()
        check("#EXT-X-ENDLIST" in text, f"{playlist} has no end")
        for piece in re.findall(r'#EXT-X-MAP:URI="([^"]+)"', text) + lines_of(text):
            status, headers, body = fetch(urllib.parse.urljoin(address, piece))
            check(status == 200 and len(body) == int(headers["Content-Length"]) > 0, f"{playlist}: {piece}: {status}, {len(body)} bytes")
            count += 1
    return count


def source_duration(path):
    return float(subprocess.run(["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path], check=True,
                                capture_output=True, text=True).stdout)


def main():
    samples = sorted(media.SAMPLES.glob("*.mp4"))
    if not samples:
        print(f"SKIPPED: there are no recordings in {media.SAMPLES} (npm ci in tests/browser); nothing was tested", file=sys.stderr)
        sys.exit(SKIP)
    with System() as system:
        _, course = system.standard()
        for path in samples:
            lecture = system.lecture(course, path.stem)
            system.upload(lecture, path, wait=False)
            started = time.monotonic()
            system.upload(lecture, path)
            took = time.monotonic() - started
            check(took < COPY_SECONDS, f"{path.name} was playable only after {took:.1f} s")
            url = system.url(lecture)
            duration, expected = probe_duration(url), source_duration(path)
            check(abs(duration - expected) < 0.5, f"{path.name} lasts {duration} s, not {expected}")
            print(f"{path.name}: playable after {took:.1f} s, {whole(url)} pieces, {duration:.2f} of {expected:.2f} s")


main()
