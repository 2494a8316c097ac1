"""`MercuryMiddleware`: a unit of work for each request, and no trace of it in any response."""

import asyncio
import contextvars
import gc
import io
import logging
import re
import threading
from contextlib import contextmanager

import pytest

from tests.django_database import database, shop  # noqa: F401 - fixtures

from asgiref.sync import async_to_sync, sync_to_async  # isort: skip
from django.core.asgi import get_asgi_application  # isort: skip
from django.core.signals import request_finished, request_started  # isort: skip
from django.db import close_old_connections, connection, connections  # isort: skip
from django.http import FileResponse, HttpResponse, StreamingHttpResponse  # isort: skip
from django.test import AsyncClient, Client, RequestFactory, override_settings  # isort: skip
from django.urls import path  # isort: skip

import mercury
from mercury.django.middleware import MercuryMiddleware
from mercury.django.signals import report_ready
from tests.project import urls
from tests.project.models import Book

pytestmark = pytest.mark.usefixtures("shop")

# Django says so of each synchronous body that it streams under ASGI.
CONSUMES = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")


def ask(times=1):
    """Sends queries that touch no table, so that any thread may send them."""
    for _ in range(times):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchall()


def asking(request, times):
    together = getattr(request, "together", None)
    if together is not None:
        together.wait()
    ask(times)
    if together is not None:
        together.wait()
    return HttpResponse("asked")


def unfollowed(request):
    thread = threading.Thread(target=contextvars.Context().run, args=(ask, 2))
    thread.start()
    thread.join()
    return HttpResponse("asked elsewhere")


async def waiting_and_failing(request):
    await Book.objects.acount()
    raise ZeroDivisionError("the view's own")


def author_of(book):
    return book.author.name


async def streaming_and_waiting(request):
    async def body():
        async for book in Book.objects.order_by("pk"):
            yield await sync_to_async(author_of)(book)

    return StreamingHttpResponse(body())


urlpatterns = [
    *urls.urlpatterns,
    path("streaming-and-waiting/", streaming_and_waiting),
    path("asking/<int:times>/", asking),
    path("unfollowed/", unfollowed),
    path("waiting-and-failing/", waiting_and_failing),
]


@pytest.fixture(autouse=True)
def routes():
    with override_settings(ROOT_URLCONF=__name__):
        yield


@contextmanager
def without_mercury():
    with override_settings(MIDDLEWARE=[]):
        yield


def body_of(response):
    return b"".join(response.streaming_content) if response.streaming else response.content


def get_async(path):
    """The response of an asynchronous stack with its body, read to its end."""

    async def get():
        response = await AsyncClient().get(path)
        if not response.streaming:
            return response, response.content
        return response, b"".join([part async for part in response])

    return async_to_sync(get)()


def serve_by_asgi(path):
    """The body that Django's own handler of ASGI sends, as a server would have it."""
    incoming = [{"type": "http.request", "body": b"", "more_body": False}]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [(b"host", b"testserver")]}
    sent = []

    async def receive():
        return incoming.pop() if incoming else await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    # Either would close the connection whose transaction the test is in.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        async_to_sync(get_asgi_application())(scope, receive, send)
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)
    return b"".join(message.get("body", b"") for message in sent)


def respond(response, **attributes):
    """The answer of the middleware alone around a view that gives this response."""

    def view(request):
        ask()
        return response

    request = RequestFactory().get("/")
    vars(request).update(attributes)
    return MercuryMiddleware(view)(request)


def mercury_records(caplog, level=logging.DEBUG):
    return [record for record in caplog.records if record.name == "mercury" and record.levelno >= level]


def test_a_request_is_a_unit_named_by_its_route(reports):
    response = Client().get("/plain/7/")
    assert response.status_code == 200
    (report,) = reports
    assert report.name == "GET /plain/<int:number>/"
    assert (report.metrics.query_count, report.notes) == (5, [])
    (finding,) = report.findings
    assert (finding.kind, finding.target) == ("n_plus_one", "Book.author")
    assert finding.file == urls.__file__
    with open(finding.file, encoding="utf-8") as source:
        assert "book.author.name" in source.readlines()[finding.line - 1]
    assert finding.loop_line == finding.line


