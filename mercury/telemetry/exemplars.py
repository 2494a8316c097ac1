"""The slowest few queries and requests behind each series: which statement it was, in which unit, from which line.

In the memory of this process alone, and bounded. The line is known where a full trace saw the query.
"""

import threading
from time import time
from typing import Callable, Dict, List, NamedTuple, Sequence, Tuple

from mercury.telemetry.series import Attributes

MAX_PER_SERIES = 3
MAX_SERIES = 512
KEPT_SECONDS = 3600
"""After that a value makes room for any other: what was slow while caches were cold is no example for ever."""


class Exemplar(NamedTuple):
    """One value of a series. `seconds_since_epoch` is when it was recorded; `file` is empty where nobody knew it."""

    name: str
    attributes: Attributes
    value_ns: int
    fingerprint: int
    unit: str
    file: str
    line: int
    seconds_since_epoch: float


class Site(NamedTuple):
    """A line of the host's, or of its templates."""

    file: str
    line: int


NOWHERE = Site("", 0)

SiteOf = Callable[[int], Site]
"""Gives the line that sent a query, by the query's place among the events of its unit."""


def nowhere(index: int) -> Site:
    """Where light capture saw it."""
    return NOWHERE


class Exemplars:
    """Any thread may use it. `floors` is looked at without the lock: what does not pass is nothing to keep."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._kept: Dict[int, List[Exemplar]] = {}
        self._floors_until = 0.0
        self.floors: Dict[int, int] = {}
        """By number of series, what a value must pass."""

    def passing(self, numbers: Sequence[int], durations_ns: Sequence[int]) -> List[int]:
        """The places of the values that are among the slowest of their series so far."""
        floors = self.floors
        return [
            index
            for index, (number, duration) in enumerate(zip(numbers, durations_ns))
            if duration > floors.get(number, -1)
        ]

    def keep(self, number: int, exemplar: Exemplar) -> None:
        """Keeps the value if it is among the slowest of its series."""
        oldest = exemplar.seconds_since_epoch - KEPT_SECONDS
        with self._lock:
            if number not in self._kept and len(self._kept) >= MAX_SERIES:
                self.floors[number] = _NOTHING_PASSES
                return
            kept = [each for each in self._kept.get(number, ()) if each.seconds_since_epoch > oldest]
            kept.append(exemplar)
            kept.sort(key=_slowest_first)
            del kept[MAX_PER_SERIES:]
            self._kept[number] = kept
            if len(kept) == MAX_PER_SERIES:
                self.floors[number] = kept[-1].value_ns
            self._renew_floors(exemplar.seconds_since_epoch)

    def _renew_floors(self, now: float) -> None:
        """Floors of values that are too old to be kept must not hold."""
        if now >= self._floors_until:
            self._floors_until = now + KEPT_SECONDS
            self.floors.clear()

    def all(self) -> List[Exemplar]:
        """All that are kept, the slowest of each series first."""
        oldest = time() - KEPT_SECONDS
        with self._lock:
            return [each for kept in self._kept.values() for each in kept if each.seconds_since_epoch > oldest]


_NOTHING_PASSES = 1 << 63


def _slowest_first(exemplar: Exemplar) -> Tuple[int, float]:
    return -exemplar.value_ns, exemplar.seconds_since_epoch
