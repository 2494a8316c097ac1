"""Budgets hold for the views and tests that they name, are told where they can never fail, and refuse typos."""

import math
import sys

import pytest

from mercury import settings
from mercury.errors import BudgetError
from mercury.testing import budgets
from mercury.testing.suite import Cause, Figures, Limit, Queries, Suite, TestResult
from tests.suite_verdicts import GROWTH

BOOKS, BOOK, ADD = "GET /books/", "GET /books/<int:pk>/", "POST /books/"


def cost(reads=0, writes=0, transactions=0, ms=0.0, **others):
    by_alias = {"default": Queries(reads, writes, transactions)}
    by_alias.update({alias: Queries(count) for alias, count in others.items()})
    return Figures(by_alias, ms)


def cause(line, kind="n_plus_one", database="default"):
    return Cause(
        kind, "Book.author", "Book.author", database, "a.py", line, "f", "a.py", 1, 4, 1, "", "", "", "", False
    )


def suite_of(*tests, **how):
    suite = Suite(**how)
    for test in tests:
        suite.add(test)
    return suite


def requested(name="shop.tests.Books.test_list", outcome="passed", causes=(), **views):
    names = {"books": BOOKS, "book": BOOK, "add": ADD}
    return TestResult(
        name, outcome=outcome, views={names[key]: figures for key, figures in views.items()}, causes=causes
    )


def parsed(*entries):
    return [budgets.parse(entry, f"budgets[{index}]") for index, entry in enumerate(entries)]


def results(suite, *entries):
    return [
        (each.subject, each.limit.what, each.limit.most, each.used, each.is_passed)
        for each in budgets.check(suite, parsed(*entries))
    ]


SPENT = cost(reads=4, writes=2, transactions=9, ms=12.5, replica=3)
CAUSES = [(BOOKS, cause(1)), (BOOKS, cause(2, database="replica")), ("", cause(3)), (BOOKS, cause(4, "duplicate"))]


@pytest.mark.parametrize(
    ("limit", "used"),
    [
        ({"queries": 8}, 9),
        ({"queries": 5, "alias": "default"}, 6),
        ({"queries": 3, "alias": "replica"}, 3),
        ({"queries": 1, "alias": "nowhere"}, 0),
        ({"reads": 7}, 7),
        ({"writes": 1}, 2),
        ({"transactions": 0}, 9),
        ({"n_plus_one": 0}, 2),
        ({"n_plus_one": 0, "alias": "replica"}, 1),
        ({"ms": 12.4}, 12.5),
    ],
)
def test_each_category_is_measured_for_a_view_and_for_a_test(limit, used):
    (what, most) = next(iter(limit.items()))
    suite = suite_of(requested(books=SPENT, causes=CAUSES))
    assert results(suite, {"view": BOOKS, **limit}) == [(f"view {BOOKS}", what, most, used, used > most)]
    test = TestResult("shop.tests.test_list", figures=SPENT, causes=CAUSES[:2])
    assert results(suite_of(test), {"test": "shop.*", **limit}) == [
        ("test shop.tests.test_list", what, most, used, used > most)
    ]


@pytest.mark.parametrize(
    ("entry", "used"),
    [
        ({"view": BOOKS, "growth": 0}, 1),
        ({"view": "GET /b*", "growth": 1, "queries": 5}, 1),
        ({"view": BOOKS, "growth": 0.5, "alias": "default"}, 1),
        ({"view": BOOKS, "growth": 0, "alias": "replica"}, 0),
        ({"view": "GET /authors/", "growth": 0}, 0),
    ],
)
def test_growth_is_limited_where_it_is_known(entry, used):
    (told,) = budgets.check(Suite(), parsed(entry), GROWTH)
    assert (told.limit.most, told.used, told.is_passed) == (entry["growth"], used, used > entry["growth"])
    assert budgets.check(Suite(), parsed(entry)) == []


