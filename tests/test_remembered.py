"""A unit that does what another one did gets its verdict, with the times of its own."""

import gc
import weakref
from functools import partial

import pytest

import mercury
from mercury import _monitor
from mercury.findings import consecutive_independent, judge, remembered, slow_query
from tests.django_database import database, shop  # noqa: F401 - fixtures
from tests.project.models import Author, Book

pytestmark = pytest.mark.usefixtures("shop")


def authors_of(books):
    return [Author.objects.filter(pk=getattr(book, "author_id", 0)).first() for book in books]


def lazily():
    return authors_of(Book.objects.all())


def found(function):
    with mercury.monitor() as watch:
        function()
    return [(finding.kind, finding.count, finding.why, finding.fix) for finding in watch.report.findings]


@pytest.fixture
def evidence(monkeypatch):
    """What the units leave to be judged."""
    left = []

    def keep(evidence):
        left.append(evidence)
        return judge(evidence)

    monkeypatch.setattr(_monitor, "judge", keep)
    return left


def test_the_same_work_is_told_the_same_way():
    first = found(lazily)
    assert [kind for kind, *_ in first] == ["n_plus_one"]
    assert found(lazily) == first


def test_each_unit_has_times_of_its_own(evidence):
    found(lazily)
    (unit,) = evidence
    longer = unit._replace(
        groups=[group._replace(duration_ns=2 * group.duration_ns + 1) for group in unit.groups],
        duplicates=[each._replace(duration_ns=2 * each.duration_ns + 1) for each in unit.duplicates],
    )
    (before,), (after,) = judge(unit).findings, judge(longer).findings
    assert after.duration_ns == sum(longer.groups[index].duration_ns for index in after.records) > before.duration_ns


def test_a_duplicate_has_the_times_of_its_own_queries(evidence):
    def twice():
        return [Author.objects.count(), Author.objects.count()]

    assert [kind for kind, *_ in found(twice)] == ["duplicate"]
    (unit,) = evidence
    longer = unit._replace(duplicates=[each._replace(duration_ns=each.duration_ns + 7) for each in unit.duplicates])
    assert judge(longer).findings[0].duration_ns == judge(unit).findings[0].duration_ns + 7


def test_the_same_code_over_something_else_is_judged_anew():
    assert [kind for kind, *_ in found(lazily)] == ["n_plus_one"]
    assert [kind for kind, *_ in found(lambda: authors_of(()))] == []
    for _ in range(2):
        assert [kind for kind, *_ in found(lambda: authors_of("four"))] == ["duplicate"]
        assert [kind for kind, *_ in found(lazily)] == ["n_plus_one"]


def test_another_number_of_rows_is_told_as_such():
    def some(count):
        return authors_of(Book.objects.order_by("pk")[:count])

    assert [[count for _, count, *_ in found(partial(some, number))] for number in (3, 4, 3)] == [[3], [4], [3]]


def test_no_more_units_are_kept_than_it_says(monkeypatch):
    monkeypatch.setattr(remembered, "MAX_UNITS", 2)
    monkeypatch.setattr(remembered, "_known", {})
    # However slow the machine is.
    monkeypatch.setattr(slow_query, "SLOW_NS", 1 << 62)
    monkeypatch.setattr(consecutive_independent, "SAVED_NS", 1 << 62)
    for count in (2, 3, 4, 3):
        found(partial(authors_of, Book.objects.order_by("pk")[:count]))
        assert 0 < len(remembered._known) <= 2


def test_no_row_is_kept():
    rows = []

    def watched():
        books = list(Book.objects.all())
        rows.extend(map(weakref.ref, books))
        rows.extend(map(weakref.ref, authors_of(books)))

    found(watched)
    gc.collect()
    assert len(rows) > 4 and [row for row in rows if row() is not None] == []
