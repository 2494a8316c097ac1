"""What Django keeps for a process's life is left as it is, and who fills it pays for it in no figure.

A cache that keeps nothing is told, once.
"""

import sys

import pytest

from tests.django_database import database, hooks_undone, shop  # noqa: F401 - fixtures

from django.contrib.contenttypes.models import ContentType  # isort: skip
from django.db import connection  # isort: skip
from django.test import override_settings  # isort: skip
from django.test.utils import CaptureQueriesContext  # isort: skip

from mercury.testing import conclusion, watch  # isort: skip
from mercury.testing.suite import Suite, TestResult  # isort: skip
from tests.suite_verdicts import CAUSE  # isort: skip
from tests.project.models import Book  # isort: skip

pytestmark = pytest.mark.usefixtures("hooks_undone", "shop")


def figures_of_a_test(body):
    active = watch.start(None, ".")
    try:
        active.begin("shop.tests.test_all", ("", 0), sys._getframe())
        body()
        active.end()
        return active.take().figures.queries
    finally:
        watch.stop()


def test_a_test_sends_what_it_would_send_without_mercury():
    ContentType.objects.get_for_model(Book)
    with CaptureQueriesContext(connection) as sent:
        figures_of_a_test(lambda: ContentType.objects.get_for_model(Book))
    assert len(sent) == 0


def test_no_figure_depends_on_who_asks_for_a_content_type_first():
    def body():
        ContentType.objects.get_for_model(Book)
        Book.objects.count()
        list(Book.objects.filter(marks__content_type__model="book"))

    ContentType.objects.clear_cache()
    first, second = figures_of_a_test(body), figures_of_a_test(body)
    assert first == second
    assert first.reads == 2


@pytest.mark.parametrize(
    ("caches", "causes", "told"),
    [
        (["dummy.DummyCache"], [("", CAUSE)], ["default"]),
        (["dummy.DummyCache", "dummy.DummyCache"], [("", CAUSE)], ["default, other"]),
        (["locmem.LocMemCache", "dummy.DummyCache"], [("", CAUSE)], ["other"]),
        (["locmem.LocMemCache"], [("", CAUSE)], []),
        (["dummy.DummyCache"], [], []),
    ],
)
def test_a_cache_that_keeps_nothing_is_told_where_something_was_found(caches, causes, told, tmp_path):
    suite = Suite()
    suite.scope = ("shop",)
    suite.add(TestResult("shop.tests.test_all", causes=causes))
    backends = {
        name: {"BACKEND": f"django.core.cache.backends.{each}"} for name, each in zip(("default", "other"), caches)
    }
    with override_settings(CACHES=backends):
        verdict = conclusion.conclude(suite, conclusion.Wishes("pytest", tmp_path, tmp_path / "baseline.json"))
    assert [notice.partition(" (")[0] for notice in verdict.notices] == [
        f"CACHES keeps nothing under {each}" for each in told
    ]
