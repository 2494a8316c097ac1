"""The JSON document of a report: it is what its schema says, whatever is in the report."""

import datetime
import json
import string
from importlib import resources

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mercury
from mercury.findings import Cleared, Finding
from mercury.metrics import PerformanceMetrics
from mercury.report import Report
from mercury.report.document import SCHEMA_VERSION, document
from mercury.settings import WORKLOADS
from mercury.suppression import Rule, Suppressed

SCHEMA = json.loads(resources.files("mercury.report").joinpath("report.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

texts = st.text(max_size=30)
counts = st.integers(0, 10**12)
times = st.floats(0, 1e12)
FINDINGS = st.builds(
    Finding,
    kind=st.text(string.ascii_lowercase + "_", min_size=1, max_size=20),
    model=texts,
    field=texts,
    count=counts,
    sql=texts,
    fingerprint=st.integers(0, 2**64 - 1),
    database=texts,
    duration_ns=counts,
    file=texts,
    line=st.integers(0, 10**6),
    function=texts,
    loop_file=texts,
    loop_line=st.integers(0, 10**6),
    fix=texts,
    why=texts,
    places=st.tuples(texts),
    tree=st.tuples(texts),
    exponent=st.integers(0, 4),
)
RULES = st.builds(
    Rule,
    kinds=st.tuples(st.sampled_from(["n_plus_one", "duplicate"])),
    reason=st.text(min_size=1),
    owner=texts,
    until=st.none() | st.dates(),
    where=texts,
)
CLEARED = st.builds(
    Cleared,
    sql=texts,
    fingerprint=st.integers(0, 2**64 - 1),
    database=texts,
    count=st.integers(2, 10**9),
    file=texts,
    line=st.integers(0, 10**6),
    reason=texts,
)
METRICS = st.builds(
    PerformanceMetrics,
    times,
    st.none() | times,
    st.none() | times,
    counts,
    counts,
    times,
    st.none() | counts,
    st.none() | counts,
    st.booleans(),
    st.none() | st.floats(-1e6, 1e6),
    st.none() | st.floats(-1e6, 1e6),
)
REPORTS = st.builds(
    Report,
    name=texts,
    metrics=METRICS,
    findings=st.lists(FINDINGS, max_size=3),
    notes=st.lists(texts, max_size=2),
    workload=st.sampled_from(WORKLOADS),
    exceeded=st.tuples(texts),
    cleared=st.lists(CLEARED, max_size=2).map(tuple),
    ignored=st.lists(st.builds(Suppressed, FINDINGS, RULES), max_size=2).map(tuple),
    stale=st.tuples(texts),
    idle=st.tuples(texts),
    id=st.just("") | st.integers(0, 2**32 - 1).map("{:08x}".format),
)


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@given(REPORTS)
def test_each_report_is_what_the_schema_says(report):
    text = report.to_json()
    assert text.isascii()
    assert "\n" not in text
    read = json.loads(text)
    VALIDATOR.validate(read)
    assert read == json.loads(json.dumps(report.to_dict()))
    assert len(read["findings"]) == len(report.findings)


def test_the_report_of_a_block_is_what_the_schema_says():
    with mercury.monitor("block") as watch:
        pass
    VALIDATOR.validate(json.loads(watch.report.to_json()))


def plain_report():
    metrics = PerformanceMetrics(1.5, None, 2.5, 3, 0, 0.5, None, None, True)
    finding = Finding(
        "n_plus_one", "Book", "author", 4, "select ?", 255, "default", 2_000_000, "a.py", 3, "f", "a.py", 2, "", ""
    )
    rule = Rule(("duplicate",), "few", "shop", datetime.date(2027, 1, 31), "a.py:3")
    cleared = Cleared("select ?", 255, "default", 2, "a.py", 3, "two lines")
    return Report(
        "GET /", metrics, [finding], ["1 query was lost"], ignored=(Suppressed(finding, rule),), cleared=(cleared,)
    )


def properties(schema, value, path=""):
    """Each object of the document with the properties that the schema has for it."""
    schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    schema = schema["oneOf"][1] if "oneOf" in schema else schema
    if isinstance(value, dict):
        yield path, set(schema["properties"]), set(schema["required"]), set(value)
        for key, item in value.items():
            yield from properties(schema["properties"][key], item, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from properties(schema["items"], item, f"{path}[]")


def test_the_schema_has_each_field_and_no_other():
    # It lets others pass, for readers of a later minor version; this is what holds it to ours.
    for path, known, required, found in properties(SCHEMA, document(plain_report())):
        assert known == required == found, path


def test_the_fields_carry_their_figures():
    read = json.loads(plain_report().to_json())
    assert read["schema_version"] == SCHEMA_VERSION
    assert read["metrics"]["cpu_time_ms"] is None
    (finding,) = read["findings"]
    assert (finding["fingerprint"], finding["duration_ms"], finding["target"]) == (
        "00000000000000ff",
        2.0,
        "Book.author",
    )
    assert finding["loop"] == {"file": "a.py", "line": 2}
    assert read["ignored"][0]["rule"]["until"] == "2027-01-31"
    assert read["not_measured"] == ["1 query was lost"]


BREAKS = [
    lambda read: read.pop("findings"),
    lambda read: read.update(schema_version="2.0"),
    lambda read: read.update(workload="requests"),
    lambda read: read["findings"][0].update(fingerprint="ff"),
    lambda read: read["findings"][0].update(loop={}),
    lambda read: read["metrics"].update(query_count=None),
    lambda read: read["ignored"][0]["rule"].update(until="soon"),
    lambda read: read["cleared"][0].pop("reason"),
]


@pytest.mark.parametrize("change", BREAKS, ids=range(len(BREAKS)))
def test_the_schema_refuses_what_is_none(change):
    read = json.loads(plain_report().to_json())
    VALIDATOR.validate(read)
    change(read)
    assert not VALIDATOR.is_valid(read)
