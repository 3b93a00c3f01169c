"""A whole Lectern for a test: a private PostgreSQL, two API instances, and the resources that a scenario asks for.

Processes are started directly, not supervised, so that a scenario can kill, freeze and restart each of them by its pid. Everything
ends with the `with` block; what is still there then fails the test.
"""
import contextlib
import ctypes
import glob
import json
import os
import pathlib
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARIES = pathlib.Path(os.environ.get("LECTERN_BINARY_DIR", ROOT / "build/release")) / "bin"
# Shorter than in production, so that scenarios end soon; docs/link.md says what they mean.
TIMES = {"beat_interval": "500ms", "suspect_after": "2s", "lease": "4s", "lost_after": "8s", "reconnect_grace": "1s"}


class Failed(AssertionError):
    """What was expected did not hold."""


def check(condition, message):
    if not condition:
        raise Failed(message)


def wait_until(what, condition, seconds=30, interval=0.05):
    """Polls until `condition` returns something true, and returns that. An exception counts as not yet."""
    deadline = time.monotonic() + seconds
    last = None
    while time.monotonic() < deadline:
        try:
            value = condition()
            if value:
                return value
            last = None
        except (OSError, Failed, subprocess.SubprocessError, KeyError, ValueError) as error:
            last = error
        time.sleep(interval)
    raise Failed(f"not within {seconds} s: {what}" + (f" ({last})" if last else ""))


