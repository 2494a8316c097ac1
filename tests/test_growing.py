"""mercury.growth: what grows is told with its line and its law, and what proves nothing is refused."""

import inspect

import pytest

import mercury
from mercury.errors import GrowthError
from tests.django_database import database, shop  # noqa: F401 - fixtures

from django.db import connection  # isort: skip
from django.http import HttpResponse, StreamingHttpResponse  # isort: skip
from django.test import Client, override_settings  # isort: skip
from django.urls import path  # isort: skip
from tests.project.models import Author, Book, Review, fill  # isort: skip

pytestmark = pytest.mark.usefixtures("shop")


def authors(request):
    return HttpResponse([book.author.name for book in Book.objects.all()])


def joined(request):
    return HttpResponse([book.author.name for book in Book.objects.select_related("author")])


def streamed(request):
    return StreamingHttpResponse(book.author.name for book in Book.objects.all())


def refused(request):
    return HttpResponse(status=int(request.GET["status"]))


urlpatterns = [
    path("authors/", authors, name="authors"),
    path("joined/", joined, name="joined"),
    path("streamed/", streamed, name="streamed"),
    path("refused/", refused, name="refused"),
    path("book/<int:pk>/", authors, name="book"),
]


@pytest.fixture(autouse=True)
def _urls():
    with override_settings(ROOT_URLCONF=__name__):
        yield


def line_of(function, text):
    lines, first = inspect.getsourcelines(function)
    return next(first + index for index, line in enumerate(lines) if text in line)


class TestGrowing:
    @pytest.mark.parametrize("target", ["authors", "/authors/", "streamed"])
    def test_a_page(self, target):
        proof = mercury.growth(target, sizes=(3, 6), populate=fill)
        (family,) = proof.growing
        function = streamed if target == "streamed" else authors
        assert (family.file, family.line) == (__file__, line_of(function, "book.author.name"))
        assert (family.target, family.slope.counts, family.slope.exponent) == ("Book.author", (7, 10), 1)
        assert family.finding.fix.startswith('add .select_related("author")')
        assert (proof.counts, proof.at(10_000), proof.notes) == ((8, 11), 10_005, ())

    def test_its_text_says_all_of_it(self):
        told = str(mercury.growth("authors", sizes=(3, 6), populate=fill))
        first, family, query, sql, fix, rest = told.splitlines()
        assert first == "GET /authors/: 8 queries at 3 rows, 11 at 6; 10,005 queries at 10,000 rows"
        assert family == "Book.author: 7 -> 10, 1 for each row: 10,004 at 10,000 rows"
        assert query.startswith("  query  ") and query.endswith(f"test_growing.py:{line_of(authors, 'author.name')}")
        assert sql.startswith("  sql    select ") and fix.startswith("  fix    add .select_related")
        assert rest == "1 statement does not grow"

    def test_a_function(self):
        def count_reviews():
            for author in Author.objects.all():
                author.books.count()

        proof = mercury.growth(count_reviews, populate=fill)
        assert (proof.growing[0].target, proof.growing[0].slope.per_row) == ("Author.books", 2)
        assert proof.growing[0].line == line_of(count_reviews, "count()")

    def test_an_asynchronous_function(self):
        async def count_reviews():
            async for book in Book.objects.all():
                await book.reviews.acount()

        (family,) = mercury.growth(count_reviews, sizes=(2, 4), populate=fill).growing
        assert (family.target, family.line) == ("Book.reviews", line_of(count_reviews, "acount()"))

    def test_rows_times_rows(self):
        def compare():
            for _ in Book.objects.all():
                for other in Book.objects.all():
                    other.reviews.count()

        Book.objects.all().delete()
        proof = mercury.growth(compare, populate=fill)
        assert [family.slope.exponent for family in proof.growing] == [2, 1]
        assert "with the square of the rows: 100,000,000 at 10,000 rows" in str(proof)

    def test_a_function_that_takes_the_size(self):
        fill(6)
        proof = mercury.growth(lambda size: [book.author.name for book in Book.objects.all()[:size]], sizes=(2, 4, 8))
        assert [family.slope.counts for family in proof.growing] == [(2, 4, 8)]

    def test_raw_sql_without_a_finding_has_its_line(self):
        def ask(size):
            for _ in range(size):
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1 FROM project_book WHERE id = 7")

        (family,) = mercury.growth(ask).growing
        assert (family.file, family.line, family.slope.counts) == (__file__, line_of(ask, "cursor.execute"), (10, 20))
        assert "7" not in family.sql

    def test_it_can_be_asserted(self):
        proof = mercury.growth("authors", sizes=(3, 6), populate=fill)
        with pytest.raises(AssertionError, match=r"10,005 queries at 10,000 rows"):
            proof.assert_no_growth()
        with pytest.raises(AssertionError):
            proof.assert_no_growth(per_row=0.9)
        proof.assert_no_growth(per_row=1)


