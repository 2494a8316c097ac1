"""The Prometheus endpoint, read by prometheus_client's parsers and by protobuf. tests/receivers/ has a real one."""

import logging
from bisect import bisect_left
from fractions import Fraction

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

import mercury
from mercury.core.pure.exponential_buckets import bound
from mercury.export import prometheus
from mercury.export.prometheus import OPENMETRICS, PROTOBUF, TEXT
from tests.snapshots import Snapshot

NANOSECONDS = 10**9
TIMES = [0, 5, 1 << 16, (1 << 16) + 1, 3_000_000, 3_100_000, 10**9, 10**13]
ROUTE = {"http.route": "books/<int:number>/"}
SNAPSHOT = Snapshot(
    counters=[("mercury.findings", {"kind": "n_plus_one"}, 7), ("cache.hits", {}, 2**63)],
    histograms=[("http.server.request.duration", ROUTE, TIMES)],
)


LOSSES = "mercury_segment_losses"
"""The gauge that each snapshot has."""


def every_family(snapshot, content_type):
    text = prometheus.expose(snapshot, content_type).decode("utf-8")
    return {family.name: family for family in (read_openmetrics if content_type == OPENMETRICS else read_text)(text)}


def families(snapshot, content_type):
    found = every_family(snapshot, content_type)
    del found[LOSSES]
    return found


@pytest.mark.parametrize("content_type", [TEXT, OPENMETRICS])
def test_a_parser_reads_every_series(content_type):
    found = families(SNAPSHOT, content_type)
    assert sorted(found) == ["cache_hits", "http_server_request_duration_seconds", "mercury_findings"]
    (sample,) = found["mercury_findings"].samples
    assert sample[:3] == ("mercury_findings_total", {"kind": "n_plus_one"}, 7)
    samples = {
        (each.name, each.labels.get("le")): each.value for each in found["http_server_request_duration_seconds"].samples
    }
    name = "http_server_request_duration_seconds"
    assert samples[f"{name}_count", None] == samples[f"{name}_bucket", "+Inf"] == len(TIMES)
    assert samples[f"{name}_sum", None] == sum(TIMES) / NANOSECONDS
    assert samples[f"{name}_bucket", "6.5536e-05"] == 3
    assert all(each.labels["http_route"] == "books/<int:number>/" for each in found[name].samples)


def test_sums_and_counts_keep_all_their_digits():
    text = prometheus.expose(Snapshot([("calls", {}, 2**64 - 1)], [("wait", {}, [10**12] * 9000 + [1])])).decode()
    assert "\ncalls_total 18446744073709551615\n" in text
    assert "\nwait_seconds_sum 9000000.000000001\n" in text


@settings(max_examples=30)
@given(st.lists(st.integers(0, 2**40), max_size=30))
def test_the_counts_of_classic_buckets_are_exact(times):
    found = families(Snapshot(histograms=[("wait", {}, times)]), TEXT)
    for sample in found["wait_seconds"].samples:
        if sample.name == "wait_seconds_bucket" and sample.labels["le"] != "+Inf":
            limit = Fraction(sample.labels["le"]) * NANOSECONDS
            assert sample.value == sum(time <= limit for time in times)


FIELDS = {
    "LabelPair": [("name", 1, "string"), ("value", 2, "string")],
    "Counter": [("value", 1, "double")],
    "Gauge": [("value", 1, "double")],
    "Bucket": [("cumulative_count", 1, "uint64"), ("upper_bound", 2, "double")],
    "BucketSpan": [("offset", 1, "sint32"), ("length", 2, "uint32")],
    "Histogram": [
        ("sample_count", 1, "uint64"),
        ("sample_sum", 2, "double"),
        ("bucket", 3, "*Bucket"),
        ("schema", 5, "sint32"),
        ("zero_threshold", 6, "double"),
        ("zero_count", 7, "uint64"),
        ("positive_span", 12, "*BucketSpan"),
        ("positive_delta", 13, "*sint64"),
    ],
    "Metric": [
        ("label", 1, "*LabelPair"),
        ("gauge", 2, "Gauge"),
        ("counter", 3, "Counter"),
        ("histogram", 7, "Histogram"),
    ],
    "MetricFamily": [
        ("name", 1, "string"),
        ("help", 2, "string"),
        ("type", 3, "int32"),
        ("metric", 4, "*Metric"),
        ("unit", 5, "string"),
    ],
}
"""What is used of io/prometheus/client/metrics.proto; a star is `repeated`."""


