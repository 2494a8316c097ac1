"""A report as a JSON document, for programs. docs/report-schema.md tells its fields, report.schema.json proves them.

The version is MAJOR.MINOR. A new field or a new kind of finding raises the minor number, so
readers must pass over what they do not know; anything else raises the major one.
"""

import json
from typing import Any, Dict, List

from mercury._version import __version__
from mercury.findings import Cleared, Finding
from mercury.report import Report
from mercury.suppression import Rule, Suppressed

SCHEMA_VERSION = "1.1"
LARGER = 10
"""How many times the rows `at_10_times_the_rows` is about."""


def document(report: Report) -> Dict[str, Any]:
    """The report in plain dicts, lists, texts, numbers and None. No literal of SQL is in it."""
    return {
        "schema_version": SCHEMA_VERSION,
        "mercury_version": __version__,
        "id": report.id,
        "name": report.name,
        "workload": report.workload,
        "metrics": report.metrics.as_dict(),
        "findings": [finding_document(finding) for finding in report.findings],
        "ignored": [_ignored(ignored) for ignored in report.ignored],
        "cleared": [_cleared(cleared) for cleared in report.cleared],
        "exceeded": list(report.exceeded),
        "not_measured": list(report.notes),
        "stale_ignores": list(report.stale),
        "idle_ignores": list(report.idle),
    }


def dumps(report: Report) -> str:
    """The document as text: one line, ASCII alone, no number that JSON does not know."""
    return json.dumps(document(report), allow_nan=False)


def finding_document(finding: Finding) -> Dict[str, Any]:
    """One finding, as it stands in each document that has findings."""
    return {
        "kind": finding.kind,
        "is_advisory": finding.is_advisory,
        "target": finding.target,
        "model": finding.model,
        "field": finding.field,
        "count": finding.count,
        "duration_ms": finding.duration_ms,
        "database": finding.database,
        "fingerprint": f"{finding.fingerprint:016x}",
        "sql": finding.sql,
        "query": {"file": finding.file, "line": finding.line, "function": finding.function},
        "loop": {"file": finding.loop_file, "line": finding.loop_line} if finding.loop_line else None,
        "places": list(finding.places),
        "tree": list(finding.tree),
        "at_10_times_the_rows": {
            "count": finding.count_at(LARGER),
            "duration_ms": finding.duration_ms_at(LARGER),
        },
        "why": finding.why,
        "fix": finding.fix,
    }


def _ignored(ignored: Suppressed) -> Dict[str, Any]:
    return {"finding": finding_document(ignored.finding), "rule": _rule(ignored.rule)}


def _rule(rule: Rule) -> Dict[str, Any]:
    kinds: List[str] = list(rule.kinds)
    return {
        "kinds": kinds,
        "reason": rule.reason,
        "owner": rule.owner,
        "until": None if rule.until is None else rule.until.isoformat(),
        "where": rule.where,
    }


def _cleared(cleared: Cleared) -> Dict[str, Any]:
    return {
        "sql": cleared.sql,
        "fingerprint": f"{cleared.fingerprint:016x}",
        "database": cleared.database,
        "count": cleared.count,
        "query": {"file": cleared.file, "line": cleared.line},
        "reason": cleared.reason,
    }
