"""A lecturer streams, all on the page: a stream key, a rehearsal that nobody else sees, live now, the end, and the recording."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "system"))
from lecturing import Lecturer  # noqa: E402
from onair import LiveSystem, clip  # noqa: E402
from system import check, fetch, wait_until  # noqa: E402

REHEARSAL = '.stream-panel[data-rehearsal="true"]'
LIVE = '.stream-panel[aria-label="Made on the spot"]'


def makes_a_key(browser):
    check(browser.call("open", "/teach/stream") == 200, "the page for streaming")
    browser.click("#keys .button")
    browser.fill("dialog input", "my laptop")
    browser.click("dialog .primary")
    browser.wait("#keys .copy-box code")
    key = browser.call("text", "#keys .copy-box code")
    check(key.startswith("lectern"), "the key is not shown")
    browser.call("sound", "a new key")
    return key


def rehearses(browser, system):
    browser.wait(REHEARSAL)
    browser.wait(f"{REHEARSAL} .live-picture img")
    check("only you see this" in browser.call("text", REHEARSAL), "it does not say that it is private")
    lecture = system.live_streams()[0]["lecture"]
    status, _, _ = fetch(f"{system.serving('gateway-1')}/v1/{lecture}")
    check(status == 404, f"somebody else sees the rehearsal: {status}")
    browser.call("sound", "a rehearsal")
    browser.shoot("stream-1-rehearsal")


def goes_live(browser, system):
    browser.click(f"{REHEARSAL} .primary")
    browser.call("select", {"selector": "dialog select", "value": "new"})
    browser.fill("dialog input", "Made on the spot")
    browser.click("dialog .primary")
    browser.wait(f'{LIVE}[data-state="ON_AIR"]')
    browser.wait(REHEARSAL, "detached")
    browser.wait(f"{LIVE} .live-picture img")
    browser.call("sound", "live")
    browser.shoot("stream-2-live")
    streams = [one for one in system.live_streams() if one["lectureTitle"] == "Made on the spot"]
    check(len(streams) == 1 and streams[0]["state"] == "ON_AIR", f"{streams}")
    body = json.loads(fetch(f"{system.serving('gateway-1')}/v1/{streams[0]['lecture']}")[2])
    check(body["state"] == "LIVE", "nobody else sees the lecture")
    return streams[0]["lecture"]


def ends(browser, system, lecture):
    browser.click(f"{LIVE} .danger")
    browser.call("sound", "before the end")
    browser.click("dialog .danger")
    browser.wait(LIVE, "detached")
    system.wait_recorded(lecture, seconds=60)
    check(fetch(system.url(lecture))[0] == 200, "the recording cannot be fetched")


def revokes(browser):
    browser.click('#keys button[aria-label="Revoke my laptop"]')
    browser.click("dialog .danger")
    browser.wait('#keys button[aria-label="Revoke my laptop"]', "detached")


def main():
    with LiveSystem(grace="60s", pages=True) as system:
        system.live_standard()
        source = clip(system.folder / "clip.flv", 30)
        with Lecturer(system) as browser:
            key = makes_a_key(browser)
            encoder = system.publish(source, token=key, loop=True)
            rehearses(browser, system)
            lecture = goes_live(browser, system)
            ends(browser, system, lecture)
            wait_until("the encoder is sent away", lambda: not encoder.alive(), 60)
            revokes(browser)
            check(browser.call("faults") == [], f"{browser.call('faults')}")


main()