def test_a_budget_of_growth_is_not_said_to_fail_never_where_nobody_asked():
    entry = parsed({"view": "GET /nowhere/", "growth": 0})
    assert budgets.notices(Suite(), entry, True) == []
    assert budgets.notices(Suite(), entry, True, GROWTH) == [
        "budgets[0] can never fail: it holds for no view of this run"
    ]


def test_a_limit_of_one_database_does_not_count_the_loops_of_another():
    limits = budgets.parse_limits(n_plus_one=0, using="default")
    elsewhere = TestResult("t", causes=[("", cause(1, database="replica"))], limits=limits)
    assert (elsewhere.passed(), [each[-1] for each in results(suite_of(elsewhere))]) == ([], [False])
    here = TestResult("t", causes=[("", cause(1)), ("", cause(1)), ("", cause(2, database="replica"))], limits=limits)
    assert here.passed() == ["1 n_plus_one on default, and at most 0 are allowed"]
    assert [each[3:] for each in results(suite_of(here))] == [(1, True)]


def test_the_dearest_request_of_all_tests_counts():
    suite = suite_of(requested(books=cost(3)), requested("other", books=cost(5)), requested("third", books=cost(4)))
    assert results(suite, {"view": BOOKS, "queries": 4}) == [(f"view {BOOKS}", "queries", 4, 5, True)]


def test_one_cause_in_several_requests_counts_once():
    suite = suite_of(
        requested(books=cost(5), causes=[(BOOKS, cause(1)), (BOOKS, cause(1))]),
        requested("other", books=cost(5), causes=[(BOOKS, cause(1))]),
    )
    assert [result[3] for result in results(suite, {"view": BOOKS, "n_plus_one": 1})] == [1]
    assert [result[3] for result in results(suite, {"test": "*", "n_plus_one": 1})] == [1, 1]


@pytest.mark.parametrize(
    ("pattern", "views"),
    [
        ("GET /books/", [BOOKS]),
        ("GET /books/*", [BOOKS, BOOK]),
        ("/books/", [BOOKS, ADD]),
        ("* /books/", [BOOKS, ADD]),
        ("*", [BOOKS, BOOK, ADD]),
        (BOOK, [BOOK]),
        ("get /books/", []),
        ("/books", []),
    ],
)
def test_a_pattern_is_for_views_of_one_method_or_of_all(pattern, views):
    suite = suite_of(requested(books=cost(1), book=cost(1), add=cost(1)))
    told = [result[0] for result in results(suite, {"view": pattern, "queries": 9})]
    assert told == sorted(f"view {view}" for view in views)


def test_a_route_with_characters_of_patterns_is_its_own_pattern():
    route = "GET /articles/[ab]/<year>/"
    (budget,) = parsed({"view": route, "queries": 1})
    assert budget.covers(route)
    assert budget.covers_route("/articles/[ab]/<year>/")


def test_the_last_budget_that_matches_holds_for_each_category_and_alias_by_itself():
    suite = suite_of(requested(books=cost(8, replica=1), book=cost(8)))
    assert results(
        suite,
        {"view": "*", "queries": 4, "writes": 0},
        {"view": "*", "queries": 1, "alias": "replica"},
        {"view": BOOKS, "queries": 9},
    ) == [
        (f"view {BOOKS}", "queries", 9, 9, False),
        (f"view {BOOKS}", "queries", 1, 1, False),
        (f"view {BOOKS}", "writes", 0, 0, False),
        (f"view {BOOK}", "queries", 4, 8, True),
        (f"view {BOOK}", "queries", 1, 0, False),
        (f"view {BOOK}", "writes", 0, 0, False),
    ]


def test_a_limit_at_the_test_holds_before_those_of_the_settings():
    test = TestResult(
        "shop.tests.test_list", "shop/tests.py", 7, figures=cost(6), limits=budgets.parse_limits(queries=6)
    )
    (result,) = budgets.check(suite_of(test), parsed({"test": "*", "queries": 4}))
    assert (result.limit.most, result.used, result.is_passed, result.place) == (6, 6, False, ("shop/tests.py", 7))
    test.limits = budgets.parse_limits(queries=None)
    assert results(suite_of(test), {"test": "*", "queries": 4}) == []


