"""What Mercury measures by itself while `metrics` is on: the right totals, for little, and of every unit."""

import contextvars
import io
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.django_database import database, shop  # noqa: F401 - fixtures

from asgiref.sync import async_to_sync  # isort: skip
from django.core.management import call_command  # isort: skip
from django.db import connection, transaction  # isort: skip
from django.test import AsyncClient, Client, override_settings  # isort: skip

import mercury
from mercury.capture.database import watch_query
from mercury.telemetry import series, tail
from mercury.telemetry.light import LightTrace
from mercury.trace import current
from tests.project.models import Book
from tests.telemetry_sink import telemetry

pytestmark = [
    pytest.mark.usefixtures("shop"),
    # Django says so of each synchronous body that it streams under ASGI.
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators"),
]

LIGHT = {"sample_rate": 0}
PAGE = "/plain/7/"
"""Four books, each of which loads its author: five queries."""
ROUTE = "/plain/<int:number>/"

SYSTEM = {"sqlite": "sqlite", "postgresql": "postgresql"}


@pytest.fixture(params=[0, 1], ids=["light", "full"])
def rate(request):
    return request.param


def send_nothing(*query):
    """In the place of Django's own execute."""


def authors():
    return [book.author.name for book in Book.objects.order_by("pk")]


def test_a_request_goes_to_its_series_to_the_letter_of_the_conventions(tmp_path, rate):
    with telemetry(tmp_path, sample_rate=rate) as made:
        assert Client().get(PAGE).status_code == 200
    sink = made.sink
    ((attributes, durations),) = sink.of("http.server.request.duration").items()
    assert dict(attributes) == {
        "http.request.method": "GET",
        "url.scheme": "http",
        "http.route": ROUTE,
        "http.response.status_code": "200",
    }
    assert len(durations) == 1 and 10**5 < durations[0] < 60 * 10**9
    system = SYSTEM[connection.vendor]
    assert {of: len(values) for of, values in sink.of("db.client.operation.duration").items()} == {
        (
            ("db.system.name", system),
            ("db.namespace", "default"),
            ("db.query.summary", f'SELECT "project_{table}"'),
        ): count
        for table, count in (("book", 1), ("author", 4))
    }
    assert sink.total("mercury.queries", http__route=ROUTE, mercury__workload="request") == 5
    assert sink.total("mercury.units", mercury__capture="full" if rate else "light") == 1
    assert sink.total("mercury.overhead.duration") == 1
    assert sink.crossings == 1


def statuses(sink):
    """Of each request series: status, route and error."""
    found = {}
    for attributes, durations in sink.of("http.server.request.duration").items():
        of = dict(attributes)
        key = (
            of["http.request.method"],
            of.get("http.route"),
            of.get("http.response.status_code"),
            of.get("error.type"),
        )
        found[key] = len(durations)
    return found


def test_errors_and_what_clients_make_up(tmp_path, rate):
    with telemetry(tmp_path, sample_rate=rate) as made:
        client = Client(raise_request_exception=False)
        client.get("/failing/")
        client.get("/nowhere/secret-7/")
        client.generic("BREW", PAGE)
        client.generic("X" * 5000, "/nowhere/")
    assert statuses(made.sink) == {
        ("GET", "/failing/", "500", "500"): 1,
        ("GET", None, "404", None): 1,
        ("_OTHER", ROUTE, "200", None): 1,
        ("_OTHER", None, "404", None): 1,
    }
    assert "secret" not in str(made.sink.series)


@pytest.mark.parametrize("path", ["/streaming/", "/waiting/", "/streaming-async/"])
def test_bodies_that_stream_and_views_that_wait(path, tmp_path, rate):
    async def get():
        response = await AsyncClient().get(path)
        return [part async for part in response] if response.streaming else response.content

    with telemetry(tmp_path, sample_rate=rate) as made:
        assert async_to_sync(get)()
    assert statuses(made.sink) == {("GET", path, "200", None): 1}
    assert made.sink.total("mercury.queries", http__route=path) == (5 if path == "/streaming/" else 1)
    assert made.sink.total("db.client.operation.duration") == made.sink.total("mercury.queries")


def test_a_streamed_body_that_breaks_is_an_error_of_its_request(tmp_path, rate):
    from django.http import StreamingHttpResponse
    from django.test import RequestFactory

    from mercury.django.middleware import MercuryMiddleware

    def body():
        yield b"a"
        raise ZeroDivisionError

    with telemetry(tmp_path, sample_rate=rate) as made:
        parts = MercuryMiddleware(lambda request: StreamingHttpResponse(body()))(RequestFactory().get("/"))
        with pytest.raises(ZeroDivisionError):
            list(parts)
    assert statuses(made.sink) == {("GET", None, "200", "ZeroDivisionError"): 1}


