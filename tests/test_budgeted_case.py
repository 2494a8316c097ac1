"""A case with a budget watches its own tests, and leaves the process as it was."""

import unittest

import pytest

from mercury import _monitor
from tests.django_database import database  # noqa: F401 - fixtures

from django.http import HttpResponse  # isort: skip
from django.test import Client, override_settings  # isort: skip
from django.urls import path  # isort: skip

from mercury.django.test import MercuryTestCase  # isort: skip

pytestmark = pytest.mark.usefixtures("database")

urlpatterns = [path("", lambda request: HttpResponse("here"))]


class Budgeted(MercuryTestCase):
    mercury_budget = {"queries": 0}
    used_client = Client()

    def a_request(self):
        self.used_client.get("/")


@pytest.fixture
def told(monkeypatch):
    """The names of the units that end."""
    names = []
    monkeypatch.setattr(_monitor, "listeners", [lambda report: names.append(report.name)])
    return names


@override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[])
def test_requests_are_units_of_their_own_no_longer_than_the_test(told):
    result = unittest.TestResult()
    Budgeted("a_request").run(result)
    assert result.wasSuccessful(), result
    assert told == ["GET /", f"test {__name__}.Budgeted.a_request"]
    Budgeted.used_client.get("/")
    Client().get("/")
    assert len(told) == 2


@override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[])
def test_the_next_test_is_watched_again(told):
    for _ in range(2):
        Budgeted("a_request").run(unittest.TestResult())
    assert told.count("GET /") == 2  # by the client that the first one has used as well
