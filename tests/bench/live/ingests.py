#!/usr/bin/env python3
"""Fifty pass-through ingests of 1 Mbit/s at once, through one proxy and one worker, for ten minutes: is a segment lost?

    tests/bench/live/ingests.py [--streams 50] [--minutes 10]

Prints, beside what the publishers sent: segments stored, gaps, the delay of segments, and memory and processor time of each process.
"""
import argparse
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "system"))
from onair import RATE, LiveSystem, clip, frames_by_segment, playlist, variants  # noqa: E402
from system import Process, wait_until  # noqa: E402

VIEWS = ("comb", "cam", "pres")


def usage(process):
    """(resident MiB, processor seconds)"""
    words = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(words[21]) * 4096 / 2**20, (int(words[11]) + int(words[12])) / 100


def lecturers(system, organization, count):
    """Lectures with their stream keys, three views each."""
    for number in range(count):
        person = system.person(f"lecturer{number}@example.org", "lecturer")
        own = system.ctl_json("course", "create", "--org", organization, "--title", f"Course {number}", "--visibility", "public")["name"]
        system.ctl("course", "enrol", own, person, "--role", "lecturer")
        lecture = system.due_lecture(own, person=person)
        token = system.folder / f"token{number}"
        token.write_text(system.ctl("token", "create", "--name", "bench", person=person))
        yield lecture, token


def start(system, organization, count):
    source = clip(system.folder / "clip.flv", 30, extra=("-b:v", "900k", "-minrate", "900k", "-maxrate", "900k", "-bufsize", "900k", "-x264-params",
                                                        "nal-hrd=vbr"))
    streams = []
    for lecture, token in lecturers(system, organization, (count + 2) // 3):
        for view in VIEWS[:count - len(streams)]:
            name = f"encoder-{len(streams)}"
            process = Process(name, [system.binary("lecternctl"), "stream", source, "--loop", "--server", system.rtmp, "--token-file", token,
                                     "--view", view], {"LECTERN_TEST_FOLDER": str(system.folder)}, system.folder)
            system.processes[name] = process
            streams.append((lecture, view, process.start()))
            time.sleep(0.1)
    return streams


def report(system, streams, before, seconds):
    names = ("proxy", "worker", "vod", "edge", "api-1")
    for name in names:
        memory, processor = usage(system.processes[name])
        print(f"{name:8} {memory:7.1f} MiB ({(memory - before[name][0]) / len(streams):5.2f} more a stream), "
              f"{(processor - before[name][1]) / seconds * 100:5.1f} % of a core")
    stored = gaps = broken = 0
    for lecture, view, process in streams:
        one = playlist(variants(system.url(lecture, view=view))[0])
        stored += len(one.segments)
        gaps += sum(1 for segment in one.segments if segment.get("gap"))
        broken += "connection lost" in process.tail(1000)
    print(f"{len(streams)} streams, {seconds:.0f} s: {stored} segments stored, {gaps} gap segments, {broken} publishers disconnected")
    delay = system.metrics("worker")
    print(f"segments were stored {delay['lectern_worker_live_segment_delay_seconds_sum'] / delay['lectern_worker_live_segment_delay_seconds_count']:.3f}"
          " s after their last frame, on average")
    lecture, view, _ = streams[0]
    url = variants(system.url(lecture, view=view))[0]
    expected = playlist(url).seconds() * RATE
    print(f"{lecture} {view}: {frames_by_segment(url)} pictures, at least {expected:.0f} were expected")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--streams", type=int, default=50)
    arguments.add_argument("--minutes", type=float, default=10)
    given = arguments.parse_args()
    with LiveSystem(api_instances=1, grace="20s") as system:
        organization, _ = system.live_standard(workers=("worker",), worker_extra=("--live_slots=200", "--live_renditions=0",
                                                                                 "--live_preview_interval=60s"))
        before = {name: usage(system.processes[name]) for name in ("proxy", "worker", "vod", "edge", "api-1")}
        streams = start(system, organization, given.streams)
        wait_until("all are on air", lambda: sum(one["state"] == "ON_AIR" for one in system.live_streams()) == len(streams), 120, 1)
        before = {name: (before[name][0], usage(system.processes[name])[1]) for name in before}
        began = time.monotonic()
        time.sleep(given.minutes * 60)
        report(system, streams, before, time.monotonic() - began)


main()
