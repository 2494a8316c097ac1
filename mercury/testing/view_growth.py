"""Which views send more queries where their tests make more rows, told from tests that ran at two sizes.

Of each view and test the requests at one size are taken together: of each statement what one request sent at most.
So a test that requests a view once for each row shows no growth of the view.
"""

from dataclasses import dataclass, replace
from typing import Dict, Iterable, Iterator, List, Optional, Sequence, Set, Tuple

from mercury.analysis import analyze
from mercury.report.pen import counted
from mercury.testing.sized_view import SentStatement
from mercury.testing.slopes import EXAMPLE, GROWS, Slope
from mercury.testing.suite import PASSED, Cause, Suite, TestResult

MAX_NAMED = 50
"""Names that one sentence lists."""


@dataclass(frozen=True)
class GrowingStatement:
    """A statement that one request to a view sends more often for more rows.

    `target` and `fix` are those of the finding where there is one. `test` shows it at its steepest.
    """

    sent: SentStatement
    slope: Slope
    target: str
    fix: str
    test: str


@dataclass(frozen=True)
class ViewGrowth:
    """One view at two sizes: all queries of its dearest request, in the test in which they grow most.

    `statements` has those that grow, the steepest first, of all tests that ran at two sizes.
    """

    view: str
    test: str
    slope: Slope
    statements: Tuple[GrowingStatement, ...]

    @property
    def grows(self) -> bool:
        return bool(self.statements)


@dataclass(frozen=True)
class SuiteGrowth:
    """What is known of a suite's growth: `views`, the steepest first, and in sentences what is not."""

    views: Tuple[ViewGrowth, ...]
    unknown: Tuple[str, ...]

    @property
    def growing(self) -> List[ViewGrowth]:
        return [view for view in self.views if view.grows]


def growth_of(suite: Suite) -> SuiteGrowth:
    """Compares the sizes at which each test ran. The order of tests and of processes makes no difference."""
    found: Dict[str, List[_Shown]] = {}
    for _, test in sorted(suite.tests.items()):
        for shown in _shown(test) if _is_proof(test) else ():
            found.setdefault(shown.view, []).append(shown)
    causes = _causes(suite)
    views = [_view(view, shown, causes) for view, shown in found.items()]
    return SuiteGrowth(tuple(sorted(views, key=_order)), tuple(_unknown(suite, set(found))))


def _order(view: ViewGrowth) -> Tuple[int, str]:
    return (-sum(each.slope.at(EXAMPLE) for each in view.statements), view.view)


def _is_proof(test: TestResult) -> bool:
    return test.outcome == PASSED and len(test.sizes) > 1


@dataclass(frozen=True)
class _Shown:
    """What one test shows of one view."""

    view: str
    test: str
    slope: Slope
    statements: Tuple[Tuple[SentStatement, Slope], ...]


def _shown(test: TestResult) -> Iterator[_Shown]:
    rows = tuple(sorted(test.sizes))
    for view in sorted(set.intersection(*(set(test.sizes[size]) for size in rows))):
        at_sizes = [test.sizes[size][view] for size in rows]
        statements = {key: sent for each in at_sizes for key, sent in each.statements.items()}
        slopes = tuple(
            (sent, Slope(rows, tuple(each.count(key) for each in at_sizes))) for key, sent in sorted(statements.items())
        )
        yield _Shown(view, test.name, Slope(rows, tuple(each.queries for each in at_sizes)), slopes)


_Causes = Dict[Tuple[str, str, str], Cause]
"""By view, database and fingerprint, the weightiest."""


def _causes(suite: Suite) -> _Causes:
    found: _Causes = {}
    for test in suite.tests.values():
        for view, cause in test.causes:
            key = (view, cause.database, cause.fingerprint)
            found[key] = max(found.get(key, cause), cause, key=lambda each: (not each.is_advisory, each.weight))
    return found


def _view(view: str, shown: Sequence[_Shown], causes: _Causes) -> ViewGrowth:
    steepest: Dict[Tuple[str, str], GrowingStatement] = {}
    for each in shown:
        for sent, slope in each.statements:
            known = steepest.get(sent.key)
            if slope.growth == GROWS and (known is None or slope.at(EXAMPLE) > known.slope.at(EXAMPLE)):
                cause = causes.get((view, *sent.key))
                steepest[sent.key] = _growing(sent, slope, cause, each.test)
    # With equal ones the first by name, for max keeps the first.
    top = max(shown, key=lambda each: (each.slope.counts[-1] - each.slope.counts[0], each.slope.counts))
    return ViewGrowth(view, top.test, top.slope, tuple(sorted(steepest.values(), key=_steepness)))


def _growing(sent: SentStatement, slope: Slope, cause: Optional[Cause], test: str) -> GrowingStatement:
    if cause is None:
        return GrowingStatement(sent, slope, analyze(sent.sql).summary, "", test)
    placed = replace(sent, file=cause.file, line=cause.line)
    return GrowingStatement(placed, slope, cause.target, cause.fix, test)


def _steepness(each: GrowingStatement) -> Tuple[int, str, int, str, str]:
    return (-each.slope.at(EXAMPLE), each.sent.file, each.sent.line, each.sent.sql, each.sent.database)


def _unknown(suite: Suite, judged: Set[str]) -> Iterator[str]:
    """Of which tests and views growth is not known, and why."""
    sized = [test for test in suite.tests.values() if test.sizes]
    if not sized:
        yield "no test says how many rows it makes, by the fixture mercury_size or a class attribute of that name"
    failed = [test.name for test in sized if test.outcome != PASSED]
    yield from _named(failed, "test that did not pass at each size", "tests that did not pass at each size")
    alone = [test.name for test in sized if test.outcome == PASSED and len(test.sizes) == 1]
    yield from _named(alone, "test that ran at one size alone", "tests that ran at one size alone")
    noted = [test.name for test in sized if _is_proof(test) and test.notes]
    what = "in which something was not measured"
    yield from _named(noted, f"test {what}", f"tests {what}")
    what = "that no test requested at two sizes"
    yield from _named(set(suite.views()) - judged, f"view {what}", f"views {what}")


def _named(names: Iterable[str], one: str, many: str) -> Iterator[str]:
    listed = sorted(names)
    if listed:
        more = f" and {len(listed) - MAX_NAMED:,} more" if len(listed) > MAX_NAMED else ""
        yield f"{counted(len(listed), one, many)}: {', '.join(listed[:MAX_NAMED])}{more}"
