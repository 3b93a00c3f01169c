"""A lecturer's browser, as a scenario sees it."""
import json
import os
import pathlib
import subprocess

from onair import LECTURER
from system import Failed, check, die_with_parent, wait_until

HERE = pathlib.Path(__file__).resolve().parent


class Lecturer:
    """The browser. Screenshots go to the folder that LECTERN_SCREENSHOTS names, if it does."""

    def __init__(self, system):
        self.shots = os.environ.get("LECTERN_SCREENSHOTS")
        self.process = subprocess.Popen(["node", HERE / "lecturer.mjs", system.serving("gateway-1")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env={**os.environ, "LECTERN_TEST_FOLDER": str(system.folder)}, preexec_fn=die_with_parent)
        self.answer()
        self.call("sign_in", {"email": LECTURER, "password": system.passwords[LECTURER]})

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if error is not None and self.process.poll() is None:
            print(f"--- the page: {self.uploads}, {self.call('faults')}")
            self.shoot("failed")
        self.process.stdin.close()
        self.process.wait(30)

    def answer(self):
        line = self.process.stdout.readline()
        check(line, "the browser is gone")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer["value"]

    def call(self, name, argument=None):
        self.process.stdin.write(json.dumps([name, argument]) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def click(self, selector):
        self.call("click", selector)

    def fill(self, selector, value):
        self.call("fill", {"selector": selector, "value": value})

    def wait(self, selector, state="visible"):
        self.call("wait", {"selector": selector, "state": state})

    def choose(self, files, selector=".drop input[type=file]"):
        self.call("choose", {"selector": selector, "files": [str(file) for file in files]})

    def shoot(self, name):
        if self.shots:
            os.makedirs(self.shots, exist_ok=True)
            self.call("shoot", f"{self.shots}/{name}.png")

    @property
    def uploads(self):
        return {one["name"]: one for one in self.call("uploads")}

    def until(self, what, condition, seconds=60):
        """The uploads by file name when `condition` of them holds."""
        def holds():
            uploads = self.uploads
            return uploads if uploads and condition(uploads) else None
        return wait_until(f"the page: {what}", holds, seconds, 0.1)

    def percent(self, above, what):
        return self.until(f"{what}: more than {above} % stored", lambda all_: all(one["percent"] > above for one in all_.values()), 90)
