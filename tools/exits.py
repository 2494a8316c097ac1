"""Starts and ends interpreters that still hold handles, and counts those that a signal killed.

    python tools/exits.py [--count N] [PYTHON ...]

An interpreter tears its modules down in an order nobody controls, so a handle may be
freed after the library that made it is gone. The children take turns:

    everywhere   traces in a global, a cycle, a finalizer, a thread-local, an exit handler
    thread       the same, and a daemon thread in the middle of a call
    hook         a trace in a hook that the interpreter drops after all modules; without
                 RTLD_NODELETE this child dies by SIGSEGV
"""

import argparse
import collections
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Counter, Dict, List

ROOT = Path(__file__).resolve().parent.parent

EVERYWHERE = """
import atexit, sys, threading
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
ready = threading.Event()
def work():
    local.trace = trace()
    ready.set()
    while True:
        trace().totals()
if sys.argv[1:] == ["thread"]:
    threading.Thread(target=work, daemon=True).start()
    ready.wait()
"""

HOOK = """
import codecs, sys
from mercury.core import backend

loaded = backend()
if loaded.name != "native":
    sys.exit("the library does not serve: " + loaded.reason)
codecs.register(lambda name, kept=loaded.module.Trace(7): None)
"""

CHILDREN: List[List[str]] = [[EVERYWHERE], [EVERYWHERE, "thread"], [HOOK]]


def run_child(python: str, code: List[str]) -> "subprocess.CompletedProcess[str]":
    """One start and exit; the status is negative where a signal ended it."""
    environment = dict(os.environ, PYTHONPATH=str(ROOT), DJANGO_MERCURY_SUPPRESS_WARNING="1")
    environment.pop("DJANGO_MERCURY_PURE_PYTHON", None)
    command = [python, "-c", *code]
    return subprocess.run(
        command, check=False, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, timeout=120
    )


def describe(status: int, number: int, message: str) -> str:
    """A row for one way in which children ended."""
    ending = signal.Signals(-status).name if status < 0 else f"exit status {status}"
    return f"    {number} x {ending} {message.strip()[-500:]}"


def measure(python: str, count: int) -> int:
    """Prints what became of an interpreter's children and returns how many did not end well."""
    statuses: Counter[int] = collections.Counter()
    messages: Dict[int, str] = {}
    for number in range(count):
        done = run_child(python, CHILDREN[number % len(CHILDREN)])
        statuses[done.returncode] += 1
        messages[done.returncode] = done.stderr
    failed = count - statuses.pop(0, 0)
    print(f"{python}: {count} starts and exits, {failed} of them bad", flush=True)
    for status, number in sorted(statuses.items()):
        print(describe(status, number, messages[status]))
    return failed


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
