"""The findings of a report as a suite keeps them: with names that are the same on every machine, Python and Django."""

import functools
from pathlib import Path
from typing import Iterator, Sequence

from mercury.analysis import analyze
from mercury.findings import Finding
from mercury.report import Report
from mercury.testing.places import Root, is_of_tests
from mercury.testing.sources import Sources
from mercury.testing.suite import Cause

TIMED = frozenset(("slow_query", "consecutive_independent"))
"""Kinds that depend on the machine and its load, so that a suite's verdict leaves them out."""

_COMPREHENSIONS = ("<listcomp>", "<setcomp>", "<dictcomp>")


def causes(report: Report, root: Root, test_file: str) -> Iterator[Cause]:
    """What the report of a test or of a request in it gives a suite; what a test does wrong itself is left out.

    A test that makes its data in a loop or step by step, or reads relations one by one to compare them, is as it should
    be.
    """
    for finding in report.findings:
        if finding.kind in TIMED:
            continue
        cause = _cause(finding, root)
        if report.workload == "request" or not _is_tests_own(cause, finding.joints, root, test_file):
            yield cause


def _is_tests_own(cause: Cause, joints: Sequence[str], root: Root, test_file: str) -> bool:
    """Does a test send the queries or repeat them? Of duplicates it does where no other code asked for both."""
    joining = [root.relative(file) for file in joints]
    if joining and all(not file or file == test_file or is_of_tests(file) for file in joining):
        return True
    places = (cause.file, cause.loop_file)
    return test_file in places or any(map(is_of_tests, places))


def _cause(finding: Finding, root: Root) -> Cause:
    return Cause(
        kind=finding.kind,
        subject=finding.target if finding.field else _summary(finding),
        target=finding.target,
        database=finding.database,
        file=root.relative(finding.file),
        line=finding.line,
        function=_function(finding, root),
        loop_file=root.relative(finding.loop_file),
        loop_line=finding.loop_line,
        count=finding.count,
        exponent=finding.exponent,
        sql=finding.sql,
        fingerprint=f"{finding.fingerprint:016x}",
        fix=finding.fix,
        why=finding.why,
        is_advisory=finding.is_advisory,
    )


def _function(finding: Finding, root: Root) -> str:
    """As Python 3.12 and newer name it, which run comprehensions in the function around them."""
    if finding.function not in _COMPREHENSIONS:
        return finding.function
    sources = _sources(root.folder)
    if not sources.text(finding.file, finding.line):
        return finding.function
    return sources.function(finding.file, finding.line).rpartition(".")[2] or "<module>"


@functools.lru_cache(maxsize=1)
def _sources(folder: str) -> Sources:
    return Sources(Path(folder))


def _summary(finding: Finding) -> str:
    """What the statement does and to which tables: texts differ from one Django to the next."""
    return analyze(finding.sql).summary or finding.target
