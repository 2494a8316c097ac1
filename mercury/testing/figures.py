"""What a unit of work cost, by database."""

from typing import Dict

from mercury.core.records import EVENT_WRITE
from mercury.report import Report
from mercury.testing.suite import Figures, Queries
from mercury.trace import Evidence


def figures_of(report: Report, evidence: Evidence) -> Figures:
    """The figures of a report. What is counted for all databases together is under "" where there are several."""
    by_alias: Dict[str, Queries] = {}
    for group in evidence.groups:
        is_write = group.flags & EVENT_WRITE != 0
        queries = Queries(0 if is_write else group.count, group.count if is_write else 0)
        alias = evidence.databases[group.database]
        by_alias[alias] = by_alias.get(alias, Queries()).plus(queries)
    # Transaction control and what came past the bounds.
    rest = Queries(evidence.totals.ungrouped_count, 0, evidence.totals.transaction_count)
    if any(rest):
        alias = evidence.databases[0] if len(evidence.databases) == 1 else ""
        by_alias[alias] = by_alias.get(alias, Queries()).plus(rest)
    return Figures(by_alias, report.metrics.response_time_ms, report.metrics.query_time_ms)
