"""The verdict for the terminal, at the end of a run of tests: the most important first, and never endless.

No word in it begins a command that a continuous integration service would obey.
"""

import re
import shutil
from typing import Callable, Iterable, List, Optional, Sequence, TypeVar

from mercury.report.kinds import COLORS
from mercury.report.pen import BOLD, GLUE, GREEN, RED, Pen, counted
from mercury.testing.outputs.telling import (
    budget_sentence,
    by_importance,
    first_few,
    flat_sentence,
    gone_sentence,
    growth_sentence,
    heading,
    next_steps,
    place,
    queries_of,
    statement_sentence,
    totals,
)
from mercury.testing.outputs.text import plain
from mercury.testing.suite import LOST, SuiteFinding
from mercury.testing.verdict import BudgetResult, SuiteVerdict
from mercury.testing.view_growth import SuiteGrowth

MAX_DETAILED = 10
"""New findings that are told in full; MAX_LISTED more have a line each."""
MAX_LISTED = 20
_MAX_LINES = 6
_FEW = 5

_T = TypeVar("_T")


def summary(
    verdict: SuiteVerdict, color: bool = False, width: Optional[int] = None, command: str = "pytest --mercury"
) -> str:
    """The verdict as text, without a line end behind the last line. `command` is what ran the tests."""
    pen = Pen(color, shutil.get_terminal_size((80, 24)).columns if width is None else width)
    new = by_importance(verdict.new)
    lines = _headline(verdict, pen)
    lines += _problems(verdict, pen)
    lines += _new(new, pen)
    lines += _sentences(verdict.passed_budgets, lambda budget: f"Budget passed: {_budget(budget)}.", pen, RED)
    lines += _sentences(verdict.gone, lambda gone: f"Gone: {gone_sentence(gone)}.", pen)
    lines += _growth(verdict.growth, pen) if verdict.growth is not None else []
    lines += _others("Known", verdict.known, pen)
    lines += _others("Advice", verdict.advice, pen)
    lines += _sentences(verdict.notices, lambda notice: f"Notice: {plain(notice, 500)}", pen)
    lines += _not_measured(verdict, pen)
    lines += _next(verdict, pen, command)
    return "\n".join(lines)


def obeyed_by_none(text: str) -> str:
    """The text without what begins a command in the log of GitHub Actions, Azure Pipelines or TeamCity."""
    return re.sub(r"#(?=#\w*\[)", "# ", re.sub(r"(?<!\S):(?=:)", ": ", text))


def _headline(verdict: SuiteVerdict, pen: Pen) -> List[str]:
    ran = f"{counted(len(verdict.suite.tests), 'test', 'tests')}, {counted(queries_of(verdict.suite))}"
    line = f"Mercury  {ran}, {', '.join(totals(verdict)) or 'nothing found'}"
    style = RED if verdict.exit_code else BOLD if verdict.findings else GREEN
    return [pen.paint(each, style) for each in pen.paragraph(line, "", "  ")]


def _problems(verdict: SuiteVerdict, pen: Pen) -> List[str]:
    return _sentences(verdict.problems, lambda problem: f"Could not judge: {plain(problem, 1_000)}", pen, RED)


def _new(findings: Sequence[SuiteFinding], pen: Pen) -> List[str]:
    lines: List[str] = []
    for position, finding in enumerate(findings[:MAX_DETAILED], 1):
        lines += ["", *_detailed(finding, position, pen)]
    listed = findings[MAX_DETAILED : MAX_DETAILED + MAX_LISTED]
    lines += [""] * bool(listed)
    for finding in listed:
        lines += pen.paragraph(obeyed_by_none(_brief(finding)), "  ", "    ")
    left = len(findings) - MAX_DETAILED - len(listed)
    if left > 0:
        lines += pen.paragraph(f"and {counted(left, 'new finding', 'new findings')} more: --mercury-json=FILE has all")
    return lines


