"""Units of work from open to verdict: `mercury.monitor` and `mercury.PerformanceMonitor`.

Mercury's own faults stop here. Whatever goes wrong while a unit opens or closes is logged
once, and the monitored code goes on as if nobody watched.
"""

import datetime
import functools
import inspect
import logging
import random
import sys
import threading
import time
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Tuple, Type, TypeVar, cast

from mercury import _modes, settings
from mercury._memory import ResidentMemory, TracedMemory, change
from mercury.capture import cache, database, eager_loads
from mercury.capture.sent_queries import sent_queries
from mercury.errors import FindingsError, MonitoringError
from mercury.findings import GROWING_READS, Finding, judge
from mercury.metrics import PerformanceMetrics
from mercury.report import Report
from mercury.settings import Settings
from mercury.suppression import Sieve, Sifted, audit
from mercury.trace import Evidence, LeftOut, Trace, current, tell_fault

if TYPE_CHECKING:
    from mercury.telemetry.series import Exchange

logger = logging.getLogger("mercury")

Function = TypeVar("Function", bound=Callable[..., Any])

listeners: List[Callable[[Report], None]] = []
"""Called with the report of each unit that closes, in order; what they raise is logged."""

outer_listeners: List[Callable[[Report], None]] = []
"""The same for units that lie in no other, so that no query is told twice."""

witnesses: List[Callable[[Report, Evidence], None]] = []
"""The same with what the verdict rests on, for units that lie in no other and were measured."""

inner_witnesses: List[Callable[[Report, Evidence], None]] = []
"""The same for units that do lie in another, but for those that somebody watches who opened them."""

_thread_time_ns: Callable[[], int] = getattr(time, "thread_time_ns", time.process_time_ns)


