"""What `select_related` and `prefetch_related` loaded and nobody read.

tests/labelled/third has the cases that are whole functions.
"""

import copy
import gc
import pickle
from types import FunctionType

import pytest

from tests.django_database import database, shop  # noqa: F401 - fixtures

from django.core.signals import request_finished  # isort: skip
from django.db import close_old_connections  # isort: skip
from django.db.models import prefetch_related_objects  # isort: skip
from django.http import HttpResponse, HttpResponseRedirect, StreamingHttpResponse  # isort: skip
from django.template import Context, Engine  # isort: skip
from django.test import RequestFactory  # isort: skip
from django.views.generic import ListView  # isort: skip

import mercury
from mercury.capture import eager_loads
from mercury.django.middleware import MercuryMiddleware
from tests.project.models import Author, Book
from tests.test_chaos import BOUNDARY, Planted

pytestmark = pytest.mark.usefixtures("shop")

KIND = "unused_eager_load"


@pytest.fixture(autouse=True)
def young():
    """Rows that only hold each other go at a small collection while they are young."""
    gc.collect()


@pytest.fixture(autouse=True)
def _open_connection():
    """A response that ends would close the connection whose transaction the test is in."""
    request_finished.disconnect(close_old_connections)
    yield
    request_finished.connect(close_old_connections)


def told(report):
    return sorted(finding.target for finding in report.findings if finding.kind == KIND)


def told_of(function):
    with mercury.monitor() as watch:
        function()
    return told(watch.report)


def titles(books):
    return [book.title for book in books]


def in_vain():
    return [book.title for book in Book.objects.select_related("author").prefetch_related("tags")]


def test_advice_with_its_line_and_its_fix():
    with mercury.monitor() as watch:
        in_vain()
    findings = {finding.target: finding for finding in watch.report.findings}
    assert sorted(findings) == ["Book.author", "Book.tags"]
    for finding in findings.values():
        assert (finding.kind, finding.is_advisory, finding.count) == (KIND, True, 1)
        assert (finding.file, finding.line) == (__file__, in_vain.__code__.co_firstlineno + 1)
    assert '"tags" out of prefetch_related()' in findings["Book.tags"].fix
    assert '"author" out of select_related()' in findings["Book.author"].fix


def page(request):
    in_vain()
    return HttpResponse("shown", status=int(request.GET.get("status", 200)))


def moved(request):
    in_vain()
    return HttpResponseRedirect("/elsewhere/")


def failing(request):
    in_vain()
    raise ZeroDivisionError("the view's own")


class Shelf(ListView):
    queryset = Book.objects.prefetch_related("tags")

    def render_to_response(self, context, **kwargs):
        response = HttpResponse(titles(context["object_list"]))
        response.context_data = context
        return response


def streamed(request):
    return StreamingHttpResponse(title for title in titles(Book.objects.prefetch_related("tags")))


def ask(view, query="", read=True):
    response = MercuryMiddleware(view)(RequestFactory().get("/" + query))
    if response.streaming:
        parts = iter(response.streaming_content)
        next(parts)
        if read:
            list(parts)
        response.close()


def test_a_page_that_was_made(reports):
    ask(page)
    ask(Shelf.as_view())
    ask(streamed)
    assert [told(report) for report in reports] == [["Book.author", "Book.tags"], ["Book.tags"], ["Book.tags"]]


def test_what_was_not_made_whole_may_have_been_about_to_read(reports):
    ask(page, "?status=404")
    ask(page, "?status=204")
    ask(moved)
    ask(streamed, read=False)
    with pytest.raises(ZeroDivisionError):
        ask(failing)
    with pytest.raises(ZeroDivisionError), mercury.monitor():
        in_vain()
        raise ZeroDivisionError
    assert [told(report) for report in reports] == [[]] * 6


def test_a_failing_unit_within_another_speaks_for_both(reports):
    def handled():
        with pytest.raises(ZeroDivisionError):
            ask(failing)

    assert told_of(handled) == []
    assert told_of(in_vain) == ["Book.author", "Book.tags"]


def test_rows_that_a_block_leaves_to_others():
    with mercury.monitor() as watch:
        books = list(Book.objects.select_related("author").prefetch_related("tags"))
    assert told(watch.report) == []
    assert titles(books)


def test_one_read_of_many_is_enough():
    def last_only():
        books = list(Book.objects.select_related("author").prefetch_related("tags"))
        return books[-1].author, list(books[-1].tags.all())

    assert told_of(last_only) == []


@pytest.mark.parametrize(
    "read",
    [
        lambda cache: cache.get("tags"),
        lambda cache: list(cache),
        lambda cache: list(cache.items()),
        lambda cache: list(cache.values()),
        lambda cache: cache.copy(),
        lambda cache: dict(cache),
        lambda cache: {**cache},
        lambda cache: copy.copy(cache),
        lambda cache: pickle.dumps(cache, protocol=2),
    ],
)
def test_whoever_reads_the_cache_itself_reads(read):
    assert told_of(lambda: [read(book._prefetched_objects_cache) for book in tagged()]) == []


def tagged():
    return list(Book.objects.prefetch_related("tags"))


