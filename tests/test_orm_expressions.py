"""The same id over Django's versions and over databases: what each ORM expression sends."""

import os
import sys

import pytest

from tests.orm_expressions import expected
from tests.orm_expressions.run import capture

django = pytest.importorskip("django", reason="Django is not installed: pip install django")

VERSION = "{}.{}".format(*django.VERSION)


@pytest.mark.skipif(VERSION not in expected.VERSIONS, reason=f"expected.json does not hold Django {VERSION}")
def test_this_django_sends_what_is_expected():
    run = capture(sys.executable, os.environ.get("MERCURY_TEST_DATABASE", "sqlite"))
    assert run["version"] == VERSION
    assert "\n".join(expected.unexpected(run, expected.read())) == ""
