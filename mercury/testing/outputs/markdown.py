"""The verdict as GitHub's Markdown: a comment on a pull request, or the page of a step, with before and after.

What comes from the project stands within code or is escaped: it makes no link, table, image or mention of a person.
"""

import re
from typing import Callable, Iterable, Iterator, List, Sequence, Tuple, TypeVar

from mercury.report.kinds import title
from mercury.report.pen import counted
from mercury.testing.outputs.document import count_before
from mercury.testing.outputs.telling import (
    FEW,
    budget_sentence,
    by_importance,
    growth_sentence,
    heading,
    next_steps,
    place,
    queries_of,
    statement_sentence,
    totals,
)
from mercury.testing.outputs.text import plain
from mercury.testing.suite import SuiteFinding
from mercury.testing.verdict import BudgetResult, SuiteVerdict
from mercury.testing.view_growth import ViewGrowth

MAX_COMMENT = 65_536
"""The most that GitHub takes as a comment: characters there, bytes here, which are never fewer."""

_RESERVED = 1_000
"""Bytes for what closes the parts, and says how much more there is."""

_T = TypeVar("_T")


def markdown(verdict: SuiteVerdict, most: int = MAX_COMMENT, command: str = "pytest --mercury") -> str:
    """The verdict in at most so many bytes of UTF-8, what fails first. `command` is what ran the tests."""
    page = _Page(most)
    page.add([_heading(verdict)])
    page.part("Could not judge", verdict.problems, _item)
    page.part("New findings", by_importance(verdict.new), _detailed)
    page.part("Budgets passed", verdict.passed_budgets, _budget)
    page.part("Views that grow", verdict.growing, _growing)
    page.table("Before and after", ("finding", "where", "before", "after"), list(_changes(verdict)))
    page.folded("Known", [_row(finding) for finding in by_importance(verdict.known)])
    page.folded("Advice, which fails nothing", [_row(finding) for finding in by_importance(verdict.advice)])
    page.part("Notices", verdict.notices, _item)
    page.part("Growth not known", verdict.growth.unknown if verdict.growth else (), _item)
    page.part("Not measured", verdict.suite.notes, _item)
    page.add(["", *_next(verdict, command)])
    return page.text()


class _Page:
    """Takes lines as long as there is room."""

    def __init__(self, most: int) -> None:
        self._left = most - _RESERVED
        self._lines: List[str] = []

    def text(self) -> str:
        return "\n".join(self._lines).rstrip("\n") + "\n"

    def add(self, lines: Sequence[str]) -> bool:
        """All of the lines, or none where there is no room."""
        size = sum(len(line.encode()) + 1 for line in lines)
        if size > self._left:
            return False
        self._left -= size
        self._lines += lines
        return True

    def part(self, heading: str, items: Sequence[_T], tell: Callable[[_T], List[str]]) -> None:
        """A heading and the lines of each item."""
        if items and self.add(["", f"### {heading}"]):
            self._items(map(tell, items), len(items))

    def table(self, heading: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        if rows and self.add(["", f"### {heading}", "", *_table_head(columns)]):
            self._items((["| " + " | ".join(row) + " |"] for row in rows), len(rows))

    def folded(self, heading: str, rows: Sequence[Sequence[str]]) -> None:
        """A table behind a line that opens it."""
        opening = ["", "<details>", f"<summary>{heading}: {len(rows):,}</summary>", ""]
        if rows and self.add([*opening, *_table_head(("finding", "where", "queries"))]):
            self._items((["| " + " | ".join(row) + " |"] for row in rows), len(rows))
            self._lines += ["", "</details>"]

    def _items(self, items: Iterable[List[str]], number: int) -> None:
        for taken, lines in enumerate(items):
            if not self.add(lines):
                self._lines += ["", f"and {number - taken:,} more: `--mercury-json=FILE` has all"]
                return


def _table_head(columns: Sequence[str]) -> List[str]:
    return ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]


