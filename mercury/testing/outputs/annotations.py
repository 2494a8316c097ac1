"""The verdict as GitHub's workflow commands, which show at the line in a pull request what is wanting there.

GitHub shows ten errors and ten warnings of a step and drops the others without a word: so the last one says how many
more there are. Source: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

import os
from pathlib import Path
from typing import Iterator, List, Mapping, NamedTuple

from mercury.report.pen import counted
from mercury.testing.outputs.repository import UNKNOWN, Place, Repository
from mercury.testing.outputs.telling import budget_sentence, by_importance, gone_sentence, heading, sentences
from mercury.testing.outputs.text import plain
from mercury.testing.verdict import SuiteVerdict

MAX_PER_LEVEL = 10
_NOWHERE: Place = (UNKNOWN, 1)


class _Annotation(NamedTuple):
    level: str
    title: str
    text: str
    place: Place = _NOWHERE


def wants_annotations(environment: Mapping[str, str] = os.environ) -> bool:
    """Is this a step of GitHub Actions?"""
    return environment.get("GITHUB_ACTIONS") == "true"


def annotations(verdict: SuiteVerdict, root: Path) -> str:
    """A line for each annotation, with its end; empty where nothing is wanting. `root` is the project's root.

    Errors are what fails the run. Without a baseline nothing new does, and is a warning.
    """
    made = list(_all(verdict, Repository(root)))
    lines: List[str] = []
    for level in ("error", "warning"):
        of_level = [each for each in made if each.level == level]
        if len(of_level) > MAX_PER_LEVEL:
            left = len(of_level) - MAX_PER_LEVEL + 1
            told = f"{counted(left, 'annotation', 'annotations')} more than GitHub shows: the step's summary has them."
            of_level = [*of_level[: MAX_PER_LEVEL - 1], _Annotation(level, "Mercury: and more", told)]
        lines += map(_command, of_level)
    return "".join(lines)


def _all(verdict: SuiteVerdict, repository: Repository) -> Iterator[_Annotation]:
    for problem in verdict.problems:
        yield _Annotation("error", "Mercury could not judge", plain(problem))
    for finding in by_importance(verdict.new):
        cause = finding.cause
        level = "error" if verdict.has_baseline else "warning"
        title = f"{heading(cause)}, {counted(cause.count)}"
        yield _Annotation(level, title, sentences(finding, "\n"), repository.place(finding, verdict))
    for budget in verdict.passed_budgets:
        yield _Annotation("error", "Budget passed", f"{budget_sentence(budget)}.", repository.first([budget.place]))
    if verdict.gone:
        level = "error" if verdict.is_gone_failing else "warning"
        for gone in verdict.gone:
            told = f"{gone_sentence(gone)} is in the baseline and was not found again. Fix: run with --mercury-update."
            yield _Annotation(level, "Gone", told)


def _command(annotation: _Annotation) -> str:
    file, line = annotation.place
    where = "" if annotation.place == _NOWHERE else f"file={_property(plain(file))},line={line},"
    return f"::{annotation.level} {where}title={_property(annotation.title)}::{_data(annotation.text)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