@pytest.mark.parametrize("path", ["/secret-path/", "/plain/secret/"])
def test_a_path_without_a_route_is_never_told(path, reports):
    assert Client().post(path, {"field": "secret"}).status_code == 404
    (report,) = reports
    assert report.name == "POST (no route)"
    assert "secret" not in str(report)


def test_a_view_that_raises_is_reported_and_raises_the_same(reports):
    with pytest.raises(ZeroDivisionError, match="the view's own"):
        Client().get("/failing/")
    with without_mercury():
        expected = Client(raise_request_exception=False).get("/failing/")
    response = Client(raise_request_exception=False).get("/failing/")
    assert (response.status_code, response.content) == (500, expected.content)
    assert [report.metrics.query_count for report in reports] == [1, 1]


@pytest.mark.parametrize("error", [ZeroDivisionError("own"), SystemExit(3)], ids=lambda error: type(error).__name__)
def test_what_the_stack_below_raises_passes_through_unchanged(error, reports):
    def view(request):
        ask()
        raise error

    with pytest.raises(type(error)) as caught:
        MercuryMiddleware(view)(RequestFactory().get("/"))
    assert caught.value is error
    assert error.__context__ is None
    assert [report.metrics.query_count for report in reports] == [1]


@pytest.mark.parametrize("path", ["/plain/7/", "/streaming/", "/nowhere/", "/failing/"])
def test_responses_are_the_same_with_and_without(path):
    with without_mercury():
        expected = Client(raise_request_exception=False).get(path)
        expected_body = body_of(expected)
    response = Client(raise_request_exception=False).get(path)
    assert body_of(response) == expected_body
    assert response.status_code == expected.status_code
    assert response.serialize_headers() == expected.serialize_headers()
    assert response.cookies == expected.cookies


@CONSUMES
@pytest.mark.parametrize("path", ["/plain/7/", "/streaming/", "/waiting/", "/streaming-async/"])
def test_asynchronous_responses_are_the_same_with_and_without(path, reports):
    with without_mercury():
        expected, expected_body = get_async(path)
    assert reports == []
    response, body = get_async(path)
    assert body == expected_body
    assert response.serialize_headers() == expected.serialize_headers()
    assert len(reports) == 1


def test_an_asynchronous_view_is_one_unit(reports):
    get_async("/waiting/")
    (report,) = reports
    assert report.name == "GET /waiting/"
    assert report.metrics.query_count == 1


@pytest.mark.parametrize(("path", "count"), [("/plain/7/", 5), ("/waiting/", 1)])
def test_queries_in_an_executor_are_counted_and_judged(path, count, reports):
    get_async(path)
    (report,) = reports
    assert report.metrics.query_count == count
    assert bool(report.findings) == (count > 1)
    assert report.notes == []


def test_an_asynchronous_view_that_raises_is_reported_and_raises_the_same(reports):
    with pytest.raises(ZeroDivisionError, match="the view's own"):
        get_async("/waiting-and-failing/")
    assert [report.metrics.query_count for report in reports] == [1]


def test_a_canceled_request_is_reported_and_stays_canceled(reports):
    async def view(request):
        await asyncio.Event().wait()

    async def cancel():
        task = asyncio.ensure_future(MercuryMiddleware(view)(RequestFactory().get("/")))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert len(reports) == 1


def test_queries_of_a_streamed_body_belong_to_the_request(reports):
    response = Client().get("/streaming/")
    assert reports == []
    body = body_of(response)
    assert body.count(b"<p>") == 4
    (report,) = reports
    assert report.name == "GET /streaming/"
    assert report.metrics.query_count == 5
    assert [(finding.kind, finding.target) for finding in report.findings] == [("n_plus_one", "Book.author")]


@CONSUMES
@pytest.mark.parametrize("serve", [serve_by_asgi, lambda path: body_of(Client().get(path))])
def test_a_loop_of_a_streamed_body_is_found_whoever_reads_it(serve, reports):
    assert serve("/streaming/").count(b"<p>") == 4
    (report,) = reports
    assert (report.metrics.query_count, report.notes) == (5, [])
    (finding,) = report.findings
    assert (finding.kind, finding.target) == ("n_plus_one", "Book.author")
    assert (finding.file, finding.loop_file) == (urls.__file__, urls.__file__)
    assert finding.line == finding.loop_line


