"""Units of work whose figures go to the series: traced in full, or under light capture."""

import sys
import threading
import time
from types import FrameType
from typing import Any, Optional, cast

from mercury import _modes
from mercury._monitor import LeftOutUnit, Unit, _resident, _thread_time_ns, open_parent
from mercury.capture import cache, database
from mercury.report import Report
from mercury.settings import Settings
from mercury.telemetry import series, tail
from mercury.telemetry.active import Telemetry, telemetry_for
from mercury.telemetry.exemplars import nowhere
from mercury.telemetry.full import FullTally
from mercury.telemetry.light import LightTotals, LightTrace
from mercury.telemetry.recorder import FULL, LIGHT, OFF, Ended
from mercury.trace import Trace, current, queries

_LIGHT = "call paths and findings: this unit was captured lightly"
_OFF = "capture is off: the switch or the circuit breaker of Mercury's metrics says so"

_now = time.perf_counter_ns


def open_measured(name: str, root: Optional[FrameType], workload: str, chosen: Settings) -> Optional[Unit]:
    """A new unit as sampling decides; None where this process has no telemetry."""
    opened_ns = _now()
    telemetry = telemetry_for(chosen)
    if telemetry is None:
        return None
    known = None if workload == "request" else name
    capture = telemetry.sampling.decide(known, chosen.workload(workload).sample_rate, opened_ns)
    if capture == OFF:
        telemetry.count_left_out(workload)
        return LeftOutUnit(name, workload, _OFF)
    if capture == FULL:
        return FullUnit(telemetry, name, root, workload, opened_ns)
    return LightUnit(telemetry, name, workload, opened_ns)


class _Measured(Unit):
    """What both kinds have in common."""

    is_measured = True
    _telemetry: Telemetry
    _opening_ns = 0
    _error_around = 0
    """Address of the error that was being handled when the unit opened, which is none of the unit's."""

    def _measured_name(self) -> str:
        """The unit's name with a method that is one: clients send what they like."""
        if self.exchanged is None:
            return self.name
        return f"{self.exchanged.method} {self.name.partition(' ')[2]}"

    def _has_failed(self) -> bool:
        if self.exchanged is not None and series.is_error(self.exchanged):
            return True
        error = sys.exc_info()[1]
        if isinstance(error, Exception) and id(error) != self._error_around:
            return not isinstance(error, (StopIteration, StopAsyncIteration))
        return self.is_cut_short and self.workload == "task"

    def _exchanged(self) -> Optional[series.Exchange]:
        """That of a request, with the error that ended its body."""
        exchanged = self.exchanged
        if exchanged is None:
            return series.exchange(None, None, None, None, None) if self.workload == "request" else None
        if exchanged.error is None and not series.is_error(exchanged) and self._has_failed():
            return exchanged._replace(error=series.error_type(sys.exc_info()[1]))
        return exchanged


class FullUnit(_Measured):
    """A unit that is traced in full."""

    def __init__(
        self, telemetry: Telemetry, name: str, root: Optional[FrameType], workload: str, opened_ns: int
    ) -> None:
        self._telemetry = telemetry
        self._error_around = id(sys.exc_info()[1])
        super().__init__(name, root, workload)
        self._early = LightTotals(0, 0, 0, 0)
        self._tally = FullTally(self.trace, telemetry.recorder)
        if self.trace.parent is None:
            # What lies in another unit is counted there.
            self.trace.tally = self._tally
        self._is_metered = telemetry.next_is_metered()
        if self._is_metered:
            self.trace.is_apart = True
        self._opening_ns = _now() - opened_ns

    def take_over(self, light: "LightUnit") -> None:
        """Goes on where a light unit ends, which has sent some queries."""
        events, self._early = light.light.close()
        self._tally.begin_with(events)
        self.trace.cache_hits, self.trace.cache_misses = light.trace.cache_hits, light.trace.cache_misses
        self._started_ns, self._cpu_ns, self._thread = light._started_ns, light._cpu_ns, light._thread
        self._token, light._token = light._token, None

    def _judge(self, chosen: Settings, mode: str, elapsed_ns: int, cpu_ns: Optional[int]) -> Report:
        began_ns = _now()
        try:
            report = super()._judge(chosen, mode, elapsed_ns, cpu_ns)
        except Exception:
            self._telemetry.recorder.count_later(series.DROPPED_UNITS, ())
            raise
        if self._early.query_count:
            early = f"{queries(self._early.query_count)} that ran before it was known that this unit is to be traced"
            report = report._replace(notes=[*report.notes, early])
        self._record(chosen, report, elapsed_ns, began_ns)
        return report

    def _record(self, chosen: Settings, report: Report, elapsed_ns: int, began_ns: int) -> None:
        metrics, telemetry = report.metrics, self._telemetry
        count = metrics.query_count + metrics.transaction_count
        if self._is_metered and count:
            telemetry.full_query_ns = self.trace.own_ns / count
        tally = self._tally
        ended = Ended(
            FULL,
            self.workload,
            self._measured_name(),
            self._exchanged(),
            elapsed_ns,
            0,
            metrics.query_count + self._early.query_count,
            self.trace.cache_hits,
            self.trace.cache_misses,
            tally.events,
            [finding.kind for finding in report.findings],
            tally.site,
        )
        now_ns = _now()
        own_ns = self._opening_ns + now_ns - began_ns + int(telemetry.full_query_ns * count)
        telemetry.end(ended._replace(own_ns=own_ns), chosen.max_overhead, 0, now_ns)


