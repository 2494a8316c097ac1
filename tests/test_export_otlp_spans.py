"""Spans of units and their queries, sent by OpenTelemetry's own exporter to a server that parses them."""

import logging
import time

import pytest

from tests.django_database import database, shop  # noqa: F401 - fixtures

from django.db import DatabaseError, connection, transaction  # isort: skip
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # isort: skip
from opentelemetry.sdk.resources import Resource  # isort: skip
from opentelemetry.sdk.trace import TracerProvider  # isort: skip
from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # isort: skip
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF  # isort: skip

import mercury
from mercury.export import otlp_spans
from tests.project.models import Book
from tests.receivers.otlp import receiver

pytestmark = pytest.mark.usefixtures("shop")

INTERNAL, CLIENT, ERROR = 1, 3, 2


@pytest.fixture
def received():
    with receiver() as server:
        yield server


@pytest.fixture
def provider(received, monkeypatch):
    monkeypatch.setattr(otlp_spans, "faults", otlp_spans.Faults("OpenTelemetry's spans"))
    provider = TracerProvider(resource=Resource({"service.name": "shop"}))
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{received.url}/v1/traces")))
    yield provider
    otlp_spans.uninstall()
    provider.shutdown()


def spans(received):
    found = []
    for request in received.requests:
        for resource_spans in request.resource_spans:
            for scope_spans in resource_spans.scope_spans:
                found += scope_spans.spans
    return found


def attributes(span):
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes}


def test_a_unit_sends_a_span_and_one_for_each_query(received, provider):
    otlp_spans.install(provider)
    before = time.time_ns()
    with mercury.monitor("front page"):
        list(Book.objects.filter(title="a secret"))
        list(Book.objects.filter(title__contains="a secret", blurb=""))
    unit, *queries = sorted(spans(received), key=lambda span: (span.kind, span.start_time_unix_nano))
    assert (unit.name, unit.kind, unit.parent_span_id) == ("front page", INTERNAL, b"")
    assert attributes(unit) == {"mercury.workload": "block", "mercury.query_count": 2, "mercury.finding_count": 0}
    assert [(each.kind, each.trace_id, each.parent_span_id) for each in queries] == [
        (CLIENT, unit.trace_id, unit.span_id)
    ] * 2
    for query in queries:
        told = attributes(query)
        assert told["db.system.name"] == connection.vendor
        assert told["db.namespace"] == "default"
        assert told["db.query.text"] == mercury.normalize(told["db.query.text"])
        assert "where" in told["db.query.text"]
        assert told["db.query.summary"] == query.name == 'SELECT "project_book"'
        assert "error.type" not in told
        assert unit.start_time_unix_nano <= query.start_time_unix_nano
        assert query.start_time_unix_nano <= query.end_time_unix_nano <= unit.end_time_unix_nano
    assert before - 10**9 < unit.start_time_unix_nano < unit.end_time_unix_nano < time.time_ns() + 10**9
    assert "secret" not in str(received.requests)
    assert otlp_spans.faults.count == 0


def test_a_query_that_failed_is_an_error(received, provider):
    otlp_spans.install(provider)
    with mercury.monitor("block"), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT no_such_column_123 FROM project_book WHERE title = 'a secret'")
    (query,) = (span for span in spans(received) if span.kind == CLIENT)
    assert query.status.code == ERROR
    assert attributes(query)["error.type"] == "_OTHER"
    assert "secret" not in str(received.requests)


def test_the_span_around_is_the_parent(received, provider):
    otlp_spans.install(provider)
    with provider.get_tracer("host").start_as_current_span("GET /"), mercury.monitor("block"):
        Book.objects.count()
    named = {span.name: span for span in spans(received)}
    assert named["block"].parent_span_id == named["GET /"].span_id


def test_what_the_host_does_not_sample_is_not_sent(received, provider):
    otlp_spans.install(provider)
    off = TracerProvider(sampler=ALWAYS_OFF).get_tracer("host")
    with off.start_as_current_span("GET /"), mercury.monitor("block"):
        Book.objects.count()
    assert spans(received) == []


def test_queries_beyond_the_limit_are_told_by_number(received, provider):
    otlp_spans.install(provider, max_queries=3)
    with mercury.monitor("block"):
        for _ in range(8):
            Book.objects.count()
    unit, *queries = sorted(spans(received), key=lambda span: span.kind)
    assert len(queries) == 3
    assert attributes(unit)["mercury.unsent_query_count"] == 5


def test_a_unit_within_another_sends_nothing_twice(received, provider):
    otlp_spans.install(provider)
    with mercury.monitor("outer"), mercury.monitor("inner"):
        Book.objects.count()
    assert [span.name for span in spans(received) if span.kind == INTERNAL] == ["outer"]
    assert len(spans(received)) == 2


def test_hostile_names_come_out_escaped(received, provider):
    otlp_spans.install(provider)
    with mercury.monitor("line\nNUL\0surrogate\ud800"):
        pass
    (unit,) = spans(received)
    assert unit.name == "line\\nNUL\\x00surrogate\\ud800"


class BrokenProvider:
    def get_tracer(self, *arguments, **named):
        return self

    def start_span(self, *arguments, **named):
        raise ZeroDivisionError("a secret")


def test_a_tracer_that_fails_harms_nobody(provider, caplog):
    otlp_spans.install(BrokenProvider())
    with caplog.at_level(logging.WARNING, "mercury"):
        for _ in range(3):
            with mercury.monitor("block") as watch:
                Book.objects.count()
    assert watch.report.metrics.query_count == 1
    assert otlp_spans.faults.count == 3
    assert len(caplog.records) == 1
    assert "secret" not in caplog.text


def test_a_receiver_that_is_down_harms_nobody(received, provider):
    received.status = 400
    otlp_spans.install(provider)
    with mercury.monitor("block") as watch:
        Book.objects.count()
    assert watch.report.metrics.query_count == 1


def test_nothing_is_kept_before_and_after(provider):
    reports = []
    for change in (lambda: None, lambda: otlp_spans.install(provider), otlp_spans.uninstall, otlp_spans.uninstall):
        change()
        with mercury.monitor("block") as watch:
            Book.objects.count()
        reports.append(len(watch.report.queries))
    assert reports == [0, 1, 0, 0]
