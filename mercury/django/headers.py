"""What a response tells of its own request, for development: `Server-Timing` and `X-Mercury`.

    Server-Timing: total;dur=12.3, db;dur=4.1;desc="5 queries", mercury;desc="1 finding"
    X-Mercury: {"id": "3f2a9c01", "queries": 5, "query_ms": 4.1, ..., "findings": [{"kind": "n_plus_one", ...}]}

Both are plain ASCII without a line end, whatever files and models are called. A streamed
response is on its way before its work is done, so it gets the id alone.
"""

import json
from typing import Any, Dict

from mercury.findings import Finding
from mercury.report import Report
from mercury.report.console import shown_path

SUMMARY = "X-Mercury"
TIMING = "Server-Timing"

MAX_BYTES = 4096
"""Of the summary: servers and proxies refuse headers of 8 KiB."""

MAX_FINDINGS = 10


def add(response: Any, report: Report) -> None:
    """Puts both headers on a response whose work is done."""
    timing = _timing(report)
    earlier = response.headers.get(TIMING)
    response.headers[TIMING] = f"{earlier}, {timing}" if earlier else timing
    response.headers[SUMMARY] = summary(report)


def add_id(response: Any, identifier: str) -> None:
    """Says under which id the report will be found."""
    response.headers[SUMMARY] = json.dumps({"id": identifier})


def summary(report: Report) -> str:
    """The summary of a report; findings that have no room in it are counted under "more"."""
    shown = min(len(report.findings), MAX_FINDINGS)
    while True:
        text = json.dumps(_summary(report, shown))
        if len(text) <= MAX_BYTES or shown == 0:
            return text
        shown -= 1


def _summary(report: Report, shown: int) -> Dict[str, Any]:
    metrics = report.metrics
    return {
        "id": report.id,
        "queries": metrics.query_count,
        "query_ms": round(metrics.query_time_ms, 1),
        "response_ms": round(metrics.response_time_ms, 1),
        "findings": [_finding(finding) for finding in report.findings[:shown]],
        "more": len(report.findings) - shown,
        "ignored": len(report.ignored),
        "over_limits": len(report.exceeded),
        "not_measured": len(report.notes),
    }


def _finding(finding: Finding) -> Dict[str, Any]:
    return {
        "kind": finding.kind,
        "target": finding.target[:100],
        "count": finding.count,
        "at": f"{shown_path(finding.file)[-200:]}:{finding.line}",
    }


def _timing(report: Report) -> str:
    metrics = report.metrics
    queries = f"{metrics.query_count} {'query' if metrics.query_count == 1 else 'queries'}"
    count = sum(not finding.is_advisory for finding in report.findings)
    findings = f"{count} {'finding' if count == 1 else 'findings'}"
    return (
        f'total;dur={metrics.response_time_ms:.1f}, db;dur={metrics.query_time_ms:.1f};desc="{queries}", '
        f'mercury;desc="{findings}"'
    )
