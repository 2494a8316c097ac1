"""Generations of forks from a parent that writes too: totals are exact, and no slot is inherited."""

import os
from typing import List

import mercury

FILE_BYTES = 4096 + 128 * 65536


def run(folder: str, forks: int, generations: int) -> List[str]:
    """Prints what was seen; the faults."""
    faults: List[str] = []
    with mercury.Segment(os.path.join(folder, "forks.segment"), FILE_BYTES) as segment:
        counter = segment.counter("c")
        for generation in range(1, generations + 1):
            children = [_fork(segment, number) for number in range(forks)]
            counter.add(1)
            statuses = {os.waitpid(child, 0)[1] for child in children}
            found = dict(segment.snapshot().counters()).get(("c", ()), 0)
            expected = generation * (3 * forks + 1)
            if statuses != {0} or found != expected or any(segment.snapshot().losses):
                faults.append(f"generation {generation}: {found} of {expected}, statuses {statuses}")
    print(f"forks: {generations} generations of {forks}, {len(faults)} faults")
    return faults


def _fork(segment: mercury.Segment, number: int) -> int:
    """A child that counts three: one itself, and two in a child of its own."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            segment.counter("c").add(1)
            grandchild = os.fork()
            if grandchild == 0:
                segment.counter("c").add(2)
                os._exit(0)
            code = os.waitpid(grandchild, 0)[1]
        finally:
            os._exit(code)
    return child
