"""The words for findings, budgets and entries of the baseline, as every form of the verdict tells them."""

import math
from typing import Any, Iterable, List, Sequence, Tuple

from mercury.report.kinds import TITLES, title
from mercury.report.pen import counted
from mercury.testing.outputs.text import plain, plain_path
from mercury.testing.suite import Cause, Suite, SuiteFinding
from mercury.testing.verdict import BudgetResult, Gone, SuiteVerdict
from mercury.testing.view_growth import GrowingStatement, SuiteGrowth, ViewGrowth

FEW = 3
"""How many tests or views are named where not all are."""

_RANKS = {**{kind: rank for rank, kind in enumerate(TITLES)}, "nested": -1}

_UNITS = {
    "queries": ("query", "queries"),
    "reads": ("read", "reads"),
    "writes": ("write", "writes"),
    "transactions": ("transaction statement", "transaction statements"),
    "n_plus_one": ("N+1", "N+1"),
    "ms": ("ms", "ms"),
    "growth": ("further query for each row", "further queries for each row"),
}


def by_importance(findings: Iterable[SuiteFinding]) -> List[SuiteFinding]:
    """The worst first: by kind, by how the queries grow, by their number, then by place."""
    return sorted(findings, key=_importance)


def _importance(finding: SuiteFinding) -> Tuple[Any, ...]:
    cause = finding.cause
    rank = _RANKS.get(cause.kind, len(_RANKS))
    return (cause.is_advisory, rank, -cause.exponent, -cause.count, cause.file, cause.line, finding.id)


def heading(cause: Cause) -> str:
    """`N+1: Book.author`."""
    return f"{title(cause.kind)}: {plain(cause.target or cause.subject, 200)}"


def place(file: str, line: int, most: int = 300) -> str:
    """`shop/views.py:9`."""
    if not file:
        return "an unknown place"
    return f"{plain_path(file, most)}:{line}" if line else plain_path(file, most)


def first_few(names: Sequence[str], few: int = FEW) -> str:
    """`a, b, c and 4 more`."""
    named = ", ".join(plain(name, 200) for name in names[:few])
    return named if len(names) <= few else f"{named} and {len(names) - few:,} more"


def sentences(finding: SuiteFinding, between: str = " ") -> str:
    """All that must be known about a finding: what, how often, where, the loop, the fix, why, who found it."""
    cause = finding.cause
    told = [f"{heading(cause)}, {counted(cause.count)} at {place(cause.file, cause.line)}"]
    if cause.loop_line:
        told.append(f"The loop is at {place(cause.loop_file, cause.loop_line)}")
    if cause.fix:
        told.append(f"Fix: {plain(cause.fix, 1_000)}")
    if cause.why:
        told.append(f"Why: {plain(cause.why, 1_000)}")
    told += found_in(finding)
    return between.join(f"{sentence.rstrip('.')}." for sentence in told)


def found_in(finding: SuiteFinding) -> List[str]:
    """A sentence for the tests, and one for the views."""
    told = []
    if finding.tests:
        told.append(f"Found in {counted(len(finding.tests), 'test', 'tests')}: {first_few(finding.tests)}")
    if finding.views:
        told.append(f"Found in {counted(len(finding.views), 'view', 'views')}: {first_few(finding.views)}")
    return told


def budget_sentence(budget: BudgetResult) -> str:
    """`view GET /books/ used 14 queries, its budget is 10`."""
    limit = budget.limit
    where = f" on {plain(limit.alias, 100)}" if limit.alias else ""
    used = f"{number(budget.used)} {unit(limit.what, budget.used)}"
    return f"{plain(budget.subject, 300)} used {used}{where}, its budget is {number(limit.most)}"


def unit(what: str, amount: float) -> str:
    """What a budget counts, in words."""
    one, many = _UNITS.get(what, (plain(what, 100),) * 2)
    return one if amount == 1 else many


def gone_sentence(gone: Gone) -> str:
    """`N+1: Book.author, shop/views.py (0123456789abcdef)`."""
    named = f"{title(plain(gone.kind, 100))}: {plain(gone.target, 200)}"
    return f"{named}, {place(gone.file, 0)} ({plain(gone.id, 64)})"


def totals(verdict: SuiteVerdict) -> List[str]:
    """How many there are of each, what fails first: `1 new finding`, `2 budgets passed`."""
    counts = [
        (len(verdict.problems), "problem", "problems"),
        (len(verdict.new), "new finding", "new findings"),
        (len(verdict.passed_budgets), "budget passed", "budgets passed"),
        (len(verdict.gone), "gone", "gone"),
        (len(verdict.growing), "view grows", "views grow"),
        (len(verdict.known), "known", "known"),
        (len(verdict.advice), "advisory", "advisory"),
    ]
    return [counted(*count) for count in counts if count[0]]


def queries_of(suite: Suite) -> int:
    """Reads and writes of all tests."""
    return sum(test.figures.queries.total for test in suite.tests.values())


def next_steps(verdict: SuiteVerdict, update: str) -> List[str]:
    """What a person does now, a clause each; `update` is the command that writes the baseline, as it is to be shown."""
    told = []
    if verdict.problems:
        told.append("mend what could not be judged, and run the tests again")
    elif verdict.new and verdict.has_baseline:
        told.append(f"mend what is new, or accept it with {update}")
    elif verdict.new:
        told.append(f"nothing fails yet; {update} notes these findings, and from then on new ones fail")
    if verdict.passed_budgets:
        told.append("spend less, or raise the budgets that were passed")
    if verdict.gone and not verdict.problems:
        told.append(f"take what is gone out of the baseline with {update}")
    return told


def number(value: float) -> str:
    """`1,206`, `2.5`, `0.002`, and in words what is no number."""
    if not math.isfinite(value):
        return str(float(value))
    if value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 1 else f"{value:.2g}"


def growth_sentence(view: ViewGrowth) -> str:
    """`GET /books/ sends 12 queries at 10 rows and 22 at 20`."""
    (count, rows), *others = zip(view.slope.counts, view.slope.sizes)
    further = " and ".join(f"{each:,} at {size:,}" for each, size in others)
    return f"{plain(view.view, 300)} sends {counted(count)} at {counted(rows, 'row', 'rows')} and {further}"


def statement_sentence(each: GrowingStatement) -> str:
    """`Book.author: 10 -> 20, 1 for each row: 10,000 at 10,000 rows; shop/views.py:9`."""
    return f"{plain(each.target, 200)}: {each.slope}; {place(each.sent.file, each.sent.line)}"


def flat_sentence(growth: SuiteGrowth) -> str:
    """`3 views send no more queries for more rows`; empty where there is none."""
    flat = len(growth.views) - len(growth.growing)
    return f"{counted(flat, 'view sends', 'views send')} no more queries for more rows" if flat else ""
