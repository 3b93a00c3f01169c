#!/usr/bin/env python3
"""Figures of the live path, each beside its floor: failover, end of a lecture, glass to glass.

    tests/bench/live/live.py [failover] [end] [glass]
"""
import pathlib
import signal
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "system"))
from onair import LECTURER, LiveSystem, Watcher, clip, whole  # noqa: E402
from system import check, wait_until  # noqa: E402

ROUNDS = 20
WIDTH, HEIGHT, RATE, CELL = 640, 360, 25, 16


def middle(values):
    return f"median {statistics.median(values):.2f} s, worst {max(values):.2f} s of {len(values)}"


def failover(system, course):
    """Kill of the worker until viewers see a new segment; the floor is the same without a kill: the time to the next segment."""
    seconds = ROUNDS * 15
    lecture = system.due_lecture(course)
    publisher = system.publish(clip(system.folder / "long.flv", seconds))
    system.wait_live(lecture)
    floor, killed = [], []
    with Watcher(system.url(lecture), interval=0.03) as watcher:
        watcher.wait_segments(2)
        for number in range(ROUNDS):
            time.sleep(0.37 + number * 0.61 % 2)
            moment = time.monotonic()
            floor.append(watcher.first_after(moment, 20))
            time.sleep(0.11 + number * 0.83 % 2)
            name = system.worker_of(lecture)
            moment = time.monotonic()
            system.processes[name].kill()
            killed.append(watcher.first_after(moment, 20))
            system.processes[name].start()
            system.wait_ready(name)
    print(f"next segment, nothing killed:   {middle(floor)}")
    print(f"next segment after SIGKILL:     {middle(killed)}")
    check(publisher.popen.wait(seconds + 20) == 0, "the encoder was disconnected")
    system.wait_recorded(lecture, seconds=40)
    whole(system, lecture, seconds)
    print(f"frames lost over {ROUNDS} kills: 0 of {seconds * 25}; encoder never disconnected")


def end(system, course):
    """`lecture end` until the recording's playlist is closed and it plays."""
    delays = []
    for _ in range(5):
        lecture = system.due_lecture(course)
        publisher = system.publish(system.folder / "short.flv")
        system.wait_live(lecture)
        with Watcher(system.url(lecture)) as watcher:
            watcher.wait_segments(3)
            moment = time.monotonic()
            system.ctl("lecture", "end", lecture, person=LECTURER)
            wait_until("it has an end", lambda: watcher.last.ended, 30, 0.02)
            system.wait_recorded(lecture)
            delays.append(time.monotonic() - moment)
        publisher.stop()
    print(f"end of lecture until playable:  {middle(delays)}")


def clock_picture(milliseconds):
    """A grey picture whose top row of blocks spells the time in bits, most significant first."""
    row = bytearray([60]) * WIDTH
    for bit in range(40):
        row[bit * CELL:(bit + 1) * CELL] = bytes([235 if milliseconds >> (39 - bit) & 1 else 16]) * CELL
    return bytes(row) * (CELL * 2) + bytes([60]) * (WIDTH * (HEIGHT - CELL * 2)) + bytes([128]) * (WIDTH * HEIGHT // 2)


def glass(system, course):
    """A clock in the picture, read from the page's video in Chromium and compared with the time there."""
    lecture = system.due_lecture(course)
    encoder = subprocess.Popen(
        ["ffmpeg", "-nostdin", "-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(RATE), "-i", "pipe:0",
         "-f", "lavfi", "-i", "sine=frequency=300", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", str(RATE * 2),
         "-c:a", "aac", "-shortest", "-f", "flv", f"{system.rtmp}/{system.personal_token}"], stdin=subprocess.PIPE)
    browser = None
    try:
        began = time.time()
        for number in range(RATE * 60):
            time.sleep(max(0, began + number / RATE - time.time()))
            encoder.stdin.write(clock_picture(int(time.time() * 1000)))
            encoder.stdin.flush()
            if browser is None and number == RATE * 10:
                browser = subprocess.Popen(["node", HERE / "glass.mjs", system.url(lecture, view="comb")], stdout=subprocess.PIPE, text=True)
            if browser is not None and browser.poll() is not None:
                break
        print("glass to glass:                ", browser.communicate(timeout=60)[0].strip())
    finally:
        encoder.stdin.close()
        encoder.send_signal(signal.SIGTERM)
        encoder.wait()


def main():
    wanted = sys.argv[1:] or ["failover", "end", "glass"]
    with LiveSystem() as system:
        _, course = system.live_standard()
        clip(system.folder / "short.flv", 40)
        for name, bench in (("failover", failover), ("end", end), ("glass", glass)):
            if name in wanted:
                bench(system, course)


main()