def free_ports(count):
    """Ports that were free a moment ago, held at once so that they differ."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)   # PR_SET_PDEATHSIG: a test that is killed leaves nothing behind


def fetch(url, headers=None, timeout=10, method="GET"):
    """(status, headers, body); an error status is an answer too."""
    request = urllib.request.Request(url, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


class Process:
    """One running program of the system."""

    def __init__(self, name, argv, env, folder, user=None):
        self.name, self.argv, self.folder = name, [str(word) for word in argv], folder
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", **env}
        self.user = user
        self.log = folder / f"{name}.log"
        self.popen = None

    def start(self):
        check(self.popen is None or self.popen.poll() is not None, f"{self.name} runs already")
        switch = {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []} if self.user else {}
        with open(self.log, "ab") as log:
            self.popen = subprocess.Popen(self.argv, env=self.env, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                          preexec_fn=die_with_parent, **switch)
        return self

    @property
    def pid(self):
        return self.popen.pid

    def alive(self):
        return self.popen is not None and self.popen.poll() is None

    def send(self, number):
        self.popen.send_signal(number)

    def kill(self):
        """SIGKILL, and gone when this returns."""
        self.popen.kill()
        self.popen.wait()

    def stop(self, number=signal.SIGTERM, seconds=30):
        """Its exit status after a polite request; None where it had to be killed."""
        if not self.alive():
            return self.popen.returncode if self.popen else 0
        self.popen.send_signal(signal.SIGCONT)
        self.popen.send_signal(number)
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def children(self, name=None):
        """Pids of its descendants, by program name where one is given."""
        found, queue = [], [self.pid]
        while queue:
            pid = queue.pop()
            for path in glob.glob(f"/proc/{pid}/task/*/children"):
                with contextlib.suppress(OSError):
                    queue += [int(word) for word in pathlib.Path(path).read_text().split()]
            if pid != self.pid and (name is None or program_of(pid) == name):
                found.append(pid)
        return found

    def tail(self, lines=15):
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        return ""


def program_of(pid):
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def exists(pid):
    """True while the process runs (a zombie does not)."""
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


class System:
    def __init__(self, api_instances=2, times=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lt-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.times = {**TIMES, **(times or {})}
        self.processes = {}
        self.admin_ports = {}
        self.passwords = {"admin@example.org": secrets.token_hex(12)}
        self.signed_in = set()
        self.api_instances = api_instances
        self.grpc_ports = free_ports(api_instances)
        self.urls = {}

    # --- the stack ---

    def __enter__(self):
        try:
            self.start_postgres(first=True)
            self.migrate()
            for k in range(self.api_instances):
                self.start_api(k)
            for k in range(self.api_instances):
                self.wait_ready(f"api-{k + 1}")
        except BaseException:
            self.report()
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind, error, trace):
        if error is not None and not isinstance(error, KeyboardInterrupt):
            self.report()
        for name in sorted(self.processes, key=lambda n: (n.startswith("postgres"), n.startswith("api"), n)):
            process = self.processes[name]
            process.stop(signal.SIGINT if name == "postgres" else signal.SIGTERM, 30)
        left = self.leftovers()
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)
        if error is None:
            check(not left, f"processes were left behind: {left}")

    def leftovers(self):
        """Pids of processes that still name this system's folder: orphans too."""
        found = []
        for path in glob.glob("/proc/[0-9]*"):
            pid = int(path.split("/")[-1])
            with contextlib.suppress(OSError):
                words = pathlib.Path(path, "cmdline").read_bytes() + pathlib.Path(path, "environ").read_bytes()
                if str(self.folder).encode() in words and exists(pid) and pid != os.getpid():
                    found.append(pid)
        return found

    def report(self):
        for process in self.processes.values():
            state = "running" if process.alive() else f"ended with {process.popen.returncode if process.popen else '-'}"
            print(f"--- {process.name} ({state})\n{process.tail()}", file=sys.stderr)

    def add(self, name, argv, env=None, user=None):
        process = Process(name, argv, {"LECTERN_TEST_FOLDER": str(self.folder), **(env or {})}, self.folder, user)
        self.processes[name] = process
        return process.start()

    # --- PostgreSQL ---

    @property
    def database_url(self):
        return f"postgresql://lectern@/lectern?host={self.folder}/pg"

    def start_postgres(self, first=False):
        programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        user = "postgres" if os.geteuid() == 0 else None
        home = self.folder / "pg"
        if first:
            home.mkdir()
            if user:
                shutil.chown(home, user, user)
            switch = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
            subprocess.run([programs / "initdb", "-D", home / "data", "-U", "lectern", "-A", "trust", "-E", "UTF8", "--no-locale",
                            "--no-sync"], check=True, capture_output=True, cwd="/", **switch)
        self.add("postgres", [programs / "postgres", "-D", home / "data", "-k", home, "-c", "listen_addresses=",
                              "-c", "max_connections=200", "-c", "shared_buffers=64MB"], user=user)
        wait_until("PostgreSQL answers", lambda: subprocess.run(
            [programs / "pg_isready", "-q", "-h", home, "-d", "postgres"], check=False).returncode == 0)
        if first:
            subprocess.run([programs / "createdb", "-h", home, "-U", "lectern", "lectern"], check=True)

    def sql(self, text):
        """Rows as lists of strings, for looking behind the scenes."""
        result = subprocess.run(["psql", "-X", "-At", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", self.database_url, "-c", text],
                                check=True, capture_output=True, text=True)
        return [line.split("\t") for line in result.stdout.splitlines()]

    # --- the API ---

    def api_environment(self):
        return {"LECTERN_DATABASE_URL": self.database_url, "LECTERN_MASTER_KEY_FILE": str(self.folder / "master.key")}

    def migrate(self):
        environment = {**os.environ, **self.api_environment(), "LECTERN_ADMIN_PASSWORD": self.passwords["admin@example.org"]}
        for arguments in (["--migrate", f"--migrations_dir={ROOT}/migrations"], ["--create_admin=admin@example.org"]):
            result = subprocess.run([BINARIES / "lectern-api", *arguments], env=environment, capture_output=True, text=True, check=False)
            check(result.returncode == 0, f"lectern-api {arguments[0]}: {result.stderr}")

    def start_api(self, k, extra=()):
        name = f"api-{k + 1}"
        times = [f"--{flag}={value}" for flag, value in self.times.items()]
        self.add(name, [BINARIES / "lectern-api", f"--grpc_listen=127.0.0.1:{self.grpc_ports[k]}", "--create_master_key",
                         f"--admin_port={self.admin_port(name)}", "--drain_timeout=5s", *times, *extra],
                 self.api_environment())

    def admin_port(self, name):
        if name not in self.admin_ports:
            self.admin_ports[name] = free_ports(1)[0]
        return self.admin_ports[name]

    def ready(self, name):
        return fetch(f"http://127.0.0.1:{self.admin_port(name)}/readyz", timeout=2)[0] == 200

    def wait_ready(self, name, seconds=30):
        wait_until(f"{name} is ready", lambda: self.ready(name), seconds)

    def metrics(self, name):
        """Sums of samples by metric name, whatever the labels."""
        sums = {}
        for line in fetch(f"http://127.0.0.1:{self.admin_port(name)}/metrics")[2].decode().splitlines():
            if line and not line.startswith("#"):
                key = line.split("{")[0].split(" ")[0]
                sums[key] = sums.get(key, 0) + float(line.rsplit(" ", 1)[1])
        return sums

    @property
    def api_addresses(self):
        return ",".join(f"127.0.0.1:{port}" for port in self.grpc_ports)

    # --- people ---

    def ctl_environment(self, person):
        home = self.folder / "people" / person
        home.mkdir(parents=True, exist_ok=True)
        return {"PATH": os.environ["PATH"], "XDG_CONFIG_HOME": str(home), "LECTERN_ENDPOINT": self.api_addresses,
                "LECTERN_PASSWORD": self.passwords[person], "LANG": "C.UTF-8", "LECTERN_TEST_FOLDER": str(self.folder)}

    def sign_in(self, person):
        if person not in self.signed_in:
            self.signed_in.add(person)
            self.run_ctl("login", "--email", person, person=person)

    def run_ctl(self, *arguments, person="admin@example.org", timeout=120):
        """The finished process, whatever its exit status."""
        if arguments[0] != "login":
            self.sign_in(person)
        return subprocess.run([BINARIES / "lecternctl", *map(str, arguments)], env=self.ctl_environment(person), capture_output=True,
                              text=True, timeout=timeout, check=False)

    def ctl(self, *arguments, person="admin@example.org", timeout=120):
        """What it printed; fails where it failed."""
        result = self.run_ctl(*arguments, person=person, timeout=timeout)
        check(result.returncode == 0, f"lecternctl {' '.join(map(str, arguments))}: {result.stderr.strip()}")
        return result.stdout.strip()

    def ctl_json(self, *arguments, person="admin@example.org"):
        return json.loads(self.ctl("--output", "json", *arguments, person=person))

    def start_ctl(self, *arguments, person="admin@example.org"):
        """A running lecternctl, for interrupting."""
        self.sign_in(person)
        return subprocess.Popen([BINARIES / "lecternctl", *map(str, arguments)], env=self.ctl_environment(person), text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=die_with_parent)

    def person(self, email, role):
        self.passwords[email] = secrets.token_hex(12)
        environment = {**self.ctl_environment("admin@example.org"), "LECTERN_PASSWORD": self.passwords[email]}
        self.sign_in("admin@example.org")
        subprocess.run([BINARIES / "lecternctl", "user", "create", "--email", email, "--name", email.split("@")[0], "--role", role],
                       env=environment, check=True, capture_output=True)
        return email

    def organization(self, name, parent=None):
        return self.ctl_json("org", "create", name, *(["--parent", parent] if parent else []))["name"]

    # --- resources ---

    def resource(self, name, program, arguments, token, extra_env=None, user=None):
        state = self.folder / name / "state"
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        env = {"LECTERN_TOKEN": token} if token else {}
        return self.add(name, [BINARIES / program, f"--api={self.api_addresses}", f"--state_dir={state}", f"--host_name={name}",
                               f"--admin_port={self.admin_port(name)}", "--drain_timeout=5s", *arguments], {**env, **(extra_env or {})}, user)

    def token(self, organization):
        return self.ctl("org", "token", "create", organization)

    def serving(self, name):
        """Where a server of this system listens; the same after a restart."""
        if name not in self.urls:
            self.urls[name] = f"http://127.0.0.1:{free_ports(1)[0]}"
        return self.urls[name]

    def start_vod(self, organization=None, name="vod", data=None, extra=()):
        url = self.serving(name)
        return self.resource(name, "lectern-vod", ["--listen=127.0.0.1", f"--port={url.rsplit(':', 1)[1]}", f"--public_url={url}",
                                                   f"--data_dir={data or self.folder / name / 'media'}", *extra],
                             self.token(organization) if organization else None)

    def start_edge(self, organization=None, name="edge"):
        url = self.serving(name)
        return self.resource(name, "lectern-edge", ["--listen=127.0.0.1", f"--port={url.rsplit(':', 1)[1]}", f"--public_url={url}",
                                                    f"--cache_dir={self.folder}/{name}/cache"],
                             self.token(organization) if organization else None)

    def start_worker(self, organization=None, name="worker", slots=2, scratch=None, extra=()):
        return self.resource(name, "lectern-worker", [f"--slots={slots}",
                                                      f"--scratch_dir={scratch or self.folder / name / 'scratch'}", *extra],
                             self.token(organization) if organization else None)

    def resources(self):
        """By host name (which is the name that the scenario gave)."""
        return {one["host"]: one for one in self.ctl_json("resource", "list")["resources"]}

    def standard(self, workers=("worker",), vod_data=None, vod_extra=()):
        """An organization with everything that playing a lecture needs, a lecturer with a public course. Returns (organization, course)."""
        organization = self.organization("University")
        self.start_vod(organization, data=vod_data, extra=vod_extra)
        self.start_edge(organization)
        for name in workers:
            self.start_worker(organization, name)
        for name in ("vod", "edge", *workers):
            self.wait_ready(name)
        lecturer = self.person("lecturer@example.org", "lecturer")
        course = self.ctl_json("course", "create", "--org", organization, "--title", "Public course", "--visibility", "public")["name"]
        self.ctl("course", "enrol", course, lecturer, "--role", "lecturer")
        return organization, course

    # --- lectures ---

    def lecture(self, course, title="Lecture"):
        return self.ctl_json("lecture", "create", "--course", course, "--title", f"{title} {secrets.token_hex(3)}",
                             person="lecturer@example.org")["name"]

    def view(self, lecture, view="comb"):
        """The view as the API describes it, or None."""
        for one in self.ctl_json("lecture", "show", lecture)["views"]:
            if one["view"] == view.upper():
                return one
        return None

    def upload(self, lecture, path, view="comb", wait=True):
        return self.ctl("lecture", "upload", lecture, "--view", view, path, *(["--wait"] if wait else []),
                        person="lecturer@example.org", timeout=240)

    def wait_complete(self, lecture, view="comb", seconds=180):
        """Until no step is left; fails at once where the view failed."""
        def complete():
            state = self.view(lecture, view)
            return state if state and state["state"] in ("COMPLETE", "VIEW_FAILED") else None
        state = wait_until(f"{lecture} is complete", complete, seconds, 0.3)
        check(state["state"] == "COMPLETE", f"{lecture} failed: {state.get('error')}")
        return state

    def url(self, lecture, person="lecturer@example.org", view=None):
        return self.ctl("lecture", "url", lecture, *(["--view", view] if view else []), person=person)


def probe_duration(url):
    """Seconds, by reading the stream to its end as a player would."""
    result = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", url],
                            capture_output=True, text=True, timeout=60, check=False)
    check(result.returncode == 0, f"ffprobe: {result.stderr}")
    return float(result.stdout.strip().splitlines()[0])


def decode(url, start=0, seconds=None):
    """Decodes with FFmpeg; any complaint is a failure. Returns the number of video frames."""
    command = ["ffmpeg", "-v", "error", "-xerror", *(["-ss", str(start)] if start else []), "-i", url,
               *(["-t", str(seconds)] if seconds else []), "-map", "0:v:0", "-map", "0:a:0?", "-progress", "-", "-f", "null", "-"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    check(result.returncode == 0, f"ffmpeg: {result.stderr[-800:]}")
    frames = [int(line.split("=")[1]) for line in result.stdout.splitlines() if line.startswith("frame=")]
    return frames[-1] if frames else 0
