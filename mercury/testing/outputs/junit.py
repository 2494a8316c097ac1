"""The verdict as JUnit XML: the figures of each test as properties, what is wanting as failures.

Each test is a suite of its own, because the schema that Jenkins reads by knows properties of suites alone. Runners that
write a file themselves, as pytest does with --junitxml, take `properties` for it.
"""

import math
from typing import Dict, Iterable, Iterator, List, NamedTuple, Tuple
from xml.sax.saxutils import escape, quoteattr

from mercury.findings.finding import GROWING_READS
from mercury.testing.outputs.telling import budget_sentence, by_importance, gone_sentence, heading, place, sentences
from mercury.testing.outputs.text import plain
from mercury.testing.suite import FAILED, LOST, SKIPPED, TestResult
from mercury.testing.verdict import BudgetResult, SuiteVerdict

_OF_TEST = "test "
"""What the subject of a test's own budget begins with."""


class _Case(NamedTuple):
    """One test case, in a suite of its own; `outcomes` are pairs of an element and its message."""

    owner: str
    name: str
    time_ms: float = 0.0
    properties: Tuple[Tuple[str, str], ...] = ()
    outcomes: Tuple[Tuple[str, str], ...] = ()


def junit(verdict: SuiteVerdict) -> str:
    """The verdict as an XML document. Findings, gone entries and budgets of views are cases beside the tests."""
    cases = [*_tests(verdict), *_budgets(verdict), *_growth(verdict), *_findings(verdict), *_problems(verdict)]
    lines = ['<?xml version="1.0" encoding="utf-8"?>', f'<testsuites name="Mercury" {_counts(cases)}>']
    for case in cases:
        lines += _suite(case)
    return "\n".join([*lines, "</testsuites>", ""])


def properties(test: TestResult) -> List[Tuple[str, str]]:
    """Name and value of a test's figures: its queries, its causes of growing reads, and all causes but advice."""
    causes = {cause.place: cause for _, cause in test.causes if not cause.is_advisory}.values()
    growing = sum(cause.kind in GROWING_READS for cause in causes)
    figures = (("queries", test.figures.queries.total), ("n_plus_one", growing), ("findings", len(causes)))
    return [(f"mercury_{name}", str(value)) for name, value in figures]


def _tests(verdict: SuiteVerdict) -> Iterator[_Case]:
    passed = [budget for budget in verdict.passed_budgets if budget.subject.startswith(_OF_TEST)]
    wanting: Dict[str, List[BudgetResult]] = {budget.subject: [] for budget in passed}
    for budget in passed:
        wanting[budget.subject].append(budget)
    for name in sorted(verdict.suite.tests):
        test = verdict.suite.tests[name]
        owner, _, function = plain(name).rpartition(".")
        outcomes = [*_outcome(test), *map(_failure, wanting.get(_OF_TEST + name, ()))]
        yield _Case(owner, function, test.figures.response_time_ms, tuple(properties(test)), tuple(outcomes))


def _outcome(test: TestResult) -> Iterable[Tuple[str, str]]:
    told = {
        FAILED: ("failure", "the test has failed; the runner tells why"),
        LOST: ("error", "the test began, and its process ended before it did"),
        SKIPPED: ("skipped", ""),
    }
    return [told[test.outcome]] if test.outcome in told else []


def _failure(budget: BudgetResult) -> Tuple[str, str]:
    return "failure", f"{budget_sentence(budget)}."


def _budgets(verdict: SuiteVerdict) -> Iterator[_Case]:
    names = {_OF_TEST + name for name in verdict.suite.tests}
    for budget in verdict.budgets:
        if budget.subject not in names:
            outcomes = (_failure(budget),) if budget.is_passed else ()
            limit = budget.limit
            alias = f" on {plain(limit.alias)}" if limit.alias else ""
            yield _Case("mercury.budgets", f"{plain(budget.subject)}: {plain(limit.what)}{alias}", outcomes=outcomes)


def _growth(verdict: SuiteVerdict) -> Iterator[_Case]:
    """The views that tests requested at two sizes. Growth fails nothing: the queries at each size are properties."""
    for view in verdict.growth.views if verdict.growth is not None else ():
        at_sizes = zip(view.slope.sizes, view.slope.counts)
        figures = tuple((f"mercury_queries_at_{rows}_rows", str(count)) for rows, count in at_sizes)
        grows = ("mercury_growing_statements", str(len(view.statements)))
        yield _Case("mercury.growth", plain(view.view), properties=(*figures, grows))


def _findings(verdict: SuiteVerdict) -> Iterator[_Case]:
    """What fails the run."""
    for finding in by_importance(verdict.new if verdict.has_baseline else ()):
        cause = finding.cause
        name = f"{heading(cause)} at {place(cause.file, cause.line)} ({finding.id})"
        yield _Case("mercury.findings", name, outcomes=(("failure", sentences(finding)),))
    for gone in verdict.gone if verdict.is_gone_failing else ():
        told = "the baseline still has it; --mercury-update takes it out"
        yield _Case("mercury.gone", gone_sentence(gone), outcomes=(("failure", told),))


def _problems(verdict: SuiteVerdict) -> Iterator[_Case]:
    for number, problem in enumerate(verdict.problems, 1):
        yield _Case("mercury.problems", f"problem {number}", outcomes=(("error", plain(problem)),))


def _suite(case: _Case) -> Iterator[str]:
    full = f"{case.owner}.{case.name}" if case.owner else case.name
    yield f" <testsuite name={quoteattr(full)} {_counts([case])}>"
    if case.properties:
        each = "".join(
            f"<property name={quoteattr(name)} value={quoteattr(value)}/>" for name, value in case.properties
        )
        yield f"  <properties>{each}</properties>"
    seconds = case.time_ms / 1_000 if math.isfinite(case.time_ms) else 0
    opening = (
        f"  <testcase classname={quoteattr(case.owner)} name={quoteattr(case.name)} time={quoteattr(f'{seconds:.3f}')}"
    )
    if case.outcomes:
        yield f"{opening}>"
        yield from (_element(name, message) for name, message in case.outcomes)
        yield "  </testcase>"
    else:
        yield f"{opening}/>"
    yield " </testsuite>"


def _element(name: str, message: str) -> str:
    if not message:
        return f"   <{name}/>"
    return f"   <{name} message={quoteattr(message)}>{escape(message)}</{name}>"


def _counts(cases: Iterable[_Case]) -> str:
    cases = list(cases)
    kinds = [{name for name, _ in case.outcomes} for case in cases]
    failures, errors = (sum(name in kind for kind in kinds) for name in ("failure", "error"))
    return f'tests="{len(cases)}" failures="{failures}" errors="{errors}"'
