"""The end of a run: records become a verdict, the verdict becomes files, a summary and an exit code."""

import functools
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

from mercury import settings
from mercury.errors import BaselineError
from mercury.report.console import wants_color
from mercury.testing import baseline, budgets, caches, endpoints
from mercury.testing.baseline import Baseline
from mercury.testing.outputs import writing
from mercury.testing.outputs.annotations import annotations, wants_annotations
from mercury.testing.outputs.forms import form
from mercury.testing.outputs.markdown import markdown
from mercury.testing.outputs.step_summary import add_to_step_summary
from mercury.testing.outputs.summary import obeyed_by_none, summary
from mercury.testing.records import Reader
from mercury.testing.suite import Suite, SuiteFinding
from mercury.testing.verdict import ADVICE, NEW, JudgedFinding, SuiteVerdict
from mercury.testing.view_growth import growth_of


@dataclass(frozen=True)
class Wishes:
    """What the user has asked for by `command`. `outputs` has the path of each document by the name of its format."""

    command: str
    root: Path
    baseline: Path
    updates: bool = False
    outputs: Dict[str, Path] = field(default_factory=dict)
    grows: bool = False
    """Are tests that say how many rows they make to run at two sizes?"""


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
    """The verdict on a run that has ended; writes the baseline where that is wished. What fails is a problem in it."""
    verdict = SuiteVerdict(suite, [], problems=[str(problem) for problem in settings.load().problems])
    known = _baseline_of(verdict, wishes)
    if known is None:
        verdict.findings = [_unjudged(finding) for finding in suite.findings()]
    else:
        _judge(verdict, known, wishes.root)
    if wishes.grows:
        verdict.growth = growth_of(suite)
    _check_budgets(verdict, baseline.is_conclusive(suite, known or Baseline()))
    if verdict.findings:
        verdict.notices += caches.notices()
    verdict.problems = [_below(wishes.root, problem) for problem in verdict.problems]
    verdict.notices = [_below(wishes.root, notice) for notice in verdict.notices]
    return verdict


def _below(root: Path, sentence: str) -> str:
    """The sentence with paths as a reader of the repository has them."""
    return sentence if root == Path(root.anchor) else sentence.replace(f"{root}{os.sep}", "")


def _baseline_of(verdict: SuiteVerdict, wishes: Wishes) -> Optional[Baseline]:
    """The baseline, if there is one to judge by; why there is none is a problem."""
    if not settings.active().enabled:
        verdict.suite.is_partial = True
        verdict.problems.append(
            "Mercury is off, so nothing was measured: set `enabled` to true, or leave --mercury out."
        )
        return None
    try:
        return _known(verdict, wishes)
    except BaselineError as error:
        verdict.problems.append(str(error))
        return None


def _known(verdict: SuiteVerdict, wishes: Wishes) -> Optional[Baseline]:
    """The baseline, as it is from now on."""
    known = baseline.read(wishes.baseline)
    if wishes.updates:
        update = baseline.update(verdict.suite, known, wishes.root)
        baseline.write(wishes.baseline, update.baseline)
        verdict.notices.append(update.sentence)
        known = update.baseline
    return known


def _judge(verdict: SuiteVerdict, known: Baseline, root: Path) -> None:
    judgment = baseline.judge(verdict.suite, known, root)
    verdict.has_baseline = True
    verdict.findings = judgment.findings
    verdict.gone = judgment.gone
    verdict.is_gone_failing = judgment.is_gone_failing
    verdict.previous = dict(judgment.previous)


def _unjudged(finding: SuiteFinding) -> JudgedFinding:
    return JudgedFinding(finding, ADVICE if finding.cause.is_advisory else NEW)


def _check_budgets(verdict: SuiteVerdict, is_whole: bool) -> None:
    suite, chosen = verdict.suite, settings.active().budgets
    verdict.budgets = budgets.check(suite, chosen, verdict.growth)
    verdict.notices += budgets.notices(suite, chosen, is_whole, verdict.growth)
    if is_whole:
        verdict.notices += endpoints.notices(suite, chosen)


def write(verdict: SuiteVerdict, wishes: Wishes) -> None:
    """Writes the documents that were wished for; what cannot be written is a problem of the verdict."""
    makers: Dict[Path, Callable[[], str]] = {}
    for name, path in wishes.outputs.items():
        if path in makers:
            verdict.problems.append(
                f"{path} was to hold more than one form; {name} was not written. Give it a file of its own."
            )
            continue
        makers[path] = functools.partial(form, name, verdict, wishes.root, wishes.command)
    verdict.problems += writing.write_each(makers)
    problem = add_to_step_summary(lambda left: markdown(verdict, most=left, command=wishes.command))
    if problem is not None:
        verdict.notices.append(problem)


def told(verdict: SuiteVerdict, wishes: Wishes, stream: Any) -> str:
    """The verdict for the terminal behind `stream`, and in a step of GitHub Actions its annotations."""
    text = summary(verdict, color=wants_color(stream), command=wishes.command)
    if not wants_annotations():
        return text
    return f"{obeyed_by_none(text)}\n{annotations(verdict, wishes.root)}"
