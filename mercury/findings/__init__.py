"""Verdicts: what the evidence of one unit of work proves, with the reason and the fix.

One rule a file. A rule gets the whole case and returns findings; a group of queries that one
rule has explained is not explained again by a weaker one, so the order below matters.
"""

from typing import List

from mercury.findings import duplicate, n_plus_one, repeated_in_loop, write_loop
from mercury.findings.case import Case
from mercury.findings.finding import Finding
from mercury.trace import Evidence

__all__ = ["Finding", "judge"]

_RULES = (write_loop.find, n_plus_one.find, duplicate.find, repeated_in_loop.find)


def judge(evidence: Evidence) -> List[Finding]:
    """All findings of a closed unit, the most expensive first."""
    case = Case(evidence)
    findings = [finding for rule in _RULES for finding in rule(case)]
    return sorted(findings, key=lambda finding: (finding.is_advisory, -finding.duration_ns, finding.first_event))
