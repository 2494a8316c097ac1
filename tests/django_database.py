"""The test project and its database: made once, rolled back after each test.

Importing this module sets Django up, or skips the importing test module where Django is missing.
"""

import os

import pytest

django = pytest.importorskip("django", reason="Django is not installed: pip install django")

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.project.settings"
django.setup()


_made = []


@pytest.fixture(scope="session")
def database():
    """The tables of the test project, in a test database of their own.

    Each module that imports this fixture gets its own; the first to start makes the database, for all.
    """
    from django.test.utils import setup_databases, setup_test_environment, teardown_databases, teardown_test_environment

    if _made:
        yield
        return
    setup_test_environment()
    _made.append(setup_databases(verbosity=0, interactive=False))
    yield
    teardown_databases(_made.pop(), verbosity=0)
    teardown_test_environment()


@pytest.fixture
def shop(database):
    """Four books in the database; what a test writes is rolled back."""
    from django.core.cache import caches
    from django.db import transaction

    from tests.project.models import fill

    with transaction.atomic():
        fill()
        yield
        transaction.set_rollback(True)
    for cache in caches.all(initialized_only=True):
        cache.clear()


@pytest.fixture
def hooks_undone(monkeypatch):
    """What watching a suite has set in classes of Django's and unittest's is taken away after the test."""
    import unittest

    from django.core.handlers.base import BaseHandler

    monkeypatch.setattr(BaseHandler, "load_middleware", BaseHandler.load_middleware)
    monkeypatch.setattr(unittest.TestCase, "run", unittest.TestCase.run)
