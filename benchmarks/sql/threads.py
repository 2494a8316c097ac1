"""How much more two threads fingerprint than one, through mercury.fingerprint_batch.

    python threads.py FILE ROUNDS

One thread sends two batches one after the other; two threads send one each at once, each from a
core of its own where the system lets a thread choose one: a scheduler that leaves both on one core
for their few milliseconds would be all that is measured. Prints the rounds as JSON, in nanoseconds
of wall time. Wants two idle cores.
"""

import json
import os
import sys
import threading
import time
from array import array
from itertools import accumulate
from pathlib import Path

from python_driver import native_mercury

BATCH_BYTES = 20_000_000


def batch(path):
    statements = Path(path).read_bytes().split(b"\0")
    statements *= max(1, BATCH_BYTES // sum(map(len, statements)))
    return b"".join(statements), array("q", [0, *accumulate(map(len, statements))])


def at_once(work, count):
    """Nanoseconds from the moment when `count` waiting threads are let go until all are done."""
    gate = threading.Barrier(count + 1)

    def wait_and_work(number):
        stay_on_core(number)
        gate.wait()
        work()

    threads = [threading.Thread(target=wait_and_work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    started = time.perf_counter_ns()
    gate.wait()
    for thread in threads:
        thread.join()
    return time.perf_counter_ns() - started


def stay_on_core(number):
    """Holds the thread that calls this on one of the cores that it may use."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[number % len(cores)]})


def main():
    mercury = native_mercury()
    data, offsets = batch(sys.argv[1])

    def one_batch():
        mercury.fingerprint_batch(data, offsets)

    def two_batches():
        one_batch()
        one_batch()

    one_batch()
    rounds = [{"one_ns": at_once(two_batches, 1), "two_ns": at_once(one_batch, 2)} for _ in range(int(sys.argv[2]))]
    print(json.dumps({"statements": len(offsets) - 1, "bytes": len(data), "rounds": rounds}))


if __name__ == "__main__":
    main()