def test_of_several_limits_at_one_test_the_greatest_holds():
    # Parameters may bring a limit each, and the figures are those of the dearest.
    test = TestResult("t", figures=cost(6), limits=(Limit("queries", "", 4), Limit("queries", "", 8)))
    assert [(result[2], result[4]) for result in results(suite_of(test))] == [(8, False)]


def test_the_order_of_tests_and_budgets_of_different_views_changes_nothing():
    tests = [requested(f"t{number}", books=cost(number), add=cost(2)) for number in range(4)]
    entries = [{"view": BOOKS, "queries": 2}, {"view": ADD, "reads": 2}]
    told = results(suite_of(*tests), *entries)
    assert told == results(suite_of(*tests[::-1]), *entries[::-1])
    assert len(told) == 2


def told_of(suite, *entries, is_whole=True):
    return budgets.notices(suite, parsed(*entries), is_whole)


def test_a_budget_that_can_never_fail_is_told():
    suite = suite_of(requested(books=cost(4)))
    entries = [
        {"view": "/bok/", "queries": 4},
        {"test": "shop.*", "queries": None},
        {"view": BOOKS, "queries": 9},
        {"view": "*", "queries": 4},
    ]
    assert told_of(suite, *entries) == [
        "budgets[0] can never fail: it holds for no view of this run",
        "budgets[1] can never fail: it has no limit",
        "budgets[2] can never fail: it holds for no view of this run",
    ]
    assert told_of(suite, *entries, is_whole=False) == ["budgets[1] can never fail: it has no limit"]


def test_a_budget_for_a_database_that_nobody_has_can_never_fail():
    test = requested(books=cost(4))
    test.figures = cost(4, replica=1)
    test.limits = budgets.parse_limits("replcia", queries=2)
    assert told_of(suite_of(test), {"view": BOOKS, "queries": 0, "alias": "replica"}) == [
        "shop.tests.Books can never fail: no database is called 'replcia'"
    ]


@pytest.mark.parametrize(
    ("most", "used", "is_told"),
    [(10, 4, True), (10, 5, False), (3, 0, True), (2, 0, False), (3, 1, False), (0, 0, False)],
)
def test_slack_is_less_than_half_used_with_three_to_spare(most, used, is_told):
    suite = suite_of(requested(books=cost(used)), requested("other", books=cost(0)))
    told = told_of(suite, {"view": BOOKS, "queries": most})
    assert told == [f"budgets[0] has slack: queries={most}, and view {BOOKS} used most: {used}"] * is_told
    assert told_of(suite, {"view": BOOKS, "queries": most}, is_whole=False) == []


def test_slack_is_judged_by_whoever_uses_most_of_one_budget():
    suite = suite_of(requested(books=cost(9), book=cost(1)))
    assert told_of(suite, {"view": "*", "queries": 10}) == []
    limits = budgets.parse_limits(queries=10, ms=1000)
    tests = [
        TestResult(f"shop.tests.Books.{name}", figures=cost(used), limits=limits) for name, used in [("a", 9), ("b", 1)]
    ]
    assert told_of(suite_of(*tests)) == []
    tests[0].figures = cost(2)
    assert told_of(suite_of(*tests)) == [
        "shop.tests.Books has slack: queries=10, and test shop.tests.Books.a used most: 2"
    ]


