"""Budgets: the most that a view or a test may cost, by kind of statement and by database.

"budgets": [
    {"view": "GET /books/*", "queries": 10, "alias": "default"},
    {"view": "/reports/*", "queries": 60, "ms": 400},
    {"test": "shop.tests.*", "queries": 50, "n_plus_one": 0},
    {"view": "*", "growth": 0},
]

For each view or test, kind and alias one limit holds: the one at the test itself, else the last that matches.
"""

import difflib
import fnmatch
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, NamedTuple, NoReturn, Optional, Sequence, Tuple

from mercury._settings_sources import django_settings
from mercury.errors import BudgetError
from mercury.findings.finding import GROWING_READS
from mercury.testing.suite import Limit, Suite, TestResult
from mercury.testing.verdict import BudgetResult

if TYPE_CHECKING:
    from mercury.testing.view_growth import SuiteGrowth

__all__ = ["CATEGORIES", "Budget", "check", "notices", "parse", "parse_limits"]

CATEGORIES = ("queries", "reads", "writes", "transactions", "n_plus_one", "ms")
"""What may be limited. Queries are reads and writes; transaction control is apart. "n_plus_one" counts findings."""

GROWTH = "growth"
"""What may be limited of views besides: the further queries of any one statement for each further row."""

MIN_SPARE = 3
"""A budget is not called slack for less than this."""
MAX_NAMED = 50
"""Names that one notice lists."""

_SELECTORS = ("view", "test")
_OF_VIEWS = (*CATEGORIES, GROWTH)


@dataclass(frozen=True)
class Budget:
    """One entry of the setting `budgets`. `where` says which; `kind` is "view" or "test"."""

    kind: str
    pattern: str
    limits: Tuple[Limit, ...]
    where: str

    def covers(self, name: str) -> bool:
        """Is it for this view or test? A pattern for views without a method is for all methods."""
        if self.kind == "view" and self.pattern.startswith("/"):
            name = name.partition(" ")[2]
        return name == self.pattern or fnmatch.fnmatchcase(name, self.pattern)

    def covers_route(self, route: str) -> bool:
        """Is it for requests to this route by any method?"""
        method, _, path = self.pattern.rpartition(" ")
        return self.covers(f"{method or 'GET'} {route}") or route == path or fnmatch.fnmatchcase(route, path)


def parse(value: Any, where: str) -> Budget:
    """The budget that one entry of the settings is. Raises BudgetError."""
    if not isinstance(value, dict):
        raise BudgetError("it is no dict")
    for key in value:
        if type(key) is not str or key not in (*_SELECTORS, *_OF_VIEWS, "alias"):
            _refuse_key(key, (*_SELECTORS, *_OF_VIEWS, "alias"))
    selectors = [key for key in _SELECTORS if key in value]
    if len(selectors) != 1:
        raise BudgetError('it needs either "view" or "test"')
    pattern = value[selectors[0]]
    if type(pattern) is not str or not pattern:
        raise BudgetError(f'its "{selectors[0]}" is no pattern')
    if GROWTH in value and "view" not in value:
        raise BudgetError('"growth" is of views, for the rows of a test grow with its size')
    limits = _limits(value.get("alias", ""), {key: value[key] for key in _OF_VIEWS if key in value})
    return Budget(selectors[0], pattern, limits, where)


def parse_limits(using: str = "", **limits: Any) -> Tuple[Limit, ...]:
    """The limits that stand at a test: `queries=10, n_plus_one=0, ms=50`, or with `using`, for one database alone.

    None means "no limit", whatever the settings say. Raises BudgetError.
    """
    for key in limits:
        if key not in CATEGORIES:
            _refuse_key(key, (*CATEGORIES, "using"))
    return _limits(using, limits)


def _limits(using: Any, limits: Dict[str, Any]) -> Tuple[Limit, ...]:
    if type(using) is not str:
        raise BudgetError("its database is no text")
    if not limits:
        raise BudgetError(f"it limits none of {', '.join(CATEGORIES)}")
    if using and "ms" in limits:
        raise BudgetError('"ms" is the time of the whole, which no single database has')
    return tuple(Limit(what, using, _most(what, limits[what])) for what in _OF_VIEWS if what in limits)


def _most(what: str, value: Any) -> float:
    if value is None:
        return math.inf
    if what in ("ms", GROWTH):
        if type(value) not in (int, float) or not 0 <= value < math.inf:
            raise BudgetError(f'its "{what}" is no number from 0 on')
        return float(value)
    if type(value) is not int or value < 0:
        raise BudgetError(f'its "{what}" is no whole number from 0 on')
    return value


def _refuse_key(key: Any, known: Sequence[str]) -> NoReturn:
    if type(key) is not str:
        raise BudgetError(f"it has a key of type {type(key).__name__}")
    close = difflib.get_close_matches(key[:40].lower(), known, 3)
    hint = f"did you mean {' or '.join(close)}?" if close else f"known are {', '.join(known)}"
    raise BudgetError(f"{key[:40]!a} is nothing that a budget knows; {hint}")


class _Spent(NamedTuple):
    """One limit at one view or test. Those with the same `source`, which says where the limit stands, are one."""

    source: str
    result: BudgetResult


def check(suite: Suite, budgets: Sequence[Budget], growth: "Optional[SuiteGrowth]" = None) -> List[BudgetResult]:
    """What was used of each budget by each view and test that it holds for, sorted by these."""
    return sorted(
        (spent.result for spent in _spent(suite, budgets, growth) if spent.result.limit.most < math.inf),
        key=lambda result: (result.subject, _OF_VIEWS.index(result.limit.what), result.limit),
    )


