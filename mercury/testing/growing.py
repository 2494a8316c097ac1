"""`mercury.growth`: the proof that a page or a function sends no more queries for more rows, or the line that does.

It runs at two sizes or more. What each run sends is counted by statement, and of each statement the law
is told: so a growing count is seen whatever the page is, and not taken for a loop over constants.
"""

import asyncio
import copy
import inspect
import sys
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Set, Tuple

from mercury import _monitor, settings
from mercury._monitor import Unit
from mercury.analysis import analyze
from mercury.errors import GrowthError
from mercury.findings import Finding
from mercury.report import Report
from mercury.report.console import shown_path
from mercury.settings import Settings
from mercury.testing import sent
from mercury.testing.measuring import all_measured
from mercury.testing.slopes import EXAMPLE, GROWS, SHRINKS, Slope
from mercury.testing.watch import forget_framework_caches
from mercury.trace import Evidence

SIZES = (10, 20)


@dataclass(frozen=True)
class Family:
    """All statements of one fingerprint on one database, at each size.

    `file` and `line` are those of the finding where there is one, else of the first place that sent it. `sql` holds no
    literal. `finding` is what Mercury found at the largest size, or None.
    """

    sql: str
    fingerprint: int
    database: str
    file: str
    line: int
    slope: Slope
    finding: Optional[Finding]

    @property
    def grows(self) -> bool:
        return self.slope.growth == GROWS

    @property
    def target(self) -> str:
        """`Book.author`, or what the statement does."""
        return self.finding.target if self.finding is not None else analyze(self.sql).summary

    def __str__(self) -> str:
        lines = [f"{self.target}: {self.slope}"]
        lines += [f"  query  {shown_path(self.file)}:{self.line}", f"  sql    {self.sql}"]
        if self.finding is not None and self.finding.fix:
            lines.append(f"  fix    {self.finding.fix}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Growth:
    """What a page or a function sent at each size. `families` has the steepest first.

    `notes` says what was not measured: while there is any, nothing is proven.
    """

    name: str
    sizes: Tuple[int, ...]
    families: Tuple[Family, ...]
    notes: Tuple[str, ...] = ()

    @property
    def grows(self) -> bool:
        """Did any statement come more often for more rows?"""
        return bool(self.growing)

    @property
    def growing(self) -> Tuple[Family, ...]:
        return tuple(family for family in self.families if family.grows)

    @property
    def counts(self) -> Tuple[int, ...]:
        """All queries at each size."""
        columns = [family.slope.counts for family in self.families]
        return tuple(sum(column) for column in zip(*columns)) or (0,) * len(self.sizes)

    def at(self, size: int) -> int:
        """How many queries there would be at this size, if each statement goes on as it has."""
        return sum(family.slope.at(size) for family in self.families)

    def assert_no_growth(self, per_row: float = 0.0) -> None:
        """Raises AssertionError where a statement came more often for more rows, or something was not measured.

        `per_row` allows so many further queries of one statement for each further row: what works through rows in
        chunks of 500 sends 0.002.
        """
        steep = [family for family in self.growing if family.slope.per_row > per_row or family.slope.exponent > 1]
        if steep or self.notes:
            raise AssertionError(str(self))

    def __str__(self) -> str:
        (count, size), *others = zip(self.counts, self.sizes)
        told = ", ".join(f"{count:,} at {size:,}" for count, size in others)
        lines = [f"{self.name}: {_queries(count)} at {size:,} rows, {told}"]
        if self.grows:
            lines[0] += f"; {_queries(self.at(EXAMPLE))} at {EXAMPLE:,} rows"
        lines += [str(family) for family in self.growing]
        lines += [_others(self.families)]
        lines += [f"not measured: {note}" for note in self.notes]
        return "\n".join(line for line in lines if line)


def _queries(count: int) -> str:
    return f"{count:,} {'query' if count == 1 else 'queries'}"


def _others(families: Sequence[Family]) -> str:
    flat = sum(not family.grows for family in families)
    fewer = sum(family.slope.growth == SHRINKS for family in families)
    if not flat:
        return ""
    told = f"{flat:,} {'statement does' if flat == 1 else 'statements do'} not grow"
    return f"{told}, {fewer:,} of them came less often for more rows" if fewer else told


def growth(
    target: Any,
    sizes: Sequence[int] = SIZES,
    populate: Optional[Callable[[int], Any]] = None,
    *,
    client: Any = None,
    rollback: bool = True,
    using: Sequence[str] = ("default",),
) -> Growth:
    """Runs a page or a function at each size, and tells which of its statements grow with the rows.

        proof = mercury.growth("book-list", sizes=(10, 20), populate=make_books)
        proof.assert_no_growth()

    `target` is the name of a view without arguments or a path, which `client` gets (a new django.test.Client unless
    given), or a function, plain or async. `populate(size)` makes the rows. It and the target run in a
    transaction on each database of `using`, which is rolled back; with `rollback=False` the caller cleans up. Without
    `populate` the target is a function that is called with the size, and makes do by itself.

    Raises GrowthError where nothing would be proven: sizes that do not ascend, rows that are as many at each size,
    a response of 400 or more; what the target raises passes through. Not to be called where an event loop runs.
    """
    ascending = _ascending(sizes)
    _want_no_loop()
    run = _Target(target, client, populate is None)
    frame = sys._getframe()
    taken = []
    rows: List[int] = []
    for size in ascending:
        with _only_measuring(), _undone(using) if rollback else nullcontext():
            if populate is not None:
                rows.append(_populated(populate, size, using))
            taken.append(_measure(run, size, frame))
    if populate is not None:
        _want_more_rows(ascending, rows)
    notes = tuple(dict.fromkeys(note for sample in taken for note in sample.notes))
    return Growth(run.name, ascending, _families(ascending, taken), notes)


def _ascending(sizes: Sequence[int]) -> Tuple[int, ...]:
    told = tuple(sizes)
    if len(told) < 2 or any(type(size) is not int or size < 1 for size in told):
        raise GrowthError("sizes are two whole numbers from 1 on, or more of them")
    if any(small >= large for small, large in zip(told, told[1:])):
        raise GrowthError("each size has to be larger than the one before: equal sizes prove nothing")
    return told


def _want_no_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise GrowthError("an event loop is running here: call it from a function that is not async")


class _Target:
    """What is run, with its name."""

    def __init__(self, target: Any, client: Any, takes_size: bool) -> None:
        self._target = target
        self._takes_size = takes_size
        self._client = client
        if callable(target):
            self.name = getattr(target, "__qualname__", type(target).__name__)
            return
        if not isinstance(target, str):
            raise TypeError(f"a target is the name of a view, a path or a function, not {type(target).__name__}")
        if takes_size:
            raise GrowthError("a page cannot make its own rows: give populate=")
        self._path = _path(target)
        self.name = f"GET {self._path}"

    def run(self, size: int) -> None:
        """Once. Raises what the target raises, and GrowthError where the response is an error."""
        if callable(self._target):
            arguments = (size,) if self._takes_size else ()
            result = self._target(*arguments)
            answer = _awaited(result) if inspect.isawaitable(result) else result
        else:
            answer = self._get()
        _want_success(getattr(answer, "status_code", None), not callable(self._target), f"{self.name} at {size:,} rows")

    def _get(self) -> Any:
        from django.test import Client

        client = self._client or Client()
        with _requests_apart(client):
            return _read(client.get(self._path))


def _path(target: str) -> str:
    from django.urls import NoReverseMatch, reverse

    if target.startswith("/"):
        return target
    try:
        return str(reverse(target))
    except NoReverseMatch:
        raise GrowthError(
            "there is no view of this name that takes no arguments; "
            "for one that takes some, give a function that gets it: lambda: client.get(...)"
        ) from None


def _awaited(result: Any) -> Any:
    from asgiref.sync import async_to_sync

    async def wait() -> Any:
        return await result

    return async_to_sync(wait)()


def _want_success(status: Any, is_page: bool, what: str) -> None:
    if type(status) is not int:
        return
    if status >= 400:
        raise GrowthError(f"{what} ended with {status}: nothing is proven")
    if is_page and status >= 300:
        raise GrowthError(f"{what} ended with {status}, a redirection: does it want a client that is logged in?")


@contextmanager
def _requests_apart(client: Any) -> Iterator[None]:
    """Each request is a unit of its own, and that of a streamed body lasts until it is read."""
    from mercury.django.any_request import watched

    given = client.handler
    client.handler = handler = copy.copy(given)
    handler.load_middleware()
    if not hasattr(handler.load_middleware, "is_watched_by_mercury"):
        handler._middleware_chain = watched(handler._middleware_chain)
    try:
        yield
    finally:
        client.handler = given


def _read(response: Any) -> Any:
    """A streamed body sends its queries as it is read."""
    if response.streaming:
        response.getvalue()
    return response


@contextmanager
def _undone(using: Sequence[str]) -> Iterator[None]:
    """What happens inside is rolled back on these databases. Without Django there is nothing to roll back."""
    if "django.conf" not in sys.modules:
        yield
        return
    from django.db import transaction

    with ExitStack() as stack:
        for alias in using:
            stack.enter_context(transaction.atomic(using=alias))
        yield
        for alias in using:
            transaction.set_rollback(True, using=alias)


def _populated(populate: Callable[[int], Any], size: int, using: Sequence[str]) -> int:
    """Makes the rows; returns how many there are then in all tables that were written to."""
    seen: List[Evidence] = []
    unit = _open_unit("populate", sys._getframe(), lambda report, evidence: seen.append(evidence))
    try:
        result = populate(size)
        if inspect.isawaitable(result):
            _awaited(result)
    finally:
        unit.close()
    return sum(_count(alias, tables) for alias, tables in _filled(seen).items() if alias in using)


def _filled(seen: List[Evidence]) -> Dict[str, Set[str]]:
    """By database, the tables into which rows were put."""
    found: Dict[str, Set[str]] = {}
    for evidence in seen:
        for group in evidence.groups:
            statement = evidence.statements.get(group.fingerprint)
            analyzed = analyze(statement.canonical) if statement is not None else None
            if analyzed is not None and analyzed.verb == "INSERT":
                found.setdefault(evidence.databases[group.database], set()).update(analyzed.tables)
    return found


def _count(alias: str, tables: Set[str]) -> int:
    """All rows of these tables."""
    from django.db import connections

    connection = connections[alias]
    total = 0
    with connection.cursor() as cursor:
        for table in tables.intersection(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT COUNT(*) FROM {connection.ops.quote_name(table)}")
            total += cursor.fetchone()[0]
    return total


def _want_more_rows(sizes: Sequence[int], rows: Sequence[int]) -> None:
    for small, large, before, after in zip(sizes, sizes[1:], rows, rows[1:]):
        if after <= before:
            raise GrowthError(
                f"populate({large}) made no more rows than populate({small}) where `using` says: nothing is proven"
            )


@dataclass
class _Sample:
    """What was sent at one size."""

    evidence: List[Evidence]
    findings: List[Finding]
    notes: List[str]


def _measure(run: _Target, size: int, frame: Any) -> _Sample:
    """One run. Requests are units of their own where Mercury watches all of them; else they belong to this one."""
    sample = _Sample([], [], [])

    def keep(report: Report, evidence: Evidence) -> None:
        # Where no unit lies around this one it is told twice: as itself, and as one that lies in no other.
        if all(evidence is not known for known in sample.evidence):
            sample.evidence.append(evidence)
            sample.findings += report.findings
            sample.notes += report.notes

    forget_framework_caches()
    unit = _open_unit(run.name, frame, keep)
    _monitor.witnesses.append(keep)
    try:
        run.run(size)
    finally:
        unit.close()
        _monitor.witnesses.remove(keep)
    return sample


def _open_unit(name: str, frame: Any, witness: Callable[[Report, Evidence], None]) -> Unit:
    unit = Unit(name, frame)
    unit.chosen = settings.active()
    unit.witness = witness
    return unit


@contextmanager
def _only_measuring() -> Iterator[None]:
    """The settings, but that nothing is left out, logged or raised."""

    def adjusted(chosen: Settings) -> Settings:
        chosen = all_measured(before(chosen) if before is not None else chosen)
        workloads = {name: replace(each, mode="observe") for name, each in chosen.workloads.items()}
        return replace(chosen, enabled=True, exclude_paths=(), workloads=workloads)

    before = settings.adjust(adjusted)
    try:
        yield
    finally:
        settings.adjust(before)


def _families(sizes: Tuple[int, ...], samples: Sequence[_Sample]) -> Tuple[Family, ...]:
    counted = [sent.counts(sample.evidence) for sample in samples]
    keys = dict.fromkeys(key for counts in reversed(counted) for key in counts)
    origins = {key: origin for sample in samples for key, origin in sent.origins(sample.evidence).items()}
    found = {(each.database, each.fingerprint): each for each in reversed(samples[-1].findings)}
    told = [
        _family(key, Slope(sizes, tuple(counts.get(key, 0) for counts in counted)), origins[key], found.get(key))
        for key in keys
    ]
    return tuple(sorted(told, key=lambda family: (-family.slope.at(EXAMPLE), family.file, family.line, family.sql)))


def _family(key: sent.Key, slope: Slope, origin: sent.Origin, finding: Optional[Finding]) -> Family:
    database, fingerprint = key
    sql, file, line = origin
    if finding is not None:
        file, line = finding.file, finding.line
    return Family(sql, fingerprint, database, file, line, slope, finding)
