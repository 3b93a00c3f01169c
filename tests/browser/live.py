"""The page of a lecture, before its start opened and never loaded again: countdown, live, a killed worker, rewind, a lost encoder, the
end, the recording."""
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "system"))
from browsing import Tab  # noqa: E402
from onair import LECTURER, LiveSystem, clip  # noqa: E402
from system import check, wait_until  # noqa: E402

STUDENT = "student@example.org"


def counts_down(tab):
    first = tab.until("a countdown", lambda page: re.fullmatch(r"\d+ s", page["timer"]))
    check(first["phase"] == "waiting" and first["waiting"] == "The lecture begins in", f"{first}")
    tab.shoot("1-countdown")
    tab.until("it counts", lambda page: page["timer"] != first["timer"])


def goes_live(tab):
    tab.until("live", lambda page: page["phase"] == "live" and re.match(r"Live, \d+ s behind", page["badge"]))
    page = tab.plays_on("live")
    check(not page["slate"] and page["width"] == 640, f"{page}")
    tab.shoot("2-live")


def outlives_its_worker(tab, system, lecture):
    """The worker is killed; who watches sees nothing of it."""
    tab.call("value", "window.seen.stall = 0")
    before, page = system.live_stream(lecture), tab.state
    system.processes[before["workerHost"]].kill()
    wait_until("another worker has it", lambda: system.live_stream(lecture)["epoch"] != before["epoch"], 30)
    # More than was in the browser when it happened: these are the other worker's pictures.
    page = tab.until("plays what the other worker made", lambda now: now["time"] > page["time"] + 20)
    check(page["seen"]["slates"] == 0 and page["phase"] == "live", f"the viewers saw it: {page}")
    print(f"a killed worker: the picture stood still for at most {page['seen']['stall']:.1f} s")
    tab.shoot("3-other-worker")


def rewinds(tab):
    before = tab.state["time"]
    tab.call("press", "ArrowLeft")
    tab.until("ten seconds back", lambda page: page["time"] < before - 5)
    page = tab.plays_on("after the rewind")
    check(not page["atLive"], f"it still says that it is at the live edge: {page}")
    tab.shoot("4-rewound")
    tab.call("click", "#to-live")
    tab.until("back at the live edge", lambda now: now["atLive"] and now["time"] > before)
    tab.plays_on("at the live edge")


def waits_for_the_encoder(tab, encoder):
    check(tab.state["seen"]["slates"] == 0, "a slate without a reason")
    started = time.monotonic()
    encoder.stop()
    page = tab.until("a slate", lambda now: now["slate"])
    print(f"a slate {time.monotonic() - started:.1f} s after the encoder was gone")
    check(page["badge"] == "Interrupted" and "goes on here by itself" in page["status"], f"{page}")
    tab.shoot("5-slate")
    encoder.start()
    started = time.monotonic()
    page = tab.until("the slate leaves", lambda now: not now["slate"] and now["time"] > page["time"])
    print(f"it left {time.monotonic() - started:.1f} s after the encoder was back")
    page = tab.plays_on("after the slate", 8)
    check(page["phase"] == "live" and page["badge"].startswith("Live") and not page["slate"], f"{page}")
    tab.shoot("6-goes-on")


def becomes_the_recording(tab, system, lecture):
    before = tab.state["time"]
    system.ctl("lecture", "end", lecture, person=LECTURER)
    page = tab.until("the recording", lambda now: now["phase"] == "recording" and now["badge"] == "Recording")
    check(page["time"] >= before and not page["slate"], f"{page}")
    check("This is its recording" in page["status"], f"{page}")
    tab.shoot("7-recording")
    tab.call("press", "Home")
    tab.until("at the beginning", lambda now: now["time"] < 3)
    if tab.state["paused"]:
        tab.call("click", "#play")
    tab.plays_on("the recording")
    tab.shoot("8-from-the-beginning")


def main():
    with LiveSystem(grace="60s", pages=True) as system:
        _, course = system.live_standard()
        source = clip(system.folder / "clip.flv", 30)
        system.person(STUDENT, "student")
        with Tab(system.folder) as tab:
            lecture = system.due_lecture(course, starts=15)
            tab.open(system.ctl("lecture", "url", lecture, "--page", person=STUDENT))
            counts_down(tab)
            encoder = system.stream(source, "--loop")
            goes_live(tab)
            outlives_its_worker(tab, system, lecture)
            rewinds(tab)
            waits_for_the_encoder(tab, encoder)
            becomes_the_recording(tab, system, lecture)
            check(tab.state["seen"] is not None, "the page was loaded again")
            check(tab.call("faults") == [], f"{tab.call('faults')}")
            encoder.stop()


main()
