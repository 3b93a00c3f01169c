"""Every page and every kind of person on a system that deploy/up has started, with its demo, in Debian's Chromium.

LECTERN_SCREENSHOTS names a folder for pictures of all pages.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "system"))
from system import ROOT, check, free_ports  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent


def command(name, *arguments, timeout=400):
    result = subprocess.run([ROOT / "deploy" / name, *map(str, arguments)], capture_output=True, text=True, timeout=timeout, check=False)
    return result.returncode, result.stdout + result.stderr


def port_base():
    """A number below which thirty ports are likely to be free: the kernel has just given it out."""
    return next(port for port in (free_ports(1)[0] for _ in range(100)) if port < 65000)


def node(script, *arguments, timeout=600):
    result = subprocess.run(["node", HERE / script, *map(str, arguments)], timeout=timeout, check=False)
    return result.returncode == 0


def main():
    home = pathlib.Path(tempfile.mkdtemp(prefix="lt-personas-", dir="/tmp"))
    home.chmod(0o755)
    data = home / "var"
    try:
        code, text = command("up", "--data", data, "--port-base", port_base(), "--no-build")
        check(code == 0, f"up failed:\n{text}")
        sound = node("pages.mjs", data, *([os.environ["LECTERN_SCREENSHOTS"]] if "LECTERN_SCREENSHOTS" in os.environ else []))
        # It streams as the lecturer, who is to stream by hand now.
        subprocess.run(["sv", "-w", "10", "down", data / "service/demo-encoder"], check=True, capture_output=True)
        done = node("personas.mjs", data)
        check(sound and done, "not every page is sound, or not everybody could do their job")
    finally:
        if data.exists():
            command("down", "--data", data, "--purge")
        shutil.rmtree(home, ignore_errors=True)


main()
