"""Sees the tests of this process, one at a time, and hands over a record of each as soon as it has ended.

A test is one unit of work, and each request that it makes is one of its own. Records are lines in a file of
this process, so that a test which ends its process loses no other test's.
"""

import functools
import os
import sys
import threading
from dataclasses import replace
from types import FrameType
from typing import Callable, List, Optional, Tuple

from mercury import _monitor, settings
from mercury._monitor import Unit, open_unit
from mercury._outbox import Outbox
from mercury.errors import FindingsError, MercuryError, MonitoringError
from mercury.report import Report
from mercury.report.pen import printable
from mercury.testing import records, sent
from mercury.testing.causes import causes
from mercury.testing.figures import figures_of
from mercury.testing.measuring import all_measured
from mercury.testing.places import Root, is_configured
from mercury.testing.sized_view import SizedView
from mercury.testing.sizes import Size
from mercury.testing.suite import Figures, Limit, TestResult
from mercury.trace import Evidence, current, tell_fault

active: "Optional[Watch]" = None
"""Who watches the tests of this process."""


class Watch:
    """The tests of one process. `folder` is where records go, if anywhere, `root` what files are told relative to."""

    def __init__(self, folder: Optional[str], root: str) -> None:
        self.root = Root(root)
        self._outbox = None if folder is None else Outbox(folder)
        self._running: Optional[_Running] = None
        self.hands_over_cases = True
        """False where somebody else knows how a case of unittest has ended, and hands its record over."""
        self.limits: Tuple[Limit, ...] = ()
        """What the next test that begins must not pass."""
        self.size = Size()
        """How many rows the next test makes, so far as it says."""
        self.previous = active
        """Who watched before: a test may run tests itself."""
        self.ended: Optional[TestResult] = None
        """The test that ended last, until somebody takes it."""
        self._has_measured = False
        self._leave_requests: Optional[Callable[[], None]] = None

    def renew(self) -> None:
        """After a fork: records of this process go to a file of its own."""
        if self._outbox is not None:
            self._outbox.renew()

    def begin(self, name: str, place: Tuple[str, int], frame: FrameType) -> None:
        """A test begins, called from `frame`. Never raises."""
        try:
            # Budgets are for the first size.
            limits = () if self.size.is_further else self.limits
            result = TestResult(name, self.root.relative(place[0]), place[1], limits=limits)
            self._write(records.started(result))
            if self._leave_requests is None:
                self._leave_requests = _watch_requests()
            if self.size.rows:
                # Both sizes are to start from the same.
                forget_framework_caches()
            self._running = _Running(result, frame, self.size)
        except Exception:
            tell_fault("Mercury could not watch a test.")
        finally:
            self.limits = ()
            self.size = Size()

    def end(self) -> None:
        """The test has ended; what follows does not belong to it. Never raises."""
        try:
            if self._running is not None:
                self.ended = self._running.close()
                self._has_measured = self._running.has_measured
        except Exception:
            tell_fault("Mercury could not end a test.")
        finally:
            self._running = None

    def failure(self) -> Optional[MercuryError]:
        """What the test that has ended is to fail with: it has passed a budget of its own, or none could be held."""
        ended = self.ended
        if ended is None or not ended.limits:
            return None
        if not self._has_measured:
            return MonitoringError(
                f"nothing of test {ended.name} was measured, so no budget holds. Is Mercury enabled?"
            )
        passed = ended.passed()
        if not passed:
            return None
        return FindingsError("\n".join([f"Mercury, in test {ended.name}:", *passed, *_told(ended)]))

    def take(self) -> Optional[TestResult]:
        """The test that has ended, once."""
        ended, self.ended = self.ended, None
        return ended

    def hand_over(self, result: TestResult) -> None:
        """Writes the record of a test that has ended. Never raises."""
        try:
            self._write(records.ended(result))
        except Exception:
            tell_fault("Mercury could not write the record of a test.")

    def leave(self) -> None:
        """Lets requests be what they were before this watch."""
        if self._leave_requests is not None:
            self._leave_requests()

    def tell(self, **facts: int) -> None:
        """Writes what whoever merges the records has to know of this process, as numbers to be added up."""
        try:
            self._write(records.facts(facts))
        except Exception:
            tell_fault("Mercury could not write a record.")

    def _write(self, line: str) -> None:
        if self._outbox is not None:
            self._outbox.append(line)

    def witness(self, report: Report, evidence: Evidence) -> None:
        """Takes what a unit of this process did, in any of its threads."""
        running = self._running
        if running is None:
            if report.workload == "request":
                self.tell(outside=1)
            return
        running.add(report, evidence, self.root)

    def witness_part(self, report: Report, evidence: Evidence) -> None:
        """Takes what a unit did that lies in the test's own: a block, a command, a task."""
        running = self._running
        if running is not None:
            running.add_part(report, evidence, self.root)


