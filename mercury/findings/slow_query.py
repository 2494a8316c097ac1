"""One statement that took long by itself, in a loop or not.

Advice: time depends on the machine and its load. What the statement's own text proves wasteful is
told with it.
"""

from typing import Dict, List, Tuple

from mercury.analysis import analyze
from mercury.findings.case import Case
from mercury.findings.finding import Finding

KIND = "slow_query"

SLOW_NS = 500_000_000
"""What one run of a statement may take. Sentry, too, draws the line at half a second."""


def find(case: Case) -> List[Finding]:
    """One finding for each statement of which one run was slow."""
    slow: Dict[Tuple[int, int], List[int]] = {}
    for index, group in enumerate(case.evidence.groups):
        if group.longest_ns >= SLOW_NS:
            slow.setdefault((group.fingerprint, group.database), []).append(index)
    return [_finding(case, indexes) for indexes in slow.values()]


def _finding(case: Case, indexes: List[int]) -> Finding:
    groups = [case.evidence.groups[index] for index in indexes]
    longest = max(group.longest_ns for group in groups) / 1e6
    count = sum(group.count for group in groups)
    often = f"the longest of {count:,} runs" if count > 1 else "its only run"
    messages = [advice.message for advice in analyze(case.statement(groups[0].fingerprint).canonical).advice]
    fix = " ".join([*messages, "See what the database does: print(queryset.explain())"])
    return case.finding(KIND, indexes, fix, f"{often} took {longest:,.0f} ms in the database")
