"""The cache that is a table: one call is one operation, told as the cache's, with the calls that take many keys."""

import pytest

import mercury
from tests.django_database import database, shop  # noqa: F401 - fixtures

from django.core.cache import cache  # isort: skip
from django.core.management import call_command  # isort: skip
from django.test import override_settings  # isort: skip

from tests.project.models import Book  # isort: skip

CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "mercury_cache"}}


@pytest.fixture(autouse=True)
def cache_table(shop):  # noqa: F811 - a fixture
    with override_settings(CACHES=CACHES):
        call_command("createcachetable", verbosity=0)
        yield


def read():
    for book in Book.objects.all():
        cache.get(book.pk)


def read_one_key():
    for _book in Book.objects.all():
        cache.get("total")


def read_or_filled():
    for book in Book.objects.all():
        cache.get_or_set(book.pk, 1)


def written():
    for book in Book.objects.all():
        cache.set(book.pk, 1)


def written_anew_or_again():
    first, second = Book.objects.values_list("pk", flat=True)[:2]
    cache.set(first, 1)
    for book in Book.objects.filter(pk__in=[first, second]):
        cache.set(book.pk, 2)


def written_twice():
    cache.set("first", 1)
    cache.set("second", 2)


def deleted():
    for book in Book.objects.all():
        cache.delete(book.pk)


def for_constants():
    for key in ("a", "b", "c"):
        cache.get(key)


def read_at_once():
    cache.get_many([book.pk for book in Book.objects.all()])


def written_at_once():
    cache.set_many({book.pk: 1 for book in Book.objects.all()})


MANY, ONE = "with cache.get_many(keys)", "put one value for all rows into the cache"


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (read, [("n_plus_one", "cache.get", MANY)]),
        (read_one_key, [("n_plus_one", "cache.get", "load the cached value once, before the loop at")]),
        (read_or_filled, [("n_plus_one", "cache.get", MANY)] * 2 + [("write_loop", "cache.add", ONE)]),
        (written, [("write_loop", "cache.set", ONE)]),
        # What is there already is an UPDATE, so that neither kind of write comes twice.
        (written_anew_or_again, [("n_plus_one", "cache.set", ONE)]),
        # A cache that counts its rows before each write is nobody's duplicate.
        (written_twice, []),
        (deleted, [("write_loop", "cache.delete", "then cache.delete_many(keys)")]),
        (for_constants, [("repeated_in_loop", "cache.get", MANY)]),
        (read_at_once, []),
        # Django's own loop, which is why it is no remedy.
        (written_at_once, [("repeated_in_loop", "cache.set", ONE)]),
    ],
)
def test_each_call_is_one_cause(act, expected):
    with mercury.monitor("cache") as watch:
        act()
    found = sorted((finding.kind, finding.target, finding.fix) for finding in watch.report.findings)
    assert [each[:2] for each in found] == [each[:2] for each in expected], str(watch.report)
    for (_, _, fix), (_, _, part) in zip(found, expected):
        assert part in fix
