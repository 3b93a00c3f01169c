"""The two commands: up starts everything, a second up changes nothing, what dies comes back, down leaves nothing."""
import glob
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from system import ROOT, check, exists, fetch, free_ports, program_of, wait_until


def command(name, *arguments):
    result = subprocess.run([ROOT / "deploy" / name, *arguments], capture_output=True, text=True, timeout=280, check=False)
    return result.returncode, result.stdout + result.stderr


def processes_of(folder):
    found = []
    for path in glob.glob("/proc/[0-9]*"):
        try:
            if f"LECTERN_SYSTEM={folder}".encode() in pathlib.Path(path, "environ").read_bytes() or \
                    str(folder).encode() in pathlib.Path(path, "cmdline").read_bytes():
                found.append(int(path.split("/")[-1]))
        except OSError:
            pass
    return [pid for pid in found if exists(pid) and pid != os.getpid()]


def port_base():
    """Thirty ports in a row that are free now."""
    while True:
        base = free_ports(1)[0]
        if base < 65000 and all(port_is_free(base + k) for k in range(30)):
            return base


def port_is_free(port):
    import socket
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def front_of(data):
    """The front's nginx: the master names the folder, its children only the master."""
    masters = [pid for pid in processes_of(data) if program_of(pid) == "nginx"]
    children = [int(word) for pid in masters for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return sorted({*masters, *children})


def scenario(data):
    options = ("--data", str(data), "--port-base", str(port_base()), "--no-demo", "--no-build", "--api-instances", "2")
    code, text = command("up", *options)
    check(code == 0, f"up failed:\n{text}")
    endpoints = json.loads((data / "endpoints.json").read_text())
    for key in ("gateway", "grpc", "edges", "vod", "rtmp", "metrics", "pids"):
        check(key in endpoints, f"endpoints.json lacks {key}")
    check((data / "endpoints.json").stat().st_mode & 0o077 == 0, "others may read endpoints.json")
    for name, url in endpoints["metrics"].items():
        check(fetch(url)[0] == 200 and b"lectern_" in fetch(url)[2], f"no metrics of {name}")
    check(command("status", "--data", str(data))[0] == 0, command("status", "--data", str(data))[1])

    started = time.monotonic()
    code, text = command("up", *options)
    check(code == 0 and time.monotonic() - started < 10, f"the second up took {time.monotonic() - started:.1f} s:\n{text}")
    check(json.loads((data / "endpoints.json").read_text())["pids"] == endpoints["pids"], "the second up restarted something")

    for name in ("lectern-worker", "lectern-api", "lectern-vod", "lectern-rtmp-proxy", "postgres"):
        os.kill(endpoints["pids"][name], signal.SIGKILL)
        wait_until(f"{name} is back", lambda: json.loads((data / "endpoints.json").read_text())["pids"][name] != endpoints["pids"][name], 15)
    wait_until("all is well again", lambda: command("status", "--data", str(data))[0] == 0, 30, 0.5)

    front = front_of(data)
    check(len(front) > 1, f"there is no front: {front}")
    code, text = command("down", "--data", str(data))
    check(code == 0, f"down failed:\n{text}")
    check(not any(exists(pid) for pid in front), f"the front is left: {front}")
    check(not processes_of(data), f"processes are left: {processes_of(data)}\n{text}")
    check("ending" not in text, f"something did not stop by itself:\n{text}")

    code, text = command("up", *options)
    check(code == 0, f"up after down failed:\n{text}")
    code, text = command("down", "--data", str(data), "--purge")
    check(code == 0 and not data.exists(), f"down --purge: {text}")
    check(not processes_of(data), "processes are left after --purge")


def main():
    home = pathlib.Path(tempfile.mkdtemp(prefix="lt-deploy-", dir="/tmp"))
    home.chmod(0o755)
    try:
        scenario(home / "var")
    finally:
        if (home / "var").exists():
            command("down", "--data", str(home / "var"), "--purge")
        shutil.rmtree(home, ignore_errors=True)


main()