class LightUnit(_Measured):
    """A unit of which statements and durations are noted, and nothing else."""

    # To read it takes as long as all else here, and lets go of the interpreter's lock.
    _memory_interval_ns = 10**9

    def __init__(self, telemetry: Telemetry, name: str, workload: str, opened_ns: int) -> None:
        self.name = name
        self.workload = workload
        self.id = ""
        self._telemetry = telemetry
        self._error_around = id(sys.exc_info()[1])
        self._watches_cache = database.install() and cache.install()
        self._thread = threading.get_ident()
        self._resident_before = _resident.reading(self._memory_interval_ns)
        self.light: LightTrace = LightTrace(name, open_parent(workload), telemetry.recorder)
        self.light.unit = self
        self.trace = cast(Trace, self.light)
        self._token = current.set(self.trace)
        self._is_worth_telling = True
        self._cpu_ns = _thread_time_ns()
        self._started_ns = _now()
        self._opening_ns = self._started_ns - opened_ns

    def trace_if_suspect(self, name: str, method: str, root: FrameType) -> None:
        """Goes on in full, if units of this name are suspect; call paths start at `root`."""
        now_ns = _now()
        if self._telemetry.sampling.wants_in_full(f"{method} {name.partition(' ')[2]}", now_ns):
            self.light.is_light = False
            full = FullUnit(self._telemetry, name, root, self.workload, now_ns)
            full.chosen = self.chosen
            full.take_over(self)
            self.traced = full

    def _judge(self, chosen: Settings, mode: str, elapsed_ns: int, cpu_ns: Optional[int]) -> Report:
        began_ns = _now()
        events, totals = self.light.close()
        metrics = self._metrics(elapsed_ns, cpu_ns, totals, [])
        exceeded = _modes.exceeded(chosen, self.workload, metrics)
        report = Report(self.name, metrics, [], [_LIGHT], self.workload, exceeded, id=self.id)
        limit_ms = chosen.workload(self.workload).max_response_time_ms
        is_slow = self._telemetry.sampling.keeps(self.workload, metrics.response_time_ms, limit_ms)
        self._is_worth_telling = is_slow or bool(exceeded) or self._has_failed()
        self._record(chosen, elapsed_ns, began_ns, events, totals)
        return report

    def _record(self, chosen: Settings, elapsed_ns: int, began_ns: int, events: Any, totals: LightTotals) -> None:
        light = self.light
        per_query_ns = light.own_ns // light.metered_count if light.metered_count else 0
        now_ns = _now()
        queries_ns = per_query_ns * (totals.query_count + totals.transaction_count)
        ended = Ended(
            LIGHT,
            self.workload,
            self._measured_name(),
            self._exchanged(),
            elapsed_ns,
            self._opening_ns + now_ns - began_ns + queries_ns,
            totals.query_count,
            light.cache_hits,
            light.cache_misses,
            events if light.parent is None else [],
            (),
            nowhere,
        )
        self._telemetry.end(ended, chosen.max_overhead, totals.repeated, now_ns)

    def _announce(self, chosen: Settings, mode: str, report: Report) -> None:
        """Of most light units nobody hears."""
        if self._is_worth_telling:
            tail.keep(report)
            super()._announce(chosen, mode, report)
