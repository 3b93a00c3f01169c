#!/usr/bin/env python3
"""Checks rules of the house that the compiler does not: see ARCHITECTURE.md. Prints each violation; exits 1 if there is any."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILDINGS = ("common", "api", "worker", "vod_service", "edge", "rtmp_proxy")
# Private headers of converters, which are about nothing but generated messages.
CONVERTERS = ("worker/steps/media_convert.h", "worker/steps/step_call.h", "tests/api/control/control_fixture.h")
MAX_LINES = {".cc": 600, ".h": 300}


def sources():
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout
    return [pathlib.Path(name) for name in listed.split("\0") if name.endswith((".cc", ".h")) and (ROOT / name).exists()]


def violations(path, text):
    is_header = path.suffix == ".h"
    in_building = path.parts[0] in BUILDINGS
    lines = text.split("\n")
    if len(lines) > MAX_LINES[path.suffix] and in_building:
        yield 0, f"{len(lines)} lines; split it (at most {MAX_LINES[path.suffix]})"
    if is_header and "#pragma once" not in text:
        yield 0, "header without #pragma once"
    for number, line in enumerate(lines, 1):
        if re.search(r'#include "\.\./', line):
            yield number, "include from the root, not relatively"
        if is_header and str(path) not in CONVERTERS and re.search(r'#include .*\.pb\.h"', line):
            yield number, "generated headers stand in .cc files only"
        if in_building and path.parts[:2] != ("common", "http") and not path.suffix == ".md":
            if re.search(r"std::string_view", line) and not re.search(r"//.*std::string_view", line):
                yield number, "use absl::string_view (std's stays where Beast speaks it)"
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
            yield number, "no open ends in the code"
        if in_building and re.search(r"\bstd::system\(|\bpopen\(", line):
            yield number, "no shell: use common/exec/process.h"
        if len(line) > (200 if path.parts[:2] == ("api", "store") or not in_building else 132):
            yield number, "line too long (132 columns; 200 in the stores and tests, for SQL)"


def main():
    count = 0
    for path in sources():
        for number, message in violations(path, (ROOT / path).read_text(encoding="utf-8")):
            print(f"{path}:{number}: {message}")
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