class Unit:
    """One open unit of work, in the context of the thread or task that opened it."""

    is_left_out = False
    is_measured = False
    """Do its figures go to the series of mercury.telemetry?"""
    exchanged: "Optional[Exchange]" = None
    """Request and response as those series know them, once a measured unit has its response."""
    is_cut_short = False
    """Did an error end what the unit is about, or was it not meant to show what it has loaded?"""
    traced: "Optional[Unit]" = None
    """What took the place of this unit while it was open."""
    _memory_interval_ns: Optional[int] = None
    """How old a reading of memory may be, where it is not the usual INTERVAL_NS."""
    traced_memory: Optional[TracedMemory] = None
    """Where somebody asked for it."""
    chosen: Settings
    """What held when the unit opened."""
    witness: Optional[Callable[[Report, Evidence], None]] = None
    """Who wants to see this unit's report with what it rests on."""

    def __init__(self, name: str, root: Optional[FrameType], workload: str = "block") -> None:
        self.name = name
        self.workload = workload
        self.id = ""
        self._watches_cache = database.install() and cache.install()
        self._thread = threading.get_ident()
        self._resident_before = _resident.reading(self._memory_interval_ns)
        self.trace = Trace(name, root, open_parent(workload))
        # What a block has loaded may be read after it; whatever else ends has had its use of it.
        self.trace.is_outlived = workload == "block"
        self._token: Any = current.set(self.trace)
        self._cpu_ns = _thread_time_ns()
        self._started_ns = time.perf_counter_ns()

    def enter(self) -> None:
        """Makes the unit the current one again, in another context than it was opened in."""
        self._token = current.set(self.trace)

    def leave(self) -> None:
        """The unit stays open, but what follows in this context does not belong to it."""
        token, self._token = self._token, None
        if token is None:
            return
        try:
            current.reset(token)
        except ValueError:
            # Closed in another context than it was opened in, as test fixtures do.
            current.set(self.trace.parent)

    def close(self, chosen: Optional[Settings] = None) -> Report:
        """Ends the unit and judges it, by the settings in use unless others are given. Never raises."""
        elapsed_ns = time.perf_counter_ns() - self._started_ns
        cpu_ns = _thread_time_ns() - self._cpu_ns if threading.get_ident() == self._thread else None
        chosen = chosen or settings.active()
        mode = chosen.mode(self.workload)
        try:
            self.leave()
            report = self._judge(chosen, mode, elapsed_ns, cpu_ns)
        except Exception:
            tell_fault("Mercury could not judge a unit of work.")
            report = _unmeasured(self.name, elapsed_ns, cpu_ns, _FAULT)
        try:
            if self.traced_memory is not None:
                # Where the unit could not be judged, nobody has.
                self.traced_memory.stop()
            self._announce(chosen, mode, report)
        except Exception:
            tell_fault("Mercury could not tell a report.")
        return report

    def _announce(self, chosen: Settings, mode: str, report: Report) -> None:
        _tell(report, listeners)
        if outer_listeners and self.trace.parent is None:
            _tell(report, outer_listeners)
        if mode != "observe":
            _log(chosen, report)

    def _judge(self, chosen: Settings, mode: str, elapsed_ns: int, cpu_ns: Optional[int]) -> Report:
        evidence = self.trace.close()
        if self.trace.eager_loads:
            evidence = self._with_unused_loads(evidence)
        verdict = judge(evidence)
        findings, suppressed, stale, idle = verdict.findings, _NONE, _NONE, _NONE
        if findings or _modes.looks_for_dead_ignores(mode, self.workload):
            findings, suppressed, stale, idle = self._sift(chosen, mode, findings, evidence)
        metrics = self._metrics(elapsed_ns, cpu_ns, evidence.totals, findings)
        exceeded = _modes.exceeded(chosen, self.workload, metrics)
        told = (self.workload, exceeded, tuple(verdict.cleared), suppressed, stale, idle)
        queries = sent_queries(evidence) if evidence.kept else ()
        report = _new(Report, (self.name, metrics, findings, evidence.notes, *told, self.id, queries))
        if witnesses or self.witness is not None:
            self._show(report, evidence)
        return report

    def _show(self, report: Report, evidence: Evidence) -> None:
        seen_by = witnesses if self.trace.parent is None else inner_witnesses
        if self.witness is not None:
            seen_by = [*witnesses, self.witness] if self.trace.parent is None else [self.witness]
        if seen_by:
            _tell(report, [functools.partial(_bear_witness, witness, evidence) for witness in seen_by])

    def _with_unused_loads(self, evidence: Evidence) -> Evidence:
        is_cut_short = self.is_cut_short or not isinstance(sys.exc_info()[1], _ENDS)
        return evidence._replace(eager_loads=eager_loads.unused(self.trace, is_cut_short))

    def _sift(self, chosen: Settings, mode: str, findings: List[Finding], evidence: Evidence) -> Sifted:
        """Leaves out what is to be ignored; where that fails, nothing is."""
        try:
            sieve = Sieve(evidence, chosen.ignore, self.trace.ignored, datetime.date.today)
            sifted = sieve.sift(findings, _modes.looks_for_dead_ignores(mode, self.workload))
            audit.remember((each.rule.where for each in sifted.suppressed), sifted.idle, sifted.stale)
            return sifted
        except Exception:
            tell_fault("Mercury could not tell which findings are to be ignored.")
            return Sifted(findings, (), (), ())

    def _metrics(
        self, elapsed_ns: int, cpu_ns: Optional[int], totals: Any, findings: List[Finding]
    ) -> PerformanceMetrics:
        watches_cache = self._watches_cache
        resident = _resident.reading(self._memory_interval_ns)
        figures = (
            elapsed_ns / 1e6,
            None if cpu_ns is None else cpu_ns / 1e6,
            resident.megabytes,
            totals.query_count,
            totals.transaction_count,
            totals.duration_ns / 1e6,
            self.trace.cache_hits if watches_cache else None,
            self.trace.cache_misses if watches_cache else None,
            bool(findings) and any(finding.kind in GROWING_READS for finding in findings),
            None if resident is self._resident_before else change(self._resident_before, resident),
            None if self.traced_memory is None else self.traced_memory.stop(),
        )
        return _new(PerformanceMetrics, figures)


class LeftOutUnit(Unit):
    """A unit that the settings leave out: nothing is measured, and its report says so and why."""

    is_left_out = True

    def __init__(self, name: str, workload: str, why: str) -> None:
        self.name = name
        self._why = why
        self.trace = cast(Trace, LeftOut(open_parent(workload)))
        self._token = current.set(self.trace)
        self._started_ns = time.perf_counter_ns()

    def close(self, chosen: Optional[Settings] = None) -> Report:
        self.leave()
        return _unmeasured(self.name, time.perf_counter_ns() - self._started_ns, None, self._why)


_NONE: Tuple[Any, ...] = ()

_new = tuple.__new__
"""Makes a named tuple of all of its fields in half the time that its class takes."""