def _heading(verdict: SuiteVerdict) -> str:
    mark = ":x:" if verdict.exit_code else ":warning:" if verdict.new else ":white_check_mark:"
    ran = f"{counted(len(verdict.suite.tests), 'test', 'tests')}, {counted(queries_of(verdict.suite))}"
    return f"## {mark} Mercury: {', '.join(totals(verdict)) or 'nothing found'}\n\n{ran}"


def _item(sentence: str) -> List[str]:
    return ["", f"- {_prose(sentence)}"]


def _budget(budget: BudgetResult) -> List[str]:
    return _item(budget_sentence(budget))


def _growing(view: ViewGrowth) -> List[str]:
    told = [f"  - {_prose(statement_sentence(each))}" for each in view.statements[:FEW]]
    left = len(view.statements) - FEW
    more = [f"  - and {counted(left, 'statement', 'statements')} more"] if left > 0 else []
    return [*_item(growth_sentence(view)), *told, *more]


def _detailed(finding: SuiteFinding) -> List[str]:
    cause = finding.cause
    where = f"{_code(place(cause.file, cause.line))} in {_code(cause.function or '?')}"
    loop = f", the loop is at {_code(place(cause.loop_file, cause.loop_line))}" if cause.loop_line else ""
    lines = [
        "",
        f"#### {_prose(title(cause.kind))}: {_code(cause.target or cause.subject)}, {counted(cause.count)}",
        "",
        f"- **Where:** {where}{loop}",
        f"- **Fix:** {_prose(cause.fix or '?')}",
        f"- **Why:** {_prose(cause.why or '?')}",
    ]
    if finding.tests:
        lines.append(f"- **Tests:** {_first_few(finding.tests)}")
    if finding.views:
        lines.append(f"- **Views:** {_first_few(finding.views)}")
    return lines


def _first_few(names: Sequence[str]) -> str:
    named = ", ".join(_code(name) for name in names[:FEW])
    return named if len(names) <= FEW else f"{named} and {len(names) - FEW:,} more"


def _row(finding: SuiteFinding) -> Tuple[str, str, str]:
    cause = finding.cause
    return _cell(heading(cause)), _cell(place(cause.file, cause.line)), f"{cause.count:,}"


def _changes(verdict: SuiteVerdict) -> Iterator[Tuple[str, str, str, str]]:
    """What the baseline has otherwise, the new first."""
    if not verdict.has_baseline:
        return
    for finding in by_importance(verdict.new):
        named, where, count = _row(finding)
        yield named, where, "none", count
    for finding in by_importance(verdict.known):
        before = count_before(finding, verdict.previous)
        if before is not None and before != finding.cause.count:
            named, where, count = _row(finding)
            yield named, where, f"{before:,}", count
    for gone in verdict.gone:
        before = verdict.previous.get(gone.id)
        named = _cell(f"{title(gone.kind)}: {gone.target}")
        yield named, _cell(place(gone.file, 0)), f"{before:,}" if isinstance(before, int) else "?", "none"


def _next(verdict: SuiteVerdict, command: str) -> List[str]:
    told = next_steps(verdict, _code(f"{command} --mercury-update"))
    return [f"**Next:** {'; '.join(told)}."] if told else []


_MARKUP = re.compile(r"[\\`*_\[\]<>|~#&!${}]")


def _code(text: str) -> str:
    """Text as code in a paragraph: its fence is longer than any run of backticks in it."""
    text = plain(text, 300)
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    return f"{fence} {text} {fence}" if "`" in text or not text.strip() else f"{fence}{text}{fence}"


def _cell(text: str) -> str:
    """Text as code in a table, where a fence would not keep a bar from ending the cell."""
    return f"<code>{re.sub(_MARKUP, lambda found: f'&#{ord(found.group())};', plain(text, 300))}</code>"


def _prose(text: str) -> str:
    """Text within a paragraph: no markup, and nobody is told by an at sign, no issue by a number."""
    escaped = _MARKUP.sub(r"\\\g<0>", plain(text, 1_000))
    return re.sub(r"(@|#)(?=\w)", "\\1\u2060", escaped)
