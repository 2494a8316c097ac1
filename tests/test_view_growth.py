"""Growth of views: what tests at two sizes prove, in whatever order their records come, and what they do not."""

import itertools
import json
from copy import deepcopy
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from mercury.testing import sizes
from mercury.testing.records import Reader, ended
from mercury.testing.sized_view import SentStatement, SizedView
from mercury.testing.suite import FAILED, Figures, Suite, TestResult
from mercury.testing.view_growth import growth_of
from tests.suite_verdicts import CAUSE

LIST = SentStatement("default", "0" * 16, "select shop_book.id from shop_book", "shop/views.py", 8, 1)
AUTHORS = SentStatement("default", CAUSE.fingerprint, CAUSE.sql, "shop/models.py", 30, 1)


def ran(name, rows, authors, view="GET /books/", **changes):
    """A test that made so many rows and requested a page, which sent so many queries for authors."""
    statements = {" ".join(each.key): each for each in (LIST, replace(AUTHORS, count=authors)) if each.count}
    return TestResult(name, sizes={rows: {view: SizedView(1 + authors, statements)}}, **changes)


def suite_of(*results):
    suite = Suite()
    for result in results:
        suite.add(deepcopy(result))
    return suite


def test_the_order_of_records_makes_no_difference(tmp_path):
    results = [
        ran("a", 10, 10, causes=[("GET /books/", CAUSE)], views={"GET /books/": Figures()}),
        ran("a", 20, 20),
        ran("b", 10, 3),
        ran("b", 20, 6),
    ]
    proofs = {repr(growth_of(suite_of(*each))) for each in itertools.permutations(results)}
    (tmp_path / "1.jsonl").write_text("".join(map(ended, results[:3])))
    (tmp_path / "2.jsonl").write_text("".join(map(ended, results[3:])))
    proofs.add(repr(growth_of(Reader().read(Path(tmp_path)))))
    assert len(proofs) == 1


def test_the_steepest_test_tells_and_the_finding_gives_the_line():
    growth = growth_of(
        suite_of(ran("a", 10, 3), ran("a", 20, 4), ran("b", 10, 10, causes=[("GET /books/", CAUSE)]), ran("b", 20, 20))
    )
    (view,) = growth.views
    assert (view.test, view.slope.counts) == ("b", (11, 21))
    (statement,) = view.statements
    assert (statement.test, statement.slope.counts) == ("b", (10, 20))
    assert (statement.target, statement.fix) == (CAUSE.target, CAUSE.fix)
    assert (statement.sent.file, statement.sent.line) == (CAUSE.file, CAUSE.line)
    assert growth.unknown == ()


def test_without_a_finding_the_statement_tells_itself():
    (view,) = growth_of(suite_of(ran("a", 10, 1), ran("a", 20, 2))).views
    (statement,) = view.statements
    assert (statement.target, statement.sent.file, statement.fix) == ('select "shop_author"', "shop/models.py", "")


def test_a_page_for_each_row_does_not_grow():
    small, large = ran("a", 10, 1), ran("a", 20, 1)
    growth = growth_of(suite_of(*[small] * 10, *[large] * 20))
    assert [(view.slope.counts, view.statements) for view in growth.views] == [((2, 2), ())]


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([TestResult("a")], "no test says how many rows it makes"),
        ([ran("a", 10, 1)], "1 test that ran at one size alone: a"),
        ([ran("a", 10, 1), ran("a", 20, 2, outcome=FAILED)], "1 test that did not pass at each size: a"),
        ([ran("a", 10, 1), ran("a", 20, 2, notes=("a thread",))], "1 test in which something was not measured: a"),
        (
            [ran("a", 10, 1, views={"GET /books/": Figures()}), ran("a", 20, 2, view="GET /others/")],
            "1 view that no test requested at two sizes: GET /books/",
        ),
    ],
)
def test_what_is_not_known_is_told(results, expected):
    (sentence,) = growth_of(suite_of(*results)).unknown
    assert sentence.startswith(expected)


def test_a_record_of_sizes_is_read_as_it_was_written():
    result = ran("a", 10, 3)
    read = json.loads(ended(result))["ended"]["sizes"]["10"]["GET /books/"]
    assert SizedView.of_record(read) == result.sizes[10]["GET /books/"]
    assert asdict(result.sizes[10]["GET /books/"]) == read


@pytest.mark.parametrize(("given", "rows"), [(3, 3), (0, 0), (-1, 0), (True, 0), ("3", 0), (None, 0)])
def test_a_class_has_a_size_where_its_attribute_is_a_number_from_1_on(given, rows):
    case = type("Case", (), {"mercury_size": given})
    assert sizes.of_case(case) == (rows, False)


def test_the_further_class_is_known_for_the_same():
    case = type("Case", (), {"mercury_size": 3})
    assert sizes.of_case(sizes.further(case)) == (6, True)
    assert sizes.further(case).__qualname__ == "Case[6]"
    assert sizes.first(sizes.further(case)) is sizes.first(case) is case
