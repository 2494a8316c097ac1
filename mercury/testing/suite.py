"""What a whole test suite did: tests, views and findings, merged from the records of all processes.

Merging takes maxima, unions and, where texts differ, the smallest: so the order of the tests, their
distribution over processes and the number of times that one ran make no difference.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any, Dict, Iterable, List, NamedTuple, Sequence, Tuple

from mercury.findings import GROWING_READS
from mercury.testing.sized_view import SizedView

PASSED = "passed"
FAILED = "failed"
SKIPPED = "skipped"
LOST = "lost"
"""The test began, and its process ended before the test did."""

_OUTCOMES = (PASSED, SKIPPED, FAILED, LOST)
"""The later, the more it counts where one test has run more than once."""


class Queries(NamedTuple):
    """Counts of statements on one database. Transaction control is apart from both others."""

    reads: int = 0
    writes: int = 0
    transactions: int = 0

    @property
    def total(self) -> int:
        """Reads and writes."""
        return self.reads + self.writes

    def plus(self, other: "Queries") -> "Queries":
        return Queries(*map(sum, zip(self, other)))

    def most(self, other: "Queries") -> "Queries":
        return Queries(*map(max, zip(self, other)))


@dataclass
class Figures:
    """What a test or a request cost: the most that was seen. Times are in milliseconds."""

    by_alias: Dict[str, Queries] = field(default_factory=dict)
    response_time_ms: float = 0.0
    query_time_ms: float = 0.0

    @property
    def queries(self) -> Queries:
        """All databases together."""
        total = Queries()
        for queries in self.by_alias.values():
            total = total.plus(queries)
        return total

    def add(self, other: "Figures") -> None:
        """Adds what came besides."""
        for alias, queries in other.by_alias.items():
            self.by_alias[alias] = self.by_alias.get(alias, Queries()).plus(queries)
        self.response_time_ms += other.response_time_ms
        self.query_time_ms += other.query_time_ms

    def raise_to(self, other: "Figures") -> None:
        """Takes the greater of each figure."""
        for alias, queries in other.by_alias.items():
            self.by_alias[alias] = self.by_alias.get(alias, Queries()).most(queries)
        self.response_time_ms = max(self.response_time_ms, other.response_time_ms)
        self.query_time_ms = max(self.query_time_ms, other.query_time_ms)


class Limit(NamedTuple):
    """A maximum of "queries", "reads", "writes", "transactions", "n_plus_one", "ms" or "growth".

    An empty alias means all databases.
    """

    what: str
    alias: str
    most: float

    def used(self, figures: Figures, loops: Sequence[str]) -> float:
        """How much of it somebody has used who cost `figures`; `loops` has the database of each cause that grows."""
        if self.what == "n_plus_one":
            return len(loops) if not self.alias else loops.count(self.alias)
        if self.what == "ms":
            return figures.response_time_ms
        queries = figures.by_alias.get(self.alias, Queries()) if self.alias else figures.queries
        return float(queries.total if self.what == "queries" else getattr(queries, self.what))

    def passed(self, figures: Figures, loops: Sequence[str]) -> str:
        """In words that it was passed; empty where it was not."""
        used = self.used(figures, loops)
        if used <= self.most:
            return ""
        on = f" on {self.alias}" if self.alias else ""
        return f"{used:,g} {self.what}{on}, and at most {self.most:,g} are allowed"


@dataclass(frozen=True)
class Cause:
    """One cause of slow database work, as one unit of one test showed it.

    Files are relative to the project's root where they lie below it, with forward slashes, and those of libraries
    relative to where libraries are installed. `subject` is what the queries are about, the same whatever the Django:
    `Book.author`, or the statement's verbs and tables.
    """

    kind: str
    subject: str
    target: str
    database: str
    file: str
    line: int
    function: str
    loop_file: str
    loop_line: int
    count: int
    exponent: int
    sql: str
    fingerprint: str
    fix: str
    why: str
    is_advisory: bool

    @property
    def place(self) -> Tuple[Any, ...]:
        """What makes two causes of one run one."""
        return (*self.origin, self.line, self.loop_file, self.loop_line)

    @property
    def origin(self) -> Tuple[str, ...]:
        """What stays the same where lines move. Several causes may share it, and are told apart by their order."""
        return (self.kind, self.subject, self.database, self.file, self.function)

    @property
    def weight(self) -> Tuple[Any, ...]:
        """The cause with the greatest weight stands for all of its place."""
        return (self.count, self.exponent, self.sql, self.why, self.fix)


@dataclass(frozen=True)
class SuiteFinding:
    """One cause with all tests and views in which it was found, both sorted."""

    id: str
    """16 hexadecimal digits of BLAKE2b over the cause's origin and its number among those who share it."""
    cause: Cause
    tests: Tuple[str, ...]
    views: Tuple[str, ...]


