"""Call paths that are taken from earlier units: they are those that a unit would have found by itself."""

import pytest

from mercury import _monitor
from mercury.capture import ways
from tests.django_database import database, shop  # noqa: F401 - fixtures

from django.db import connection  # isort: skip
from django.template import Context, Template  # isort: skip

from tests.project.models import Author, Book  # isort: skip


@pytest.fixture(autouse=True)
def _no_ways():
    ways.forget()
    yield
    ways.forget()


def paths_of(action):
    """What the core knows of a unit in which the action runs: how often each statement came by which frames."""
    seen = []
    _monitor.witnesses.append(lambda report, evidence: seen.append(evidence))
    try:
        with _monitor.monitor("paths"):
            action()
    finally:
        _monitor.witnesses.pop()
    (evidence,) = seen
    assert evidence.totals.ungrouped_count == 0
    return [(group.fingerprint, group.count, group.loop, evidence.paths[group.path]) for group in evidence.groups]


def author_of(book):
    return Author.objects.get(pk=book.author_id)


def straight():
    Book.objects.count()
    author_of(Book.objects.order_by("pk")[0])
    author_of(Book.objects.order_by("pk")[1])


def looped():
    for book in Book.objects.all():
        author_of(book)
        book.tags.count()


def recursive(depth=4):
    Book.objects.count()
    if depth:
        recursive(depth - 1)


def generated():
    def authors():
        for book in Book.objects.all():
            yield author_of(book)

    list(authors())


def by_cursor():
    for _ in range(3):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")


LIST = Template("{% for book in books %}{{ book.author.name }}\n{{ book.tags.count }}{% endfor %}")
TWO_NODES = Template("{% for book in books %}{{ book.tags.count }}\n{{ book.tags.count }}{% endfor %}")


def listed():
    LIST.render(Context({"books": Book.objects.all()}))


def at_two_nodes():
    TWO_NODES.render(Context({"books": Book.objects.all()}))


@pytest.mark.parametrize("action", [straight, looped, recursive, generated, by_cursor, listed, at_two_nodes])
def test_a_unit_that_comes_again_has_the_same_paths(action, shop):  # noqa: F811 - a fixture
    first = paths_of(action)
    assert [paths_of(action) for _ in range(4)] == [first] * 4


@pytest.mark.parametrize("action", [looped, listed])
def test_a_unit_that_comes_again_is_not_explored(action, shop, monkeypatch):  # noqa: F811 - a fixture
    first, *_ = [paths_of(action) for _ in range(3)]
    explored = []
    monkeypatch.setattr(ways, "note", lambda *arguments: explored.append(arguments))
    assert paths_of(action) == first
    assert explored == []


def test_a_text_that_comes_another_way_is_told_where_it_comes_from(shop):  # noqa: F811 - a fixture
    def here():
        Book.objects.count()

    def there():
        Book.objects.count()

    def again():
        if len(turns) % 2:
            Book.objects.count()
        else:
            Book.objects.count()

    for _ in range(3):
        paths_of(here)
    for action in (there, here, there, there, here):
        ((*_, path),) = paths_of(action)
        assert path[-2].code is action.__code__ or path[-1].code is action.__code__
    turns = []
    offsets = set()
    for turn in range(6):
        turns.append(turn)
        ((*_, path),) = paths_of(again)
        offsets.add((len(turns) % 2, path[-1].offset))
    assert len(offsets) == 2


def test_another_node_of_a_template_is_another_place(shop):  # noqa: F811 - a fixture
    book = Book.objects.all()[0]
    nodes = [Template("{{ book.tags.count }}"), Template("\n{{ book.tags.count }}")]

    def lines(template):
        ((*_, path),) = paths_of(lambda: template.render(Context({"book": book})))
        return [entry.element.line for entry in path if hasattr(entry.element, "line")]

    for _ in range(4):
        assert lines(nodes[0]) == [1]
    assert [lines(node) for node in nodes] == [[1], [2]]


def test_the_ways_that_are_kept_are_bounded(shop, monkeypatch):  # noqa: F811 - a fixture
    monkeypatch.setattr(ways, "MAX_WAYS", 2)
    for number in range(1, 6):
        for _ in range(2):
            paths_of(lambda: list(Book.objects.filter(pk__in=range(number))))  # noqa: B023 - called at once
        assert 0 < len(ways.ways) <= 2


def test_no_text_with_a_literal_is_kept(shop):  # noqa: F811 - a fixture
    for _ in range(4):
        paths_of(lambda: list(Book.objects.extra(where=["title = 'canary'"])))
    assert not [text for text in ways.ways if "canary" in text]