def test_commands_tasks_and_blocks_flush_too(tmp_path, rate):
    with telemetry(tmp_path, sample_rate=rate) as made:
        call_command("list_authors", stdout=io.StringIO())
        with mercury.monitor("nightly", workload="task"):
            authors()
        with mercury.monitor("inner work") as watch:
            authors()
    sink = made.sink
    for workload, name in (("command", "command list_authors"), ("task", "nightly"), ("block", "inner work")):
        assert sink.total("mercury.unit.duration", mercury__workload=workload, mercury__unit__name=name) == 1
    assert sink.total("mercury.queries", mercury__unit__name="inner work") == watch.report.metrics.query_count == 5
    assert sink.crossings == 3


def test_tasks_of_queues_flush_and_their_failures_are_kept(tmp_path, rate, reports):
    from mercury.django.task_units import TaskUnits

    units = TaskUnits()
    with telemetry(tmp_path, sample_rate=rate) as made:
        for key, has_failed in (("first", False), ("second", True)):
            units.open(key, "shop.send_mail")
            authors()
            units.close(key, has_failed)
    assert made.sink.total("mercury.unit.duration", mercury__unit__name="task shop.send_mail") == 2
    assert made.sink.total("db.client.operation.duration") == 10
    assert len(reports) == (2 if rate else 1)


def test_tests_are_traced_as_ever(tmp_path, reports):
    set_to = {**LIGHT, "workloads": {"test": {"sample_rate": 1}}}
    with telemetry(tmp_path, **set_to) as made, mercury.monitor("a test", workload="test"):
        authors()
    assert [len(report.findings) for report in reports] == [1]
    assert made.sink.series == {}


def test_a_unit_within_another_is_counted_for_itself_and_its_queries_once(tmp_path, rate):
    with telemetry(tmp_path, sample_rate=rate) as made, mercury.monitor("outer") as outer:
        authors()
        with mercury.monitor("inner") as inner:
            authors()
    assert (outer.report.metrics.query_count, inner.report.metrics.query_count) == (10, 5)
    assert made.sink.total("mercury.queries", mercury__unit__name="inner") == 5
    assert made.sink.total("mercury.queries", mercury__unit__name="outer") == 10
    assert made.sink.total("db.client.operation.duration") == 10


def test_a_traced_block_in_a_light_unit_and_the_other_way_round(tmp_path):
    light, full = {"sample_rate": 0}, {"sample_rate": 1}
    for outer_rate, inner_rate in ((light, full), (full, light)):
        with telemetry(tmp_path, workloads={"task": outer_rate, "block": inner_rate}) as made:
            outer = mercury.monitor("outer", workload="task")
            with outer:
                authors()
                with mercury.monitor("inner") as inner:
                    authors()
        assert (outer.report.metrics.query_count, inner.report.metrics.query_count) == (10, 5)
        assert made.sink.total("db.client.operation.duration") == 10
        assert bool(inner.report.findings) == (inner_rate is full)
        assert bool(outer.report.findings) == (outer_rate is full)


def test_light_capture_says_what_it_did_not_look_at(tmp_path):
    with telemetry(tmp_path, **LIGHT), mercury.monitor("block") as watch:
        authors()
    report = watch.report
    assert report.findings == []
    assert report.notes == ["call paths and findings: this unit was captured lightly"]
    assert report.metrics.query_time_ms > 0
    assert not report.metrics.n_plus_one_detected


def test_a_failing_query_is_another_series(tmp_path, rate):
    refused = pytest.raises(Exception, match="no_such_function")
    with telemetry(tmp_path, sample_rate=rate) as made, mercury.monitor("block"), refused, transaction.atomic():
        Book.objects.extra(where=["no_such_function(1) = 1"]).exists()
    sink = made.sink
    assert sink.total("db.client.operation.duration", error__type="_OTHER") == 1
    assert sink.total("mercury.queries") == 1
    assert sink.total("db.client.operation.duration", db__query__summary="SAVEPOINT") == 1


def test_no_literal_is_kept_where_a_text_holds_one(tmp_path, rate):
    with telemetry(tmp_path, sample_rate=rate) as made, mercury.monitor("block"), connection.cursor() as cursor:
        for number in range(3):
            cursor.execute(f"SELECT title FROM project_book WHERE title = 'secret {number}'")
    assert "secret" not in str(made.sink.series)
    assert "secret" not in str(made.recorder.statements.texts)
    assert "secret" not in str(made.recorder.exemplars.all())
    assert made.sink.total("db.client.operation.duration", db__query__summary="SELECT project_book") == 3


def test_cache_hits_and_misses(tmp_path, rate):
    from django.core.cache import cache

    with telemetry(tmp_path, sample_rate=rate) as made, mercury.monitor("block"):
        cache.get("nothing")
        cache.set("key", 7)
        cache.get("key")
    assert made.sink.total("mercury.cache.hits") == 1
    assert made.sink.total("mercury.cache.misses") == 1


def test_findings_are_counted_by_kind(tmp_path):
    with telemetry(tmp_path) as made:
        Client().get(PAGE)
    (counted,) = made.sink.of("mercury.findings").items()
    assert (dict(counted[0])["mercury.finding.kind"], dict(counted[0])["http.route"]) == ("n_plus_one", ROUTE)
    assert counted[1] == 1


