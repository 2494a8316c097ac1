"""The verdict on a suite as a JSON document. docs/suite-schema.md tells its fields, suite.schema.json proves them.

The version is MAJOR.MINOR. A new field or a new kind of finding raises the minor number, so readers must pass over
what they do not know; anything else raises the major one. Equal verdicts are equal bytes but for times.
"""

import json
import math
import sys
from typing import Any, Dict, Optional

from mercury._version import __version__
from mercury.testing.outputs.text import plain, plain_path
from mercury.testing.slopes import EXAMPLE
from mercury.testing.suite import Figures, SuiteFinding, TestResult
from mercury.testing.verdict import BudgetResult, Gone, JudgedFinding, SuiteVerdict
from mercury.testing.view_growth import GrowingStatement, SuiteGrowth, ViewGrowth

SCHEMA_VERSION = "1.1"


def document(verdict: SuiteVerdict) -> Dict[str, Any]:
    """The verdict in plain dicts, lists, texts, numbers and None. No literal of SQL is in it."""
    suite = verdict.suite
    tests = sorted(suite.tests.values(), key=lambda test: test.name)
    return {
        "schema_version": SCHEMA_VERSION,
        "mercury_version": __version__,
        "django_version": getattr(sys.modules.get("django"), "__version__", None),
        "is_complete": suite.is_complete,
        "has_baseline": verdict.has_baseline,
        "exit_code": verdict.exit_code,
        "findings": [_finding(judged, verdict.previous) for judged in verdict.findings],
        "gone": [_gone(gone) for gone in verdict.gone],
        "budgets": [_budget(budget) for budget in verdict.budgets],
        "growth": None if verdict.growth is None else _growth(verdict.growth),
        "notices": [plain(notice) for notice in verdict.notices],
        "problems": [plain(problem) for problem in verdict.problems],
        "tests": [_test(test) for test in tests],
        "not_measured": [plain(note) for note in suite.notes],
    }


def dumps(verdict: SuiteVerdict) -> str:
    """The document as text: ASCII alone, keys sorted, no number that JSON does not know."""
    return json.dumps(document(verdict), allow_nan=False, indent=1, sort_keys=True) + "\n"


def _finding(judged: JudgedFinding, previous: Dict[str, Any]) -> Dict[str, Any]:
    finding = judged.finding
    cause = finding.cause
    return {
        "id": finding.id,
        "state": judged.state,
        "kind": plain(cause.kind),
        "subject": plain(cause.subject),
        "target": plain(cause.target),
        "database": plain(cause.database),
        "file": plain_path(cause.file),
        "line": cause.line,
        "function": plain(cause.function),
        "loop": {"file": plain_path(cause.loop_file), "line": cause.loop_line} if cause.loop_line else None,
        "count": cause.count,
        "previous_count": count_before(finding, previous),
        "sql": plain(cause.sql),
        "fingerprint": plain(cause.fingerprint),
        "why": plain(cause.why),
        "fix": plain(cause.fix),
        "tests": [plain(test) for test in finding.tests],
        "views": [plain(view) for view in finding.views],
    }


def count_before(finding: SuiteFinding, previous: Dict[str, Any]) -> Optional[int]:
    """The count that the baseline has for a finding, None where it has none."""
    before = previous.get(finding.id)
    return before if isinstance(before, int) and before >= 0 else None


def _gone(gone: Gone) -> Dict[str, Any]:
    return {
        "id": plain(gone.id),
        "kind": plain(gone.kind),
        "target": plain(gone.target),
        "file": plain_path(gone.file),
    }


def _budget(budget: BudgetResult) -> Dict[str, Any]:
    file, line = budget.place
    return {
        "subject": plain(budget.subject),
        "what": plain(budget.limit.what),
        "database": plain(budget.limit.alias),
        "most": _finite(budget.limit.most),
        "used": _finite(budget.used),
        "is_passed": budget.is_passed,
        "file": plain_path(file),
        "line": line,
    }


def _growth(growth: SuiteGrowth) -> Dict[str, Any]:
    return {
        "views": [_view_growth(view) for view in growth.views],
        "unknown": [plain(sentence) for sentence in growth.unknown],
    }


def _view_growth(view: ViewGrowth) -> Dict[str, Any]:
    return {
        "view": plain(view.view),
        "test": plain(view.test),
        "rows": list(view.slope.sizes),
        "queries": list(view.slope.counts),
        "statements": [_growing_statement(each) for each in view.statements],
    }


def _growing_statement(each: GrowingStatement) -> Dict[str, Any]:
    return {
        "target": plain(each.target),
        "database": plain(each.sent.database),
        "file": plain_path(each.sent.file),
        "line": each.sent.line,
        "sql": plain(each.sent.sql),
        "fingerprint": plain(each.sent.fingerprint),
        "fix": plain(each.fix),
        "test": plain(each.test),
        "rows": list(each.slope.sizes),
        "counts": list(each.slope.counts),
        "per_row": each.slope.per_row,
        "exponent": each.slope.exponent,
        "foretold": {"rows": EXAMPLE, "queries": each.slope.at(EXAMPLE)},
    }


def _test(test: TestResult) -> Dict[str, Any]:
    return {
        "name": plain(test.name),
        "file": plain_path(test.file),
        "line": test.line,
        "outcome": test.outcome,
        **_figures(test.figures),
        "views": {plain(name): _figures(figures) for name, figures in test.views.items()},
        "not_measured": [plain(note) for note in test.notes],
    }


def _figures(figures: Figures) -> Dict[str, Any]:
    return {
        "queries": {plain(alias): queries._asdict() for alias, queries in figures.by_alias.items()},
        "response_time_ms": _finite(figures.response_time_ms),
        "query_time_ms": _finite(figures.query_time_ms),
    }


def _finite(value: float) -> Optional[float]:
    return value if math.isfinite(value) else None
