"""What a unit of work cost, by database."""

import re
from typing import Dict

from mercury.core.records import EVENT_WRITE, Group
from mercury.report import Report
from mercury.testing.suite import Figures, Queries
from mercury.trace import Evidence

_KEPT_FOR_LIFE = re.compile(r'^select .* from ["`\[]?django_(?:content_type|site)\b(?!.* join )')


def figures_of(report: Report, evidence: Evidence, is_of_order: bool = True) -> Figures:
    """The figures of a report. What is counted for all databases together is under "" where there are several.

    Django keeps content types and sites for a process's life, so who reads them is whoever comes first. `is_of_order`
    counts these reads as well.
    """
    counts = [[0, 0] for _ in evidence.databases]
    for group in evidence.groups:
        if is_of_order or not _is_kept_for_life(evidence, group):
            counts[group.database][group.flags & EVENT_WRITE != 0] += group.count
    by_alias: Dict[str, Queries] = {
        alias: Queries(reads, writes) for alias, (reads, writes) in zip(evidence.databases, counts) if reads or writes
    }
    # Transaction control and what came past the bounds.
    rest = Queries(evidence.totals.ungrouped_count, 0, evidence.totals.transaction_count)
    if any(rest):
        alias = evidence.databases[0] if len(evidence.databases) == 1 else ""
        by_alias[alias] = by_alias.get(alias, Queries()).plus(rest)
    return Figures(by_alias, report.metrics.response_time_ms, report.metrics.query_time_ms)


def _is_kept_for_life(evidence: Evidence, group: Group) -> bool:
    statement = evidence.statements.get(group.fingerprint)
    canonical = "" if statement is None else statement.canonical
    # Nearly all name neither table, and that shows in a fraction of the time.
    return "django_" in canonical and _KEPT_FOR_LIFE.match(canonical) is not None
