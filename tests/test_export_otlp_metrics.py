"""Metrics that OpenTelemetry's own exporter sends to a server, which parses them with OpenTelemetry's own protobuf."""

import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.resources import Resource

from mercury.core.pure.exponential_buckets import bound
from mercury.export import otlp_metrics
from tests.receivers.otlp import receiver
from tests.snapshots import Snapshot
from tests.test_export_prometheus import HOSTILE, NANOSECONDS, ROUTE, SNAPSHOT, TIMES, TOO_HIGH

CUMULATIVE = 2


@pytest.fixture
def faults(monkeypatch):
    fresh = otlp_metrics.Faults("OpenTelemetry's metrics")
    monkeypatch.setattr(otlp_metrics, "faults", fresh)
    return fresh


def metrics_of(request):
    (resource_metrics,) = request.resource_metrics
    (scope_metrics,) = resource_metrics.scope_metrics
    assert scope_metrics.scope.name == "mercury"
    return {metric.name: metric for metric in scope_metrics.metrics}


def labels_of(point):
    return {attribute.key: attribute.value.string_value for attribute in point.attributes}


def test_a_server_receives_histograms_and_sums(faults):
    with receiver() as received:
        exporter = OTLPMetricExporter(f"{received.url}/v1/metrics")
        assert otlp_metrics.send(SNAPSHOT, exporter, Resource({"service.name": "shop"}))
    (request,) = received.requests
    (attribute,) = request.resource_metrics[0].resource.attributes
    assert (attribute.key, attribute.value.string_value) == ("service.name", "shop")
    found = metrics_of(request)
    assert sorted(found) == ["cache.hits", "http.server.request.duration", "mercury.findings", "mercury.segment.losses"]
    findings = found["mercury.findings"].sum
    assert (findings.is_monotonic, findings.aggregation_temporality) == (True, CUMULATIVE)
    assert (findings.data_points[0].as_int, labels_of(findings.data_points[0])) == (7, {"kind": "n_plus_one"})
    assert found["cache.hits"].sum.data_points[0].as_double == 2.0**63
    durations = found["http.server.request.duration"]
    assert durations.unit == "s"
    assert durations.exponential_histogram.aggregation_temporality == CUMULATIVE
    (point,) = durations.exponential_histogram.data_points
    assert labels_of(point) == ROUTE
    assert (point.count, point.sum) == (len(TIMES), sum(TIMES) / NANOSECONDS)
    assert (point.min, point.max) == (0, max(TIMES) / NANOSECONDS)
    assert (point.scale, point.zero_count, sum(point.positive.bucket_counts)) == (3, 2, len(TIMES) - 2)
    assert point.start_time_unix_nano == SNAPSHOT.created_ns < point.time_unix_nano
    losses = found["mercury.segment.losses"].gauge.data_points
    assert {labels_of(each)["mercury.loss.kind"]: each.as_int for each in losses} == SNAPSHOT.losses._asdict()
    assert faults.count == 0


def sent(snapshot):
    """What an exporter makes of it, without the way through a network."""
    return metrics_of(encode_metrics(otlp_metrics.metrics_data(snapshot, Resource({}))))


@settings(max_examples=30)
@given(st.integers(1000, 1 << 39))
def test_a_bucket_is_the_nearest_of_seconds(time):
    (point,) = sent(Snapshot(histograms=[("wait", {}, [time])]))["wait"].exponential_histogram.data_points
    index, seconds = point.positive.offset, time / NANOSECONDS * TOO_HIGH
    assert list(point.positive.bucket_counts) == [1]
    assert bound(index, 3) < seconds * (1 + 1e-12)
    assert seconds * (1 - 1e-12) <= bound(index + 1, 3)


def test_series_of_one_name_are_points_of_one_metric():
    snapshot = Snapshot(
        [("calls", {"to": "a"}, 1), ("calls", {"to": "b"}, 2)], [("wait", {}, []), ("wait", {"to": "a"}, [5])]
    )
    found = sent(snapshot)
    assert [(labels_of(point)["to"], point.as_int) for point in found["calls"].sum.data_points] == [("a", 1), ("b", 2)]
    assert [point.count for point in found["wait"].exponential_histogram.data_points] == [0, 1]
    assert [point.HasField("max") for point in found["wait"].exponential_histogram.data_points] == [False, True]


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_label_values_come_out_escaped(value):
    told = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in value)
    found = sent(Snapshot([("calls", {"who": value}, 1)], [("wait", {"who": value}, [5])]))
    assert labels_of(found["calls"].sum.data_points[0]) == {"who": told}
    assert labels_of(found["wait"].exponential_histogram.data_points[0]) == {"who": told}


class Failing:
    def export(self, data):
        raise ValueError("a secret")


class Refusing:
    def export(self, data):
        return otlp_metrics.MetricExportResult.FAILURE


class BrokenSnapshot:
    def counters(self):
        return iter([(None, "a secret")])


@pytest.mark.parametrize(
    ("snapshot", "exporter"),
    [
        (SNAPSHOT, Failing()),
        (SNAPSHOT, Refusing()),
        (SNAPSHOT, None),
        (BrokenSnapshot(), Refusing()),
        (None, Refusing()),
    ],
    ids=["raises", "refuses", "is none", "broken snapshot", "no snapshot"],
)
def test_what_fails_is_counted_and_logged_once(snapshot, exporter, faults, caplog):
    with caplog.at_level(logging.WARNING, "mercury"):
        assert [otlp_metrics.send(snapshot, exporter) for _ in range(3)] == [False] * 3
    assert faults.count == 3
    assert len([record for record in caplog.records if record.name == "mercury"]) == 1
    assert "secret" not in caplog.text


def test_a_server_that_refuses_is_a_failure(faults):
    with receiver() as received:
        received.status = 400
        assert not otlp_metrics.send(SNAPSHOT, OTLPMetricExporter(f"{received.url}/v1/metrics"))
    assert faults.count == 1
