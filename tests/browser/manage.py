"""A maintainer's whole job in Chromium: make a token, watch a worker join with the command that the page gives, test it, drain and
resume it, take a right away. What the page shows comes by itself: it is never loaded again."""
import json
import os
import pathlib
import shlex
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
from onair import LiveSystem  # noqa: E402
from system import Failed, check, die_with_parent, wait_until  # noqa: E402

CHIEF, HELPER = "chief@example.org", "helper@example.org"
MAIN, DIALOG, TABLE = {"role": "main"}, {"role": "dialog"}, {"role": "table", "name": "Resources"}


def button(name, within=None):
    return {"role": "button", "name": name, **({"in": within} if within else {})}


class ManagedSystem(LiveSystem):
    """Its API knows the address that it has for machines, as deploy/up tells it."""

    def start_api(self, k, extra=()):
        super().start_api(k, [f"--public_grpc_endpoint=127.0.0.1:{self.grpc_ports[0]}", *extra])


class Browsers:
    """Screenshots go to the folder that LECTERN_SCREENSHOTS names, if it does."""

    def __init__(self, system):
        self.shots = os.environ.get("LECTERN_SCREENSHOTS")
        self.process = subprocess.Popen(["node", HERE / "manage.mjs", system.serving("gateway-1")], text=True,
                                        preexec_fn=die_with_parent,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={**os.environ, "LECTERN_TEST_FOLDER": str(system.folder)})
        self.answer()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.process.stdin.close()
        self.process.wait(30)

    def answer(self):
        line = self.process.stdout.readline()
        check(line, "the browser is gone")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer["value"]

    def call(self, person, name, argument=None):
        self.process.stdin.write(json.dumps([person, name, argument]) + "\n")
        self.process.stdin.flush()
        return self.answer()


class Person:
    def __init__(self, browsers, system, email):
        self.browsers, self.email = browsers, email
        browsers.call(email, "come", {"email": email, "password": system.passwords[email]})

    def __getattr__(self, name):
        return lambda argument=None: self.browsers.call(self.email, name, argument)

    def until(self, what, condition, seconds=30, place=None):
        """The text of the page, or of `place` on it, when `condition` of it holds."""
        def holds():
            text = self.text(place or MAIN)
            return (text,) if condition(text) else None
        try:
            return wait_until(f"the page: {what}", holds, seconds, 0.1)[0]
        except Failed:
            self.picture("manage-failed")
            print(f"--- the page:\n{self.text(MAIN)}\n{self.faults()}")
            raise

    def picture(self, name):
        if self.browsers.shots:
            os.makedirs(self.browsers.shots, exist_ok=True)
            self.shoot(f"{self.browsers.shots}/{name}.png")

    def mark(self):
        """Remembered by the page until it is loaded again."""
        self.value("window.sameLoad = true")

    def check_same_load(self):
        check(self.value("window.sameLoad === true"), "the page was loaded again")


def makes_a_token(chief, organization):
    """The command for a worker, as the page gives it: ({variable: value}, [word])."""
    chief.open(f"/manage/{organization}")
    chief.mark()
    chief.until("it has no machine yet", lambda text: "No machine has joined it" in text)
    chief.click(button("Create a token"))
    chief.until("the token", lambda text: "Copy what you need now" in text)
    chief.sound("an organization with a token")
    chief.picture("manage-1-token")
    command = chief.text({"role": "group", "name": "Start this on the machine"}).replace("\\\n", " ")
    words = shlex.split(command)
    variable, token = words[0].split("=", 1)
    check(variable == "LECTERN_TOKEN" and words[1] == "lectern-worker" and words[2] == "--api", f"{command}")
    check(token.count(".") == 2, f"no token: {words[0]}")
    check(token not in chief.value("location.href + document.title"), "the token is in the address or the title")
    return token, words[3]


def joins(system, chief, token, endpoint):
    """A worker that knows nothing but what the page told."""
    check(endpoint in system.api_addresses.split(","), f"the page tells to connect to {endpoint}, not {system.api_addresses}")
    system.resource("joined-worker", "lectern-worker", ["--slots=2", f"--scratch_dir={system.folder}/joined-worker/scratch"], token)
    chief.until("the worker has appeared", lambda text: "joined-worker" in text and "Alive" in text)
    chief.check_same_load()
    chief.picture("manage-2-joined")


