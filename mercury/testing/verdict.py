"""What is made of a suite: which findings are new, which budgets were passed, what is gone."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

from mercury.testing.suite import Limit, Suite, SuiteFinding

if TYPE_CHECKING:
    from mercury.testing.view_growth import SuiteGrowth, ViewGrowth

NEW = "new"
KNOWN = "known"
ADVICE = "advice"
"""Fails nothing: it depends on more than the program."""

EXIT_WANTING = 8
"""All tests have passed, and something new was found, a budget was passed, or an entry of the baseline is gone."""
EXIT_UNJUDGED = 9
"""All tests have passed, and Mercury could not judge: the message says why and what to do."""


@dataclass(frozen=True)
class JudgedFinding:
    """A finding, and how the baseline knows it: NEW, KNOWN or ADVICE."""

    finding: SuiteFinding
    state: str


@dataclass(frozen=True)
class Gone:
    """An entry of the baseline that a complete run has not found again, with its words as the file has them."""

    id: str
    kind: str
    target: str
    file: str


@dataclass(frozen=True)
class BudgetResult:
    """One budget, and the most that was used of it. `subject` is "view GET /books/" or "test shop.tests.Books.test"."""

    subject: str
    limit: Limit
    used: float
    place: Tuple[str, int] = ("", 0)
    """File and line of the test or of the budget, where they are known."""

    @property
    def is_passed(self) -> bool:
        """Was more used than the budget gives?"""
        return self.used > self.limit.most


@dataclass
class SuiteVerdict:
    """Everything that terminals, documents and annotations tell. `problems` makes the exit code EXIT_UNJUDGED."""

    suite: Suite
    findings: List[JudgedFinding]
    gone: List[Gone] = field(default_factory=list)
    budgets: List[BudgetResult] = field(default_factory=list)
    notices: List[str] = field(default_factory=list)
    """What a person should know and nothing fails for: slack budgets, budgets that cannot fail, untested endpoints."""
    problems: List[str] = field(default_factory=list)
    has_baseline: bool = False
    previous: Dict[str, Any] = field(default_factory=dict)
    """By id, the counts of the baseline's entries: what Markdown tells as "before"."""
    is_gone_failing: bool = False
    growth: "Optional[SuiteGrowth]" = None
    """What tests at two sizes show, where that was asked for."""

    @property
    def new(self) -> List[SuiteFinding]:
        return [each.finding for each in self.findings if each.state == NEW]

    @property
    def known(self) -> List[SuiteFinding]:
        return [each.finding for each in self.findings if each.state == KNOWN]

    @property
    def advice(self) -> List[SuiteFinding]:
        return [each.finding for each in self.findings if each.state == ADVICE]

    @property
    def passed_budgets(self) -> List[BudgetResult]:
        return [budget for budget in self.budgets if budget.is_passed]

    @property
    def growing(self) -> "List[ViewGrowth]":
        """The views that send more queries for more rows, where that was asked for."""
        return [] if self.growth is None else self.growth.growing

    @property
    def is_wanting(self) -> bool:
        """Without a baseline findings fail nothing: a first run only tells."""
        return bool((self.has_baseline and self.new) or self.passed_budgets or (self.gone and self.is_gone_failing))

    @property
    def exit_code(self) -> int:
        """0, EXIT_WANTING or EXIT_UNJUDGED, for a run whose tests have all passed."""
        if self.problems:
            return EXIT_UNJUDGED
        return EXIT_WANTING if self.is_wanting else 0
