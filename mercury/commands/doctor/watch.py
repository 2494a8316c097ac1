"""A unit of work for an examination alone."""

import sys
from typing import Any, Callable, List, NamedTuple

from mercury._monitor import Unit
from mercury.findings import Finding, judge


class Seen(NamedTuple):
    """What Mercury has seen of a function's work."""

    query_count: int
    findings: List[Finding]


def watch(function: Callable[..., Any], *args: Any) -> Seen:
    """Calls the function in a unit that neither the project's settings nor its listeners ever hear of."""
    unit = Unit("mercury doctor", sys._getframe())
    try:
        function(*args)
    finally:
        unit.leave()
        evidence = unit.trace.close()
    return Seen(evidence.totals.query_count, judge(evidence).findings)
