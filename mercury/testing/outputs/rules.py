"""What each kind of finding means, for services that show a rule beside its results."""

from typing import Dict, NamedTuple

BUDGET = "budget_passed"
"""The rule of a budget that was passed, which is no kind of finding."""


class RuleText(NamedTuple):
    """`short` names the fault, `full` says what it costs, `remedy` what usually mends it."""

    short: str
    full: str
    remedy: str


_N_PLUS_ONE = RuleText(
    "N+1 queries",
    "A loop over rows sends a query for each of them, so the number of queries grows with the data.",
    "Let the queryset that loads the rows bring along what the loop reads: select_related() for one related row, "
    "prefetch_related() for many, annotate() for figures.",
)

RULES: Dict[str, RuleText] = {
    "n_plus_one": _N_PLUS_ONE,
    "nested": RuleText(
        "N+1 queries within N+1 queries",
        "Two loops over rows, one within the other, send a query for each pair, so the number of queries grows with "
        "the product of both.",
        _N_PLUS_ONE.remedy,
    ),
    "repeating_pattern": RuleText(
        "A group of queries for each row",
        "A loop over rows sends the same few queries for each of them, so their number grows with the data.",
        _N_PLUS_ONE.remedy,
    ),
    "write_loop": RuleText(
        "Written row by row",
        "A loop over rows writes each of them with a statement of its own.",
        "Write them together: bulk_create(), bulk_update(), or update() on a queryset.",
    ),
    "duplicate": RuleText(
        "The same query again",
        "One statement came several times with the same parameters.",
        "Send it once and keep the result.",
    ),
    "repeated_in_loop": RuleText(
        "A query repeated in a loop",
        "A loop repeats a query; whether it grows with the data is not proven.",
        "If the loop will run over rows, load what it needs before it.",
    ),
    "slow_query": RuleText(
        "A slow query", "One statement took long.", "Look at its plan: an index, fewer rows or fewer columns."
    ),
    "consecutive_independent": RuleText(
        "Queries one after the other",
        "Queries that do not need each other's results wait for each other.",
        "Join them, or send them at the same time.",
    ),
    "unused_eager_load": RuleText(
        "Loaded and not read",
        "select_related() or prefetch_related() loads what nobody read.",
        "Leave it out where it is not needed.",
    ),
    BUDGET: RuleText(
        "A budget was passed",
        "A view or a test used more of the database or of time than its budget gives.",
        "Spend less, or raise the budget if what was added is worth it.",
    ),
}


def rule_text(kind: str) -> RuleText:
    """The rule of a kind; one that is not known is told by its name."""
    return RULES.get(kind) or RuleText(kind, "Database work that is slower than it need be.", "See the finding.")
