"""The verdicts of a run as lines that can be compared byte for byte between runs: no duration is in them."""

from mercury.testing.suite import SuiteFinding
from mercury.testing.verdict import SuiteVerdict


def verdict_lines(verdict: SuiteVerdict) -> str:
    """One sorted line for each finding: kind, id, file, line, count and fix with tabs between, in ASCII."""
    return "".join(sorted(_line(judged.finding) for judged in verdict.findings))


def _line(finding: SuiteFinding) -> str:
    cause = finding.cause
    fields = (cause.kind, finding.id, cause.file, str(cause.line), str(cause.count), cause.fix)
    return "\t".join(field.encode("unicode_escape").decode("ascii") for field in fields) + "\n"
