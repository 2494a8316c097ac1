"""`mercury segment`: what it shows, and when its exit code says that something is missing."""

import io
import json
import math
import os

import pytest

import mercury
from mercury import cli


@pytest.fixture
def path(tmp_path):
    path = str(tmp_path / "metrics.segment")
    with mercury.Segment(path, 4096 + 8 * 65536) as segment:
        segment.counter("requests", route="/a\n").add(1234)
        for value in (1_000, 2_000_000, 2_000_000, 3_000_000_000):
            segment.histogram("latency").record(value)
    return path


@pytest.fixture
def call(path, capsys):
    def call_it(*arguments, file=path):
        return (cli.main(["segment", *arguments, file]), *capsys.readouterr())

    return call_it


def test_totals(call, path):
    before = open_bytes(path)
    code, output, complaints = call()
    assert (code, complaints) == (0, "")
    assert output.splitlines()[:2] == [
        "slots: 0 of living writers, 1 of dead ones, 0 retired, 8 in all",
        "         1,234  requests{route=/a?}",
    ]
    assert output.splitlines()[2].startswith("             4  latency  min 1,000 p50 ")
    assert output.splitlines()[2].endswith(" max 3,000,000,000 sum 3,004,001,000")
    assert open_bytes(path) == before


def open_bytes(path):
    with open(path, "rb") as file:
        return file.read()


def test_living_writers_are_known(call, path):
    with mercury.Segment(path) as segment:
        segment.counter("requests", route="/a\n").add(1)
        output = call()[1]
    assert "slots: 1 of living writers, 0 of dead ones, 1 retired, 8 in all" in output
    assert "1,235" in output


def test_json(call):
    code, output, _ = call("--json")
    document = json.loads(output)
    assert code == 0
    assert document["counters"] == [{"name": "requests", "labels": {"route": "/a\n"}, "value": 1234}]
    (histogram,) = document["histograms"]
    assert (histogram["count"], histogram["sum"], histogram["min"]) == (4, 3_004_001_000, 1000)
    assert sum(histogram["counts"]) == 4
    assert set(document["losses"].values()) == {0}


@pytest.mark.parametrize("q", [0, 0.25, 0.26, 0.5, 0.75, 0.76, 1])
def test_quantiles(path, q):
    with mercury.Segment(path) as segment:
        ((_, histogram),) = segment.snapshot().histograms()
    exact = sorted([1_000, 2_000_000, 2_000_000, 3_000_000_000])[max(math.ceil(4 * q) - 1, 0)]
    assert abs(histogram.quantile(q) / exact - 1) <= 0.0444


def test_no_values_have_no_quantile(tmp_path):
    with mercury.Segment(str(tmp_path / "a")) as segment:
        segment.histogram("h")
        segment.counter("c").add(1)
        segment.record([(segment.histogram("h"), 5)])
        ((_, histogram),) = segment.snapshot().histograms()
        assert histogram.quantile(0.5) == 5
        assert histogram._replace(min=None, max=None, count=0).quantile(0.5) is None


def test_damage_has_an_exit_code(call, path):
    with mercury.Segment(path) as segment:
        head = segment.snapshot()  # folds, so that slot 1 has the totals
        assert head.losses == (0, 0, 0, 0, 0)
    data = bytearray(open_bytes(path))
    at = data.index(b"requests")
    data[at - 2 - 96 + 4 * 8] ^= 1  # its count
    write(path, data)
    code, output, _ = call()
    assert code == 1
    assert "note: 1 series are left out" in output
    assert "latency" in output


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


@pytest.mark.parametrize("change", [lambda data: data[:9000], lambda data: b"no segment" * 100, lambda data: b""])
def test_other_files_are_refused(call, path, change):
    write(path, change(open_bytes(path)))
    code, output, complaints = call()
    assert (code, output) == (2, "")
    assert complaints.startswith("mercury segment: ")
    assert call(file=os.path.dirname(path))[0] == 2
    assert call(file=path + ".missing")[0] == 2


def test_names_that_the_terminal_cannot_show(path, monkeypatch):
    with mercury.Segment(path) as segment:
        segment.counter("caf\xe9", r="\u65e5").add(3)
    shown = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(shown, encoding="ascii", write_through=True))
    assert cli.main(["segment", path]) == 0
    assert b"             3  caf\\xe9{r=\\u65e5}\n" in shown.getvalue()
