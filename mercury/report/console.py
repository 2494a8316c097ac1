"""A report for the terminal: reads well at 80 columns, with and without color.

`file:line` stands at the start of a word and is never broken, so that terminals and
editors can open it.
"""

import os
import shutil
import sys
import textwrap
from typing import IO, List, Optional

from mercury.findings import Finding
from mercury.report import Report

MIN_WIDTH = 40
MAX_WIDTH = 100
_SQL_LINES = 3
_MORE = " ..."

_TITLES = {
    "n_plus_one": "N+1",
    "nested": "N+1 in an N+1",
    "repeating_pattern": "Repeating pattern",
    "write_loop": "Written in a loop",
    "duplicate": "Duplicate",
    "repeated_in_loop": "Repeated in a loop",
    "slow_query": "Slow",
    "consecutive_independent": "One after the other",
    "unused_eager_load": "Loaded and not read",
}
_COLORS = {
    "n_plus_one": "31;1",
    "nested": "31;1",
    "repeating_pattern": "31;1",
    "write_loop": "31;1",
    "duplicate": "33;1",
    "repeated_in_loop": "36",
    "slow_query": "36",
    "consecutive_independent": "36",
    "unused_eager_load": "36",
}
_BOLD = "1"
_DIM = "2"
_GREEN = "32"

_GLUE = "\0"
"""Stands for a space at which no line may end; what is printable has no such character."""