def schema():
    file = descriptor_pb2.FileDescriptorProto(name="metrics.proto", package="io.prometheus.client", syntax="proto2")
    for message, fields in FIELDS.items():
        described = file.message_type.add(name=message)
        for name, number, kind in fields:
            field = described.field.add(name=name, number=number, label=3 if kind.startswith("*") else 1)
            one = kind.lstrip("*")
            if one in FIELDS:
                field.type, field.type_name = field.TYPE_MESSAGE, f".io.prometheus.client.{one}"
            else:
                field.type = getattr(field, f"TYPE_{one.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("io.prometheus.client.MetricFamily"))


MetricFamily = schema()


def messages(snapshot):
    data, found = prometheus.expose(snapshot, PROTOBUF), []
    while data:
        length, shift = 0, 0
        while True:
            byte, data = data[0], data[1:]
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        found.append(MetricFamily.FromString(data[:length]))
        data = data[length:]
    return {family.name: family for family in found}


def test_a_snapshot_says_what_is_missing_from_it():
    losses = SNAPSHOT.losses._replace(lost_values=5)
    snapshot = Snapshot(losses=losses)
    for content_type in (TEXT, OPENMETRICS):
        (family,) = every_family(snapshot, content_type).values()
        assert (family.name, family.type) == (LOSSES, "gauge")
        assert {each.labels["mercury_loss_kind"]: each.value for each in family.samples} == losses._asdict()
    (family,) = messages(snapshot).values()
    assert (family.name, family.type) == (LOSSES, 1)
    assert {metric.label[0].value: metric.gauge.value for metric in family.metric} == losses._asdict()


def native_buckets(histogram):
    """Counts by Prometheus's index."""
    found, index, count, deltas = {}, 0, 0, iter(histogram.positive_delta)
    for span in histogram.positive_span:
        index += span.offset
        for _ in range(span.length):
            count += next(deltas)
            found[index] = count
            index += 1
    assert next(deltas, None) is None
    return found


def test_protobuf_has_counters_and_both_kinds_of_histograms():
    found = messages(SNAPSHOT)
    assert list(found) == sorted(found)
    assert found["mercury_findings_total"].metric[0].counter.value == 7
    assert found["mercury_findings_total"].type == 0
    family = found["http_server_request_duration_seconds"]
    assert (family.type, family.unit) == (4, "seconds")
    (label,) = family.metric[0].label
    assert (label.name, label.value) == ("http_route", "books/<int:number>/")
    histogram = family.metric[0].histogram
    assert (histogram.sample_count, histogram.sample_sum) == (len(TIMES), sum(TIMES) / NANOSECONDS)
    assert (histogram.schema, histogram.zero_count, histogram.zero_threshold) == (3, 2, 2**-20)
    assert (histogram.bucket[0].upper_bound, histogram.bucket[0].cumulative_count) == (6.5536e-05, 3)
    assert sum(native_buckets(histogram).values()) == len(TIMES) - 2


TOO_HIGH = 2 ** (0.178822831890135 / 8)
"""log2(10 ** 9) * 8 is 239.1788, of which 239 are taken."""


@settings(max_examples=30)
@given(st.integers(1000, 1 << 39))
def test_a_native_bucket_is_the_nearest_of_seconds(time):
    histogram = messages(Snapshot(histograms=[("wait", {}, [time])]))["wait_seconds"].metric[0].histogram
    ((index, count),) = native_buckets(histogram).items()
    lower, upper = bound(index - 1, 3), bound(index, 3)
    assert count == 1
    assert lower < time / NANOSECONDS * TOO_HIGH * (1 + 1e-12)
    assert time / NANOSECONDS * TOO_HIGH * (1 - 1e-12) <= upper
    assert lower >= histogram.zero_threshold


@settings(max_examples=30)
@given(st.lists(st.integers(1000, 1 << 30), max_size=40))
def test_spans_and_deltas_tell_every_bucket(times):
    histogram = messages(Snapshot(histograms=[("wait", {}, times)]))["wait_seconds"].metric[0].histogram
    bounds = [bound(index, 3) for index in range(400)]
    wanted = {}
    for time in times:
        index = bisect_left(bounds, time) - 239
        wanted[index] = wanted.get(index, 0) + 1
    assert native_buckets(histogram) == wanted


def test_an_empty_snapshot_is_one():
    assert families(Snapshot(), TEXT) == families(Snapshot(), OPENMETRICS) == {}
    assert list(messages(Snapshot())) == [LOSSES]


def test_a_segment_comes_out_as_it_was_counted(tmp_path):
    with mercury.Segment(tmp_path / "metrics") as segment:
        segment.counter("calls", who="line\nbreak\ud800").add(3)
        for time in TIMES:
            segment.histogram("http.server.request.duration", **ROUTE).record(time)
        counted = segment.snapshot()
    who = "line\nbreak\\xed\\xa0\\x80"
    recorded = Snapshot([("calls", {"who": who}, 3)], [("http.server.request.duration", ROUTE, TIMES)])
    for content_type in (TEXT, OPENMETRICS, PROTOBUF):
        assert prometheus.expose(counted, content_type) == prometheus.expose(recorded, content_type)


HOSTILE = ['"', "\\", "line\nbreak", "\0", "\ud800", "\r\u2028\x1b[31m", "ü" * 10_000, 'a",le="1"} 5\n# EOF\n', ""]


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_label_values_come_out_escaped(value):
    snapshot = Snapshot([("calls", {"who": value}, 1)], [("wait", {"who": value}, [5])])
    told = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in value)
    for content_type in (TEXT, OPENMETRICS):
        found = families(snapshot, content_type)
        assert {family.type for family in found.values()} == {"counter", "histogram"}
        assert all(sample.labels["who"] == told for family in found.values() for sample in family.samples)
    told_families = (messages(snapshot)[name] for name in ("calls_total", "wait_seconds"))
    assert {metric.label[0].value for family in told_families for metric in family.metric} == {told}


