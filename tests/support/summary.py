#!/usr/bin/env python3
"""summary.py BROKEN_BUILDS FILE.xml...: names what failed in ctest's JUnit reports, with the end of what it printed (the reader of a long
log sees only its end), then prints "N passed, N failed"."""
import os
import sys
import xml.etree.ElementTree

LAST_LINES = 12


def end_of(case: xml.etree.ElementTree.Element) -> str:
    lines = (case.findtext("system-out") or "").strip().splitlines()
    return "".join(f"    {line[:200]}\n" for line in lines[-LAST_LINES:])


def main() -> int:
    passed, failed, skipped = 0, int(sys.argv[1]), 0
    for path in sys.argv[2:]:
        if not os.path.exists(path):
            continue
        build = os.path.basename(path).removesuffix(".xml")
        for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
            status = case.get("status")
            if case.find("failure") is not None or status == "fail":
                failed += 1
                print(f"failed: {case.get('name')} ({build})\n{end_of(case)}", end="")
            elif case.find("skipped") is not None or status in ("notrun", "disabled"):
                skipped += 1
                print(f"skipped: {case.get('name')} ({build})")
            else:
                passed += 1
    if passed + failed == 0:
        print("no test matches")
        failed = 1
    print(f"{passed} passed, {failed} failed" if not skipped else f"{skipped} skipped\n{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
