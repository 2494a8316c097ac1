"""What people read of a closed unit of work."""

from typing import List, NamedTuple

from mercury.findings import Finding
from mercury.metrics import PerformanceMetrics


class Report(NamedTuple):
    """One unit of work, judged. `notes` says what was not measured, and why."""

    name: str
    metrics: PerformanceMetrics
    findings: List[Finding]
    notes: List[str]

    def __str__(self) -> str:
        from mercury.report.console import render

        return render(self)