NAMES = [
    ("http.server.request.duration", "http_server_request_duration_seconds"),
    ("wait_seconds", "wait_seconds"),
    ("1st", "_1st_seconds"),
    ("a..b--c", "a_b_c_seconds"),
    ("größe", "gr_e_seconds"),
    ("\n", "__seconds"),
]


@pytest.mark.parametrize(("name", "told"), NAMES)
def test_names_follow_opentelemetry(name, told):
    assert list(families(Snapshot(histograms=[(name, {}, [5])]), OPENMETRICS)) == [told]


def test_labels_follow_opentelemetry():
    labels = {"a.b": "1", "a_b": "2", "le": "3", "9": "4", "__name__": "5"}
    (family,) = families(Snapshot([("calls_total", labels, 1)]), TEXT).values()
    assert family.samples[0].labels == {"a_b": "1;2", "exported_le": "3", "key_9": "4", "_name_": "5"}


def test_series_that_become_equal_are_told_once_and_counted(monkeypatch, caplog):
    monkeypatch.setattr(prometheus, "faults", prometheus.Faults("Prometheus"))
    snapshot = Snapshot([("a.b", {}, 1), ("a_b", {}, 2), ("a-b", {}, 3)])
    with caplog.at_level(logging.WARNING, "mercury"):
        (family,) = families(snapshot, TEXT).values()
        prometheus.expose(snapshot)
    assert [sample.value for sample in family.samples] == [1]
    assert prometheus.faults.count == 4
    assert len(caplog.records) == 1


def test_no_two_families_have_one_name_in_openmetrics(monkeypatch):
    monkeypatch.setattr(prometheus, "faults", prometheus.Faults("Prometheus"))
    snapshot = Snapshot([("wait.seconds", {}, 1), ("wait_seconds_total", {"a": "b"}, 1)], [("wait", {}, [5])])
    (family,) = families(snapshot, OPENMETRICS).values()
    assert (family.type, len(family.samples)) == ("counter", 2)
    assert prometheus.faults.count == 1


ACCEPTED = [
    ("", TEXT),
    ("*/*", TEXT),
    ("text/html, */*;q=0.8", TEXT),
    ("application/json", TEXT),
    ("application/openmetrics-text", OPENMETRICS),
    # Prometheus 2.42, without and with native histograms.
    (
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
        "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        OPENMETRICS,
    ),
    (
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,"
        "application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,"
        "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        PROTOBUF,
    ),
    # Prometheus 3.
    (
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
        "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
        "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
        OPENMETRICS,
    ),
    ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text", TEXT),
    ("application/openmetrics-text;version=2.0.0", TEXT),
    ("application/openmetrics-text;q=0, text/plain;q=0.1", TEXT),
    ("application/openmetrics-text;q=nan", TEXT),
    (";;,=,;q=\0" * 10_000, TEXT),
]


@pytest.mark.parametrize(("accept", "content_type"), ACCEPTED, ids=range(len(ACCEPTED)))
def test_the_scraper_gets_the_form_that_it_likes_best(accept, content_type):
    assert prometheus.best_form(accept) == content_type


def call(application, **environ):
    started = []
    body = b"".join(application({"REQUEST_METHOD": "GET", **environ}, lambda *arguments: started.append(arguments)))
    return started[0][0], dict(started[0][1]), body


def test_the_wsgi_application_answers():
    application = prometheus.wsgi_application(lambda: SNAPSHOT)
    status, headers, body = call(application, HTTP_ACCEPT="application/openmetrics-text")
    assert (status, headers["Content-Type"], body[-6:]) == ("200 OK", OPENMETRICS, b"# EOF\n")
    assert headers["Content-Length"] == str(len(body))
    assert call(application, REQUEST_METHOD="HEAD")[2] == b""


def test_without_a_segment_it_answers_503_with_a_sentence():
    status, _, body = call(prometheus.wsgi_application(lambda: None))
    assert (status, body.decode()) == ("503 Service Unavailable", f"{prometheus.NO_SEGMENT}\n")


def test_a_segment_that_cannot_be_read_harms_nobody(monkeypatch, caplog):
    monkeypatch.setattr(prometheus, "faults", prometheus.Faults("Prometheus"))

    def read():
        raise OSError("/secret/path")

    with caplog.at_level(logging.WARNING, "mercury"):
        answers = [call(prometheus.wsgi_application(read))[0] for _ in range(3)]
    assert answers == ["503 Service Unavailable"] * 3
    assert prometheus.faults.count == 3
    assert [record.getMessage().count("OSError") for record in caplog.records] == [1]
    assert "secret" not in caplog.text
