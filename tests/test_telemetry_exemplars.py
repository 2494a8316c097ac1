"""The slowest values behind each series: bounded, without a literal, with the line where a full trace knew it."""

import json
from importlib import resources

import jsonschema
import pytest

from tests.django_database import database, shop  # noqa: F401 - fixtures

from django.test import Client  # isort: skip

import mercury.telemetry
from mercury.capture.statements import cache_for
from mercury.export import json_lines
from mercury.telemetry import exemplars
from mercury.telemetry.exemplars import KEPT_SECONDS, Exemplar, Exemplars
from tests.project import urls
from tests.telemetry_sink import telemetry

pytestmark = pytest.mark.usefixtures("shop")

PAGE = "/plain/7/"
NAME = "GET /plain/<int:number>/"


@pytest.mark.parametrize("rate", [0, 1], ids=["light", "full"])
def test_queries_and_requests_have_theirs(rate, tmp_path):
    with telemetry(tmp_path, sample_rate=rate):
        Client().get(PAGE)
        found = mercury.telemetry.slowest()
    known = {statement.fingerprint for statement in cache_for("sqlite").texts.values()}
    known |= {statement.fingerprint for statement in cache_for("postgresql").texts.values()}
    assert sorted((each.name, dict(each.attributes).get("db.query.summary")) for each in found) == [
        ("db.client.operation.duration", 'SELECT "project_author"'),
        ("db.client.operation.duration", 'SELECT "project_author"'),
        ("db.client.operation.duration", 'SELECT "project_author"'),
        ("db.client.operation.duration", 'SELECT "project_book"'),
        ("http.server.request.duration", None),
    ]
    for each in found:
        assert each.unit == NAME
        assert each.fingerprint in known
        assert (each.file == urls.__file__ and each.line > 0) if rate else (each.file, each.line) == ("", 0)


def test_as_json_lines_they_are_what_the_schema_says(tmp_path):
    schema = json.loads(resources.files("mercury.export").joinpath("json_lines.schema.json").read_text("utf-8"))
    with telemetry(tmp_path):
        Client().get(PAGE)
        lines = list(json_lines.of_exemplars(mercury.telemetry.slowest()))
    assert len(lines) == 5
    for line in lines:
        assert line.isascii()
        jsonschema.Draft202012Validator(schema).validate(json.loads(line))
    assert {json.loads(line)["unit_of_work"] for line in lines} == {NAME}


def values(kept):
    return [each.value_ns for each in kept.all()]


@pytest.fixture
def keep(monkeypatch):
    """Has a value kept that was recorded at some time, where it passes."""
    kept = Exemplars()
    clock = [0.0]
    monkeypatch.setattr(exemplars, "time", lambda: clock[0])

    def offer(number, value_ns, at=0.0):
        clock[0] = at
        if kept.passing([number], [value_ns]):
            kept.keep(number, Exemplar("name", (), value_ns, 7, "unit", "", 0, at))
        return values(kept)

    return offer


def test_the_slowest_three_are_kept(keep):
    for value in (5, 1, 3):
        keep(0, value)
    assert keep(0, 2) == [5, 3, 2]
    assert keep(0, 1) == [5, 3, 2]
    assert keep(0, 9) == [9, 5, 3]


def test_an_hour_later_anything_is_an_example_again(keep):
    for value in (500, 400, 300):
        keep(0, value)
    assert keep(0, 1, KEPT_SECONDS + 1) == []
    assert keep(0, 301, KEPT_SECONDS + 1) == [301]
    assert keep(0, 2, KEPT_SECONDS + 2) == [301, 2]


def test_series_with_examples_are_bounded(keep, monkeypatch):
    monkeypatch.setattr(exemplars, "MAX_SERIES", 2)
    for number in range(5):
        keep(number, 7)
    assert keep(4, 9) == [7, 7]