def test_a_loop_of_a_streamed_body_is_found_by_a_unit_around_its_reader(reports):
    with mercury.monitor("around") as watch:
        body_of(Client().get("/streaming/"))
    assert watch.report.notes == []
    assert [(finding.kind, finding.target) for finding in watch.report.findings] == [("n_plus_one", "Book.author")]


def test_a_loop_of_an_asynchronous_body_is_found_by_a_unit_around_its_reader(reports):
    async def read():
        with mercury.monitor("around") as watch:
            response = await AsyncClient().get("/streaming-and-waiting/")
            [part async for part in response.streaming_content]
        return watch.report

    report = async_to_sync(read)()
    assert report.notes == []
    assert [(finding.kind, finding.target) for finding in report.findings] == [("n_plus_one", "Book.author")]


def test_a_loop_of_an_asynchronous_body_is_found(reports):
    assert serve_by_asgi("/streaming-and-waiting/").count(b"author") == 4
    (report,) = reports
    assert (report.metrics.query_count, report.notes) == (5, [])
    (finding,) = report.findings
    assert (finding.kind, finding.target) == ("n_plus_one", "Book.author")
    assert finding.line == author_of.__code__.co_firstlineno + 1
    assert finding.loop_line == streaming_and_waiting.__code__.co_firstlineno + 2


def test_queries_of_an_asynchronous_body_belong_to_the_request(reports):
    get_async("/streaming-async/")
    (report,) = reports
    assert report.name == "GET /streaming-async/"
    assert report.metrics.query_count == 1


def test_a_body_that_ends_closes_the_unit_once(reports):
    response = respond(StreamingHttpResponse(ask() or b"part" for _ in range(3)))
    assert list(response) == [b"part"] * 3
    assert [report.metrics.query_count for report in reports] == [4]
    assert list(response) == []
    response.close()
    assert len(reports) == 1


def test_a_body_that_is_closed_early_closes_the_unit_and_the_body(reports):
    closed = []

    def parts():
        try:
            while True:
                ask()
                yield b"part"
        finally:
            closed.append(True)

    response = respond(StreamingHttpResponse(parts()))
    assert next(iter(response)) == b"part"
    assert reports == []
    response.close()
    assert [report.metrics.query_count for report in reports] == [2]
    assert closed == [True]


def test_a_body_that_raises_closes_the_unit_and_raises_the_same(reports):
    error = ZeroDivisionError("the body's own")

    def parts():
        ask()
        yield b"part"
        raise error

    response = respond(StreamingHttpResponse(parts()))
    parts = iter(response)
    assert next(parts) == b"part"
    with pytest.raises(ZeroDivisionError) as caught:
        next(parts)
    assert caught.value is error
    assert [report.metrics.query_count for report in reports] == [2]
    response.close()
    assert len(reports) == 1


def test_a_body_that_is_never_started_closes_the_unit(reports):
    response = respond(StreamingHttpResponse(ask() or b"part" for _ in range(3)))
    response.close()
    assert [report.metrics.query_count for report in reports] == [1]


def test_a_body_that_is_forgotten_counts_as_ended():
    from mercury.trace import process

    before = process.open_count
    response = respond(StreamingHttpResponse(iter([b"part"])))
    assert process.open_count == before + 1
    del response
    gc.collect()
    assert process.open_count == before


def test_what_runs_between_the_parts_does_not_belong_to_the_request(reports):
    response = respond(StreamingHttpResponse(ask() or b"part" for _ in range(2)))
    for _ in response:
        with mercury.monitor("the server's own") as between:
            ask(5)
        assert between.report.metrics.query_count == 5
    (report,) = [report for report in reports if report.name.startswith("GET")]
    assert report.metrics.query_count == 3


