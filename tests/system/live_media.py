"""Encoders that are set up oddly: what can be shown is shown, with words about the rest; nothing breaks the recording."""
from onair import LECTURER, RATE, LiveSystem, check_even, clip, frames_by_segment, packets, playlist, variants
from rtmp import join
from system import check, decode, wait_until

SECONDS = 14


def ended(system, lecture, publishers):
    for one in publishers:
        wait_until("the clip is over", lambda one=one: not one.alive(), SECONDS * 3)
        check(one.popen.returncode == 0, f"{one.name} was disconnected: {one.tail()}")
    system.ctl("lecture", "end", lecture, person=LECTURER)


def one_track_each(system, course):
    """Sound only, picture only, and a key frame every 8.33 s, as three views of a lecture."""
    folder, lecture = system.folder, system.due_lecture(course)
    publishers = [system.publish(clip(folder / "a.flv", SECONDS, video=False), view="comb", name="audio"),
                  system.publish(clip(folder / "v.flv", SECONDS, audio=False), view="pres", name="video"),
                  system.publish(clip(folder / "g.flv", SECONDS, gop=250, rate=30), view="cam", name="gop")]
    for view in ("comb", "pres", "cam"):
        system.wait_live(lecture, view)
    warned = wait_until("the key frame interval is mentioned", lambda: [
        one for one in system.live_stream(lecture, "cam").get("warnings", []) if one["code"] == "KEYFRAME_INTERVAL"], 20)
    check("Keyframe" in warned[0]["message"] or "key frame" in warned[0]["message"].lower(), f"{warned}")
    ended(system, lecture, publishers)
    for view in ("comb", "pres", "cam"):
        system.wait_recorded(lecture, view, 40)
    check(all(segment["duration"] < 2.5 for segment in playlist(variants(system.url(lecture, view="cam"))[0]).segments),
          "long segments although the top rendition had to be encoded")
    check(abs(decode(system.url(lecture, view="cam")) - SECONDS * 30) <= 2, "pictures are missing with 8.33 s GOPs")
    times = packets(variants(system.url(lecture, view="pres"))[0])
    check(len(times) == SECONDS * RATE, f"{len(times)} pictures without sound")
    sound = packets(variants(system.url(lecture, view="comb"))[0], "a")
    check(abs(sound[-1] - sound[0] - SECONDS) < 0.5, f"sound without a picture lasts {sound[-1] - sound[0]} s")


def changes_on_the_way(system, course):
    """Another size in the middle; timestamps that jump an hour; timestamps that pass 4 h 39 min and the end of 31 bits."""
    folder, lecture = system.folder, system.due_lecture(course)
    small, large = clip(folder / "s.flv", SECONDS // 2), clip(folder / "l.flv", SECONDS // 2, size="854x480")
    changed, jumped = join(folder / "changed.flv", small, large), join(folder / "jumped.flv", small, small, 3600_000)
    publishers = [system.stream(changed, "--view", "comb", name="changed"), system.stream(jumped, "--view", "cam", name="jumped")]
    for view in ("comb", "cam"):
        system.wait_live(lecture, view)
    ended(system, lecture, publishers)
    for view in ("comb", "cam"):
        system.wait_recorded(lecture, view, 40)
    lists = [playlist(one) for one in variants(system.url(lecture, view="comb"))]
    check(all(len([1 for segment in one.segments if segment.get("discontinuity")]) == 1 for one in lists), "another size is no discontinuity")
    check(frames_by_segment(variants(system.url(lecture, view="comb"))[0]) == SECONDS // 2 * 2 * RATE, "pictures are missing where the size changed")
    times = packets(variants(system.url(lecture, view="cam"))[0])
    check(len(times) == SECONDS // 2 * 2 * RATE and times[-1] - times[0] < SECONDS + 3, f"a jump of an hour went into the recording: {times[-1]}")


def far_timestamps(system, course):
    folder, lecture = system.folder, system.due_lecture(course)
    source = clip(folder / "far.flv", SECONDS)
    publishers = []
    for view, offset in (("comb", 16777.216 - 6), ("cam", 2147483.648 - 6)):
        publishers.append(system.add(f"far-{view}", ["ffmpeg", "-nostdin", "-v", "warning", "-re", "-i", source, "-c", "copy", "-copyts",
                                                     "-output_ts_offset", offset, "-f", "flv",
                                                     f"{system.rtmp}/{system.personal_token}?view={view}"]))
    for view in ("comb", "cam"):
        system.wait_live(lecture, view)
    ended(system, lecture, publishers)
    for view in ("comb", "cam"):
        system.wait_recorded(lecture, view, 40)
        times = packets(variants(system.url(lecture, view=view))[0])
        check(len(times) == SECONDS * RATE, f"{view}: {len(times)} pictures of {SECONDS * RATE}")
        check(times[-1] - times[0] < SECONDS + 1, f"{view}: lasts {times[-1] - times[0]} s")
    check_even(packets(variants(system.url(lecture, view="comb"))[0]))


def large_key_frames(system, course):
    lecture = system.due_lecture(course)
    source = system.folder / "large.flv"
    clip(source, 8, size="1920x1080", rate=5, gop=10, bframes=0, extra=("-vf", "noise=alls=100:allf=t", "-qp", "4"))
    publisher = system.publish(source)
    system.wait_live(lecture)
    ended(system, lecture, [publisher])
    system.wait_recorded(lecture, seconds=40)
    check(len(packets(variants(system.url(lecture))[0])) == 40, "pictures are missing where key frames are large")


def main():
    with LiveSystem() as system:
        _, course = system.live_standard()
        for scenario in (one_track_each, changes_on_the_way, far_timestamps, large_key_frames):
            scenario(system, course)


main()
