"""What a developer is told of a request without looking: headers, the log's line, the report by its id."""

import io
import json
import logging
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.django_database import database, shop  # noqa: F401 - fixtures

from asgiref.sync import async_to_sync  # isort: skip
from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse  # isort: skip
from django.test import AsyncClient, Client, RequestFactory, override_settings  # isort: skip
from django.urls import include, path  # isort: skip

from mercury import settings
from mercury.cli import main
from mercury.django import headers
from mercury.django.log import TerminalHandler, show
from mercury.django.middleware import MercuryMiddleware
from mercury.django.signals import report_ready
from mercury.findings import Finding
from mercury.metrics import PerformanceMetrics
from mercury.report import Report, recent
from mercury.trace import process
from tests.project import urls

pytestmark = pytest.mark.usefixtures("shop", "fresh")


def timed(request):
    response = JsonResponse({"ok": True})
    response.headers["Server-Timing"] = "cache;dur=1.5"
    return response


urlpatterns = [*urls.urlpatterns, path("timed/", timed), path("mercury/", include("mercury.django.urls"))]

OURS = ("X-Mercury", "Server-Timing")


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    for name in os.environ:
        if name.startswith("MERCURY_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    settings.reload()
    recent.forget()
    with override_settings(ROOT_URLCONF=__name__):
        yield tmp_path
    settings.reload()
    recent.forget()


def plain_report(*findings, **changes):
    metrics = PerformanceMetrics(12.34, None, None, 1, 0, 4.06, None, None, False)
    return Report("GET /", metrics, list(findings), [])._replace(**changes)


def plain_finding(**changes):
    values = {
        "kind": "n_plus_one",
        "model": "Book",
        "field": "author",
        "count": 4,
        "sql": "select ?",
        "fingerprint": 1,
        "database": "default",
        "duration_ns": 1,
        "file": "/srv/shop/views.py",
        "line": 3,
        "function": "f",
        "loop_file": "",
        "loop_line": 0,
        "fix": "",
        "why": "",
    }
    return Finding(**{**values, **changes})


@pytest.mark.parametrize("path", ["/plain/7/", "/streaming/", "/nowhere/", "/failing/", "/timed/"])
@pytest.mark.parametrize("debug", [False, True])
def test_without_headers_responses_are_the_same_to_the_byte(path, debug):
    def get():
        response = Client(raise_request_exception=False).get(path)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        # Django's page of an error shows the frames of the middleware that are there.
        return response.status_code, response.serialize_headers(), body if response.status_code != 500 else b""

    with override_settings(DEBUG=debug, MERCURY={"headers": False}):
        got = get()
        with override_settings(MIDDLEWARE=[]):
            expected = get()
    if path == "/failing/" and debug:
        got, expected = got[0], expected[0]
    assert got == expected


def test_while_debugging_a_response_tells_of_its_request():
    with override_settings(DEBUG=True):
        response = Client().get("/plain/7/")
    told = json.loads(response.headers["X-Mercury"])
    assert re.fullmatch(r"[0-9a-f]{8}", told["id"])
    assert (told["queries"], told["more"], told["ignored"], told["over_limits"], told["not_measured"]) == (
        5,
        0,
        0,
        0,
        0,
    )
    (finding,) = told["findings"]
    assert (finding["kind"], finding["target"], finding["count"]) == ("n_plus_one", "Book.author", 4)
    assert re.search(r"urls\.py:\d+$", finding["at"])
    timing = r'total;dur=[\d.]+, db;dur=[\d.]+;desc="5 queries", mercury;desc="1 finding"'
    assert re.fullmatch(timing, response.headers["Server-Timing"])


@pytest.mark.parametrize(
    ("debug", "chosen", "count"), [(False, None, 0), (False, True, 2), (True, False, 0), (True, None, 2)]
)
def test_headers_come_while_debugging_or_where_they_are_asked_for(debug, chosen, count):
    with override_settings(DEBUG=debug, MERCURY={} if chosen is None else {"headers": chosen}):
        response = Client().get("/plain/7/")
    assert sum(name in response.headers for name in OURS) == count


def test_an_asynchronous_response_tells_the_same():
    async def get():
        return await AsyncClient().get("/waiting/")

    with override_settings(DEBUG=True):
        response = async_to_sync(get)()
    assert json.loads(response.headers["X-Mercury"])["queries"] == 1


def test_the_timing_of_others_stays():
    with override_settings(DEBUG=True):
        response = Client().get("/timed/")
    assert response.headers["Server-Timing"].startswith("cache;dur=1.5, total;dur=")


def test_a_streamed_response_tells_where_its_report_will_be():
    with override_settings(DEBUG=True):
        response = Client().get("/streaming/")
        told = json.loads(response.headers["X-Mercury"])
        assert list(told) == ["id"]
        assert "Server-Timing" not in response.headers
        assert recent.find(told["id"]) is None
        response.getvalue()
        assert recent.find(told["id"]).metrics.query_count == 5


def test_a_file_has_headers_and_stays_the_server_s_to_send():
    content = io.BytesIO(b"content")
    with override_settings(DEBUG=True):
        response = MercuryMiddleware(lambda request: FileResponse(content))(RequestFactory().get("/"))
    assert response.file_to_stream is content
    assert json.loads(response.headers["X-Mercury"])["queries"] == 0
    response.close()


@pytest.mark.parametrize("response", [None, object(), "text"], ids=["None", "object", "text"])
def test_what_is_no_response_is_passed_on(response):
    with override_settings(DEBUG=True):
        assert MercuryMiddleware(lambda request: response)(RequestFactory().get("/")) is response


HOSTILE = "line\r\nSet-Cookie: a=b\0\x1b[2J\N{SNOWMAN}\ud800" * 50


def test_no_name_can_break_a_header():
    finding = plain_finding(model=HOSTILE, field=HOSTILE, file=f"/srv/{HOSTILE}", kind=HOSTILE)
    response = HttpResponse()
    headers.add(response, plain_report(finding, name=HOSTILE, id="01234567"))
    for name in OURS:
        text = response.headers[name]
        assert text.isascii()
        assert text.isprintable()
    assert len(response.headers["X-Mercury"]) <= headers.MAX_BYTES


@pytest.mark.parametrize("count", [0, 10, 11, 5000])
def test_the_summary_is_bounded_and_counts_what_it_leaves_out(count):
    for target in ("author", "\N{SNOWMAN}" * 100):
        report = plain_report(*[plain_finding(field=target)] * count)
        text = headers.summary(report)
        told = json.loads(text)
        assert len(text) <= headers.MAX_BYTES
        assert len(told["findings"]) + told["more"] == count
        assert len(told["findings"]) <= headers.MAX_FINDINGS


def test_the_report_is_found_by_its_id_as_text_and_as_json():
    with override_settings(DEBUG=True):
        identifier = json.loads(Client().get("/plain/7/").headers["X-Mercury"])["id"]
        page = Client().get(f"/mercury/{identifier}/")
        document = Client().get(f"/mercury/{identifier}/?format=json").json()
        listed = Client().get("/mercury/").content.decode()
        listed_json = Client().get("/mercury/?format=json").json()
        cleared = Client().get(f"/mercury/{identifier}/?cleared").content.decode()
    assert page.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in page.headers["Cache-Control"]
    assert f"[{identifier}]" in page.content.decode()
    assert "N+1: Book.author" in page.content.decode()
    assert (document["id"], document["findings"][0]["target"]) == (identifier, "Book.author")
    assert re.fullmatch(
        rf"GET /plain/<int:number>/: 5 queries in [\d.,]+ ms, 1 finding \[{identifier}\]\n",
        listed,
    )
    assert [each["id"] for each in listed_json["reports"]] == [identifier]
    assert "No other statement was repeated." in cleared


def test_what_is_cleared_is_told_with_its_reason():
    from mercury.findings import Cleared

    entry = Cleared("select ?", 1, "default", 2, "a.py", 3, "two lines of the program")
    recent.keep(plain_report(id="01234567", cleared=(entry,)), 5)
    with override_settings(DEBUG=True):
        text = Client().get("/mercury/01234567/?cleared").content.decode()
    assert "2 queries: two lines of the program" in text


@pytest.mark.parametrize("address", ["/mercury/", "/mercury/01234567/"])
def test_the_pages_are_there_only_while_debugging(address):
    recent.keep(plain_report(id="01234567"), 5)
    with override_settings(DEBUG=True):
        assert Client().get(address).status_code == 200
        assert Client().post(address).status_code == 405
        assert Client().get("/mercury/ffffffff/").status_code == 404
    assert Client().get(address).status_code == 404


def test_an_empty_list_says_so():
    with override_settings(DEBUG=True):
        assert Client().get("/mercury/").content == b"no report yet\n"


def test_reports_are_kept_while_debugging_and_no_more_than_asked_for():
    Client().get("/plain/7/")
    assert recent.newest_first() == []
    with override_settings(DEBUG=True, MERCURY={"kept_reports": 0, "headers": False}):
        Client().get("/plain/7/")
    assert recent.newest_first() == []
    with override_settings(DEBUG=True, MERCURY={"kept_reports": 3, "headers": False}):
        for _ in range(5):
            Client().get("/plain/7/")
    kept = recent.newest_first()
    assert len({report.id for report in kept}) == 3
    assert kept[0] is recent.find(kept[0].id)
    with override_settings(DEBUG=True, MERCURY={"kept_reports": 1}):
        Client().get("/plain/7/")
    assert len(recent.newest_first()) == 1


def test_threads_keep_reports_at_once():
    def keep():
        for _ in range(200):
            recent.keep(plain_report(id=recent.new_id()), 10)
            recent.newest_first()

    threads = [threading.Thread(target=keep) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(recent.newest_first()) == 10


def test_the_log_tells_the_id():
    got = []

    def keep(sender, report, **kwargs):
        got.append(report)

    report_ready.connect(keep)
    try:
        with override_settings(DEBUG=True):
            response = Client().get("/timed/")
    finally:
        report_ready.disconnect(keep)
    identifier = json.loads(response.headers["X-Mercury"])["id"]
    assert [report.id for report in got] == [identifier]
    assert str(got[0]).splitlines()[0] == f"Mercury  GET /timed/  [{identifier}]"


RUN = """
import logging, os, django
from django.conf import settings
settings.configure(
    DEBUG={debug}, SECRET_KEY="x", ALLOWED_HOSTS=["testserver"], ROOT_URLCONF="django.contrib.messages",
    INSTALLED_APPS=["mercury.django"], MIDDLEWARE=["mercury.django.middleware.MercuryMiddleware"],
    LOGGING={logging},
)
{before}
django.setup()
from django.test import Client
from django.http import HttpResponse
from django.urls import path
class urls: urlpatterns = [path("page/", lambda request: HttpResponse())]
settings.ROOT_URLCONF = urls
{after}
Client().get("/page/")
"""


def standard_error(debug=True, config="{}", before="", after=""):
    code = RUN.format(debug=debug, logging=config, before=before, after=after)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "DJANGO_MERCURY_SUPPRESS_WARNING": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    return done.stderr


LINE = r"mercury: GET /page/: 0 queries in [\d.,]+ ms, nothing found \[[0-9a-f]{8}\]\n"


def test_each_request_has_a_line_on_the_terminal_while_debugging():
    assert re.fullmatch(LINE, standard_error())


@pytest.mark.parametrize(
    "options",
    [
        {"debug": False},
        {"config": '{"version": 1, "loggers": {"mercury": {"level": "ERROR"}}}'},
        {"before": 'logging.getLogger("mercury").addHandler(logging.NullHandler())'},
        {"before": "logging.getLogger().addHandler(logging.NullHandler())"},
        {"after": "logging.getLogger().addHandler(logging.NullHandler())"},
    ],
    ids=range(5),
)
def test_where_the_project_says_where_its_log_goes_mercury_does_not(options):
    assert standard_error(**options) == ""


def test_the_terminal_s_handler_is_there_once_and_never_raises(monkeypatch):
    logger = logging.getLogger("mercury")
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(logger, "handlers", [])
    monkeypatch.setattr(logger, "level", logging.NOTSET)
    for _ in range(2):
        show()
    assert [type(handler) for handler in logger.handlers] == [TerminalHandler]
    monkeypatch.setattr(logging, "raiseExceptions", False)
    monkeypatch.setattr(sys, "stderr", None)
    logger.info("one line")


@pytest.fixture
def server():
    """A server whose answers the test chooses by path."""
    answers = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = answers.get(self.path, (404, b""))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    serving = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield answers, f"http://127.0.0.1:{serving.server_port}/mercury/"
    serving.shutdown()
    thread.join()
    serving.server_close()


def test_the_command_shows_a_report(server, capsys, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    answers, url = server
    answers["/mercury/"] = (200, b"GET /: 1 query [01234567]\n")
    answers["/mercury/01234567/"] = (200, "Mercury  GET /  \x1b[2J\n  \N{SNOWMAN}\n".encode())
    answers["/mercury/01234567/?cleared"] = (200, b"cleared\n")
    answers["/mercury/01234567/?format=json"] = (200, b'{"id": "01234567"}')
    assert main(["report", "--url", url]) == 0
    assert main(["report", "01234567", "--url", url.rstrip("/")]) == 0
    assert main(["report", "01234567", "--url", url, "--cleared"]) == 0
    assert main(["report", "01234567", "--url", url, "--json"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("GET /: 1 query [01234567]\nMercury  GET /  ?[2J\n  \N{SNOWMAN}\ncleared\n{")


@pytest.mark.parametrize(
    ("identifier", "told"),
    [("ffffffff", "no such report"), (None, "mercury.django.urls"), ("../../x?y", "no such report")],
)
def test_the_command_says_what_is_missing(identifier, told, server, capsys):
    arguments = ["report", "--url", server[1], *([identifier] if identifier else [])]
    assert main(arguments) == 1
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "answer", [(500, b""), (200, b"no json"), (200, b"\xff" * 10), (200, b"[" * 100_000)], ids=range(4)
)
def test_the_command_survives_any_answer(answer, server, capsys):
    answers, url = server
    answers["/mercury/?format=json"] = answer
    assert main(["report", "--json", "--url", url]) == 1
    assert capsys.readouterr().err.startswith("mercury report: ")


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://localhost/", "http://127.0.0.1:1/", "http://[", "http://\0/", "x"]
)
def test_the_command_says_that_nobody_answers(url, capsys):
    assert main(["report", "--url", url]) == 1
    told = capsys.readouterr().err
    assert told.startswith("mercury report: ")
    assert told.rstrip("\n").isprintable()


@pytest.mark.parametrize("target", ["_id", "headers.add", "headers.add_id", "recent.keep"])
@pytest.mark.parametrize("address", ["/plain/7/", "/streaming/"])
def test_a_fault_changes_no_body(target, address, monkeypatch):
    def broken(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr(f"mercury.django.middleware.{target}", broken)
    before = process.open_count
    with override_settings(DEBUG=True):
        response = Client().get(address)
        body = b"".join(response.streaming_content) if response.streaming else response.content
    assert (response.status_code, body.count(b"<p>")) == (200, 4)
    assert process.open_count == before


def test_a_streamed_body_is_left_as_it_is():
    def view(request):
        return StreamingHttpResponse(iter([b"a", b"b"]))

    with override_settings(DEBUG=True):
        response = MercuryMiddleware(view)(RequestFactory().get("/"))
        assert list(response) == [b"a", b"b"]
