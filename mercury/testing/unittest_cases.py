"""Tests written as unittest's cases, whoever runs them: from setUp to the last cleanup, each is one watched test."""

import contextlib
import functools
import sys
import unittest
from typing import Any, Dict, Iterator, Optional, Tuple

from mercury.testing import sizes, watch
from mercury.testing.budgets import parse_limits
from mercury.testing.measuring import measuring_all
from mercury.testing.places import definition
from mercury.testing.suite import FAILED, PASSED, SKIPPED


def watch_cases() -> None:
    """Has every case be watched that runs while somebody watches. Safe to call again."""
    run = unittest.TestCase.run
    if hasattr(run, "is_watched_by_mercury"):
        return

    @functools.wraps(run)
    def watched(self: Any, result: Any = None) -> Any:
        active = watch.active
        if active is None:
            return run(self, result)
        before = _counts(result)
        active.limits += _limits(self)
        active.size = sizes.of_case(type(self))
        active.begin(_name(self), _place(self), sys._getframe())
        # The first cleanup is the last to run, and what it raises is the test's own failure.
        self.addCleanup(_judge, active)
        try:
            return run(self, result)
        finally:
            active.end()
            if active.hands_over_cases:
                _hand_over(active, before, _counts(result))

    watched.is_watched_by_mercury = True  # type: ignore[attr-defined]
    unittest.TestCase.run = watched  # type: ignore[method-assign]


@contextlib.contextmanager
def watched_alone(budget: Optional[Dict[str, Any]]) -> Iterator[None]:
    """Has a case be measured whole, and one with a budget be watched, where nobody watches the suite."""
    if not budget or watch.active is not None:
        with measuring_all():
            yield
        return
    watch_cases()
    watch.start(None, ".")
    try:
        yield
    finally:
        watch.stop()


def _name(case: Any) -> str:
    """The case's id, the same at each of its sizes."""
    first = sizes.first(type(case))
    return str(case.id()) if first is type(case) else f"{first.__module__}.{first.__qualname__}.{case._testMethodName}"


def _limits(case: Any) -> Any:
    budget = getattr(case, "mercury_budget", None)
    return parse_limits(**budget) if budget else ()


def _judge(active: watch.Watch) -> None:
    active.end()
    failure = active.failure()
    if failure is not None:
        raise failure


def _hand_over(active: watch.Watch, before: Tuple[int, int], after: Tuple[int, int]) -> None:
    ended = active.take()
    if ended is not None:
        ended.outcome = FAILED if after[0] > before[0] else SKIPPED if after[1] > before[1] else PASSED
        active.hand_over(ended)


_WRONG = {"failures": "addFailure", "errors": "addError", "unexpectedSuccesses": "addUnexpectedSuccess"}
"""The lists of a result by the events that Django's parallel workers keep instead."""


def _counts(result: Any) -> Tuple[int, int]:
    """How many tests of a result have gone wrong, and how many were skipped."""
    events = getattr(result, "events", None)
    if events is not None:
        names = [event[0] for event in events]
        failed_parts = sum(event[0] == "addSubTest" and event[-1] is not None for event in events)
        return failed_parts + sum(map(names.count, _WRONG.values())), names.count("addSkip")
    return sum(len(getattr(result, name, ())) for name in _WRONG), len(getattr(result, "skipped", ()))


def _place(case: Any) -> Tuple[str, int]:
    return definition(getattr(case, case._testMethodName, None))
