"""Who may stream: nobody with a wrong, expired, revoked or student's token, also not two hundred of them a second, which keep nobody out.
Tokens stay out of logs and process lists. Without a worker the stream is kept until there is one."""
import datetime
import pathlib
import secrets
import threading
import time

from onair import LECTURER, LiveSystem, clip, whole
from rtmp import knock
from system import check, wait_until

SECONDS = 24


def wrong_token():
    return "lectern" + secrets.token_hex(24)


def refused(system, port):
    student = system.person("student@example.org", "student")
    soon = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)).isoformat(timespec="seconds")
    revoked = system.ctl_json("token", "create", "--name", "revoked", person=LECTURER)
    system.ctl("token", "revoke", revoked["personalToken"]["name"], person=LECTURER)
    expired = system.ctl("token", "create", "--name", "expired", "--expires", soon, person=LECTURER)
    time.sleep(2.5)
    good = system.personal_token
    for what, key in {"unknown": wrong_token(), "nonsense": "../../etc/passwd", "empty": "", "expired": expired, "revoked": revoked["token"],
                      "a student's": system.ctl("token", "create", "--name", "s", person=student), "cut short": good[:-1],
                      "with a second name": f"{wrong_token()}?name={good}", "with a second call": f"{good}?call=publish_done",
                      "with a wrong view": f"{good}?view=everything"}.items():
        check(not knock(port, key), f"a publisher with a token that is {what} was let in")


def flood(port, stop, count):
    while not stop.is_set():
        if knock(port, wrong_token(), 5):
            count["accepted"] += 1
        count["tries"] += 1
        time.sleep(0.02)


def good_one_gets_in(system, port):
    """Twenty guessers at once; one who has never been here before comes with the right token."""
    stop, count = threading.Event(), {"tries": 0, "accepted": 0}
    fresh = system.ctl("token", "create", "--name", "fresh", person=LECTURER)
    threads = [threading.Thread(target=flood, args=(port, stop, count)) for _ in range(20)]
    for one in threads:
        one.start()
    time.sleep(3)
    entered = [knock(port, key, 15) for key in (fresh, system.personal_token)]
    stop.set()
    for one in threads:
        one.join()
    check(all(entered), f"a good token was kept out while {count['tries']} wrong ones were tried")
    check(count["accepted"] == 0 and count["tries"] > 60, f"{count}")


def no_worker(system, course):
    """The lecturer is on air although no worker is free; what is sent meanwhile is not lost."""
    wait_until("the knocks are over", lambda: not [one for one in system.live_streams() if one["lecture"]], 40)
    lecture = system.due_lecture(course)
    for name in ("worker", "worker-2"):
        system.processes[name].stop()
    publisher = system.publish(clip(system.folder / "clip.flv", SECONDS))
    reason = wait_until("IT sees why it waits", lambda: (system.live_stream(lecture) or {}).get("reason"), 20)
    check("worker" in reason.lower(), f"the reason: {reason}")
    time.sleep(5)
    check(publisher.alive(), "the encoder was not held")
    system.processes["worker"].start()
    system.wait_live(lecture, seconds=30)
    check(publisher.popen.wait(SECONDS + 10) == 0, "the encoder was disconnected")
    system.wait_recorded(lecture, seconds=40)
    whole(system, lecture, SECONDS)


def no_secret_leaked(system):
    for path in [*system.folder.rglob("*.log"), *pathlib.Path(system.folder, "proxy").rglob("*")]:
        if path.is_file() and path.name not in ("publisher.log",):
            check(system.personal_token.encode() not in path.read_bytes(), f"{path} holds the token")


def main():
    with LiveSystem() as system:
        _, course = system.live_standard()
        port = int(system.rtmp.split(":")[2].split("/")[0])
        refused(system, port)
        good_one_gets_in(system, port)
        no_worker(system, course)
        no_secret_leaked(system)


main()
