"""`mercury export`, over a segment that this process writes."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

import mercury
from mercury import cli
from mercury.export import prometheus
from mercury.export.source import Source
from mercury.segment.file import UnusableError
from tests.receivers.otlp import receiver


@pytest.fixture
def path(tmp_path):
    with mercury.Segment(tmp_path / "metrics") as segment:
        segment.counter("calls", who="a").add(3)
        segment.histogram("wait").record(1_000_000)
    return str(tmp_path / "metrics")


@pytest.fixture
def told(capsysbinary):
    def tell(*arguments):
        code = cli.main(["export", *arguments])
        return (code, *capsysbinary.readouterr())

    return tell


def test_the_forms_of_prometheus(path, told):
    wanted = Source(path).snapshot()
    assert told(path) == (0, prometheus.expose(wanted), b"")
    assert told(path, "--to", "openmetrics") == (0, prometheus.expose(wanted, prometheus.OPENMETRICS), b"")


def test_json_lines(path, told):
    code, output, _ = told(path, "--to", "json")
    lines = [json.loads(line) for line in output.splitlines()]
    assert code == 0
    assert [line["value"] for line in lines if line["type"] == "counter"] == [3]
    assert [line["sum"] for line in lines if line["type"] == "histogram"] == [1_000_000]


def test_opentelemetry_goes_where_its_variables_say(path):
    with receiver() as received:
        environment = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": received.url, "OTEL_SERVICE_NAME": "shop"}
        command = [sys.executable, "-m", "mercury", "export", path, "--to", "otlp", "--every", "1"]
        process = subprocess.Popen(command, env=environment)
        until = time.monotonic() + 60
        while len(received.requests) < 2 and time.monotonic() < until and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    first, second = received.requests[:2]
    (resource_metrics,) = first.resource_metrics
    service = [each.value.string_value for each in resource_metrics.resource.attributes if each.key == "service.name"]
    assert service == ["shop"]
    starts = set()
    for request in (first, second):
        (calls,) = (each for each in request.resource_metrics[0].scope_metrics[0].metrics if each.name == "calls")
        starts.add(calls.sum.data_points[0].start_time_unix_nano)
        assert calls.sum.data_points[0].as_int == 3
    assert starts == {Source(path).snapshot().created_ns}


def test_what_cannot_be_read_is_said(tmp_path, told):
    (tmp_path / "other").write_bytes(b"no segment" * 1000)
    for name in ("missing", "other"):
        code, output, complaint = told(str(tmp_path / name))
        assert (code, output) == (2, b"")
        assert complaint.startswith(b"mercury export: ")
        assert complaint.count(b"\n") == 1


def test_a_source_follows_the_file_at_its_path(path, tmp_path):
    source = Source(path)
    assert [value for _, value in source.snapshot().counters()] == [3]
    os.rename(path, tmp_path / "old")
    assert source.snapshot() is None
    with mercury.Segment(path) as segment:
        segment.counter("calls").add(5)
        assert [value for _, value in source.snapshot().counters()] == [5]
    os.truncate(path, 100)
    with pytest.raises(UnusableError):
        source.snapshot()
    source.close()


def test_reading_costs_a_writer_in_this_process_nothing(path):
    with mercury.Segment(path) as segment:
        segment.counter("calls", who="a").add(1)
        source = Source(path)
        for _ in range(3):
            source.snapshot()
            source.close()
        with mercury.Segment(path) as other:
            other.snapshot()  # folds the slots whose owners are gone
        segment.counter("calls", who="a").add(1)
        assert [value for _, value in segment.snapshot().counters()] == [5]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_waits_for_no_thread_that_it_does_not_have(path):
    source = Source(path)
    source.snapshot()
    with source._lock:
        child = os.fork()
        if child == 0:
            signal.alarm(60)  # where it waits after all
            os._exit(0 if source.snapshot() is not None else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_without_opentelemetry_it_says_what_to_install(path, told, monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    for name in [name for name in sys.modules if name.startswith("opentelemetry.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "mercury.export.otlp_metrics", raising=False)
    code, output, complaint = told(path, "--to", "otlp")
    assert (code, output) == (1, b"")
    assert b"pip install 'mercury-native[opentelemetry]'" in complaint


def test_no_door_is_loaded_before_it_is_opened():
    told = "[name for name in sys.modules if name.startswith(('opentelemetry', 'mercury.export', 'mercury.segment'))]"
    program = f"import sys, mercury, mercury.cli; mercury.monitor; print({told})"
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True)
    assert done.stdout.strip() == b"[]"
