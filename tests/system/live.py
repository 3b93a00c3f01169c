"""A lecture from the encoder to the recording: FFmpeg publishes with a personal token, viewers see it grow, it becomes a recording."""
import urllib.parse

from onair import RATE, LiveSystem, Watcher, check_even, clip, ended_playlist, packets, playlist, variants
from system import check, decode, fetch, wait_until

SECONDS = 24


def watches(system, lecture):
    """What viewers get while it is live."""
    url = system.url(lecture)
    with Watcher(url) as watcher:
        watcher.wait_segments(3)
        lists = [playlist(one) for one in variants(url)]
        check(all(one.kind == "EVENT" and not one.ended for one in lists), "a live playlist is no EVENT playlist")
        last = min(one.last for one in lists)
        check(max(one.last for one in lists) - last <= 1, "renditions are apart")
        times = {round(one.segments[last - one.sequence]["time"], 2) for one in lists}
        check(len(times) == 1, f"renditions disagree about the time of segment {last}: {times}")
        headers = fetch(variants(url)[0])[1]
        check("max-age=1" in headers.get("Cache-Control", ""), f"a live playlist is cached: {headers}")
    preview = urllib.parse.urljoin(url, "preview.jpg")
    wait_until("a preview picture", lambda: fetch(preview)[2][:2] == b"\xff\xd8", 15)


def is_told_to_it(system, lecture):
    """What IT sees."""
    one = system.live_stream(lecture)
    facts = one["facts"]
    check(facts["videoCodec"] == "h264" and int(facts["height"]) == 360, f"facts: {facts}")
    check(one["organizationName"] == "University" and one["workerHost"].startswith("worker"), f"{one}")
    check(int(one["epoch"]) > 0 and one["proxy"].startswith("resources/"), f"{one}")


def main():
    with LiveSystem() as system:
        _, course = system.live_standard(workers=("worker",))
        lecture = system.due_lecture(course)
        source = clip(system.folder / "clip.flv", SECONDS)
        publisher = system.publish(source)
        system.wait_live(lecture)
        check(system.ctl_json("lecture", "show", lecture)["state"] == "LIVE", "the lecture is not shown as live")
        is_told_to_it(system, lecture)
        watches(system, lecture)
        wait_until("the publisher is done", lambda: not publisher.alive(), SECONDS + 10)
        system.wait_recorded(lecture, seconds=30)
        url = system.url(lecture)
        ended_playlist(variants(url)[0])
        times = packets(variants(url)[0])
        check(len(times) == SECONDS * RATE, f"{len(times)} pictures of {SECONDS * RATE}")
        check_even(times)
        check(decode(url) == SECONDS * RATE, "it does not decode whole")
        system.wait_complete(lecture)
        check(abs(decode(system.url(lecture)) - SECONDS * RATE) <= 1, "the improved recording is not whole")


main()
