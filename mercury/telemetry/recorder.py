"""The series of one process, and what is written to them when a unit ends.

All that a unit adds goes to the sink in one call: pairs of a series' number and a value. What
the sink refuses is counted as dropped, and after MAX_FAILURES in a row no more is tried.
"""

import logging
import threading
from time import time
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from mercury.telemetry import series
from mercury.telemetry.exemplars import Exemplar, Exemplars, Site, SiteOf, nowhere
from mercury.telemetry.series import Attributes
from mercury.telemetry.sink import Sink
from mercury.telemetry.statements import StatementTable
from mercury.trace import process, tell_fault

logger = logging.getLogger("mercury")

MAX_FAILURES = 3

FULL, LIGHT, OFF = "full", "light", "off"


class Ended(NamedTuple):
    """What a unit comes to. `keys` and durations in nanoseconds take turns in `events`, see statements.py.

    `exchanged` is that of a request, else None. `own_ns` is the time that Mercury took within the unit.
    """

    capture: str
    workload: str
    name: str
    exchanged: Optional[series.Exchange]
    elapsed_ns: int
    own_ns: int
    query_count: int
    cache_hits: int
    cache_misses: int
    events: List[int]
    kinds: Sequence[str] = ()
    """Of its findings."""
    site: SiteOf = nowhere


class _UnitSeries(NamedTuple):
    """The numbers of the series that every unit of one name and outcome adds to."""

    duration: int
    queries: int
    cache_hits: int
    cache_misses: int
    units: int
    overhead: int


class Recorder:
    """Any thread may use it."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.exemplars = Exemplars()
        # A finalizer may end a unit while this thread is in here.
        self._lock = threading.RLock()
        self._numbers: Dict[Tuple[str, Attributes], int] = {}
        self._names: Dict[int, Tuple[str, Attributes]] = {}
        self._of_units: Dict[Tuple[object, ...], _UnitSeries] = {}
        self._pending: Dict[int, int] = {}
        self._failures = 0
        self._faults_told = process.fault_count
        self.is_usable = True
        self.statements = StatementTable(self.number)

    def number(self, name: str, attributes: Attributes) -> int:
        """The number of a series; of the one that takes the rest where there are MAX_SERIES."""
        number = self._numbers.get((name, attributes))
        return self._add(name, attributes) if number is None else number

    def _add(self, name: str, attributes: Attributes) -> int:
        with self._lock:
            if len(self._numbers) >= series.MAX_SERIES and name not in series.BOUNDED:
                attributes = series.OVERFLOW
            number = self._numbers.get((name, attributes))
            if number is None:
                number = self._sink.number(series.INSTRUMENTS[name].kind, name, attributes)
                self._numbers[name, attributes] = number
                self._names[number] = name, attributes
            return number

    def count_later(self, name: str, attributes: Attributes, amount: int = 1) -> None:
        """Adds to a counter with the next unit that ends. Never raises."""
        try:
            with self._lock:
                number = self.number(name, attributes)
                self._pending[number] = self._pending.get(number, 0) + amount
        except Exception:
            tell_fault("Mercury could not count.")

    def record_queries(self, name: str, events: List[int], site: SiteOf = nowhere) -> None:
        """Records a block of queries of a unit that goes on. Never raises."""
        try:
            if self.is_usable:
                self._sink.record(self._of_queries(name, events, site))
        except Exception:
            tell_fault("Mercury could not record a block of queries.")

    def record_unit(self, ended: Ended) -> None:
        """Records what a unit comes to. Never raises."""
        if not self.is_usable:
            return
        try:
            updates = self._of_unit(ended)
            updates += self._of_queries(ended.name, ended.events, ended.site)
            updates += self._of_process()
            self._sink.record(updates)
            self._failures = 0
        except Exception:
            self._drop()

    def _drop(self) -> None:
        tell_fault("Mercury could not record a unit of work.")
        self._failures += 1
        if self._failures < MAX_FAILURES:
            self.count_later(series.DROPPED_UNITS, ())
        elif self.is_usable:
            self.is_usable = False
            logger.error("Mercury's metrics are off in this process: they could not be written.")

    def _of_unit(self, ended: Ended) -> List[int]:
        found = self._unit_series(ended)
        updates = [found.duration, ended.elapsed_ns, found.units, 1, found.overhead, ended.own_ns]
        if ended.events and self.exemplars.passing((found.duration,), (ended.elapsed_ns,)):
            slowest = max(range(len(ended.events) // 2), key=ended.events[1::2].__getitem__)
            self._keep(found.duration, ended.elapsed_ns, ended.events[2 * slowest], ended.name, ended.site(slowest))
        for number, amount in (
            (found.queries, ended.query_count),
            (found.cache_hits, ended.cache_hits),
            (found.cache_misses, ended.cache_misses),
        ):
            if amount:
                updates += (number, amount)
        if ended.kinds:
            route = None if ended.exchanged is None else ended.exchanged.route
            attributes = series.of_unit(ended.workload, ended.name, route)
            for kind in ended.kinds:
                updates += (self.number(series.FINDINGS, (*attributes, ("mercury.finding.kind", kind))), 1)
        return updates

    def _unit_series(self, ended: Ended) -> _UnitSeries:
        name = None if ended.workload == "request" else ended.name
        key = (ended.capture, ended.workload, name, ended.exchanged)
        found = self._of_units.get(key)
        if found is None:
            found = self._new_unit_series(ended)
            if len(self._of_units) < series.MAX_SERIES:
                self._of_units[key] = found
        return found

    def _new_unit_series(self, ended: Ended) -> _UnitSeries:
        exchanged = ended.exchanged
        of_unit = series.of_unit(ended.workload, ended.name, None if exchanged is None else exchanged.route)
        captured = (("mercury.workload", ended.workload), ("mercury.capture", ended.capture))
        if exchanged is None:
            duration = self.number(series.UNIT_DURATION, of_unit)
        else:
            duration = self.number(series.REQUEST_DURATION, series.of_request(exchanged))
        return _UnitSeries(
            duration,
            self.number(series.QUERIES, of_unit),
            self.number(series.CACHE_HITS, of_unit),
            self.number(series.CACHE_MISSES, of_unit),
            self.number(series.UNITS, captured),
            self.number(series.OVERHEAD, ()),
        )

    def _of_queries(self, unit: str, events: List[int], site: SiteOf) -> List[int]:
        numbers = self.statements.series_of(events[::2])
        for index in self.exemplars.passing(numbers, events[1::2]):
            key, duration_ns = events[2 * index : 2 * index + 2]
            self._keep(numbers[index], duration_ns, key, unit, site(index))
        updates = events[:]
        updates[::2] = numbers
        return updates

    def _keep(self, number: int, value_ns: int, key: int, unit: str, site: Site) -> None:
        name, attributes = self._names[number]
        fingerprint = self.statements.fingerprints[key >> 1]
        self.exemplars.keep(number, Exemplar(name, attributes, value_ns, fingerprint, unit, *site, time()))

    def _of_process(self) -> List[int]:
        """What has come up meanwhile and belongs to no unit."""
        if not self._pending and process.fault_count == self._faults_told:
            return []
        with self._lock:
            faults = process.fault_count
            self.count_later(series.FAULTS, (), faults - self._faults_told)
            self._faults_told = faults
            pending, self._pending = self._pending, {}
        return [each for pair in pending.items() if pair[1] for each in pair]

    def close(self) -> None:
        """Lets go of the sink. May be called again."""
        self.is_usable = False
        self._sink.close()
