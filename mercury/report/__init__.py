"""What people read of a closed unit of work."""

from typing import Any, Dict, List, NamedTuple, Tuple

from mercury.capture.sent_queries import SentQuery
from mercury.findings import Cleared, Finding
from mercury.metrics import PerformanceMetrics
from mercury.suppression import Suppressed


class Report(NamedTuple):
    """One unit of work, judged. `notes` says what was not measured, and why.

    `workload` is "request", "task", "command", "test" or "block". `exceeded` tells the limits of its
    settings that it passed, `cleared` which repeated statements are no findings, and why.

    `id` is that of a request whose report is kept or told in a header, else empty.

    `ignored` holds the findings that a rule ignores. `stale` tells of rules that would have, but are broken or
    have expired; `idle` tells where rules stand that were there and had nothing to ignore.

    `queries` has the first queries one by one, where somebody has asked for them; else it is empty.
    """

    name: str
    metrics: PerformanceMetrics
    findings: List[Finding]
    notes: List[str]
    workload: str = "block"
    exceeded: Tuple[str, ...] = ()
    cleared: Tuple[Cleared, ...] = ()
    ignored: Tuple[Suppressed, ...] = ()
    stale: Tuple[str, ...] = ()
    idle: Tuple[str, ...] = ()
    id: str = ""
    queries: Tuple[SentQuery, ...] = ()

    def __str__(self) -> str:
        from mercury.report.console import render

        return render(self)

    def to_dict(self) -> Dict[str, Any]:
        """The report in plain dicts, lists and values; docs/report-schema.md has the fields."""
        from mercury.report.document import document

        return document(self)

    def to_json(self) -> str:
        """The same as JSON text in one line of ASCII."""
        from mercury.report.document import dumps

        return dumps(self)
