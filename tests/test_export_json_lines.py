"""Series and reports as JSON lines: each is what its schema says."""

import json
from importlib import resources

import jsonschema
import pytest

import mercury
from mercury.export import json_lines
from tests.snapshots import Snapshot
from tests.test_export_prometheus import HOSTILE, ROUTE, SNAPSHOT, TIMES

SCHEMA = json.loads(resources.files("mercury.export").joinpath("json_lines.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def read(snapshot):
    lines = list(json_lines.of_snapshot(snapshot))
    assert all(line.isascii() and "\n" not in line for line in lines)
    found = [json.loads(line) for line in lines]
    for each in found:
        VALIDATOR.validate(each)
    return found


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_each_series_has_its_line():
    first, second, *_, histogram = read(SNAPSHOT)
    assert (first["type"], first["name"], first["labels"], first["value"]) == (
        "counter",
        "mercury.findings",
        {"kind": "n_plus_one"},
        7,
    )
    assert second["value"] == 2**63
    assert first["start_time"] == "2023-11-14T22:13:20.000000Z" < first["time"]
    assert (histogram["name"], histogram["labels"], histogram["unit"]) == ("http.server.request.duration", ROUTE, "ns")
    assert (histogram["count"], histogram["sum"], histogram["min"], histogram["max"]) == (
        len(TIMES),
        sum(TIMES),
        0,
        max(TIMES),
    )
    assert (histogram["scale"], histogram["zero_count"], histogram["first_index"]) == (3, 2, 127)
    assert sum(histogram["buckets"]) == len(TIMES) - 2
    assert histogram["buckets"][:2] == [1, 1]
    assert 939 < histogram["zero_threshold"] < 940


def test_a_snapshot_says_what_is_missing_from_it():
    losses = SNAPSHOT.losses._replace(lost_values=5)
    told = {each["labels"]["mercury.loss.kind"]: each["value"] for each in read(Snapshot(losses=losses))}
    assert told == losses._asdict()


def test_a_histogram_of_nothing_has_no_extremes():
    (line,) = (each for each in read(Snapshot(histograms=[("wait", {}, [])])) if each["type"] == "histogram")
    assert (line["count"], line["min"], line["max"], line["buckets"]) == (0, None, None, [])


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_label_values_come_out_escaped(value):
    (line,) = (each for each in read(Snapshot([("calls", {"who": value}, 1)])) if each["type"] == "counter")
    told = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in value)
    assert line["labels"] == {"who": told}


def test_a_report_has_its_line():
    with mercury.monitor("block\n") as watch:
        pass
    line = json_lines.of_report(watch.report)
    assert line.isascii()
    assert "\n" not in line
    VALIDATOR.validate(json.loads(line))
    assert json.loads(line)["report"] == watch.report.to_dict()


def test_the_schema_has_each_field_and_no_other():
    with mercury.monitor("block") as watch:
        pass
    for line in [*read(SNAPSHOT), json.loads(json_lines.of_report(watch.report))]:
        assert set(line) == set(SCHEMA["$defs"][line["type"]]["required"])


BREAKS = [
    lambda line: line.pop("sum"),
    lambda line: line.update(schema_version="2.0"),
    lambda line: line.update(type="timer"),
    lambda line: line.update(time="now"),
    lambda line: line.update(count=-1),
    lambda line: line["labels"].update(route=None),
]


@pytest.mark.parametrize("change", BREAKS, ids=range(len(BREAKS)))
def test_the_schema_refuses_what_is_none(change):
    *_, line = read(SNAPSHOT)
    change(line)
    assert not VALIDATOR.is_valid(line)
