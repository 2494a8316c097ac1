"""Verdicts: what the evidence of one unit of work proves, with the reason and the fix.

One rule a file. A rule gets the whole case and returns findings; a group of queries that one
rule has explained is not explained again by a weaker one, so the order below matters.
"""

from typing import List, NamedTuple, Tuple

from mercury.findings import (
    cleared,
    consecutive_independent,
    duplicate,
    n_plus_one,
    nested,
    remembered,
    repeated_in_loop,
    repeating_pattern,
    slow_query,
    unused_eager_load,
    write_loop,
)
from mercury.findings.case import Case
from mercury.findings.cleared import Cleared
from mercury.findings.finding import GROWING_READS, Finding
from mercury.trace import Evidence

__all__ = ["GROWING_READS", "Cleared", "Finding", "Verdict", "judge"]

_RULES = (
    write_loop.find,
    repeating_pattern.find,
    nested.find,
    n_plus_one.find,
    duplicate.find,
    repeated_in_loop.find,
    slow_query.find,
    consecutive_independent.find,
    unused_eager_load.find,
)


class Verdict(NamedTuple):
    """What was found, the most expensive first, and which repeated statements were let go."""

    findings: List[Finding]
    cleared: List[Cleared]


def judge(evidence: Evidence) -> Verdict:
    """The verdict on a closed unit."""
    if _is_plain(evidence):
        return Verdict([], [])
    # What takes time by itself depends on it.
    key = remembered.key_of(evidence) if _is_quick(evidence) else None
    known = None if key is None else remembered.find(key, evidence)
    findings, let_go = known or _judged(evidence)
    if key is not None and known is None:
        remembered.keep(key, (findings, let_go), evidence)
    findings.sort(key=lambda finding: (finding.is_advisory, -finding.duration_ns, finding.first_event))
    return Verdict(findings, let_go)


def _judged(evidence: Evidence) -> Tuple[List[Finding], List[Cleared]]:
    case = Case(evidence)
    findings = [finding for rule in _RULES for finding in rule(case)]
    return findings, cleared.find(case, findings)


def _is_quick(evidence: Evidence) -> bool:
    duration_ns = evidence.totals.duration_ns
    return duration_ns < slow_query.SLOW_NS and duration_ns < consecutive_independent.SAVED_NS


def _is_plain(evidence: Evidence) -> bool:
    """Was each statement sent once, in no time, and all read that came along? Then no rule has anything to look at."""
    if evidence.eager_loads or not _is_quick(evidence):
        return False
    totals = evidence.totals
    statements = {(group.fingerprint, group.database) for group in evidence.groups}
    return len(statements) + totals.ungrouped_count == totals.query_count