def test_limits_of_a_test_are_given_by_name():
    assert budgets.parse_limits(ms=50, queries=10, n_plus_one=0, writes=None) == (
        Limit("queries", "", 10),
        Limit("writes", "", math.inf),
        Limit("n_plus_one", "", 0),
        Limit("ms", "", 50.0),
    )
    assert budgets.parse_limits("replica", transactions=2) == (Limit("transactions", "replica", 2),)


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"querys": 1}, "'querys' is nothing that a budget knows; did you mean queries?"),
        ({"n_plus_1": 1}, "did you mean n_plus_one?"),
        ({"Reads": 1}, "did you mean reads?"),
        ({"x" * 1000: 1}, "known are queries, reads, writes, transactions, n_plus_one, ms, using"),
        ({}, "it limits none of queries"),
        ({"using": "default"}, "it limits none of queries"),
        ({"using": 7, "queries": 1}, "its database is no text"),
        ({"using": "default", "ms": 1}, '"ms" is the time of the whole'),
        ({"growth": 0}, "'growth' is nothing that a budget knows"),
        ({"queries": -1}, 'its "queries" is no whole number from 0 on'),
        ({"queries": True}, 'its "queries" is no whole number'),
        ({"queries": 1.5}, 'its "queries" is no whole number'),
        ({"queries": "10"}, 'its "queries" is no whole number'),
        ({"ms": math.nan}, 'its "ms" is no number'),
        ({"ms": math.inf}, 'its "ms" is no number'),
        ({"ms": True}, 'its "ms" is no number'),
    ],
)
def test_limits_with_a_fault_are_refused_with_the_reason(limits, why):
    with pytest.raises(BudgetError) as caught:
        budgets.parse_limits(**limits)
    assert why in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (7, "it is no dict"),
        ({"view": "*"}, "it limits none of"),
        ({"queries": 7}, 'it needs either "view" or "test"'),
        ({"view": "*", "test": "*", "queries": 7}, 'it needs either "view" or "test"'),
        ({"view": 7, "queries": 7}, 'its "view" is no pattern'),
        ({"test": "", "queries": 7}, 'its "test" is no pattern'),
        ({"views": "*", "queries": 7}, "did you mean view?"),
        ({"view": "*", "queris": 7}, "did you mean queries?"),
        ({"view": "*", "queries": 7, "using": "default"}, "'using' is nothing that a budget knows"),
        ({"view": "*", "queries": 7, "alias": None}, "its database is no text"),
        ({"view": "*", 7: 7}, "it has a key of type int"),
        ({"test": "*", "growth": 0}, '"growth" is of views'),
        ({"view": "*", "growth": -1}, 'its "growth" is no number from 0 on'),
    ],
)
def test_an_entry_of_the_settings_with_a_fault_is_refused_with_the_reason(entry, why):
    with pytest.raises(BudgetError) as caught:
        budgets.parse(entry, "budgets[0]")
    assert why in str(caught.value)


def test_the_file_of_the_project_may_hold_budgets(tmp_path, monkeypatch):
    if sys.version_info < (3, 11):
        pytest.importorskip(
            "tomli", reason="tomli is not installed, and this Python cannot read TOML: pip install tomli"
        )
    (tmp_path / "pyproject.toml").write_text(
        '[[tool.mercury.budgets]]\nview = "GET /books/*"\nqueries = 10\nalias = "default"\n'
        '[[tool.mercury.budgets]]\ntest = "shop.*"\nquerys = 10\n'
        '[[tool.mercury.budgets]]\ntest = "shop.*"\nms = 200\n'
    )
    monkeypatch.chdir(tmp_path)
    from mercury._settings_sources import pyproject

    source = pyproject(tmp_path)
    assert [budget.limits for budget in source.values["budgets"]] == [
        (Limit("queries", "default", 10),),
        (Limit("ms", "", 200.0),),
    ]
    (problem,) = source.problems
    assert problem.id == settings.BROKEN_BUDGET == "mercury.E005"
    assert "budgets[1] limits nothing: 'querys' is nothing that a budget knows; did you mean queries?." in str(problem)


def test_budgets_that_are_no_list_are_told():
    from mercury._settings_sources import table

    source = table("settings.MERCURY", {"budgets": {"view": "*", "queries": 7}})
    assert (source.values, [problem.id for problem in source.problems]) == ({}, ["mercury.E002"])
