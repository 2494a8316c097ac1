"""Assertions about a part of a test: pytest's fixture `mercury`, and the methods of MercuryTestCase.

    with mercury.at_most(queries=10, writes=0):
        client.get("/books/")

Each gives a `Measurement` and raises FindingsError, which is an AssertionError, at the end of the block. It says which
statements were sent, how often and from where; no literal is in it.
"""

import sys
import threading
from types import FrameType, TracebackType
from typing import Any, Dict, List, Optional, Tuple, Type

from mercury._monitor import open_unit, witnesses
from mercury.errors import FindingsError, MonitoringError
from mercury.findings import GROWING_READS, Finding, places
from mercury.report import Report
from mercury.report.console import shown_path
from mercury.report.pen import printable
from mercury.testing.budgets import parse_limits
from mercury.testing.figures import figures_of
from mercury.testing.suite import Figures, Limit
from mercury.trace import Evidence

_MAX_STATEMENTS = 30
"""Statements that a message lists."""


class Statement:
    """Some equal statements of a block from one place."""

    def __init__(self, sql: str, database: str, count: int, place: str) -> None:
        self.sql = sql
        self.database = database
        self.count = count
        self.place = place

    def __str__(self) -> str:
        return f"{self.count:,} x  {printable(self.sql)}\n     {printable(self.place)}"


class Measurement:
    """The database work of a block, once that has ended: `len()` is its queries, transaction control left out."""

    def __init__(
        self, limits: Tuple[Limit, ...], exactly: Optional[int] = None, alias: str = "", info: str = ""
    ) -> None:
        self._limits = limits
        self._exactly = exactly
        self._alias = alias
        self._info = info
        self._unit: Any = None
        self._report: Optional[Report] = None
        self._requests: List[Report] = []
        # A live server's threads end requests at once.
        self._lock = threading.RLock()
        self.figures = Figures()
        self.statements: List[Statement] = []

    def __enter__(self) -> "Measurement":
        self._open(sys._getframe(1))
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self._end(kind is None)

    async def __aenter__(self) -> "Measurement":
        self._open(sys._getframe(1))
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self._end(kind is None)

    def __len__(self) -> int:
        return int(Limit("queries", self._alias, 0).used(self.figures, ()))

    @property
    def report(self) -> Report:
        """The report of the block. Raises MonitoringError until the block has ended."""
        if self._report is None:
            raise MonitoringError("there is no report yet: the measured block has not ended")
        return self._report

    @property
    def captured_queries(self) -> List[Dict[str, str]]:
        """The statements as Django's CaptureQueriesContext has them, but without literals and in groups."""
        return [{"sql": each.sql, "time": ""} for each in self.statements for _ in range(each.count)]

    @property
    def n_plus_one(self) -> List[Finding]:
        """The findings in which each further row costs a further query."""
        return [finding for finding in self.findings if finding.kind in GROWING_READS]

    @property
    def findings(self) -> List[Finding]:
        """Those of the block and of the requests that were made in it."""
        return [finding for report in (self.report, *self._requests) for finding in report.findings]

    def _open(self, frame: FrameType) -> None:
        self._unit = open_unit("block", frame, "block")
        if self._unit is not None:
            self._unit.witness = self._take
            witnesses.append(self._take_request)

    def _end(self, has_passed: bool) -> None:
        is_left_out = self._close()
        if has_passed:
            if is_left_out:
                raise MonitoringError(
                    f"nothing was measured, so nothing can be asserted: {'; '.join(self.report.notes)}"
                )
            self._judge()

    def _close(self) -> bool:
        """Whether nothing of the block was measured."""
        unit, self._unit = self._unit, None
        if unit is None:
            raise MonitoringError("Mercury could not watch this block; its log says why")
        witnesses.remove(self._take_request)
        self._report = unit.close()
        return bool(unit.is_left_out)

    def _take_request(self, report: Report, evidence: Evidence) -> None:
        """A request that is no part of the block's unit: where a suite is watched, each is one of its own."""
        if report.workload == "request":
            with self._lock:
                self._requests.append(report)
                self._take(report, evidence)

    def _take(self, report: Report, evidence: Evidence) -> None:
        figures = figures_of(report, evidence)
        if report.workload == "request":
            figures.response_time_ms = 0.0
        self.figures.add(figures)
        for group in evidence.groups:
            place = places.trigger(evidence.paths[group.path]) if group.path >= 0 else places.NOWHERE
            shown = f"{shown_path(place.file)}:{place.line}"
            known = evidence.statements.get(group.fingerprint)
            sql = "(not kept)" if known is None else known.canonical
            self.statements.append(Statement(sql, evidence.databases[group.database], group.count, shown))

    def _judge(self) -> None:
        loops = [finding.database for finding in self.n_plus_one]
        wrong = [told for told in (limit.passed(self.figures, loops) for limit in self._limits) if told]
        if self._exactly is not None and len(self) != self._exactly:
            wrong.append(f"{len(self):,} queries, and {self._exactly:,} were expected{self._on()}")
        if not wrong:
            return
        error = FindingsError("\n".join(filter(None, [self._info, *wrong, *self._findings(), *self._listed()])))
        error.report = self._report
        raise error

    def _on(self) -> str:
        return f" on {self._alias}" if self._alias else ""

    def _findings(self) -> List[str]:
        told = []
        for finding in self.findings:
            place = f"{shown_path(finding.file)}:{finding.line}"
            told.append(f"{place}: {finding.kind} {printable(finding.target)}, {finding.count:,} times")
            told.append(f"    fix  {printable(finding.fix)}")
        return told

    def _listed(self) -> List[str]:
        told = [str(each) for each in self.statements[:_MAX_STATEMENTS]]
        further = len(self.statements) - len(told)
        return [*told, f"and {further:,} statements more"] if further > 0 else told


class Assertions:
    """What a test can ask for. Limits are those of budgets: queries, reads, writes, transactions, n_plus_one, ms."""

    def measure(self) -> Measurement:
        """Only measures."""
        return Measurement(())

    def at_most(self, **limits: Any) -> Measurement:
        """The block uses no more than this; `using` names the database of the counts."""
        return Measurement(parse_limits(**limits))

    def no_n_plus_one(self) -> Measurement:
        """The block sends no queries that grow with the rows."""
        return Measurement(parse_limits(n_plus_one=0))

    def assert_num_queries(
        self, num: int, connection: Any = None, info: Optional[str] = None, *, using: Optional[str] = None
    ) -> Measurement:
        """As pytest-django's django_assert_num_queries, but transaction control does not count."""
        return Measurement((), num, _alias(connection, using), info or "")

    def assert_max_num_queries(
        self, num: int, connection: Any = None, info: Optional[str] = None, *, using: Optional[str] = None
    ) -> Measurement:
        """As pytest-django's django_assert_max_num_queries, but transaction control does not count."""
        alias = _alias(connection, using)
        return Measurement((Limit("queries", alias, num),), None, alias, info or "")


def _alias(connection: Any, using: Optional[str]) -> str:
    """Which database is meant; Django's helpers mean the default one where nothing is said."""
    if connection is not None:
        return str(connection.alias)
    return using or "default"