class _Pen:
    """Writes in color, or not."""

    def __init__(self, color: bool, width: int) -> None:
        self._color = color
        self.width = width

    def paint(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._color and text else text

    def paragraph(self, text: str, first: str = "  ", rest: str = "  ") -> List[str]:
        lines = textwrap.wrap(
            text,
            self.width,
            initial_indent=first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        )
        return [line.replace(_GLUE, " ") for line in lines] or [first]

    def field(self, label: str, text: str, limit: Optional[int] = None) -> List[str]:
        """A labelled paragraph, its lines aligned behind the label."""
        head = f"  {label:<5}"
        indent = " " * (len(head) + 2)
        lines = self.paragraph(text, indent, indent)
        if limit is not None and len(lines) > limit:
            lines = lines[:limit]
            while len(lines[-1]) + len(_MORE) > self.width and " " in lines[-1].strip():
                lines[-1] = lines[-1].rpartition(" ")[0]
            lines[-1] += _MORE
        lines[0] = self.paint(head, _DIM) + lines[0][len(head) :]
        return lines

    def branch(self, label: str, text: str) -> List[str]:
        """A line whose indentation counts; cut where it is too long."""
        head = f"  {label:<5}  "
        return [self.paint(head, _DIM) + text[: max(MIN_WIDTH, self.width) - len(head)].replace(_GLUE, " ")]


def wants_color(stream: Optional[IO[str]] = None) -> bool:
    """Whether to use color on a stream: NO_COLOR and dumb terminals say no, FORCE_COLOR says yes."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    stream = sys.stdout if stream is None else stream
    return bool(getattr(stream, "isatty", lambda: False)()) and os.environ.get("TERM") != "dumb"


def render(report: Report, color: bool = False, width: Optional[int] = None) -> str:
    """The report as text, without a line end behind the last line."""
    columns = shutil.get_terminal_size((80, 24)).columns if width is None else width
    pen = _Pen(color, max(MIN_WIDTH, min(columns, MAX_WIDTH)))
    lines = [_heading(report, pen), *pen.paragraph(_figures(report))]
    for number, finding in enumerate(report.findings, 1):
        lines.append("")
        lines.extend(_finding(finding, number, pen))
    for limit in report.exceeded:
        lines.append("")
        lines.extend(pen.paragraph(f"Over a limit: {limit}."))
    if not report.findings and not report.exceeded:
        lines += [
            "",
            "  Nothing found in what was measured." if report.notes else pen.paint("  Nothing found.", _GREEN),
        ]
    for ignored in report.ignored:
        finding = ignored.finding
        title = f"{_TITLES.get(finding.kind, finding.kind)}: {printable(finding.target)}"
        where = f"{shown_path(finding.file)}:{finding.line}"
        lines.append("")
        lines.extend(
            pen.paragraph(f"Ignored: {title}, {_count(finding.count)}, {where}: {printable(str(ignored.rule))}.")
        )
    for sentence in report.stale:
        lines.append("")
        lines.extend(pen.paragraph(f"Stale: {printable(sentence)}."))
    for note in report.notes:
        lines.append("")
        lines.extend(pen.paragraph(f"Not measured: {note}."))
    return "\n".join(lines)


def summary(report: Report) -> str:
    """One line: what ran, how many queries, what was found."""
    count = sum(not finding.is_advisory for finding in report.findings)
    told = [_count(count, "finding", "findings")] if count else []
    if report.exceeded:
        told.append(f"over {_count(len(report.exceeded), 'limit', 'limits')}")
    if report.ignored:
        told.append(f"{len(report.ignored):,} ignored")
    found = ", ".join(told) or "nothing found"
    if report.notes and not told:
        found += " in what was measured"
    told_as = f" [{report.id}]" if report.id else ""
    return f"{printable(report.name)}: {_count(report.metrics.query_count)} in {_duration(report)}, {found}{told_as}"


def cleared(report: Report, width: int) -> str:
    """Which repeated statements are no findings, and why, as text."""
    pen = _Pen(False, max(MIN_WIDTH, min(width, MAX_WIDTH)))
    lines = ["Repeated, and no finding:" if report.cleared else "No other statement was repeated."]
    for each in report.cleared:
        lines += ["", *pen.paragraph(f"{_count(each.count)}: {printable(each.reason)}")]
        lines += pen.field("query", _place(each.file, each.line, ""))
        lines += pen.field("sql", printable(each.sql), _SQL_LINES)
    return "\n".join(lines)


def printable(text: str) -> str:
    """Text without control characters: names come from the host and may hold escape sequences."""
    return "".join(character if character.isprintable() else "?" for character in text)


def shown_path(file: str) -> str:
    """The file relative to the working directory where it lies below it, else as it is."""
    try:
        relative = os.path.relpath(file)
    except (OSError, ValueError):
        return printable(file)
    return printable(file if relative.startswith("..") else relative)


def _heading(report: Report, pen: _Pen) -> str:
    title = f"Mercury  {printable(report.name)}" + (f"  [{report.id}]" if report.id else "")
    return pen.paint(title[: pen.width], _BOLD)


def _duration(report: Report) -> str:
    return f"{report.metrics.response_time_ms:,.1f} ms"


def _figures(report: Report) -> str:
    metrics = report.metrics
    parts = [_count(metrics.query_count), _duration(report), f"{metrics.query_time_ms:,.1f} ms in the database"]
    if metrics.cache_hits or metrics.cache_misses:
        hits, misses = metrics.cache_hits or 0, metrics.cache_misses or 0
        parts.append(f"cache {_count(hits, 'hit', 'hits')}, {_count(misses, 'miss', 'misses')}")
    return ", ".join(parts)


def _count(number: int, one: str = "query", many: str = "queries") -> str:
    return f"{number:,} {one if number == 1 else many}"


def _finding(finding: Finding, number: int, pen: _Pen) -> List[str]:
    title = _TITLES.get(finding.kind, finding.kind)
    cost = f"{_count(finding.count)}, {finding.duration_ms:,.1f} ms"
    heading = pen.paragraph(f"{number}. {title}: {printable(finding.target)}", "", "   ")
    lines = [pen.paint(line, _COLORS.get(finding.kind, _BOLD)) for line in heading]
    if len(heading[-1]) + 2 + len(cost) <= pen.width:
        lines[-1] += "  " + cost
    else:
        lines.append("   " + cost)
    lines += pen.field("query", _place(finding.file, finding.line, finding.function))
    if finding.loop_line:
        lines += pen.field("loop", _place(finding.loop_file, finding.loop_line, ""))
    for index, line in enumerate(finding.tree):
        lines += pen.branch("" if index else "tree", printable(line))
    lines += pen.field("sql", printable(finding.sql), _SQL_LINES)
    lines += pen.field("why", printable(finding.why))
    if finding.exponent:
        lines += pen.field("cost", f"{_cost_at(finding, 10)} at 10 times the rows")
    lines += pen.field("fix", printable(finding.fix))
    return lines


def _cost_at(finding: Finding, factor: int) -> str:
    return f"{_count(finding.count_at(factor))}, {finding.duration_ms_at(factor):,.0f} ms"


def _place(file: str, line: int, function: str) -> str:
    place = f"{shown_path(file)}:{line}".replace(" ", _GLUE)
    return f"{place}  {printable(function)}".rstrip()
