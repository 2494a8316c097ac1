"""Test cases that make assertions about their database work.

    class BookList(MercuryTestCase):
        mercury_budget = {"queries": 10}

        def test_list(self):
            with self.assertNoNPlusOne():
                self.client.get("/books/")

MercuryTestMixin goes in front of any other case. The budget of a class is for each of its tests, from setUp on.
"""

from typing import TYPE_CHECKING, Any, Dict, Optional

from django.test import LiveServerTestCase, TestCase, TransactionTestCase

from mercury.testing import unittest_cases
from mercury.testing.assertions import Assertions, Measurement

_assertions = Assertions()

# What the mixin stands in front of.
_Case: Any = TestCase if TYPE_CHECKING else object


class MercuryTestMixin(_Case):
    """The assertions. Each is a context manager, sync and async, that gives a Measurement."""

    mercury_budget: Optional[Dict[str, Any]] = None
    """What each test may use: queries, reads, writes, transactions, n_plus_one, ms, and the database with `using`."""

    def run(self, result: Any = None) -> Any:
        with unittest_cases.watched_alone(self.mercury_budget):
            return super().run(result)

    def assertNoNPlusOne(self) -> Measurement:  # noqa: N802 - as unittest names them
        """The block sends no queries that grow with the rows."""
        return _assertions.no_n_plus_one()

    def assertQueriesAtMost(self, number: int, using: str = "") -> Measurement:  # noqa: N802 - as above
        """The block sends at most so many queries, transaction control left out, to one database or to all."""
        return _assertions.at_most(queries=number, using=using)

    def assertPerformance(self, **limits: Any) -> Measurement:  # noqa: N802 - as above
        """The block uses at most this: the words are those of `mercury_budget`."""
        return _assertions.at_most(**limits)


class MercuryTestCase(MercuryTestMixin, TestCase):
    """Django's TestCase with the assertions."""


class MercuryTransactionTestCase(MercuryTestMixin, TransactionTestCase):
    """Django's TransactionTestCase with the assertions."""


class MercuryLiveServerTestCase(MercuryTestMixin, LiveServerTestCase):
    """Django's LiveServerTestCase with the assertions: requests in the server's threads count."""


def __getattr__(name: str) -> Any:
    if name == "MercuryAPITestCase":
        # djangorestframework is no requirement.
        from rest_framework.test import APITestCase

        case = type(name, (MercuryTestMixin, APITestCase), {"__doc__": "DRF's APITestCase with the assertions."})
        # One class for all who import it, as it would be if it stood here.
        return globals().setdefault(name, case)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
