"""A lecturer uploads camera and slides in Chromium: the network is cut, the VOD service is busy and is killed, the tab is closed and
opened again with another file first. Every byte arrives once, and the lecture plays."""
import hashlib
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "system"))
import media  # noqa: E402
from lecturing import Lecturer  # noqa: E402
from onair import LiveSystem  # noqa: E402
from system import check, wait_until  # noqa: E402

MB = 1_000_000
RATE = 4 * MB           # bytes a second of the lecturer's line while it matters


def every(uploads, state):
    return all(one["state"] == state for one in uploads.values())


def begins(browser, lecture, files):
    check(browser.call("open", f"/teach/{lecture}") == 200, "the lecture's page")
    browser.call("line", {"offline": False, "rate": RATE})
    browser.choose(files)
    browser.call("click", ".staged .button.primary")
    browser.percent(2, "it begins")
    browser.shoot("upload-1-uploading")


def outlives_the_network(browser):
    browser.call("line", {"offline": True, "rate": RATE})
    uploads = browser.until("it says that there is no connection", lambda now: every(now, "held"))
    check(all("connection was lost" in one["why"] for one in uploads.values()), f"{uploads}")
    browser.call("sound", "without a network")
    browser.shoot("upload-2-no-network")
    before = {name: one["percent"] for name, one in uploads.items()}
    browser.call("line", {"offline": False, "rate": RATE})
    after = browser.until("it goes on by itself", lambda now: all(one["percent"] > before[name] for name, one in now.items()))
    print(f"the network was cut: {before} %, then {[one['percent'] for one in after.values()]} %")


def outlives_a_busy_service(browser):
    browser.call("refuse", 30)
    uploads = browser.until("it obeys", lambda now: every(now, "held") and all("asked to wait" in one["why"] for one in now.values()))
    check(all(25 <= int(re.search(r"in (\d+) second", one["why"])[1]) <= 30 for one in uploads.values()), f"{uploads}")
    browser.shoot("upload-3-busy")
    browser.call("obey")
    browser.call("click", ".upload[data-state=held] .button")
    browser.until("it goes on when told to", lambda now: every(now, "uploading"))


def outlives_a_killed_service(browser, system):
    system.processes["vod"].kill()
    browser.until("it waits for the service", lambda now: any(one["state"] == "held" for one in now.values()))
    system.start_vod()
    system.wait_ready("vod")
    before = {name: one["percent"] for name, one in browser.uploads.items()}
    browser.until("it goes on after the restart", lambda now: all(one["percent"] > before[name] for name, one in now.items()), 90)


def outlives_its_tab(browser, lecture, files):
    before = browser.uploads
    browser.call("reopen", f"/teach/{lecture}")
    uploads = browser.until("the uploads are there again", lambda now: len(now) == len(files) and every(now, "needs_file"))
    check(all(one["percent"] >= before[name]["percent"] - 40 for name, one in uploads.items()), f"from {before} to {uploads}")
    browser.call("sound", "after the tab was closed")
    browser.shoot("upload-4-reopened")
    for file in files:
        item = f".upload:has-text('{file.name}')"
        other = next(one for one in files if one != file)
        browser.choose([other], f"{item} input[type=file]")
        browser.until("another file is refused", lambda now, name=file.name: "not the file that was begun" in now[name]["why"])
        browser.choose([file], f"{item} input[type=file]")
        browser.until("the right one goes on", lambda now, name=file.name: now[name]["state"] in ("uploading", "stored", "waiting", "held"))


def arrives(browser, system, lecture, files):
    browser.until("all bytes are stored", lambda now: every(now, "stored"), 180)
    for view, file in files.items():
        system.wait_complete(lecture, view)
        number = lecture.split("/")[1]
        rows = system.sql(f"select sha256, state from assets where lecture_id = {number} and view = '{view}' and state <> 'removed'")
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        check(len(rows) == 1 and rows[0][0] == digest, f"{file.name}: {rows}, not {digest}")
    wait_until("the page tells it", lambda: sorted(browser.call("views")) == [f"{view.upper()} COMPLETE" for view in sorted(files)], 30, 0.3)
    check(all(one["label"] == "Ready" for one in browser.uploads.values()), f"{browser.uploads}")
    browser.call("sound", "ready")
    browser.shoot("upload-5-ready")


def main():
    with LiveSystem(pages=True) as system:
        _, course = system.standard()
        folder = system.folder / "recordings"
        folder.mkdir()
        files = {"cam": media.padded(folder / "talk-camera.mp4", 220 * MB), "pres": media.padded(folder / "talk-slides.mp4", 200 * MB, seconds=7)}
        lecture = system.lecture(course)
        with Lecturer(system) as browser:
            begins(browser, lecture, files.values())
            outlives_the_network(browser)
            outlives_a_busy_service(browser)
            outlives_a_killed_service(browser, system)
            outlives_its_tab(browser, lecture, list(files.values()))
            arrives(browser, system, lecture, files)
            check(browser.call("faults") == [], f"{browser.call('faults')}")


main()