_ENDS = (type(None), StopIteration, StopAsyncIteration)
"""What may be on its way where a unit closes though nothing went wrong."""

_FAULT = "a fault inside Mercury: the queries of this unit were not measured"


def _unmeasured(name: str, elapsed_ns: int, cpu_ns: Optional[int], note: str) -> Report:
    cpu_ms = None if cpu_ns is None else cpu_ns / 1e6
    metrics = PerformanceMetrics(elapsed_ns / 1e6, cpu_ms, None, 0, 0, 0.0, None, None, False)
    return Report(name, metrics, [], [note])


def _why_left_out(chosen: Settings, path: Optional[str]) -> Optional[str]:
    """What in the settings leaves a unit out, whatever the dice say, or None where nothing does."""
    if not chosen.enabled:
        return "Mercury is off: its setting `enabled` is false"
    if path is not None and chosen.excludes(path):
        return "its path is among `exclude_paths`"
    return None


def _why_not_sampled(chosen: Settings, workload: str) -> Optional[str]:
    rate = chosen.workload(workload).sample_rate
    # The host may have seeded the module's own generator, and counts on its numbers.
    if rate < 1 and _sampler.random() >= rate:
        return f"only a share of {rate:g} is measured, as `sample_rate` says"
    return None


_sampler = random.SystemRandom()


def open_parent(workload: str) -> Optional[Trace]:
    """The unit around one that opens; a closed one may still be in the context of a task that outlived it."""
    parent = current.get()
    if parent is None:
        return None
    while parent is not None and parent.closed and not parent.is_light:
        parent = parent.parent
    is_apart = parent is not None and parent.is_background and workload in ("request", "task", "test")
    return None if is_apart else parent


def _bear_witness(witness: Callable[[Report, Evidence], None], evidence: Evidence, report: Report) -> None:
    witness(report, evidence)


def _tell(report: Report, to: List[Callable[[Report], None]]) -> None:
    for listener in to:
        try:
            listener(report)
        except Exception:
            logger.exception("A listener to Mercury's reports failed. The application is not affected.")


def _log(chosen: Settings, report: Report) -> None:
    try:
        _modes.tell(chosen, report)
    except Exception:
        tell_fault("Mercury could not log a report.")


def failure_of(report: Report, chosen: Optional[Settings] = None) -> Optional[FindingsError]:
    """The exception that the unit's caller is to raise, if any. Never raises."""
    try:
        return _modes.failure(chosen or settings.active(), report)
    except Exception:
        tell_fault("Mercury could not tell whether a unit fails.")
        return None


_resident = ResidentMemory()


def open_unit(
    name: str, root: Optional[FrameType], workload: str = "block", path: Optional[str] = None
) -> Optional[Unit]:
    """A new unit whose call paths start at `root`, or None if Mercury failed. Never raises.

    `path` is that of a request; the settings may leave it out.
    """
    try:
        chosen = settings.active()
        why = _why_left_out(chosen, path)
        unit = None
        if chosen.metrics and why is None and workload != "test":
            unit = _open_measured(name, root, workload, chosen)
        if unit is None:
            why = why or _why_not_sampled(chosen, workload)
            unit = Unit(name, root, workload) if why is None else LeftOutUnit(name, workload, why)
        unit.chosen = chosen
        return unit
    except Exception:
        tell_fault("Mercury could not open a unit of work.")
        return None


def _open_measured(name: str, root: Optional[FrameType], workload: str, chosen: Settings) -> Optional[Unit]:
    """The same where metrics are on; None where they cannot be had."""
    from mercury.telemetry.units import open_measured

    return open_measured(name, root, workload, chosen)


class _Watch:
    """A unit, or the time alone where Mercury failed to open one."""

    def __init__(self, name: str, root: FrameType, workload: str, traces_memory: bool = False) -> None:
        self._name = name
        self._started_ns = time.perf_counter_ns()
        self._unit = open_unit(name, root, workload)
        if traces_memory and self._unit is not None and not self._unit.is_left_out:
            self._unit.traced_memory = TracedMemory()

    def close(self) -> Report:
        if self._unit is not None:
            return self._unit.close()
        return _unmeasured(self._name, time.perf_counter_ns() - self._started_ns, None, _FAULT)


