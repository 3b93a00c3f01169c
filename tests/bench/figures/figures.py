#!/usr/bin/env python3
"""Figures of a running system (started by deploy/up with its demo): from the last byte to playable, recovery after a worker was
killed, memory. Prints one line a figure. See tests/bench/README.md.

  tests/bench/figures/figures.py --data var [playable] [recovery] [memory]
"""
import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]


class System:
    def __init__(self, data):
        self.data = pathlib.Path(data)
        self.config_home = tempfile.TemporaryDirectory()
        self.endpoints = self.read_endpoints()
        self.sign_in("admin")

    def read_endpoints(self):
        return json.loads((self.data / "endpoints.json").read_text())

    def ctl(self, *arguments, password=None):
        environment = dict(os.environ, LECTERN_ENDPOINT=",".join(self.endpoints["grpc_all"]),
                           XDG_CONFIG_HOME=self.config_home.name)
        if password:
            environment["LECTERN_PASSWORD"] = password
        done = subprocess.run([str(self.data / "bin" / "lecternctl"), "--output", "json", *arguments], env=environment,
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"lecternctl {' '.join(arguments)}: {done.stderr.strip()}")
        return json.loads(done.stdout) if done.stdout.strip().startswith("{") else done.stdout

    def sign_in(self, role):
        user = self.endpoints["users"][role]
        self.ctl("login", "--email", user["email"], password=user["password"])

    def course(self):
        """The course of the demo's recorded lecture, so that workers are at hand."""
        return self.ctl("lecture", "show", self.endpoints["lectures"]["recorded"])["course"]

    def lecture(self, title):
        return self.ctl("lecture", "create", "--course", self.course(), "--title", title)["name"]


def wait_for(what, seconds, pause, condition):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(pause)
    raise SystemExit(f"gave up waiting {seconds} s for {what}")


def make_clip(path, seconds, codec):
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", f"testsrc2=s=1280x720:r=30:d={seconds}", "-f", "lavfi", "-i",
                    f"sine=f=440:d={seconds}", *codec, str(path)], check=True)


def playable(system, folder):
    h264 = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "60", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    vp9 = ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "2M", "-c:a", "libvorbis"]
    for name, suffix, codec in (("copy, H.264/AAC", "mp4", h264), ("transcode, VP8/Vorbis", "webm", vp9)):
        clip = folder / f"clip.{suffix}"
        make_clip(clip, 60, codec)
        lecture = system.lecture(f"bench {name}")
        system.ctl("lecture", "upload", lecture, "--view", "comb", str(clip))
        start = time.monotonic()
        wait_for("playable", 600, 0.05,
                 lambda: system.ctl("lecture", "show", lecture)["views"][0]["state"] in ("PLAYABLE", "COMPLETE"))
        print(f"last byte to playable, {name}, 60 s of 720p30: {time.monotonic() - start:.2f} s", flush=True)
        system.ctl("lecture", "delete", lecture)


def recovery(system, _folder, runs=5):
    """SIGKILL of the worker that runs a job until another one runs it. Needs two workers that may take the job."""
    organization = system.ctl("course", "show", system.course())["organization"]
    times = []
    for _ in range(runs):
        job = system.ctl("job", "test", organization, "--count", "1", "--duration-ms", "60000")["jobs"][0]
        wait_for("the job to run", 30, 0.02, lambda: system.ctl("job", "show", job)["state"] == "RUNNING")
        first = system.ctl("job", "show", job)["resource"]
        os.kill(worker_pid(system, first), signal.SIGKILL)
        start = time.monotonic()

        def elsewhere():
            shown = system.ctl("job", "show", job)
            return shown["state"] == "RUNNING" and shown["resource"] != first

        wait_for("the job to run elsewhere", 60, 0.02, elsewhere)
        times.append(time.monotonic() - start)
        system.ctl("job", "cancel", job)
        wait_for("the killed worker", 30, 0.2,
                 lambda: system.ctl("resource", "show", first).get("state") == "ALIVE")
    print(f"SIGKILL of a worker until its job runs elsewhere: median {statistics.median(times):.2f} s, "
          f"max {max(times):.2f} s of {runs}", flush=True)


def worker_pid(system, resource):
    """The worker whose kept credential is this resource's."""
    for name, pid in system.read_endpoints()["pids"].items():
        credential = system.data / name.removeprefix("lectern-") / "state/credential"
        if credential.exists() and credential.read_text().split("\n")[0].strip() == resource:
            return pid
    raise SystemExit(f"no process found for {resource}")


def rss_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def memory(system, _folder, uploads=100):
    pids = system.read_endpoints()["pids"]
    for name, pid in sorted(pids.items()):
        print(f"memory idle, {name}: {rss_kib(pid) / 1024:.1f} MiB", flush=True)
    lecture = system.lecture("bench uploads")
    user = system.endpoints["users"]["admin"]
    subprocess.run([ROOT / "build/release/bench/bench_open_uploads", f"--endpoint={system.endpoints['grpc']}",
                    f"--email={user['email']}", f"--lecture={lecture}", f"--uploads={uploads}",
                    f"--vod_pid={next(pid for name, pid in pids.items() if 'vod' in name)}"],
                   env=dict(os.environ, LECTERN_PASSWORD=user["password"]), check=True)
    system.ctl("lecture", "delete", lecture)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="var")
    parser.add_argument("figures", nargs="*", choices=["playable", "recovery", "memory", []])
    arguments = parser.parse_args()
    system = System(arguments.data)
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.figures or ["playable", "recovery", "memory"]:
            {"playable": playable, "recovery": recovery, "memory": memory}[name](system, pathlib.Path(folder))


if __name__ == "__main__":
    main()