class TestSteady:
    def test_a_good_page_does_not_grow(self):
        proof = mercury.growth("joined", populate=fill)
        proof.assert_no_growth()
        assert (proof.grows, proof.counts, proof.at(10_000)) == (False, (1, 1), 1)
        assert str(proof) == "GET /joined/: 1 query at 10 rows, 1 at 20\n1 statement does not grow"

    def test_what_comes_less_often_is_said(self):
        def remember(size):
            if size < 5:
                Book.objects.count()

        proof = mercury.growth(remember, sizes=(4, 8))
        proof.assert_no_growth()
        assert str(proof).endswith("1 statement does not grow, 1 of them came less often for more rows")

    def test_no_queries_at_all(self):
        assert mercury.growth(lambda size: None).counts == (0, 0)

    def test_nothing_is_left_behind(self):
        before = Book.objects.count()
        mercury.growth(lambda: Review.objects.all().delete(), populate=fill)
        assert (Book.objects.count(), Review.objects.count()) == (before, before)

    def test_what_shall_stay_stays(self):
        before = Book.objects.count()
        mercury.growth("joined", sizes=(1, 2), populate=fill, rollback=False)
        assert Book.objects.count() == before + 3

    @override_settings(MERCURY={"enabled": False, "mode": "raise", "sample_rate": 0.0})
    def test_the_settings_leave_nothing_out(self):
        assert mercury.growth("authors", sizes=(3, 6), populate=fill).grows


class TestRefused:
    @pytest.mark.parametrize("sizes", [(3, 3), (6, 3), (3,), (), (0, 3), (1.5, 3), (True, 3)])
    def test_sizes_that_prove_nothing(self, sizes):
        with pytest.raises(GrowthError, match="size"):
            mercury.growth("joined", sizes=sizes, populate=fill)

    @pytest.mark.parametrize("populate", [lambda size: None, lambda size: fill(2), lambda size: fill(30 - size)])
    def test_as_many_rows_at_each_size(self, populate):
        with pytest.raises(GrowthError, match=r"populate\(20\) made no more rows than populate\(10\)"):
            mercury.growth("joined", populate=populate)

    @pytest.mark.parametrize(("status", "says"), [(404, "ended with 404: nothing"), (302, "302, a redirection")])
    def test_a_page_that_is_not_served(self, status, says):
        with pytest.raises(GrowthError, match=says):
            mercury.growth(f"/refused/?status={status}", populate=fill)

    def test_a_response_that_a_function_returns(self):
        with pytest.raises(GrowthError, match="ended with 500"):
            mercury.growth(lambda: Client().get("/refused/?status=500"), populate=fill)

    @pytest.mark.parametrize("name", ["nothing", "book"])
    def test_no_page_of_this_name(self, name):
        with pytest.raises(GrowthError, match="no view of this name that takes no arguments"):
            mercury.growth(name, populate=fill)

    def test_a_page_without_rows(self):
        with pytest.raises(GrowthError, match="give populate="):
            mercury.growth("joined")

    def test_something_that_is_no_target(self):
        with pytest.raises(TypeError, match="not int"):
            mercury.growth(7, populate=fill)

    def test_what_the_target_raises_passes_and_leaves_nothing_behind(self):
        before = Book.objects.count()
        with pytest.raises(ZeroDivisionError):
            mercury.growth(lambda: 1 / 0, populate=fill)
        assert Book.objects.count() == before

    def test_within_an_event_loop(self):
        from asgiref.sync import async_to_sync

        async def inside():
            mercury.growth("joined", populate=fill)

        with pytest.raises(GrowthError, match="an event loop is running"):
            async_to_sync(inside)()