def notices(
    suite: Suite, budgets: Sequence[Budget], is_whole: bool, growth: "Optional[SuiteGrowth]" = None
) -> List[str]:
    """Budgets that can never fail, and those with slack. Sorted. `is_whole`: did all tests that there are run?"""
    never = [f"{budget.where} can never fail: it has no limit" for budget in budgets if not _finite(budget.limits)]
    if not is_whole:
        return sorted(never)
    spent = _spent(suite, budgets, growth)
    if growth is None:
        # Nobody has asked how views grow.
        budgets = [budget for budget in budgets if any(limit.what != GROWTH for limit in _finite(budget.limits))]
    never += [*_unused(budgets, spent), *_elsewhere(suite, spent)]
    return sorted(never) + sorted(_slack(spent))


def _finite(limits: Iterable[Limit]) -> List[Limit]:
    return [limit for limit in limits if limit.most < math.inf]


def _spent(suite: Suite, budgets: Sequence[Budget], growth: "Optional[SuiteGrowth]") -> List[_Spent]:
    grown = _spent_by_growth(growth, budgets) if growth is not None else ()
    return [*_spent_by_views(suite, budgets), *_spent_by_tests(suite, budgets), *grown]


def _spent_by_views(suite: Suite, budgets: Sequence[Budget]) -> Iterator[_Spent]:
    loops: Dict[str, Dict[Tuple[Any, ...], str]] = {}
    for test in suite.tests.values():
        for view, cause in test.causes:
            if cause.kind in GROWING_READS:
                loops.setdefault(view, {})[cause.place] = cause.database
    for view, figures in suite.views().items():
        for budget, limit in _holding("view", view, budgets):
            if limit.what != GROWTH:
                used = limit.used(figures, list(loops.get(view, {}).values()))
                yield _Spent(budget.where, BudgetResult(f"view {view}", limit, used))


def _spent_by_growth(growth: "SuiteGrowth", budgets: Sequence[Budget]) -> Iterator[_Spent]:
    """By views whose growth is known."""
    for view in growth.views:
        for budget, limit in _holding("view", view.view, budgets):
            if limit.what == GROWTH:
                steep = [each for each in view.statements if limit.alias in ("", each.sent.database)]
                used = max((each.slope.per_row for each in steep), default=0.0)
                yield _Spent(budget.where, BudgetResult(f"view {view.view}", limit, used))


def _spent_by_tests(suite: Suite, budgets: Sequence[Budget]) -> Iterator[_Spent]:
    for test in suite.tests.values():
        loops = test.loops()
        place = (test.file, test.line)
        own = _own_limits(test)
        for limit in own:
            # A class gives each of its tests the same limits: that is one budget.
            yield _Spent(test.name.rpartition(".")[0], _test_result(test, limit, loops, place))
        for budget, limit in _holding("test", test.name, budgets):
            if (limit.what, limit.alias) not in {(each.what, each.alias) for each in own}:
                yield _Spent(budget.where, _test_result(test, limit, loops, place))


def _test_result(test: TestResult, limit: Limit, loops: Sequence[str], place: Tuple[str, int]) -> BudgetResult:
    return BudgetResult(f"test {test.name}", limit, limit.used(test.figures, loops), place)


def _own_limits(test: TestResult) -> List[Limit]:
    """Of several for the same, as parameters may bring them, the greatest: the figures are the greatest, too."""
    own: Dict[Tuple[str, str], Limit] = {}
    for limit in test.limits:
        key = (limit.what, limit.alias)
        own[key] = max(own.get(key, limit), limit)
    return list(own.values())


def _holding(kind: str, name: str, budgets: Sequence[Budget]) -> List[Tuple[Budget, Limit]]:
    """The limits that hold for a view or a test. The last of the list wins, so that exceptions stand below the rule."""
    holding: Dict[Tuple[str, str], Tuple[Budget, Limit]] = {}
    for budget in budgets:
        if budget.kind == kind and budget.covers(name):
            for limit in budget.limits:
                holding[limit.what, limit.alias] = (budget, limit)
    return list(holding.values())


def _unused(budgets: Sequence[Budget], spent: Sequence[_Spent]) -> Iterator[str]:
    holding = {each.source for each in spent}
    for budget in budgets:
        if _finite(budget.limits) and budget.where not in holding:
            yield f"{budget.where} can never fail: it holds for no {budget.kind} of this run"


def _elsewhere(suite: Suite, spent: Sequence[_Spent]) -> Iterator[str]:
    """Limits for databases that nobody has."""
    known = set(getattr(django_settings(), "DATABASES", ()))
    for test in suite.tests.values():
        known |= set(test.figures.by_alias)
    unknown = {(each.source, each.result.limit.alias) for each in spent} - {
        (each.source, alias) for each in spent for alias in ("", *known)
    }
    for source, alias in unknown:
        yield f"{source} can never fail: no database is called {alias[:40]!a}"


def _slack(spent: Sequence[_Spent]) -> Iterator[str]:
    most: Dict[Tuple[str, Limit], List[BudgetResult]] = {}
    for each in spent:
        # Times say more about the machine than about the budget, and growth is none or too much.
        if each.result.limit.what not in ("ms", GROWTH):
            most.setdefault((each.source, each.result.limit), []).append(each.result)
    for (source, limit), results in most.items():
        top = max(results, key=lambda result: (result.used, result.subject))
        spare = limit.most - top.used
        if MIN_SPARE <= spare < math.inf and spare > top.used:
            yield f"{source} has slack: {_words(limit)}, and {top.subject} used most: {top.used:g}"


def _words(limit: Limit) -> str:
    return f"{limit.what}={limit.most:g}" + (f" on {limit.alias}" if limit.alias else "")