def _detailed(finding: SuiteFinding, position: int, pen: Pen) -> List[str]:
    cause = finding.cause
    title = pen.paragraph(obeyed_by_none(f"{position}. {heading(cause)}  {counted(cause.count)}"), "", "   ")
    lines = [pen.paint(line, COLORS.get(cause.kind, BOLD)) for line in title]
    lines += _field(pen, "query", f"{_glued(cause.file, cause.line)}  {plain(cause.function, 200)}")
    if cause.loop_line:
        lines += _field(pen, "loop", _glued(cause.loop_file, cause.loop_line))
    lines += _field(pen, "why", plain(cause.why))
    lines += _field(pen, "fix", plain(cause.fix))
    lines += _field(pen, "tests", first_few(finding.tests))
    return lines + _field(pen, "views", first_few(finding.views))


def _field(pen: Pen, label: str, text: str) -> List[str]:
    return pen.field(label, obeyed_by_none(text.rstrip()), _MAX_LINES) if text else []


def _glued(file: str, line: int) -> str:
    """A place at whose spaces no line ends."""
    return place(file, line).replace(" ", GLUE)


def _brief(finding: SuiteFinding) -> str:
    cause = finding.cause
    loop = f", loop {_glued(cause.loop_file, cause.loop_line)}" if cause.loop_line else ""
    return f"{heading(cause)}, {counted(cause.count)}, {_glued(cause.file, cause.line)}{loop}"


def _budget(budget: BudgetResult) -> str:
    file, line = budget.place
    return budget_sentence(budget) + (f" ({_glued(file, line)})" if file else "")


def _growth(growth: SuiteGrowth, pen: Pen) -> List[str]:
    lines: List[str] = []
    for view in growth.growing[:MAX_LISTED]:
        title = pen.paragraph(obeyed_by_none(f"Grows: {growth_sentence(view)}."), "  ", "    ")
        lines += ["", *(pen.paint(line, RED) for line in title)]
        for statement in view.statements[:_FEW]:
            lines += pen.paragraph(obeyed_by_none(statement_sentence(statement)), "    ", "      ")
        if len(view.statements) > _FEW:
            lines.append(f"    and {counted(len(view.statements) - _FEW, 'statement', 'statements')} more")
    if len(growth.growing) > MAX_LISTED:
        lines.append(f"  and {len(growth.growing) - MAX_LISTED:,} more")
    if flat_sentence(growth):
        lines += ["", *pen.paragraph(f"{flat_sentence(growth)}.", "  ", "    ")]
    return lines + _sentences(growth.unknown, lambda sentence: f"Growth not known: {plain(sentence, 500)}.", pen)


def _sentences(items: Sequence[_T], tell: Callable[[_T], str], pen: Pen, style: str = "") -> List[str]:
    """A paragraph for each of the first items, and how many more there are."""
    lines = [""] * bool(items)
    for item in items[:MAX_LISTED]:
        lines += pen.paragraph(obeyed_by_none(tell(item)), "  ", "    ")
    if len(items) > MAX_LISTED:
        lines.append(f"  and {len(items) - MAX_LISTED:,} more")
    return [pen.paint(line, style) if style else line for line in lines]


def _others(label: str, findings: Iterable[SuiteFinding], pen: Pen) -> List[str]:
    """A line each where there are few, else their number."""
    found = by_importance(findings)
    if len(found) > _FEW:
        return ["", *pen.paragraph(f"{label}: {counted(len(found), 'finding', 'findings')}.")]
    return _sentences(found, lambda finding: f"{label}: {_brief(finding)}.", pen)


def _not_measured(verdict: SuiteVerdict, pen: Pen) -> List[str]:
    suite = verdict.suite
    notes = [plain(note, 500) for note in suite.notes]
    lost = suite.count(LOST)
    if lost:
        notes.append(f"{counted(lost, 'test', 'tests')} began and did not end")
    noted = [test.name for test in suite.tests.values() if test.notes]
    if noted:
        notes.append(f"something in {counted(len(noted), 'test', 'tests')}: {first_few(sorted(noted))}")
    return _sentences(notes, lambda note: f"Not measured: {note.rstrip('.')}.", pen)


def _next(verdict: SuiteVerdict, pen: Pen, command: str) -> List[str]:
    told = next_steps(verdict, f"`{command} --mercury-update`".replace(" ", GLUE))
    return ["", *pen.paragraph(f"Next: {'; '.join(told)}.")] if told else []
