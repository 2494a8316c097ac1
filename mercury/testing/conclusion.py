"""The end of a run: records become a verdict, the verdict becomes files, a summary and an exit code."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List

from mercury.testing.records import Reader
from mercury.testing.suite import Suite
from mercury.testing.verdict import ADVICE, NEW, JudgedFinding, SuiteVerdict


@dataclass(frozen=True)
class Wishes:
    """What the user has asked for. `outputs` has the path of each document by the name of its format."""

    root: Path
    baseline: Path
    updates: bool = False
    outputs: Dict[str, Path] = field(default_factory=dict)


def merged(folder: Path) -> Suite:
    """The suite of all processes that left records in a folder."""
    reader = Reader()
    suite = reader.read(folder)
    suite.is_partial = reader.facts.get("deselected", 0) > 0
    suite.notes += _notes(reader)
    return suite


def _notes(reader: Reader) -> List[str]:
    notes = []
    if reader.facts.get("outside"):
        notes.append(f"{reader.facts['outside']:,} requests outside of tests, such as those of setUpClass")
    if reader.unreadable:
        notes.append(f"{reader.unreadable:,} records of tests could not be read")
    return notes


def conclude(suite: Suite, wishes: Wishes) -> SuiteVerdict:
    """The verdict on a run that has ended."""
    findings = [JudgedFinding(each, ADVICE if each.cause.is_advisory else NEW) for each in suite.findings()]
    return SuiteVerdict(suite, findings)


def told(verdict: SuiteVerdict) -> str:
    """The verdict for the terminal."""
    lines = [f"{len(verdict.suite.tests):,} tests, {len(verdict.findings):,} findings"]
    for each in verdict.findings:
        cause = each.finding.cause
        lines.append(
            f"{each.state} {cause.kind} {cause.target} x{cause.count} {cause.file}:{cause.line} {each.finding.id}"
        )
    return "\n".join(lines)
