"""The verdict as SARIF 2.1.0, for GitHub's code scanning and whoever else reads it.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
What the baseline has and the run has not is left out: code scanning closes an alert that is in the file no longer, does
not read baselineState, and would keep open what is there as "absent".
"""

import hashlib
import itertools
import json
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List

from mercury._version import __version__
from mercury.testing.outputs.document import count_before
from mercury.testing.outputs.repository import Place, Repository, uri
from mercury.testing.outputs.rules import BUDGET, rule_text
from mercury.testing.outputs.telling import budget_sentence, by_importance, gone_sentence, sentences
from mercury.testing.outputs.text import plain
from mercury.testing.suite import SuiteFinding
from mercury.testing.verdict import BudgetResult, SuiteVerdict

MAX_RESULTS = 5_000
"""GitHub takes no more of one run."""
MAX_BYTES = 9_000_000
"""Of all results; GitHub refuses a file of more than 10 MB, compressed."""
_MAX_NOTIFICATIONS = 100
_MAX_LINE = 2**31 - 1
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_Json = Dict[str, Any]


def sarif(verdict: SuiteVerdict, root: Path) -> str:
    """The verdict as a SARIF log. `root` is the project's root, which files are relative to."""
    made = _Results(verdict, Repository(root))
    results = _bounded(made)
    left_out = len(verdict.findings) + len(verdict.passed_budgets) - len(results)
    run = {
        "tool": {"driver": {"name": "Mercury", "version": __version__, "rules": [_rule(kind) for kind in made.rules]}},
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(verdict, left_out)],
        "results": results,
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, allow_nan=False, indent=1, sort_keys=True) + "\n"


def _bounded(results: Iterable[_Json]) -> List[_Json]:
    """As many as a reader takes."""
    taken: List[_Json] = []
    size = 0
    for result in itertools.islice(results, MAX_RESULTS):
        size += len(json.dumps(result, indent=1))
        if size > MAX_BYTES:
            break
        taken.append(result)
    return taken


class _Results:
    """The results, what fails first. `rules` has each rule's number as soon as a result has named it."""

    def __init__(self, verdict: SuiteVerdict, repository: Repository) -> None:
        self._verdict = verdict
        self._repository = repository
        self.rules: Dict[str, int] = {}

    def __iter__(self) -> Iterator[_Json]:
        verdict = self._verdict
        for finding in by_importance(verdict.new):
            yield self._finding(finding, "error", "new")
        for budget in verdict.passed_budgets:
            yield self._budget(budget)
        for finding in by_importance(verdict.known + verdict.advice):
            yield self._finding(finding, "note", _state(finding, verdict.previous))

    def _finding(self, finding: SuiteFinding, level: str, state: str) -> _Json:
        cause = finding.cause
        place = self._repository.place(finding, self._verdict)
        result = self._result(plain(cause.kind, 100), level, state, sentences(finding), place, finding.id)
        loop = self._repository.path(cause.loop_file)
        if loop and cause.loop_line:
            related = {"id": 1, "message": {"text": "The loop"}, **_location((loop, cause.loop_line))}
            result["relatedLocations"] = [related]
        return result

    def _budget(self, budget: BudgetResult) -> _Json:
        limit = budget.limit
        identity = "\0".join((budget.subject, limit.what, limit.alias)).encode("utf-8", "surrogatepass")
        identifier = hashlib.blake2b(identity, digest_size=8).hexdigest()
        place = self._repository.first([budget.place])
        return self._result(BUDGET, "error", "new", f"{budget_sentence(budget)}.", place, identifier)

    def _result(self, rule: str, level: str, state: str, text: str, place: Place, identifier: str) -> _Json:
        result = {
            "ruleId": rule,
            "ruleIndex": self.rules.setdefault(rule, len(self.rules)),
            "level": level,
            "message": {"text": text},
            "locations": [_location(place)],
            "partialFingerprints": _fingerprints(identifier),
        }
        return {**result, "baselineState": state} if self._verdict.has_baseline else result


def _state(finding: SuiteFinding, previous: Dict[str, Any]) -> str:
    """How the baseline has what it knows, and what is advice, which it may have or not."""
    if finding.id not in previous:
        return "new" if finding.cause.is_advisory else "unchanged"
    return "unchanged" if count_before(finding, previous) in (None, finding.cause.count) else "updated"


def _fingerprints(identifier: str) -> Dict[str, str]:
    """The first is what GitHub tells alerts apart by; it would otherwise make its own, of the text of the line."""
    return {"primaryLocationLineHash": f"{identifier}:1", "mercuryFindingId/v1": identifier}


def _location(place: Place) -> _Json:
    path, line = place
    artifact = {"uri": uri(path), "uriBaseId": "%SRCROOT%"}
    region = {"startLine": min(line, _MAX_LINE)}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def _rule(kind: str) -> _Json:
    text = rule_text(kind)
    return {
        "id": kind,
        "name": "".join(part.capitalize() for part in kind.split("_")),
        "shortDescription": {"text": text.short},
        "fullDescription": {"text": text.full},
        "help": {"text": f"{text.full} {text.remedy}", "markdown": f"{text.full}\n\n{text.remedy}"},
        "properties": {"tags": ["performance", "database"]},
    }


def _invocation(verdict: SuiteVerdict, left_out: int) -> _Json:
    told = [("error", problem) for problem in verdict.problems]
    if left_out:
        told.append(("warning", f"{left_out:,} results more than a reader takes are left out"))
    told += [("note", f"Gone: {gone_sentence(gone)}") for gone in verdict.gone]
    told += [("note", f"Not measured: {note}") for note in verdict.suite.notes]
    told += [("note", notice) for notice in verdict.notices]
    notifications = [{"level": level, "message": {"text": plain(text)}} for level, text in told[:_MAX_NOTIFICATIONS]]
    return {
        "executionSuccessful": not verdict.problems,
        "exitCode": verdict.exit_code,
        "toolExecutionNotifications": notifications,
    }
