"""Verdicts on suites of tests, built by hand and at random, for what is told of them."""

import os
from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from mercury.testing.sized_view import SentStatement
from mercury.testing.slopes import Slope
from mercury.testing.suite import FAILED, LOST, PASSED, SKIPPED, Cause, Figures, Limit, Queries, Suite, TestResult
from mercury.testing.verdict import ADVICE, KNOWN, NEW, BudgetResult, Gone, JudgedFinding, SuiteVerdict
from mercury.testing.view_growth import GrowingStatement, SuiteGrowth, ViewGrowth

FEW = settings(
    max_examples=2_000 if os.environ.get("MERCURY_PROPERTIES") == "full" else 15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
"""How many verdicts are tried; `make properties` tries more."""

HOSTILE = "a\x00\x1b[2J\x07\r\n::error::x ##[command] ]]>&<script>\"'%0A|`*_@me #1\u202e\u2028\ud800\ufffe\x85end"

CAUSE = Cause(
    kind="n_plus_one",
    subject="Book.author",
    target="Book.author",
    database="default",
    file="shop/views.py",
    line=9,
    function="catalog",
    loop_file="shop/views.py",
    loop_line=8,
    count=206,
    exponent=1,
    sql='select "shop_author"."id" from "shop_author" where "shop_author"."id" = ? limit ?',
    fingerprint="00000000000000ff",
    fix='add .select_related("author") to the Book queryset that shop/views.py:8 loads',
    why="the loop at shop/views.py:8 came back to the same instruction and took the same call path",
    is_advisory=False,
)


SENT = SentStatement("default", CAUSE.fingerprint, CAUSE.sql, CAUSE.file, CAUSE.line, 20)
TEST = "shop.tests.Books.test_list"
GROWING = GrowingStatement(SENT, Slope((10, 20), (10, 20)), CAUSE.target, CAUSE.fix, TEST)
GROWTH = SuiteGrowth(
    (
        ViewGrowth("GET /books/", TEST, Slope((10, 20), (12, 22)), (GROWING,)),
        ViewGrowth("GET /authors/", TEST, Slope((10, 20), (3, 3)), ()),
    ),
    ("1 test that ran at one size alone: shop.tests.Books.test_detail",),
)


def result(name="shop.tests.Books.test_list", causes=(), view="GET /books/", **changes):
    """A test that sent nine queries, seven of them in one request."""
    figures = Figures({"default": Queries(8, 1, 2)}, 12.5, 3.25)
    views = {"GET /books/": Figures({"default": Queries(7, 0, 0)}, 10.0, 2.0)}
    test = TestResult(name, "shop/tests.py", 12, figures=figures, views=views)
    test.causes = [(view, each) for each in causes]
    return replace(test, **changes)


def verdict(*causes, tests=(), states=(), **changes):
    """One whose findings are new, or have the states that are named by kind."""
    suite = Suite()
    for test in (result(causes=causes), *tests):
        suite.add(test)
    named = dict(states)
    findings = [JudgedFinding(each, named.get(each.cause.kind, NEW)) for each in suite.findings()]
    return SuiteVerdict(suite, findings, **{"has_baseline": True, **changes})


def full(**changes):
    """A verdict with something in each of its parts."""
    causes = (
        CAUSE,
        replace(CAUSE, kind="duplicate", line=30, loop_file="", loop_line=0, count=4),
        replace(CAUSE, kind="slow_query", line=41, is_advisory=True, count=1),
    )
    others = (
        result("shop.tests.Books.test_detail", causes[:1]),
        result("shop.tests.Books.test_lost", outcome=LOST, notes=("2 queries ran in a thread",)),
        result("shop.tests.Books.test_failed", outcome=FAILED),
        result("shop.tests.Books.test_skipped", outcome=SKIPPED),
    )
    parts = {
        "states": {"duplicate": KNOWN, "slow_query": ADVICE},
        "tests": others,
        "gone": [Gone("0123456789abcdef", "n_plus_one", "Book.publisher", "shop/views.py")],
        "budgets": [
            BudgetResult("view GET /books/", Limit("queries", "default", 5), 7, ("shop/tests.py", 3)),
            BudgetResult("test shop.tests.Books.test_list", Limit("ms", "", 50), 12.5),
        ],
        "notices": ["the budget of view GET /books/ can never fail"],
        "problems": ["the baseline is newer than this Mercury: upgrade it"],
        "growth": GROWTH,
        "is_gone_failing": True,
    }
    made = verdict(*causes, **{**parts, **changes})
    duplicate = next(each.finding for each in made.findings if each.state == KNOWN)
    made.previous = {duplicate.id: 9}
    made.suite.notes.append("1 worker ended early")
    return made


def many(number):
    """A verdict with as many new findings, each at a line of its own."""
    return verdict(*(replace(CAUSE, line=line, count=line) for line in range(1, number + 1)))


TEXTS = st.text(st.characters() | st.sampled_from(HOSTILE), max_size=30)
COUNTS = st.integers(0, 10**12)
NUMBERS = st.floats() | COUNTS
KINDS = st.sampled_from(["n_plus_one", "nested", "duplicate", "slow_query", "a_new_kind"])
CAUSES = st.builds(
    Cause,
    kind=KINDS,
    subject=TEXTS,
    target=TEXTS,
    database=TEXTS,
    file=TEXTS,
    line=COUNTS,
    function=TEXTS,
    loop_file=TEXTS,
    loop_line=COUNTS,
    count=COUNTS,
    exponent=st.integers(0, 3),
    sql=TEXTS,
    fingerprint=TEXTS,
    fix=TEXTS,
    why=TEXTS,
    is_advisory=st.booleans(),
)
QUERIES = st.builds(Queries, COUNTS, COUNTS, COUNTS)
FIGURES = st.builds(Figures, st.dictionaries(TEXTS, QUERIES, max_size=2), st.floats(), st.floats())
LIMITS = st.builds(Limit, st.sampled_from(["queries", "ms", "n_plus_one"]) | TEXTS, TEXTS, NUMBERS)
TESTS = st.builds(
    TestResult,
    name=TEXTS,
    file=TEXTS,
    line=COUNTS,
    outcome=st.sampled_from([PASSED, SKIPPED, FAILED, LOST]),
    figures=FIGURES,
    views=st.dictionaries(TEXTS, FIGURES, max_size=2),
    causes=st.lists(st.tuples(TEXTS, CAUSES), max_size=2),
    notes=st.tuples(TEXTS),
)
BUDGETS = st.builds(BudgetResult, TEXTS, LIMITS, NUMBERS, st.tuples(TEXTS, COUNTS))
SLOPES = st.builds(Slope, st.just((10, 20)), st.tuples(COUNTS, COUNTS))
SENTS = st.builds(SentStatement, TEXTS, TEXTS, TEXTS, TEXTS, COUNTS, COUNTS)
GROWS = st.builds(GrowingStatement, SENTS, st.builds(Slope, st.just((10, 20)), st.just((1, 2))), TEXTS, TEXTS, TEXTS)
VIEWS = st.builds(ViewGrowth, TEXTS, TEXTS, SLOPES, st.lists(GROWS, max_size=2).map(tuple))
GROWTHS = st.builds(SuiteGrowth, st.lists(VIEWS, max_size=2).map(tuple), st.lists(TEXTS, max_size=2).map(tuple))
GONE = st.builds(Gone, TEXTS, KINDS | TEXTS, TEXTS, TEXTS)


@st.composite
def verdicts(draw):
    """Any verdict: whatever a project may put into one."""
    suite = Suite(notes=draw(st.lists(TEXTS, max_size=2)))
    for test in draw(st.lists(TESTS, max_size=3)):
        suite.add(test)
    findings = [JudgedFinding(each, draw(st.sampled_from([NEW, KNOWN, ADVICE]))) for each in suite.findings()]
    made = SuiteVerdict(suite, findings, has_baseline=draw(st.booleans()), is_gone_failing=draw(st.booleans()))
    made.gone = draw(st.lists(GONE, max_size=2))
    made.budgets = draw(st.lists(BUDGETS, max_size=3))
    made.notices = draw(st.lists(TEXTS, max_size=2))
    made.problems = draw(st.lists(TEXTS, max_size=2))
    made.growth = draw(st.none() | GROWTHS)
    made.previous = {each.finding.id: draw(COUNTS) for each in findings[:1]}
    return made