@dataclass
class TestResult:
    """One test. `name` is module, class and function with dots between, without parameters, which are literals.

    `figures` are those of the whole test, the requests that it made included; `views` has for each route the most that
    one request to it cost. `notes` says what was not measured.
    """

    __test__ = False

    name: str
    file: str = ""
    line: int = 0
    outcome: str = PASSED
    figures: Figures = field(default_factory=Figures)
    views: Dict[str, Figures] = field(default_factory=dict)
    causes: List[Tuple[str, Cause]] = field(default_factory=list)
    """With the view in which each was found; empty for the test itself."""
    limits: Tuple[Limit, ...] = ()
    """The budgets that stand at the test itself."""
    notes: Tuple[str, ...] = ()
    sizes: Dict[int, Dict[str, SizedView]] = field(default_factory=dict)
    """By the number of rows that the test made and by view, where it says how many it makes."""

    def loops(self) -> List[str]:
        """The database of each cause whose queries grow with the rows."""
        places = {cause.place: cause.database for _, cause in self.causes if cause.kind in GROWING_READS}
        return list(places.values())

    def passed(self) -> List[str]:
        """The budgets at the test itself that it has passed, in words."""
        loops = self.loops()
        return [told for told in (limit.passed(self.figures, loops) for limit in self.limits) if told]

    def merge(self, other: "TestResult") -> None:
        """Adds another run of the same test."""
        self.file, self.line = max((self.file, self.line), (other.file, other.line))
        self.outcome = max(self.outcome, other.outcome, key=_OUTCOMES.index)
        self.figures.raise_to(other.figures)
        for name, figures in other.views.items():
            self.views.setdefault(name, Figures()).raise_to(figures)
        self.causes += other.causes
        self.limits = tuple(sorted({*self.limits, *other.limits}))
        self.notes = _union(self.notes, other.notes)
        for rows, sized in other.sizes.items():
            known = self.sizes.setdefault(rows, {})
            for name, view in sized.items():
                known.setdefault(name, SizedView()).raise_to(view)


def _union(some: Iterable[str], others: Iterable[str]) -> Tuple[str, ...]:
    return tuple(sorted({*some, *others}))


@dataclass
class Suite:
    """All tests of a run. `notes` says what was not measured."""

    tests: Dict[str, TestResult] = field(default_factory=dict)
    notes: List[str] = field(default_factory=list)
    is_partial: bool = False
    """Were tests left out on purpose, or did the run stop early?"""
    scope: Tuple[str, ...] = (".",)
    """What was asked to run, sorted: folders and files below the root, or labels; "." is everything."""

    def add(self, result: TestResult) -> None:
        """Adds a test, or another run of one."""
        known = self.tests.get(result.name)
        if known is None:
            self.tests[result.name] = result
        else:
            known.merge(result)

    @property
    def is_complete(self) -> bool:
        """Did every test run to its end? Only then is what was not found gone."""
        return not self.is_partial and all(test.outcome in (PASSED, SKIPPED) for test in self.tests.values())

    def count(self, outcome: str) -> int:
        return sum(test.outcome == outcome for test in self.tests.values())

    def views(self) -> Dict[str, Figures]:
        """By route, the most that one request to it cost in any test."""
        views: Dict[str, Figures] = {}
        for test in self.tests.values():
            for name, figures in test.views.items():
                views.setdefault(name, Figures()).raise_to(figures)
        return views

    def findings(self) -> List[SuiteFinding]:
        """All findings, sorted by file, line and kind."""
        found: Dict[Tuple[Any, ...], _Found] = {}
        for test in self.tests.values():
            for view, cause in test.causes:
                found.setdefault(cause.place, _Found(cause)).add(cause, test.name, view)
        return sorted(_identified(found.values()), key=_order)


def _order(finding: SuiteFinding) -> Tuple[Any, ...]:
    cause = finding.cause
    return (cause.is_advisory, cause.file, cause.line, cause.kind, cause.subject, finding.id)


class _Found:
    """One place, with what was found there."""

    def __init__(self, cause: Cause) -> None:
        self.cause = cause
        self.tests: Dict[str, None] = {}
        self.views: Dict[str, None] = {}

    def add(self, cause: Cause, test: str, view: str) -> None:
        self.cause = max(self.cause, cause, key=lambda each: each.weight)
        self.tests[test] = None
        if view:
            self.views[view] = None


def _identified(found: Iterable[_Found]) -> List[SuiteFinding]:
    findings = []
    numbers: Dict[Tuple[str, ...], int] = {}
    for each in sorted(found, key=lambda each: each.cause.place):
        origin = each.cause.origin
        numbers[origin] = numbers.get(origin, 0) + 1
        findings.append(
            SuiteFinding(
                identifier(origin, numbers[origin]), each.cause, tuple(sorted(each.tests)), tuple(sorted(each.views))
            )
        )
    return findings


def identifier(origin: Tuple[str, ...], number: int) -> str:
    """The id of the number-th cause of an origin, counted from 1 in the order of lines."""
    text = "\0".join((*origin, str(number)))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
