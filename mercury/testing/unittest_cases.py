"""Tests written as unittest's cases, whoever runs them: from setUp to the last cleanup, each is one watched test."""

import functools
import sys
import unittest
from typing import Any, Tuple

from mercury.testing import watch
from mercury.testing.places import definition
from mercury.testing.suite import FAILED, PASSED, SKIPPED

hands_over = True
"""False where somebody else knows how each test has ended, and hands its record over."""


def watch_cases() -> None:
    """Has every case be watched that runs while somebody watches. Safe to call again."""
    run = unittest.TestCase.run
    if hasattr(run, "is_watched_by_mercury"):
        return

    @functools.wraps(run)
    def watched(self: Any, result: Any = None) -> Any:
        if watch.active is None:
            return run(self, result)
        before = _counts(result)
        watch.active.begin(self.id(), _place(self), sys._getframe())
        try:
            return run(self, result)
        finally:
            watch.active.end()
            if hands_over:
                _hand_over(before, _counts(result))

    watched.is_watched_by_mercury = True  # type: ignore[attr-defined]
    unittest.TestCase.run = watched  # type: ignore[method-assign]


def _hand_over(before: Tuple[int, int], after: Tuple[int, int]) -> None:
    assert watch.active is not None
    ended = watch.active.take()
    if ended is not None:
        ended.outcome = FAILED if after[0] > before[0] else SKIPPED if after[1] > before[1] else PASSED
        watch.active.hand_over(ended)


def _counts(result: Any) -> Tuple[int, int]:
    """How many tests of a result have gone wrong, and how many were skipped."""
    wrong = ("failures", "errors", "unexpectedSuccesses")
    return sum(len(getattr(result, name, ())) for name in wrong), len(getattr(result, "skipped", ()))


def _place(case: Any) -> Tuple[str, int]:
    return definition(getattr(case, case._testMethodName, None))
