"""What docs/data-handling.md says of what Mercury keeps, where no other test does; each test that it names is there."""

import ast
import gc
import os
import re
import sys
import weakref

import pytest

from tests.django_database import database, shop  # noqa: F401 - fixtures

from django.db import connection  # isort: skip
from django.test import Client, override_settings  # isort: skip
from django.test.utils import CaptureQueriesContext  # isort: skip

import mercury
from mercury.capture.database import watch_query
from mercury.telemetry import active, tail
from tests.project.models import Book
from tests.telemetry_sink import telemetry

pytestmark = pytest.mark.usefixtures("shop")

SECRET = "5ecret"


def test_each_test_that_the_manual_names_is_there(root):
    manual = (root / "docs" / "data-handling.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/\w+\.py)::(\w+)`", manual)
    assert len(named) > 25
    for file, name in named:
        tree = ast.parse((root / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, f"{file}::{name}"


def test_each_row_of_the_manual_names_a_test(root):
    manual = (root / "docs" / "data-handling.md").read_text(encoding="utf-8")
    rows = [line for line in manual.splitlines() if line.startswith("| ") and not line.endswith("held to by |")]
    assert len(rows) > 20
    assert [row for row in rows if "tests/test_" not in row] == []


def work():
    """Literals, parameters and a path, each with the secret."""
    client = Client(raise_request_exception=False)
    client.get(f"/nowhere/{SECRET}/", HTTP_COOKIE=f"session={SECRET}", HTTP_REFERER=f"http://{SECRET}/")
    client.generic(SECRET, "/plain/7/", SECRET.encode())
    client.get(f"/failing/?{SECRET}")
    with mercury.monitor("block"), connection.cursor() as cursor:
        cursor.execute(f"SELECT title FROM project_book WHERE title = '{SECRET}' -- {SECRET}")
        cursor.execute("SELECT title FROM project_book WHERE title = %s", [SECRET])
        list(Book.objects.filter(title=SECRET))


@pytest.mark.parametrize("rate", [0, 1], ids=["light", "full"])
def test_no_byte_of_a_segment_is_a_literal_a_parameter_or_a_path(rate, tmp_path):
    segment = tmp_path / "metrics.segment"
    with override_settings(MERCURY={"metrics": str(segment), "sample_rate": rate}):
        work()
        active.close()
    data = segment.read_bytes()
    assert b'SELECT "project_book"' in data
    assert b"/plain/<int:number>/" in data
    assert SECRET.encode() not in data
    assert SECRET.upper().encode() not in data
    assert sorted(os.listdir(tmp_path)) == ["metrics.segment"]


def test_without_metrics_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    work()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("rate", [0, 1], ids=["light", "full"])
def test_a_request_sends_the_queries_that_it_sends_without_mercury(rate, tmp_path):
    with override_settings(MIDDLEWARE=[]), CaptureQueriesContext(connection) as without:
        Client().get("/plain/7/")
    with telemetry(tmp_path, sample_rate=rate), CaptureQueriesContext(connection) as beside:
        Client().get("/plain/7/")
    assert [query["sql"] for query in beside] == [query["sql"] for query in without]


def test_light_capture_lets_go_of_parameters_at_once(tmp_path):
    class Parameters(list):
        """A list that can be referred to weakly."""

    parameters = Parameters([SECRET])
    watched = weakref.ref(parameters)
    with telemetry(tmp_path, sample_rate=0), mercury.monitor("block"):
        watch_query(lambda *query: None, "SELECT %s FROM t", parameters, False, {"connection": connection})
        del parameters
        # Before the unit's end, and without a collection of garbage where references are counted.
        if sys.implementation.name == "pypy":
            gc.collect()
        assert watched() is None


def test_reports_of_light_units_are_bounded(tmp_path, monkeypatch):
    tail.forget()
    with telemetry(tmp_path, sample_rate=0, max_response_time_ms=0):
        for number in range(tail.MAX_KEPT + 20):
            with mercury.monitor(f"slow {number}"):
                pass
    kept = tail.newest_first()
    assert len(kept) == tail.MAX_KEPT
    assert (kept[0].name, kept[-1].name) == ("slow 119", "slow 20")
    tail.forget()
