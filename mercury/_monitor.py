"""Units of work from open to verdict: `mercury.monitor` and `mercury.PerformanceMonitor`.

Mercury's own faults stop here. Whatever goes wrong while a unit opens or closes is logged
once, and the monitored code goes on as if nobody watched.
"""

import functools
import inspect
import logging
import sys
import threading
import time
from types import FrameType, TracebackType
from typing import Any, Callable, Dict, List, Optional, Type, TypeVar, cast

from mercury.capture import cache, database
from mercury.core import backend
from mercury.errors import MonitoringError
from mercury.findings import Finding, judge
from mercury.metrics import PerformanceMetrics
from mercury.report import Report
from mercury.trace import Evidence, Trace, current, tell_fault

logger = logging.getLogger("mercury")

Function = TypeVar("Function", bound=Callable[..., Any])

listeners: List[Callable[[Report], None]] = []
"""Called with the report of each unit that closes, in order; what they raise is logged."""

outer_listeners: List[Callable[[Report], None]] = []
"""The same for units that lie in no other, so that no query is told twice."""

_thread_time_ns: Callable[[], int] = getattr(time, "thread_time_ns", time.process_time_ns)


class Unit:
    """One open unit of work, in the context of the thread or task that opened it."""

    def __init__(self, name: str, root: Optional[FrameType]) -> None:
        self.name = name
        self._watches_cache = database.install() and cache.install()
        self._thread = threading.get_ident()
        self.trace = Trace(name, root, _open_parent())
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

    def close(self) -> Report:
        """Ends the unit and judges it. Never raises."""
        elapsed_ns = time.perf_counter_ns() - self._started_ns
        cpu_ns = _thread_time_ns() - self._cpu_ns if threading.get_ident() == self._thread else None
        self.leave()
        try:
            report = self._judge(elapsed_ns, cpu_ns)
        except Exception:
            tell_fault("Mercury could not judge a unit of work.")
            report = _unmeasured(self.name, elapsed_ns, cpu_ns)
        _tell(report, listeners)
        if self.trace.parent is None:
            _tell(report, outer_listeners)
        return report

    def _judge(self, elapsed_ns: int, cpu_ns: Optional[int]) -> Report:
        evidence = self.trace.close()
        findings = judge(evidence)
        metrics = self._metrics(elapsed_ns, cpu_ns, evidence, findings)
        return Report(self.name, metrics, findings, evidence.notes)

    def _metrics(
        self, elapsed_ns: int, cpu_ns: Optional[int], evidence: Evidence, findings: List[Finding]
    ) -> PerformanceMetrics:
        return PerformanceMetrics(
            response_time_ms=elapsed_ns / 1e6,
            cpu_time_ms=_milliseconds(cpu_ns),
            memory_usage_mb=_resident_mb(),
            query_count=evidence.totals.query_count,
            transaction_count=evidence.totals.transaction_count,
            query_time_ms=evidence.totals.duration_ns / 1e6,
            cache_hits=self.trace.cache_hits if self._watches_cache else None,
            cache_misses=self.trace.cache_misses if self._watches_cache else None,
            n_plus_one_detected=any(finding.kind == "n_plus_one" for finding in findings),
        )


def _unmeasured(name: str, elapsed_ns: int, cpu_ns: Optional[int]) -> Report:
    metrics = PerformanceMetrics(elapsed_ns / 1e6, _milliseconds(cpu_ns), None, 0, 0, 0.0, None, None, False)
    return Report(name, metrics, [], ["a fault inside Mercury: the queries of this unit were not measured"])


def _open_parent() -> Optional[Trace]:
    """The unit around this one; a closed one may still be in the context of a task that outlived it."""
    parent = current.get()
    while parent is not None and parent.closed:
        parent = parent.parent
    return parent


def _tell(report: Report, to: List[Callable[[Report], None]]) -> None:
    for listener in to:
        try:
            listener(report)
        except Exception:
            logger.exception("A listener to Mercury's reports failed. The application is not affected.")


def _milliseconds(nanoseconds: Optional[int]) -> Optional[float]:
    return None if nanoseconds is None else nanoseconds / 1e6


def _resident_mb() -> Optional[float]:
    try:
        return float(backend().module.memory().resident_bytes) / 2**20
    except Exception:
        return None


def open_unit(name: str, root: Optional[FrameType]) -> Optional[Unit]:
    """A new unit whose call paths start at `root`, or None if Mercury failed. Never raises."""
    try:
        return Unit(name, root)
    except Exception:
        tell_fault("Mercury could not open a unit of work.")
        return None


class _Watch:
    """A unit, or the time alone where Mercury failed to open one."""

    def __init__(self, name: str, root: FrameType) -> None:
        self._name = name
        self._started_ns = time.perf_counter_ns()
        self._unit = open_unit(name, root)

    def close(self) -> Report:
        if self._unit is not None:
            return self._unit.close()
        return _unmeasured(self._name, time.perf_counter_ns() - self._started_ns, None)


class Monitor:
    """Watches a block or a function; see `monitor`."""

    def __init__(self, name: str) -> None:
        self.name = name
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
        self._watch = _Watch(self.name, root)

    def _close(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            self._report = watch.close()

    def __enter__(self) -> "Monitor":
        self._open(sys._getframe(1))
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self._close()

    async def __aenter__(self) -> "Monitor":
        self._open(sys._getframe(1))
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self._close()

    def __call__(self, function: Function) -> Function:
        """The function, watched at each call; the last report is its attribute `report`."""
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise MonitoringError(
                "a generator runs after its call has returned: put `with mercury.monitor()` inside it"
            )
        if inspect.iscoroutinefunction(function):
            return cast(Function, _watched_coroutine(function, self.name))
        return cast(Function, _watched_function(function, self.name))


def _watched_function(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def watched(*args: Any, **kwargs: Any) -> Any:
        watch = Monitor(name)
        try:
            with watch:
                return function(*args, **kwargs)
        finally:
            watched.report = watch._report  # type: ignore[attr-defined]

    return watched


def _watched_coroutine(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    @functools.wraps(function)
    async def watched(*args: Any, **kwargs: Any) -> Any:
        watch = Monitor(name)
        try:
            async with watch:
                return await function(*args, **kwargs)
        finally:
            watched.report = watch._report  # type: ignore[attr-defined]

    return watched


def monitor(name: Any = "block") -> Any:
    """Watches the database work of a block or a function.

        with mercury.monitor("checkout") as watch:
            ...
        print(watch.report)

    Also `async with`, and as a decorator of plain and async functions, with or without a
    name. What the block raises passes through unchanged, and the report is still made.
    """
    if callable(name):
        return Monitor(getattr(name, "__qualname__", "function"))(name)
    if not isinstance(name, str):
        raise TypeError(f"the name of a monitor is a str, not {type(name).__name__}")
    return Monitor(name)


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
        self._watch = _Watch(name, sys._getframe(1))

    def stop_monitoring(self) -> Dict[str, Any]:
        """The metrics by name, with `operation_name`. Raises MonitoringError if nothing runs."""
        watch, self._watch = self._watch, None
        if watch is None:
            raise MonitoringError("no monitoring is in progress: call start_monitoring(name) first")
        return {"operation_name": self._name, **watch.close().metrics.as_dict()}
