"""The network is cut while a lecture is live: between proxy and worker, and between worker and VOD service. Packets vanish, nothing is reset.
Everything runs in a network namespace of its own; needs root (else skipped)."""
import os
import pwd
import shutil
import subprocess
import sys
import time

from onair import LiveSystem, Watcher, clip, whole
from system import check, wait_until

SECONDS = 70
USER = "nobody"   # of the workers, so that a rule can tell their packets from those of edges


def nft(*words):
    subprocess.run(["nft", *words], check=True, capture_output=True)


class Cut:
    """Packets that match vanish within the block."""

    def __init__(self, *rules):
        self.rules = rules

    def __enter__(self):
        for rule in self.rules:
            nft("add", "rule", "inet", "cut", "out", *rule.split(), "drop")

    def __exit__(self, *_):
        nft("flush", "chain", "inet", "cut", "out")


def start_worker(system, organization, name):
    home = system.folder / name
    home.mkdir(mode=0o700)
    (home / "state").mkdir(mode=0o700)
    shutil.chown(home, USER, pwd.getpwnam(USER).pw_gid)
    shutil.chown(home / "state", USER, pwd.getpwnam(USER).pw_gid)
    url = system.serving("rtmp-" + name).replace("http:", "rtmp:")
    process = system.resource(name, "lectern-worker", [f"--scratch_dir={home}/scratch", "--rtmp_listen=127.0.0.1", f"--rtmp_port={url.rsplit(':', 1)[1]}",
                                                       f"--rtmp_public_url={url}"], system.token(organization), user=USER)
    system.wait_ready(name)
    return process


def leg_is_cut(system, watcher, lecture):
    name = system.worker_of(lecture)
    port = system.serving("rtmp-" + name).rsplit(":", 1)[1]
    with Cut(f"tcp dport {port}", f"tcp sport {port}"):
        wait_until("another worker has it", lambda: system.worker_of(lecture) not in (None, "", name), 20)
        watcher.wait_segments(3)
    watcher.wait_segments(1)


def storing_is_cut(system, watcher):
    """Segments wait at the worker; afterwards all are there, in order."""
    port = system.serving("vod").rsplit(":", 1)[1]
    with Cut(f"meta skuid {USER} tcp dport {port}"):
        time.sleep(10)
    watcher.wait_segments(6, 60)


def main():
    with LiveSystem() as system:
        organization, course = system.live_standard(workers=())
        for name in ("worker", "worker-2"):
            start_worker(system, organization, name)
        lecture = system.due_lecture(course)
        publisher = system.publish(clip(system.folder / "clip.flv", SECONDS))
        system.wait_live(lecture)
        with Watcher(system.url(lecture)) as watcher:
            watcher.wait_segments(2)
            leg_is_cut(system, watcher, lecture)
            storing_is_cut(system, watcher)
        check(publisher.popen.wait(SECONDS) == 0, f"the encoder was disconnected: {publisher.tail()}")
        system.wait_recorded(lecture, seconds=60)
        whole(system, lecture, SECONDS)


if os.geteuid() != 0:
    print("skipped: network namespaces need root")
    sys.exit(77)
if os.environ.get("LECTERN_TEST_NETNS") != "own":
    os.environ["LECTERN_TEST_NETNS"] = "own"
    os.execvp("unshare", ["unshare", "--net", sys.executable, __file__])
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
nft("add", "table", "inet", "cut")
nft("add", "chain", "inet", "cut", "out", "{ type filter hook output priority 0; }")
main()