class Monitor:
    """Watches a block or a function; see `monitor`."""

    def __init__(self, name: str, workload: str = "block", memory: bool = False) -> None:
        self.name = name
        self.workload = workload
        self._memory = memory
        self._watch: Optional[_Watch] = None
        self._report: Optional[Report] = None

    @property
    def report(self) -> Report:
        """The report of the block that ended last."""
        if self._report is None:
            raise MonitoringError("there is no report yet: the monitored block has not ended")
        return self._report

    def _open(self, root: FrameType) -> None:
        if self._watch is not None:
            raise MonitoringError("this monitor is already running; make another one for a block inside")
        self._report = None
        self._watch = _Watch(self.name, root, self.workload, self._memory)

    def _close(self, error: Optional[BaseException]) -> None:
        """Ends the block; raises where its workload is to, but never in the place of the block's own error."""
        watch, self._watch = self._watch, None
        if watch is None:
            return
        self._report = watch.close()
        failure = failure_of(self._report)
        if failure is not None and error is None:
            raise failure

    def __enter__(self) -> "Monitor":
        self._open(sys._getframe(1))
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self._close(error)

    async def __aenter__(self) -> "Monitor":
        self._open(sys._getframe(1))
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self._close(error)

    def __call__(self, function: Function) -> Function:
        """The function, watched at each call; the last report is its attribute `report`."""
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise MonitoringError(
                "a generator runs after its call has returned: put `with mercury.monitor()` inside it"
            )
        if inspect.iscoroutinefunction(function):
            return cast(Function, _watched_coroutine(function, self.name, self.workload, self._memory))
        return cast(Function, _watched_function(function, self.name, self.workload, self._memory))


def _watched_function(function: Callable[..., Any], name: str, workload: str, memory: bool) -> Callable[..., Any]:
    @functools.wraps(function)
    def watched(*args: Any, **kwargs: Any) -> Any:
        watch = Monitor(name, workload, memory)
        try:
            with watch:
                return function(*args, **kwargs)
        finally:
            watched.report = watch._report  # type: ignore[attr-defined]

    return watched


def _watched_coroutine(function: Callable[..., Any], name: str, workload: str, memory: bool) -> Callable[..., Any]:
    @functools.wraps(function)
    async def watched(*args: Any, **kwargs: Any) -> Any:
        watch = Monitor(name, workload, memory)
        try:
            async with watch:
                return await function(*args, **kwargs)
        finally:
            watched.report = watch._report  # type: ignore[attr-defined]

    return watched


def monitor(name: Any = "block", *, workload: str = "block", memory: bool = False) -> Any:
    """Watches the database work of a block or a function.

        with mercury.monitor("checkout") as watch:
            ...
        print(watch.report)

    Also `async with`, and as a decorator of plain and async functions, with or without a
    name. What the block raises passes through unchanged, and the report is still made.
    `workload` says whose settings hold: "request", "task", "command", "test" or "block". Raises
    FindingsError at the block's end where their mode is "raise" and there is a reason. `memory`
    has Python's allocations traced meanwhile, which slows everything that allocates: for `traced_memory_mb`.
    """
    if not isinstance(workload, str) or workload not in settings.WORKLOADS:
        raise ValueError(f"a workload is one of: {', '.join(settings.WORKLOADS)}")
    if callable(name):
        return Monitor(getattr(name, "__qualname__", "function"), workload, memory)(name)
    if not isinstance(name, str):
        raise TypeError(f"the name of a monitor is a str, not {type(name).__name__}")
    return Monitor(name, workload, memory)


class PerformanceMonitor:
    """Start and stop by hand. One at a time; one thread."""

    def __init__(self) -> None:
        self._watch: Optional[_Watch] = None
        self._name = ""

    def start_monitoring(self, name: str) -> None:
        """Raises MonitoringError if this monitor is running already."""
        if not isinstance(name, str):
            raise TypeError(f"the name of a monitor is a str, not {type(name).__name__}")
        if self._watch is not None:
            raise MonitoringError("monitoring is already in progress: call stop_monitoring() first")
        self._name = name
        self._watch = _Watch(name, sys._getframe(1), "block")

    def stop_monitoring(self) -> Dict[str, Any]:
        """The metrics by name, with `operation_name`.

        Raises MonitoringError if nothing runs, and FindingsError where `monitor` does.
        """
        watch, self._watch = self._watch, None
        if watch is None:
            raise MonitoringError("no monitoring is in progress: call start_monitoring(name) first")
        report = watch.close()
        failure = failure_of(report)
        if failure is not None:
            raise failure
        return {"operation_name": self._name, **report.metrics.as_dict()}