def test_the_cache_is_a_dict_to_everybody_else():
    with mercury.monitor():
        (first, *_) = tagged()
        cache = first._prefetched_objects_cache
        assert isinstance(cache, dict) and list(cache) == ["tags"] and "tags" in cache and len(cache) == 1
        first.tags.clear()
        assert cache == {}
    assert type(pickle.loads(pickle.dumps(first))._prefetched_objects_cache) is dict


def test_nothing_is_left_on_the_relations():
    field, reverse = Book._meta.get_field("author"), Author._meta.get_field("biography")
    with mercury.monitor():
        books = list(Book.objects.select_related("author__biography"))
        assert "get_cached_value" in vars(field) and "get_cached_value" in vars(reverse)
        books[0].author
        assert "get_cached_value" not in vars(field)
    assert "get_cached_value" not in vars(reverse)


def test_nothing_is_left_on_the_managers():
    descriptor = Book.__dict__["tags"]
    managers = descriptor.related_manager_cls
    with mercury.monitor():
        books = tagged()
        assert descriptor.related_manager_cls is not managers
        assert descriptor.related_manager_cls.__name__ == managers.__name__
        assert type(books[1].tags) is managers and descriptor.related_manager_cls is managers
        tagged()
        assert isinstance(managers(books[0]), descriptor.related_manager_cls)
    assert descriptor.related_manager_cls is managers


def read_tags(books):
    return [list(book.tags.all()) for book in books]


def test_managers_of_other_rows_read_nothing():
    def others():
        titles(tagged())
        read_tags(Book.objects.all())

    assert told_of(others) == ["Book.tags"]


def test_a_row_between_others_that_a_block_leaves():
    with mercury.monitor() as watch:
        left = tagged()[1]
    assert told(watch.report) == []
    assert len(left.tags.all()) == 1


def test_a_pickled_row_takes_its_own_prefetch_along():
    assert told_of(lambda: pickle.dumps(tagged()[1])) == []
    assert told_of(lambda: (titles(tagged()), pickle.dumps(Author.objects.first()))) == ["Book.tags"]


def test_a_relation_stays_what_it_is_while_it_is_watched():
    with mercury.monitor():
        books = list(Book.objects.select_related("author__biography"))
        reverse = Author._meta.get_field("biography")
        query = Author.objects.filter(biography__isnull=False).query
        assert str(pickle.loads(pickle.dumps(query))) == str(query)
        assert copy.deepcopy(Book._meta.get_field("author")).get_cached_value(books[0]) == books[0].author
        assert reverse.get_cached_value(Author(), default=None) is None


def test_a_prefetch_of_rows_that_hold_another_one():
    def twice():
        books = list(Book.objects.prefetch_related("tags"))
        prefetch_related_objects(books, "reviews")
        return [len(book.tags.all()) for book in books]

    assert told_of(twice) == ["Book.reviews"]


@pytest.mark.parametrize(
    "changed, expected",
    [
        (lambda file: None, ["Book.tags"]),
        (lambda file: file.write_text("{{ book.blurb }}"), ["Book.tags"]),
        (lambda file: file.write_text("{% if book.tags %}"), []),
        (lambda file: file.write_text(" " * 1_000_001), []),
        (lambda file: file.unlink(), []),
        (lambda file: (file.unlink(), file.mkdir()), []),
    ],
    ids=["same", "changed", "names it", "too long", "gone", "a folder"],
)
def test_a_template_that_may_read_the_relation(changed, expected, tmp_path):
    file = tmp_path / "list.html"
    file.write_text("{% for book in books %}{{ book.title }}{% endfor %}")
    template = Engine(dirs=[str(tmp_path)]).get_template("list.html")

    def page():
        template.render(Context({"books": Book.objects.prefetch_related("tags")}))

    assert told_of(page) == ["Book.tags"]
    changed(file)
    assert told_of(page) == expected


def test_a_full_block_of_queries_before_a_prefetch():
    def many():
        for _ in range(1023):
            Book.objects.count()
        titles(Book.objects.prefetch_related("tags"))

    assert told_of(many) == ["Book.tags"]


def shelf():
    found = []
    for book in Book.objects.select_related("author").prefetch_related("tags", "editor", "reviews"):
        found += [book.author.name, book.editor.name, *(tag.name for tag in book.tags.all())]
        found += [sorted(book._prefetched_objects_cache), book._prefetched_objects_cache.get("none")]
    return found, len(pickle.dumps(Book.objects.select_related("author").first()))


def inner_functions():
    holders = [eager_loads, *(each for each in vars(eager_loads).values() if isinstance(each, type))]
    found = {each for holder in holders for each in vars(holder).values() if isinstance(each, FunctionType)}
    named = {f"{each.__module__}.{each.__qualname__}": each for each in found}
    # What stands in for a method of the host's, and what only says how to go on, is no function of Mercury's alone.
    apart = {"__reduce__", "__reduce_ex__", "__iter__", "items", "values", "copy", "_note_all", "_note_all_readers"}
    return {
        name: each
        for name, each in named.items()
        if each.__module__ == eager_loads.__name__ and name not in BOUNDARY and each.__name__ not in apart
    }


def test_no_fault_of_mercury_s_own_changes_what_is_read():
    expected = shelf()
    functions = inner_functions()
    assert len(functions) > 15
    for name, function in functions.items():
        with Planted(function), mercury.monitor() as watch:
            assert shelf() == expected, name
        assert watch.report.metrics.query_count in (0, 5), name
