"""The case of mercury.django.test for APIs of Django REST framework."""

import unittest

import pytest

from tests.django_database import database, hooks_undone  # noqa: F401 - fixtures

pytest.importorskip(
    "rest_framework.test", reason="Django REST framework is not installed: pip install djangorestframework"
)

from django.test import override_settings  # isort: skip
from django.urls import path  # isort: skip
from rest_framework import generics, serializers  # isort: skip
from rest_framework.test import APIClient, APITestCase  # isort: skip

from mercury.django import test as mercury_test  # isort: skip
from mercury.errors import FindingsError  # isort: skip
from tests.project.models import Book, fill  # isort: skip

pytestmark = pytest.mark.usefixtures("hooks_undone", "database")


class BookSerializer(serializers.Serializer):
    title = serializers.CharField()
    author = serializers.CharField(source="author.name")


class Books(generics.ListAPIView):
    serializer_class = BookSerializer
    authentication_classes = ()
    queryset = Book.objects.order_by("pk")


class JoinedBooks(Books):
    queryset = Book.objects.select_related("author").order_by("pk")


urlpatterns = [path("books/", Books.as_view()), path("joined/", JoinedBooks.as_view())]


# The test project has no users.
@override_settings(ROOT_URLCONF=__name__, REST_FRAMEWORK={"UNAUTHENTICATED_USER": None})
class Example(mercury_test.MercuryAPITestCase):
    mercury_budget = {"writes": 0}

    @classmethod
    def setUpTestData(cls):
        fill()

    def look(self, url):
        response = self.client.get(url, format="json")
        assert response.json()[0]["author"]

    def the_api_s_client(self):
        assert type(self.client) is APIClient

    def a_query_for_each_row(self):
        with self.assertNoNPlusOne():
            self.look("/books/")

    def one_query_for_all(self):
        with self.assertNoNPlusOne(), self.assertQueriesAtMost(1), self.assertPerformance(reads=1):
            self.look("/joined/")

    def more_queries_than_allowed(self):
        with self.assertQueriesAtMost(1):
            self.look("/books/")

    def a_write_beyond_the_budget(self):
        self.client.get("/joined/")
        Book.objects.update(title="another")


def ran(name):
    result = unittest.TestResult()
    unittest.TestSuite([Example(name)]).run(result)
    assert (result.testsRun, result.skipped) == (1, [])
    return [told for _, told in [*result.failures, *result.errors]]


@pytest.mark.parametrize("name", ["the_api_s_client", "one_query_for_all"])
def test_what_is_as_it_should_be_passes(name):
    assert ran(name) == []


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("a_query_for_each_row", "Book.author"),
        ("more_queries_than_allowed", "queries"),
        ("a_write_beyond_the_budget", "writes"),
    ],
)
def test_what_is_not_fails_and_says_why(name, part):
    (told,) = ran(name)
    assert FindingsError.__name__ in told
    assert part in told.rpartition(FindingsError.__name__)[2]


def test_it_is_one_class_and_an_apitestcase():
    case = mercury_test.MercuryAPITestCase
    assert issubclass(case, APITestCase)
    assert issubclass(case, mercury_test.MercuryTestMixin)
    assert mercury_test.MercuryAPITestCase is case
    assert (case.__module__, case.__name__) == (mercury_test.__name__, "MercuryAPITestCase")


def test_a_name_that_is_none_is_told_as_python_does():
    with pytest.raises(AttributeError, match=r"'mercury\.django\.test' has no attribute 'MercuryTest'"):
        _ = mercury_test.MercuryTest
