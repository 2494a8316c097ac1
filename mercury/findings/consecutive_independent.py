"""Statements in a row that do not need each other, and together take long.

    async def page():
        books = await Book.objects.acount()        these could run
        authors = await Author.objects.acount()    at the same time

Told only where nothing of the one can be in the other: no statement of the row has a value in it. And
only where running them together would save time that a person notices. Advice.
"""

from inspect import CO_COROUTINE
from typing import Any, Dict, List

from mercury.core.records import EVENT_WRITE
from mercury.findings.case import Case
from mercury.findings.finding import Finding

KIND = "consecutive_independent"

SAVED_NS = 100_000_000
"""What running the statements together must save at least. Sentry, too, draws the line there."""


def find(case: Case) -> List[Finding]:
    """One finding for each function that sends such a row."""
    if case.evidence.totals.duration_ns < SAVED_NS:
        return []
    rows: Dict[Any, List[int]] = {}
    for index, group in enumerate(case.evidence.groups):
        if group.count == 1 and not group.flags & EVENT_WRITE and not _has_values(case, index):
            rows.setdefault(_caller(case, index), []).append(index)
    return [_finding(case, row) for indexes in rows.values() for row in _in_a_row(case, indexes) if _saved(case, row)]


def _has_values(case: Case, index: int) -> bool:
    """A list of columns may be written as values as well; what decides is a condition."""
    canonical = case.statement(case.evidence.groups[index].fingerprint).canonical
    return not canonical.startswith("select ") or "?" in canonical.partition(" from ")[2].partition(" limit ")[0]


def _caller(case: Case, index: int) -> Any:
    """The function that asks, and the way to it."""
    path = case.path(case.evidence.groups[index])[:-1]
    way = tuple((id(entry.code), entry.offset, entry.element) for entry in path[:-1])
    return way, id(path[-1].code) if path else 0


def _in_a_row(case: Case, indexes: List[int]) -> List[List[int]]:
    found: List[List[int]] = []
    last = -2
    for index in indexes:
        event = case.evidence.groups[index].first_event
        if event == last + 1:
            found[-1].append(index)
        else:
            found.append([index])
        last = event
    return [row for row in found if len(row) > 1]


def _saved(case: Case, row: List[int]) -> bool:
    durations = [case.evidence.groups[index].duration_ns for index in row]
    return sum(durations) - max(durations) >= SAVED_NS


def _finding(case: Case, row: List[int]) -> Finding:
    path = case.path(case.evidence.groups[row[0]])
    is_async = any(entry.code.co_flags & CO_COROUTINE for entry in path[-2:])
    how = "asyncio.gather(...)" if is_async else "a ThreadPoolExecutor, or make one statement of them"
    lines = ", ".join(str(case.trigger(case.evidence.groups[index]).line) for index in row)
    why = f"{len(row)} statements without a value of each other ran one after the other, at lines {lines}"
    return case.finding(KIND, row, f"run them at the same time, with {how}", why)
