"""Contenders as processes that take turns on one core; driver.h tells how they are spoken to."""

import json
import os
import statistics
import subprocess
from contextlib import ExitStack, contextmanager
from typing import Dict, Iterator, List, NamedTuple, Sequence

ROUND_NS = 15_000_000
"""What one round of one contender should take: short, so that the machine is the same for all within a round."""


class Contender(NamedTuple):
    name: str
    command: Sequence[str]


class Figures(NamedTuple):
    """Nanoseconds of processor time for one statement in each round, and what was refused."""

    version: str
    statements: int
    bytes: int
    failed: List[int]
    rounds_ns: List[float]

    @property
    def median_ns(self) -> float:
        return statistics.median(self.rounds_ns)

    @property
    def megabytes_per_second(self) -> float:
        return self.bytes / self.statements / self.median_ns * 1000


class Ratio(NamedTuple):
    """How many times as long the second of two contenders took: the median of the rounds, and around it."""

    median: float
    low: float
    high: float
    """Quartiles over the rounds."""
    best: float
    """The fastest round of one against the fastest of the other."""


def ratio(ours: Figures, other: Figures) -> Ratio:
    each = [theirs / own for own, theirs in zip(ours.rounds_ns, other.rounds_ns)]
    low, median, high = statistics.quantiles(each, n=4) if len(each) > 1 else each * 3
    return Ratio(median, low, high, min(other.rounds_ns) / min(ours.rounds_ns))


class Driver:
    """A contender's process."""

    def __init__(self, contender: Contender) -> None:
        self._process = subprocess.Popen(contender.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._name = contender.name
        self.about = self._answer()
        self._passes = 1

    def __enter__(self) -> "Driver":
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def calibrate(self) -> None:
        self._passes = max(1, round(ROUND_NS / max(self._cpu_ns(), 1)))

    def round_ns(self) -> float:
        return self._cpu_ns() / self._passes / self.about["statements"]

    def _cpu_ns(self) -> int:
        self._process.stdin.write(f"{self._passes}\n")
        self._process.stdin.flush()
        return self._answer()["cpu_ns"]

    def _answer(self) -> Dict:
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"The driver of {self._name} ended with status {self._process.wait()}.")
        return json.loads(line)


@contextmanager
def on_one_core() -> Iterator[None]:
    """Holds this process, and those that it starts, on one core where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def race(contenders: Sequence[Contender], rounds: int) -> Dict[str, Figures]:
    """Lets each contender run once in each round, beginning with another one each time."""
    with ExitStack() as stack:
        stack.enter_context(on_one_core())
        drivers = [stack.enter_context(Driver(contender)) for contender in contenders]
        times: List[List[float]] = [[] for _ in drivers]
        for driver in drivers:
            driver.calibrate()
        for number in range(rounds):
            for turn in range(len(drivers)):
                index = (number + turn) % len(drivers)
                times[index].append(drivers[index].round_ns())
        return {
            contender.name: Figures(**driver.about, rounds_ns=rounds_ns)
            for contender, driver, rounds_ns in zip(contenders, drivers, times)
        }
