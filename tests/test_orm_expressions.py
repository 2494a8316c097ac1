"""The same id over Django's versions and over databases: what each ORM expression sends."""

import os
import sys

import pytest

from tests.orm_expressions import expected, page, reasons
from tests.orm_expressions.run import capture

django = pytest.importorskip("django", reason="Django is not installed: pip install django")

VERSION = "{}.{}".format(*django.VERSION)


@pytest.mark.skipif(VERSION not in expected.VERSIONS, reason=f"expected.json does not hold Django {VERSION}")
def test_this_django_sends_what_is_expected():
    run = capture(sys.executable, os.environ.get("MERCURY_TEST_DATABASE", "sqlite"))
    assert run["version"] == VERSION
    assert "\n".join(expected.unexpected(run, expected.read())) == ""


OVER = {
    "versions": (reasons.between_versions, reasons.OF_VERSIONS, 0),
    "databases": (reasons.between_databases, reasons.OF_DATABASES, 1),
}


@pytest.mark.parametrize("over", OVER)
def test_each_difference_is_listed_with_reasons_that_explain_it(over):
    differences, known, index = OVER[over]
    listed = reasons.read()[index]
    found = {}
    for name, place, one, other in differences(expected.read()):
        chosen = [known[reason] for reason in listed.get(name, {}).get(place, "").split()]
        assert chosen, f"{name} ({place}): no reason"
        assert reasons.rewritten(one, chosen) == reasons.rewritten(other, chosen), f"{name} ({place})"
        found.setdefault(name, {})[place] = listed[name][place]
    assert found == listed


@pytest.mark.parametrize("over", OVER)
def test_no_reason_explains_that_another_column_is_read(over):
    # A rewriting that swallowed everything would explain anything.
    for name, reason in OVER[over][1].items():
        one, other = (f"select a.{column} from a where a.{column} = ?" for column in ("b", "c"))
        assert reasons.rewritten(one, [reason]) != reasons.rewritten(other, [reason]), name


def test_the_page_holds_the_figures():
    assert page.parts()[1] == page.figures(expected.read())
