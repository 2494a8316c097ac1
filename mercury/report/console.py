"""A report for the terminal: reads well at 80 columns, with and without color.

`file:line` stands at the start of a word and is never broken, so that terminals and
editors can open it.
"""

import os
import shutil
import sys
from typing import IO, List, Optional

from mercury.findings import Finding
from mercury.report import Report
from mercury.report.kinds import COLORS, title
from mercury.report.pen import BOLD, GLUE, GREEN, Pen, printable
from mercury.report.pen import counted as _count

_SQL_LINES = 3


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
    pen = Pen(color, columns)
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
            "  Nothing found in what was measured." if report.notes else pen.paint("  Nothing found.", GREEN),
        ]
    for ignored in report.ignored:
        finding = ignored.finding
        heading = f"{title(finding.kind)}: {printable(finding.target)}"
        where = f"{shown_path(finding.file)}:{finding.line}"
        lines.append("")
        lines.extend(
            pen.paragraph(f"Ignored: {heading}, {_count(finding.count)}, {where}: {printable(str(ignored.rule))}.")
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
    pen = Pen(False, width)
    lines = ["Repeated, and no finding:" if report.cleared else "No other statement was repeated."]
    for each in report.cleared:
        lines += ["", *pen.paragraph(f"{_count(each.count)}: {printable(each.reason)}")]
        lines += pen.field("query", _place(each.file, each.line, ""))
        lines += pen.field("sql", printable(each.sql), _SQL_LINES)
    return "\n".join(lines)


def shown_path(file: str) -> str:
    """The file relative to the working directory where it lies below it, else as it is."""
    try:
        relative = os.path.relpath(file)
    except (OSError, ValueError):
        return printable(file)
    return printable(file if relative.startswith("..") else relative)


def _heading(report: Report, pen: Pen) -> str:
    title = f"Mercury  {printable(report.name)}" + (f"  [{report.id}]" if report.id else "")
    return pen.paint(title[: pen.width], BOLD)


def _duration(report: Report) -> str:
    return f"{report.metrics.response_time_ms:,.1f} ms"


def _figures(report: Report) -> str:
    metrics = report.metrics
    parts = [_count(metrics.query_count), _duration(report), f"{metrics.query_time_ms:,.1f} ms in the database"]
    if metrics.cache_hits or metrics.cache_misses:
        hits, misses = metrics.cache_hits or 0, metrics.cache_misses or 0
        parts.append(f"cache {_count(hits, 'hit', 'hits')}, {_count(misses, 'miss', 'misses')}")
    return ", ".join(parts)


def _finding(finding: Finding, number: int, pen: Pen) -> List[str]:
    cost = f"{_count(finding.count)}, {finding.duration_ms:,.1f} ms"
    heading = pen.paragraph(f"{number}. {title(finding.kind)}: {printable(finding.target)}", "", "   ")
    lines = [pen.paint(line, COLORS.get(finding.kind, BOLD)) for line in heading]
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
    place = f"{shown_path(file)}:{line}".replace(" ", GLUE)
    return f"{place}  {printable(function)}".rstrip()