class _Running:
    """The test that runs."""

    def __init__(self, result: TestResult, frame: FrameType, size: Size) -> None:
        self.result = result
        self._size = size
        if size.rows:
            result.sizes[size.rows] = {}
        # A live server's threads end requests at once; a finalizer may end one while this thread is in here.
        self._lock = threading.RLock()
        self._token = current.set(None)
        self._unit: Optional[Unit] = open_unit(f"test {result.name}", frame, "test")

    def add(self, report: Report, evidence: Evidence, root: Root) -> None:
        with self._lock:
            self._add(report, evidence, root)

    def _add(self, report: Report, evidence: Evidence, root: Root) -> None:
        self.result.notes = tuple(sorted({*self.result.notes, *report.notes}))
        figures = figures_of(report, evidence, False)
        if report.workload == "request":
            self._add_sized(report, evidence, root)
        if not self._size.is_further:
            self._judge(report, figures, root)

    def add_part(self, report: Report, evidence: Evidence, root: Root) -> None:
        with self._lock:
            self._add_sized(report, evidence, root)

    def _add_sized(self, report: Report, evidence: Evidence, root: Root) -> None:
        """Notes what is to be compared with the other size."""
        if self._size.rows:
            total = figures_of(report, evidence, False).queries.total
            view = SizedView(total, sent.statements(evidence, root))
            self.result.sizes[self._size.rows].setdefault(report.name, SizedView()).raise_to(view)

    def _judge(self, report: Report, figures: Figures, root: Root) -> None:
        result = self.result
        is_request = report.workload == "request"
        view = report.name if is_request else ""
        if is_request:
            result.views.setdefault(view, Figures()).raise_to(figures)
            # The time of a request is part of the test's own.
            figures = replace(figures, response_time_ms=0.0)
        result.figures.add(figures)
        result.causes += [(view, cause) for cause in causes(report, root, result.file)]

    @property
    def has_measured(self) -> bool:
        return self._unit is not None and not self._unit.is_left_out

    def close(self) -> TestResult:
        try:
            if self._unit is not None:
                self._unit.close()
        finally:
            try:
                current.reset(self._token)
            except ValueError:
                # Closed in another context than it was opened in.
                current.set(None)
        return self.result


def _told(result: TestResult) -> List[str]:
    """The findings of a test, a line each."""
    found = {cause.place: cause for _, cause in result.causes}
    return [
        f"{each.file}:{each.line}: {each.kind} {printable(each.target)}, {each.count:,} times; {printable(each.fix)}"
        for each in found.values()
    ]


def start(folder: Optional[str], root: str) -> Watch:
    """Begins to watch the tests of this process."""
    global active
    active = Watch(folder, root)
    settings.adjust(all_measured)
    _monitor.witnesses.append(active.witness)
    _monitor.inner_witnesses.append(active.witness_part)
    _renew_after_forks()
    return active


@functools.lru_cache(maxsize=None)
def _renew_after_forks() -> None:
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_renew)


def _renew() -> None:
    if active is not None:
        active.renew()


def stop() -> None:
    """Ends watching."""
    global active
    if active is not None:
        _monitor.witnesses.remove(active.witness)
        _monitor.inner_witnesses.remove(active.witness_part)
        active.leave()
        active = active.previous
        settings.adjust(None if active is None else all_measured)


def _watch_requests() -> Optional[Callable[[], None]]:
    """Has requests be units of their own, as soon as the project has its settings; gives what ends that."""
    if not is_configured():
        return None
    from django.core.handlers.base import BaseHandler

    from mercury.django import any_request

    return any_request.watch(BaseHandler, _tell_fault)


def _tell_fault(error: Exception) -> None:
    tell_fault("Mercury could not watch requests.")


def forget_framework_caches() -> None:
    """Empties what Django keeps for a process's life, so that nothing depends on what ran before."""
    for module, name in (("contenttypes", "ContentType"), ("sites", "Site")):
        models = sys.modules.get(f"django.contrib.{module}.models")
        if models is not None:
            getattr(models, name).objects.clear_cache()