@pytest.mark.parametrize("end", ["exhausted", "raises", "never started", "closed early"])
def test_an_asynchronous_body_closes_the_unit_however_it_ends(end, reports):
    async def parts():
        yield b"part"
        if end == "raises":
            raise ZeroDivisionError("the body's own")
        yield b"part"

    async def view(request):
        return StreamingHttpResponse(parts())

    async def serve():
        response = await MercuryMiddleware(view)(RequestFactory().get("/"))
        got = []
        if end in ("exhausted", "raises"):
            try:
                got.extend([part async for part in response])
            except ZeroDivisionError as error:
                got.append(str(error))
        elif end == "closed early":
            body = response.__aiter__()
            got.append(await body.__anext__())
            await body.aclose()
        assert len(reports) == (end in ("exhausted", "raises"))
        response.close()
        return got

    expected = {
        "exhausted": [b"part", b"part"],
        "raises": ["the body's own"],
        "never started": [],
        "closed early": [b"part"],
    }
    assert asyncio.run(serve()) == expected[end]
    assert len(reports) == 1


def test_a_file_is_still_the_server_s_to_send(reports):
    content = io.BytesIO(b"content")
    response = respond(FileResponse(content))
    assert response.file_to_stream is content
    assert b"".join(response) == b"content"
    response.close()
    assert content.closed
    assert [report.metrics.query_count for report in reports] == [1]


def test_the_signal_comes_once_for_each_request(reports):
    for _ in range(3):
        Client().get("/plain/7/")
    assert [report.metrics.query_count for report in reports] == [5, 5, 5]


def test_a_receiver_that_raises_changes_nothing(reports):
    def fails(sender, report, **kwargs):
        raise ZeroDivisionError("the receiver's own")

    report_ready.connect(fails)
    try:
        response = Client().get("/plain/7/")
    finally:
        report_ready.disconnect(fails)
    assert (response.status_code, len(reports)) == (200, 1)


def test_a_receiver_may_query_without_being_counted(reports):
    def asks(sender, report, **kwargs):
        ask(3)

    report_ready.connect(asks)
    try:
        Client().get("/asking/1/")
    finally:
        report_ready.disconnect(asks)
    assert [report.metrics.query_count for report in reports] == [1]


