"""What follows from a report: nothing, a warning in the log, or an exception. The settings decide.

They decide when Mercury speaks, never what it finds: the report always holds everything.
"""

import logging
import sys
from typing import List, Optional, Tuple

from mercury.errors import FindingsError
from mercury.findings import Finding
from mercury.metrics import PerformanceMetrics
from mercury.report import Report, console
from mercury.report.pen import printable
from mercury.settings import Settings

logger = logging.getLogger("mercury")

logs_reports = True
"""False where somebody else tells the reports of this process."""

MAX_TOLD = 20
"""Findings that the message of an exception names."""


def exceeded(chosen: Settings, workload: str, metrics: PerformanceMetrics) -> Tuple[str, ...]:
    """The limits of the workload that a unit has passed, in words."""
    limits = chosen.workload(workload)
    told = []
    if limits.max_query_count is not None and metrics.query_count > limits.max_query_count:
        told.append(f"{metrics.query_count:,} queries, and max_query_count is {limits.max_query_count:,}")
    if limits.max_query_time_ms is not None:
        told += _over("query_time_ms", metrics.query_time_ms, limits.max_query_time_ms)
    if limits.max_response_time_ms is not None:
        told += _over("response_time_ms", metrics.response_time_ms, limits.max_response_time_ms)
    return tuple(told)


def _over(name: str, value: float, limit: float) -> List[str]:
    return [f"{name} is {value:,.1f}, and max_{name} is {limit:,.1f}"] if value > limit else []


def looks_for_dead_ignores(mode: str, workload: str) -> bool:
    """Whether to look for ignores that have died: it costs time, which nobody spends who only observes."""
    return mode != "observe" or workload == "test" or not logs_reports


def tell(chosen: Settings, report: Report) -> None:
    """Logs the report, if its workload is to warn: in full where something is to be said, else in one line.

    Of a command or task that did nothing in a database nobody wants to hear.
    """
    if not logs_reports:
        return
    if report.exceeded or report.stale or _worth_telling(chosen, report):
        if logger.isEnabledFor(logging.WARNING):
            logger.warning("%s", console.render(report, color=console.wants_color(sys.stderr)))
    elif logger.isEnabledFor(logging.INFO) and _is_of_interest(report):
        logger.info("%s", console.summary(report))


def _is_of_interest(report: Report) -> bool:
    return bool(report.workload == "request" or report.metrics.query_count or report.notes)


def failure(chosen: Settings, report: Report) -> Optional[FindingsError]:
    """The exception for the caller to raise, if the workload is to raise and the report gives a reason."""
    if chosen.mode(report.workload) != "raise":
        return None
    findings = [finding for finding in _worth_telling(chosen, report) if not finding.is_advisory]
    stale = report.stale if chosen.stale_ignores == "fail" else ()
    if not findings and not report.exceeded and not stale:
        return None
    error = FindingsError(_message(report, findings, (*report.exceeded, *stale)))
    error.report = report
    return error


def _worth_telling(chosen: Settings, report: Report) -> List[Finding]:
    least = chosen.workload(report.workload).min_repetitions
    return [finding for finding in report.findings if finding.count >= least or finding.kind == "slow_query"]


def _message(report: Report, findings: List[Finding], further: Tuple[str, ...]) -> str:
    lines = [f"Mercury, in {printable(report.name)}:"]
    for finding in findings[:MAX_TOLD]:
        lines += _finding_lines(finding)
    if len(findings) > MAX_TOLD:
        lines.append(f"and {len(findings) - MAX_TOLD} findings more")
    return "\n".join([*lines, *map(printable, further)])


def _finding_lines(finding: Finding) -> List[str]:
    place = f"{console.shown_path(finding.file)}:{finding.line}"
    lines = [f"{place}: {finding.kind} {printable(finding.target)}, {finding.count:,} times"]
    if finding.loop_line:
        lines.append(f"    loop  {console.shown_path(finding.loop_file)}:{finding.loop_line}")
    lines.append(f"    fix   {printable(finding.fix)}")
    return lines
