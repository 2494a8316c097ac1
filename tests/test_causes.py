"""A suite keeps causes under names that do not depend on the Python that runs."""

from pathlib import Path

import pytest

from tests.django_database import database, shop  # noqa: F401 - fixtures

import mercury  # isort: skip
from mercury.testing.causes import causes  # isort: skip
from mercury.testing.places import Root  # isort: skip
from tests.project.models import Book  # isort: skip

pytestmark = pytest.mark.usefixtures("shop")


class Page:
    def names(self):
        return [book.author.name for book in Book.objects.order_by("pk")]


def in_loop():
    names = []
    for book in Book.objects.order_by("pk"):
        names.append(book.author.name)
    return names


def in_set():
    return {book.author.name for book in Book.objects.order_by("pk")}


def in_dict():
    return {book.pk: book.author.name for book in Book.objects.order_by("pk")}


@pytest.mark.parametrize(
    ("view", "name"), [(Page().names, "names"), (in_loop, "in_loop"), (in_set, "in_set"), (in_dict, "in_dict")]
)
def test_a_comprehension_goes_by_the_function_around_it(view, name):
    root = Root(str(Path(__file__).parent))
    with mercury.monitor("GET /", workload="request") as watch:
        view()
    (cause,) = causes(watch.report, root, "")
    assert (cause.subject, cause.file, cause.function) == ("Book.author", "test_causes.py", name)


def test_a_comprehension_of_no_file_keeps_its_name():
    root = Root(str(Path(__file__).parent))
    code = compile("def names():\n    return [book.author.name for book in Book.objects.all()]\n", "gone.py", "exec")
    exec(code, globals())
    with mercury.monitor("GET /", workload="request") as watch:
        globals().pop("names")()
    (cause,) = causes(watch.report, root, "")
    assert cause.function in ("names", "<listcomp>")


SERVICE = """
def first_name():
    return Book.objects.order_by("pk").first().title

def both_names():
    return first_name() + first_name()
"""


def served(name):
    """A function of the application's, whose file is none of the tests'."""
    exec(compile(SERVICE, str(Path(__file__).parent / "shop" / "services.py"), "exec"), globals())
    return globals()[name]


def found_in_test(act):
    with mercury.monitor("test", workload="test") as watch:
        act()
    return [(each.kind, each.line) for each in causes(watch.report, Root(str(Path(__file__).parent)), "test_causes.py")]


def test_what_a_test_asks_for_twice_is_its_own_and_what_the_application_asks_for_twice_is_not():
    first_name, both_names = served("first_name"), served("both_names")

    def steps():
        first_name()
        first_name()

    assert found_in_test(steps) == []
    assert found_in_test(both_names) == [("duplicate", 3)]