def test_threads_of_a_unit_and_units_of_threads_come_to_the_right_totals(tmp_path, rate):
    rounds, queries = 8, 40

    def work():
        # Each thread has a connection of its own; what is sent on it does not matter here.
        for _ in range(queries):
            watch_query(send_nothing, "SELECT 1 FROM t", None, False, {"connection": connection})

    def unit(number):
        with mercury.monitor(f"unit {number % 2}"), ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: work(), range(2)))

    with telemetry(tmp_path, sample_rate=rate) as made:
        threads = [threading.Thread(target=contextvars.Context().run, args=(unit, number)) for number in range(rounds)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert made.sink.total("db.client.operation.duration") == rounds * 2 * queries
    assert made.sink.total("mercury.queries") == rounds * 2 * queries
    assert made.sink.total("mercury.unit.duration") == rounds


def test_a_long_unit_goes_over_in_blocks_and_holds_little(tmp_path, rate):
    with telemetry(tmp_path, sample_rate=rate) as made, mercury.monitor("block") as watch:
        with connection.cursor() as cursor:
            for _ in range(1300):
                cursor.execute("SELECT name FROM project_tag")
        trace = current.get()
        held = trace._events if isinstance(trace, LightTrace) else trace.tally.events
        assert len(held) < 2 * 1300
    assert watch.report.metrics.query_count == 1300
    assert made.sink.total("db.client.operation.duration") == 1300
    assert made.sink.crossings == 2


def test_series_are_bounded_and_the_rest_shares_one(tmp_path, monkeypatch):
    monkeypatch.setattr(series, "MAX_SERIES", 20)
    with telemetry(tmp_path, **LIGHT) as made:
        for number in range(50):
            with mercury.monitor(f"block {number}"):
                pass
    assert len(made.sink.series) <= 20 + len(series.INSTRUMENTS)
    assert made.sink.total("mercury.unit.duration") == 50
    assert made.sink.total("mercury.unit.duration", otel__metric__overflow="true") > 30


def test_what_is_few_has_room_beyond_the_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(series, "MAX_SERIES", 3)
    with telemetry(tmp_path, **LIGHT) as made:
        for workload in ("block", "task", "command"):
            with mercury.monitor("work", workload=workload):
                pass
    for workload in ("block", "task", "command"):
        assert made.sink.total("mercury.units", mercury__workload=workload, mercury__capture="light") == 1


def test_statements_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("mercury.telemetry.statements.MAX_STATEMENTS", 3)
    with telemetry(tmp_path, **LIGHT) as made, mercury.monitor("block"), connection.cursor() as cursor:
        for number in range(9):
            cursor.execute(f"SELECT title AS t{number} FROM project_book")
    assert made.sink.total("db.client.operation.duration") == 9
    assert made.sink.total("db.client.operation.duration", otel__metric__overflow="true") == 7


class BrokenDisk(OSError):
    """What a sink may meet."""


def test_a_sink_that_fails_costs_units_and_then_turns_metrics_off(tmp_path, rate, caplog):
    with telemetry(tmp_path, sample_rate=rate) as made:
        made.sink.error = BrokenDisk("no space left")
        for _ in range(4):
            assert Client().get(PAGE).status_code == 200
        assert not made.recorder.is_usable
        made.sink.error = None
        assert Client().get(PAGE).status_code == 200
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert [text for text in told if "metrics are off" in text] == [
        "Mercury's metrics are off in this process: they could not be written."
    ]
    assert made.sink.crossings == 0


def test_what_was_lost_is_counted_with_the_next_unit(tmp_path):
    with telemetry(tmp_path, **LIGHT) as made:
        made.sink.error = BrokenDisk()
        Client().get(PAGE)
        made.sink.error = None
        Client().get(PAGE)
    assert made.sink.total("mercury.dropped_units") == 1
    assert made.sink.total("mercury.faults") == 1


def test_without_the_setting_nothing_of_this_is_loaded():
    import subprocess
    import sys

    code = "import sys, mercury._monitor; print([name for name in sys.modules if 'telemetry' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_slow_and_failing_light_units_are_kept_and_told_and_others_are_not(tmp_path, reports):
    tail.forget()
    with telemetry(tmp_path, **LIGHT) as made:
        client = Client(raise_request_exception=False)
        client.get(PAGE)
        client.get("/failing/")
        with override_settings(MERCURY={"metrics": "a sink in memory", **LIGHT, "max_response_time_ms": 0}):
            client.get("/streaming/").getvalue()
        with pytest.raises(ZeroDivisionError), mercury.monitor("block"):
            raise ZeroDivisionError
    assert [report.name for report in reports] == ["GET /failing/", "GET /streaming/", "block"]
    assert tail.newest_first() == reports[::-1]
    assert made.sink.total("mercury.units") == 4


def test_a_unit_inside_the_handling_of_an_error_is_none(tmp_path, reports):
    with telemetry(tmp_path, **LIGHT):
        try:
            raise ZeroDivisionError
        except ZeroDivisionError:
            with mercury.monitor("repair"):
                authors()
    assert reports == []