def test_two_requests_at_once_do_not_mix(reports):
    together = threading.Barrier(2, timeout=60)

    def serve(times):
        request = RequestFactory().get("/")
        request.together = together
        MercuryMiddleware(lambda request: asking(request, times))(request)

    threads = [threading.Thread(target=serve, args=(times,)) for times in (2, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.metrics.query_count for report in reports) == [2, 5]
    assert [report.notes for report in reports] == [[], []]


def test_a_thread_of_its_own_is_told_and_never_taken_for_no_queries(reports):
    Client().get("/unfollowed/")
    (report,) = reports
    assert report.metrics.query_count == 0
    assert report.notes == ["2 queries ran meanwhile in a thread or task that belongs to no unit of work"]


def test_a_connection_that_is_made_during_the_request_is_seen(reports):
    def serve():
        assert not hasattr(connections._connections, "default"), "this thread has a connection already"
        MercuryMiddleware(lambda request: asking(request, 3))(RequestFactory().get("/"))

    thread = threading.Thread(target=serve)
    thread.start()
    thread.join()
    assert [report.metrics.query_count for report in reports] == [3]


def test_a_connection_that_is_older_than_mercury_is_seen(reports, monkeypatch):
    monkeypatch.setattr(connections["default"], "execute_wrappers", [])
    Client().get("/asking/2/")
    assert [report.metrics.query_count for report in reports] == [2]
    assert len(connection.execute_wrappers) == 1


def test_a_wrapper_of_the_application_and_mercury_s_leave_each_other_alone(reports, monkeypatch):
    monkeypatch.setattr(connections["default"], "execute_wrappers", [])
    seen = []

    def theirs(execute, sql, params, many, context):
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(theirs):
        Client().get("/asking/2/")
        assert theirs in connection.execute_wrappers
    assert seen == ["SELECT 1"] * 2
    assert theirs not in connection.execute_wrappers
    Client().get("/asking/3/")
    assert seen == ["SELECT 1"] * 2
    assert [report.metrics.query_count for report in reports] == [2, 3]


def test_a_wrapper_of_the_application_that_queries_is_seen_as_well(reports):
    is_inside = []

    def theirs(execute, sql, params, many, context):
        if not is_inside:
            is_inside.append(True)
            for book in Book.objects.all():
                assert book.author_id
            is_inside.pop()
        return execute(sql, params, many, context)

    def view(request):
        with connection.execute_wrapper(theirs):
            ask(2)
        ask()
        return HttpResponse()

    MercuryMiddleware(view)(RequestFactory().get("/"))
    (report,) = reports
    assert (report.metrics.query_count, report.notes) == (5, [])


def test_the_debug_cursor_sees_what_it_always_saw(reports):
    from django.db import reset_queries

    reset_queries()
    connection.force_debug_cursor = True
    try:
        with mercury.monitor("debug") as watch:
            ask(2)
        assert [query["sql"] for query in connection.queries] == ["SELECT 1"] * 2
    finally:
        connection.force_debug_cursor = False
        reset_queries()
    assert watch.report.metrics.query_count == 2


def test_atomic_requests_count_as_transaction_control(reports, monkeypatch):
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    response = Client().get("/plain/7/")
    assert response.status_code == 200
    (report,) = reports
    assert report.metrics.query_count == 5
    assert report.metrics.transaction_count == 2
    assert [finding.target for finding in report.findings] == ["Book.author"]


def test_the_log_gets_nothing_in_production(caplog):
    caplog.set_level(logging.DEBUG, "mercury")
    Client().get("/plain/7/")
    assert mercury_records(caplog) == []


def test_the_log_gets_a_report_with_findings_while_debugging(caplog):
    caplog.set_level(logging.DEBUG, "mercury")
    with override_settings(DEBUG=True):
        Client().get("/plain/7/")
    (record,) = mercury_records(caplog)
    assert record.levelno == logging.WARNING
    assert "GET /plain/<int:number>/" in record.getMessage()
    assert "N+1: Book.author" in record.getMessage()


def test_the_log_gets_one_line_without_findings_while_debugging(caplog):
    caplog.set_level(logging.DEBUG, "mercury")
    with override_settings(DEBUG=True):
        Client().get("/asking/1/")
    (record,) = mercury_records(caplog)
    assert record.levelno == logging.INFO
    assert re.fullmatch(
        r"GET /asking/<int:times>/: 1 query in [\d.,]+ ms, nothing found \[[0-9a-f]{8}\]", record.getMessage()
    )


class Broken(Exception):
    """A fault inside Mercury."""


def broken(*args, **kwargs):
    raise Broken


FAULTS = [
    "mercury.django.middleware._name",
    "mercury._modes.tell",
    "mercury._modes.failure",
    "mercury._modes.exceeded",
    "mercury.settings.active",
    "mercury.django.middleware._follow_body",
    "mercury.report.console.render",
    "mercury._monitor.judge",
    "mercury._monitor.Unit",
    "mercury.capture.frames.Lane.walk",
]


@pytest.mark.parametrize("path", ["/plain/7/", "/streaming/"])
@pytest.mark.parametrize("target", FAULTS)
def test_a_fault_of_mercury_changes_no_response(target, path, monkeypatch, caplog):
    with without_mercury():
        expected = body_of(Client().get(path))
    monkeypatch.setattr(target, broken)
    with override_settings(DEBUG=True):
        response = Client().get(path)
        assert response.status_code == 200
        assert body_of(response) == expected
    monkeypatch.undo()
    faults = [record for record in mercury_records(caplog, logging.ERROR) if record.exc_info[0] is Broken]
    is_told = path == "/streaming/" or not target.endswith("_follow_body")
    assert len(faults) == (1 if is_told else 0)


def test_a_fault_of_mercury_does_not_hide_the_view_s_own_error(monkeypatch):
    monkeypatch.setattr("mercury.django.middleware._name", broken)
    monkeypatch.setattr("mercury.report.console.render", broken)
    with override_settings(DEBUG=True), pytest.raises(ZeroDivisionError):
        Client().get("/failing/")