def is_tested(chief):
    chief.click(button("Start the test"))
    text = chief.until("the test is over", lambda text: "All 4 are done" in text, 60)
    check("Done by" in text and "joined-worker" in text.split("Done by")[1], f"{text}")
    chief.check_same_load()


def is_drained_and_resumed(system, chief):
    chief.open("/manage/resources")
    chief.mark()
    chief.until("the worker", lambda text: "joined-worker" in text and "Alive" in text, place=TABLE)
    chief.picture("manage-3-dashboard")
    for deed, shown, state in (("Drain", "Draining", "DRAINING"), ("Resume", "Alive", "ALIVE")):
        chief.click(button("Actions for joined-worker"))
        chief.click(button(deed))
        chief.until("it asks", lambda text: f"{deed} joined-worker?" in text, place=DIALOG)
        chief.sound(f"{deed}, asked")
        chief.click(button(deed, DIALOG))
        chief.until("the question is gone", lambda text: text == "", place=DIALOG)
        chief.until(f"it is {shown}", lambda text, shown=shown: shown in text, place=TABLE)
        wait_until(f"the API says {state}", lambda: system.resources()["joined-worker"]["state"] == state)
    chief.check_same_load()


def is_seen_to_die(system, chief):
    """Killed, told as dead with the time since; started again, alive: the table is the same one."""
    system.processes["joined-worker"].kill()
    chief.until("it is told as gone", lambda text: "Dead" in text or "Silent" in text, place=TABLE)
    chief.until("the summary tells it too", lambda text: "resource needs attention" in text)
    chief.picture("manage-4-dead")
    system.processes["joined-worker"].start()
    chief.until("it is back", lambda text: "Alive" in text, 40, TABLE)
    chief.check_same_load()


def loses_the_stream(system, chief):
    """The API that the page hangs on is away for a while: the page says so, and finds back by itself."""
    system.processes["api-1"].stop()
    chief.until("it says that it reconnects", lambda text: "Reconnecting" in text)
    check("joined-worker" in chief.text(TABLE), "what was known is gone")
    chief.sound("reconnecting")
    system.start_api(0)
    system.wait_ready("api-1")
    chief.until("it follows again", lambda text: "Reconnecting" not in text, 60)
    chief.until("the worker is alive", lambda text: "Alive" in text, 60, TABLE)
    chief.check_same_load()


def loses_the_right(chief, helper, organization):
    """Refused at once, on the page that is open and on the next one."""
    helper.open(f"/manage/{organization}")
    helper.mark()
    helper.until("the machine of the organization", lambda text: "joined-worker" in text)
    chief.open(f"/manage/{organization}")
    chief.until("the helper", lambda text: HELPER in text)
    chief.click(button("Remove helper"))
    chief.click(button("Remove", DIALOG))
    chief.until("the helper is gone", lambda text: HELPER not in text)
    text = helper.until("the page is closed", lambda text: "joined-worker" not in text, 10)
    check("You may no longer see this" in text or "do not maintain" in text, f"{text}")
    helper.check_same_load()
    helper.picture("manage-5-refused")
    helper.sound("a right that was taken away")
    helper.open("/manage/resources")
    helper.until("the dashboard is closed", lambda text: "This page is not for you" in text)


def main():
    with ManagedSystem(pages=True) as system:
        organization = system.organization("University")
        for email in (CHIEF, HELPER):
            system.person(email, "lecturer")
            system.ctl("org", "maintainer", "add", organization, email)
        with Browsers(system) as browsers:
            chief, helper = (Person(browsers, system, email) for email in (CHIEF, HELPER))
            token, endpoint = makes_a_token(chief, organization)
            joins(system, chief, token, endpoint)
            is_tested(chief)
            is_drained_and_resumed(system, chief)
            is_seen_to_die(system, chief)
            loses_the_stream(system, chief)
            loses_the_right(chief, helper, organization)
            check(chief.faults() == [] and helper.faults() == [], f"{chief.faults()} {helper.faults()}")


main()
