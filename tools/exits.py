"""Starts and ends interpreters that still hold handles, and counts those that a signal killed.

    python tools/exits.py [--count N] [PYTHON ...]

An interpreter tears its modules down in an order nobody controls, so a handle may be
freed after the library that made it is gone. Each child leaves traces in a global, in
a reference cycle, in a thread-local, in a daemon thread and in an exit handler.
"""

import argparse
import collections
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Counter, List

ROOT = Path(__file__).resolve().parent.parent

CHILD = """
import atexit, sys, threading, time
from array import array
from mercury.core import backend

loaded = backend()
if loaded.name != "native":
    sys.exit("the library does not serve: " + loaded.reason)

def trace():
    made = loaded.module.Trace(7)
    made.add_paths(array("q", [1, 2, 0, 3, 4, 0]), array("q", [0, 2]))
    return made

class Node:
    def __init__(self):
        self.trace, self.me = trace(), self

class Late:
    def __init__(self):
        self.trace = trace()
    def __del__(self):
        self.trace.close()

in_a_global = trace()
in_a_cycle = [Node() for _ in range(3)]
del in_a_cycle[1:]
with_a_finalizer = Late()
local = threading.local()
local.trace = trace()
atexit.register(lambda kept=trace(): kept.totals())
sys.modules["kept_by_nobody_else"] = trace()

ready = threading.Event()
def work():
    local.trace = trace()
    ready.set()
    while True:
        trace().totals()
threading.Thread(target=work, daemon=True).start()
ready.wait()
"""


def exit_status(python: str) -> int:
    """The status of one child; negative where a signal ended it."""
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    environment.pop("DJANGO_MERCURY_PURE_PYTHON", None)
    return subprocess.run([python, "-c", CHILD], check=False, cwd=str(ROOT), env=environment, timeout=120).returncode


def name_of(status: int) -> str:
    """A status in words."""
    return signal.Signals(-status).name if status < 0 else f"exit status {status}"


def measure(python: str, count: int) -> int:
    """Prints one line for an interpreter and returns how many of its children did not end well."""
    statuses: Counter[int] = collections.Counter(exit_status(python) for _ in range(count))
    bad = {status: number for status, number in statuses.items() if status != 0}
    verdict = ", ".join(f"{number} x {name_of(status)}" for status, number in sorted(bad.items())) or "no signal"
    print(f"{python}: {count} starts and exits, {verdict}", flush=True)
    return sum(bad.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=500, help="children for each interpreter")
    parser.add_argument("pythons", nargs="*", default=[sys.executable], help="interpreters; this one if none is given")
    options = parser.parse_args()
    failures: List[int] = [measure(python, options.count) for python in options.pythons]
    passed = options.count * len(failures) - sum(failures)
    print(f"{passed} passed, {sum(failures)} failed")
    return 1 if sum(failures) else 0


if __name__ == "__main__":
    sys.exit(main())
