"""People who use the gateway as a browser does: each with a session cookie of their own, or without one."""
import json
import urllib.error
import urllib.request

from system import check


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode()

    @property
    def reason(self):
        """The machine-readable word of an error."""
        try:
            return self.json["error"].get("reason", "")
        except (ValueError, KeyError, TypeError):
            return ""


class Person:
    """`email` None: nobody who has signed in."""

    def __init__(self, gateway, email=None, password=None):
        self.gateway, self.cookie = gateway, None
        if email:
            answer = self.post("/session", {"email": email, "password": password})
            check(answer.status == 200, f"{email} cannot sign in: {answer.status} {answer.text}")
            self.cookie = answer.headers["Set-Cookie"].split(";")[0]

    def ask(self, method, path, body=None, headers=None):
        own = {"Accept-Language": "en", **({"Cookie": self.cookie} if self.cookie else {})}
        if method != "GET":
            own["Sec-Fetch-Site"] = "same-origin"
        data = None
        if body is not None:
            data, own["Content-Type"] = json.dumps(body).encode(), "application/json"
        url = path if path.startswith("http") else self.gateway + path
        request = urllib.request.Request(url, data=data, headers={**own, **(headers or {})}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.ask("POST", path, {} if body is None else body, **more)
