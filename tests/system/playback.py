"""As student: the address plays and seeks in players that differ, and for nobody else, nowhere else."""
import re
import subprocess
import urllib.parse

import media
from system import System, check, decode, fetch, probe_duration, wait_until

SECONDS = 20


def plays(system, url):
    status, headers, body = fetch(url)
    check(status == 200 and "mpegurl" in headers.get("Content-Type", ""), f"master playlist: {status} {headers}")
    master = body.decode()
    check("#EXT-X-INDEPENDENT-SEGMENTS" in master, "the master playlist lacks EXT-X-INDEPENDENT-SEGMENTS")
    for line in re.findall(r"#EXT-X-STREAM-INF:(.*)", master):
        for attribute in ("CODECS=", "BANDWIDTH=", "AVERAGE-BANDWIDTH=", "FRAME-RATE=", "RESOLUTION="):
            check(attribute in line, f"{attribute} is missing in {line}")
    duration = probe_duration(url)
    check(abs(duration - SECONDS) < 0.5, f"it lasts {duration} s, not {SECONDS}")
    frames = decode(url)
    check(abs(frames - SECONDS * 25) <= 2, f"{frames} pictures, not {SECONDS * 25}")
    seeks(system, url)
    result = subprocess.run(["cvlc", "--intf", "dummy", "--vout", "dummy", "--aout", "dummy", "--play-and-exit", "--run-time", "4",
                             "--no-color", "-vv", url], capture_output=True, text=True, timeout=60, check=False,
                            env={"PATH": "/usr/bin:/bin", "HOME": str(system.folder), "LANG": "C.UTF-8"}, user=vlc_user())
    check("Received first picture" in result.stderr or "first picture" in result.stderr.lower() or "Decoder buffering done" in
          result.stderr, f"VLC shows no picture: {result.stderr[-1500:]}")


def seeks(system, url):
    """What a player does to seek: the init section and any segment decode by themselves. (FFmpeg 5.1's own HLS reader cannot seek in
    fragmented MP4, whoever made it; the browser test seeks for real.)"""
    master = fetch(url)[2].decode()
    playlist = urllib.parse.urljoin(url, [line for line in master.splitlines() if line and not line.startswith("#")][0])
    text = fetch(playlist)[2].decode()
    init = fetch(urllib.parse.urljoin(playlist, re.search(r'#EXT-X-MAP:URI="([^"]+)"', text).group(1)))[2]
    segments = [line for line in text.splitlines() if line and not line.startswith("#")]
    durations = [float(value) for value in re.findall(r"#EXTINF:([0-9.]+)", text)]
    check(abs(sum(durations) - SECONDS) < 0.5, f"the segments last {sum(durations)} s")
    for number in (len(segments) // 2, len(segments) - 1):
        one = system.folder / "one.mp4"
        one.write_bytes(init + fetch(urllib.parse.urljoin(playlist, segments[number]))[2])
        check(abs(decode(one) - durations[number] * 25) <= 1, f"segment {number} does not play by itself")


def vlc_user():
    """VLC refuses to run as root."""
    import os
    return "nobody" if os.geteuid() == 0 else None


def ranges(url):
    media_url = first_segment(url)
    status, headers, body = fetch(media_url)
    check(status == 200 and "immutable" in headers.get("Cache-Control", ""), f"segment: {status} {headers}")
    etag = headers["ETag"]
    part = fetch(media_url, {"Range": "bytes=10-19"})
    check(part[0] == 206 and part[2] == body[10:20], f"a range: {part[0]}")
    check(fetch(media_url, {"Range": "bytes=10-19", "If-Range": '"other"'})[0] == 200, "If-Range with another ETag")
    check(fetch(media_url, {"If-None-Match": etag})[0] == 304, "If-None-Match")
    check(fetch(media_url, {"Range": f"bytes={len(body)}-"})[0] == 416, "a range beyond the end")
    head = fetch(media_url, method="HEAD")
    check(head[0] == 200 and head[2] == b"" and head[1]["Content-Length"] == str(len(body)), f"HEAD: {head[:2]}")


def first_segment(master_url):
    master = fetch(master_url)[2].decode()
    playlist = urllib.parse.urljoin(master_url, [line for line in master.splitlines() if line and not line.startswith("#")][0])
    lines = fetch(playlist)[2].decode().splitlines()
    return urllib.parse.urljoin(playlist, [line for line in lines if line and not line.startswith("#")][0])


def is_protected(system, url, lecture, other):
    base, token, rest = re.fullmatch(r"(http://[^/]+/p)/([^/]+)/(.*)", url).groups()
    number, other_number = lecture.split("/")[1], other.split("/")[1]
    cases = {
        "no token": (f"{base}/{rest}", (401, 403)),
        "empty token": (f"{base}//{rest}", (401,)),
        "another lecture": (f"{base}/{token}/{rest.replace(number, other_number, 1)}", (403,)),
        "a changed token": (f"{base}/{token[:-4]}AAAA/{rest}", (403,)),
        "a file that is not there": (f"{base}/{token}/{number}/comb/nothing.m3u8", (404,)),
        "a way out": (f"{base}/{token}/{number}/comb/..%2f..%2fcatalog.db", (400, 403, 404)),
    }
    for what, (address, expected) in cases.items():
        status = fetch(address)[0]
        check(status in expected, f"{what}: {status}, not {expected}")


def rights(system, organization):
    """Enrolled people watch; others do not even learn that the lecture exists."""
    lecturer, student, stranger = "lecturer@example.org", system.person("student@example.org", "student"), \
        system.person("stranger@example.org", "student")
    course = system.ctl_json("course", "create", "--org", organization, "--title", "Closed course", "--visibility", "enrolled")["name"]
    system.ctl("course", "enrol", course, lecturer, "--role", "lecturer")
    system.ctl("course", "enrol", course, student)
    lecture = system.lecture(course)
    system.upload(lecture, media.video(system.folder / "closed.mp4", 4))
    check(fetch(system.url(lecture, person=student))[0] == 200, "the enrolled student cannot watch")
    refused = system.run_ctl("lecture", "url", lecture, person=stranger)
    check(refused.returncode == 1 and "NOT_FOUND" in refused.stderr, f"a stranger got: {refused.stdout} {refused.stderr}")
    return lecture, student


def deleted_is_gone(system, lecture, student):
    url = system.url(lecture, person=student)
    system.ctl("lecture", "delete", lecture)
    wait_until("the address of a deleted lecture is refused", lambda: fetch(url)[0] in (403, 404), 10)


def main():
    with System() as system:
        organization, course = system.standard()
        lecture, other = system.lecture(course), system.lecture(course)
        path = media.video(system.folder / "talk.mp4", SECONDS)
        system.upload(lecture, path)
        url = system.url(lecture)
        check(url.startswith(system.urls["edge"]), f"the address is not at the edge: {url}")
        plays(system, url)
        system.wait_complete(lecture)
        plays(system, url)
        ranges(url)
        is_protected(system, url, lecture, other)
        deleted_is_gone(system, *rights(system, organization))


main()
