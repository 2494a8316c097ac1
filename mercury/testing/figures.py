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
    by_alias: Dict[str, Queries] = {}
    for group in evidence.groups:
        if not is_of_order and _is_kept_for_life(evidence, group):
            continue
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


def _is_kept_for_life(evidence: Evidence, group: Group) -> bool:
    statement = evidence.statements.get(group.fingerprint)
    return statement is not None and _KEPT_FOR_LIFE.match(statement.canonical) is not None
