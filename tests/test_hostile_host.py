"""Hosts that do odd things: what they see must not change, and the report must be right or say what it lacks."""

import contextvars
import os
import subprocess
import sys
import textwrap
import unittest

import pytest

from tests.django_database import database, shop  # noqa: F401 - fixtures

from django.db import DatabaseError, connection, reset_queries, transaction  # isort: skip
from django.http import HttpResponse  # isort: skip
from django.test import Client, TestCase, override_settings  # isort: skip
from django.urls import path  # isort: skip

import mercury
from tests.project.models import Author, Book

pytestmark = pytest.mark.usefixtures("shop")


def names(books):
    return [book.author.name for book in books]


def looping(request):
    return HttpResponse(", ".join(names(Book.objects.order_by("pk"))))


def reading_queries(request):
    """A debug page of the project's own: the texts that Django has logged."""
    reset_queries()
    names(Book.objects.order_by("pk"))
    return HttpResponse("\n".join(query["sql"] for query in connection.queries))


def failing(request):
    names(Book.objects.order_by("pk"))
    raise ZeroDivisionError("the view's own")


def swallowing(get_response):
    """A middleware that answers for whatever went wrong below it."""

    def respond(request):
        try:
            return get_response(request)
        except ZeroDivisionError as error:
            return HttpResponse(f"sorry: {error}, after {error.__context__}", status=503)

    return respond


def recovering(request):
    """Goes on after a query of its own has failed."""
    try:
        with transaction.atomic():
            Author.objects.extra(where=["no_such_column = 1"]).exists()
    except DatabaseError as error:
        return HttpResponse(type(error).__name__ + ": " + ", ".join(names(Book.objects.order_by("pk"))))


urlpatterns = [
    path("looping/", looping),
    path("reading-queries/", reading_queries),
    path("failing/", failing),
    path("recovering/", recovering),
]


@pytest.fixture(autouse=True)
def routes():
    with override_settings(ROOT_URLCONF=__name__):
        yield


SWALLOWING = f"{__name__}.swallowing"
MERCURY = "mercury.django.middleware.MercuryMiddleware"


def get(page, *middleware):
    with override_settings(MIDDLEWARE=list(middleware)):
        response = Client(raise_request_exception=False).get(page)
    return response.status_code, response.serialize_headers(), response.content


def told(report):
    return [(finding.kind, finding.target, finding.count) for finding in report.findings]


FOUND = [("n_plus_one", "Book.author", 4)]


def test_a_view_whose_query_fails(reports):
    assert get("/recovering/", MERCURY) == get("/recovering/")
    (report,) = reports
    assert (report.metrics.query_count, told(report), report.notes) == (6, FOUND, [])


def test_a_middleware_above_that_swallows_exceptions(reports):
    expected = get("/failing/", SWALLOWING)
    assert expected[0] in (500, 503)
    assert get("/failing/", SWALLOWING, MERCURY) == expected
    assert get("/failing/", MERCURY, SWALLOWING) == expected
    assert [told(report) for report in reports] == [FOUND, FOUND]


def test_a_view_that_reads_the_queries_that_django_logs(reports, settings_debug):
    expected = get("/reading-queries/")
    assert expected[2].count(b"SELECT") == 5
    assert get("/reading-queries/", MERCURY) == expected
    assert [told(report) for report in reports] == [FOUND]


@pytest.fixture
def settings_debug():
    with override_settings(DEBUG=True, MERCURY={"headers": False}):
        yield


def test_force_debug_cursor(reports):
    expected = get("/looping/")
    connection.force_debug_cursor = True
    try:
        assert get("/looping/", MERCURY) == expected
    finally:
        connection.force_debug_cursor = False
    (report,) = reports
    assert told(report) == FOUND
    assert report.findings[0].file == __file__


def test_atomic_requests(reports, monkeypatch):
    expected = get("/looping/")
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    assert get("/looping/", MERCURY) == expected
    (report,) = reports
    assert (report.metrics.query_count, told(report)) == (5, FOUND)
    assert report.metrics.transaction_count == 2


@pytest.mark.parametrize(
    "value", ["nonsense", 7, None, {"mode": 3}, {"no such key": 1}, {"workloads": "all"}], ids=repr
)
def test_a_broken_setting(value, reports):
    expected = get("/looping/")
    with override_settings(MERCURY=value):
        assert get("/looping/", MERCURY) == expected
    assert [told(report) for report in reports] == [FOUND]


def test_the_transactions_of_a_test_case():
    watched = []

    class Transactions(TestCase):
        def test_loop(self):
            with mercury.monitor("a test of the host's") as watch, transaction.atomic():
                names(Book.objects.order_by("pk"))
            watched.append(watch)

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Transactions).run(result)
    assert (result.testsRun, result.errors, result.failures) == (1, [], [])
    (watch,) = watched
    assert (watch.report.metrics.query_count, watch.report.metrics.transaction_count) == (5, 2)
    assert told(watch.report) == FOUND


def outcome(action):
    """What the action gave, or the type and the text of what it raised."""
    try:
        return action()
    except Exception as error:
        return type(error), str(error)


def closed_early():
    cursor = connection.cursor()
    cursor.execute("SELECT id FROM project_book ORDER BY id")
    first = cursor.fetchone()
    cursor.close()
    return first, outcome(lambda: cursor.execute("SELECT 1"))


def sent_many():
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE project_tag SET name = %s WHERE id = %s", [("a", -1), ("b", -2)])
        return cursor.rowcount


def procedure():
    """PostgreSQL calls functions so; SQLite refuses."""
    with connection.cursor() as cursor:
        return outcome(lambda: (cursor.callproc("lower", ["LOUD"]), cursor.fetchall()))


@pytest.mark.parametrize(
    ("action", "query_count"), [(closed_early, 2), (sent_many, 1), (procedure, 1)], ids=lambda value: str(value)[10:18]
)
def test_a_cursor_of_the_host_s_own(action, query_count):
    with transaction.atomic():
        expected = action()
        transaction.set_rollback(True)
    with mercury.monitor("cursor") as watch, transaction.atomic():
        assert action() == expected
        transaction.set_rollback(True)
    assert watch.report.metrics.query_count == query_count
    assert (watch.report.findings, watch.report.notes) == ([], [])


def test_a_million_queries_in_one_unit():
    """Each with parameters of its own: what is held stays bounded, and what that costs is said.

    MERCURY_PROPERTIES=full sends the million; else more than can be held do.
    """
    from mercury.capture.database import watch_query
    from mercury.core.records import TRACE_MAX_PARAMETERS
    from mercury.trace import BLOCK_INTEGERS, current

    count = 1_000_000 if os.environ.get("MERCURY_PROPERTIES") == "full" else TRACE_MAX_PARAMETERS + 10_000
    context = {"connection": connection}

    def answer(sql, params, many, context):
        return None

    def send(number):
        watch_query(answer, "SELECT name FROM project_tag WHERE id = %s", (number,), False, context)

    with mercury.monitor("a million") as watch:
        trace = current.get()
        for number in range(count):
            send(number)
        (lane,) = trace.lanes.values()
        assert len(lane.events) <= BLOCK_INTEGERS
        assert (len(trace.paths), len(trace.statements), len(lane.routes)) == (1, 1, 1)
    assert watch.report.metrics.query_count == count
    assert watch.report.notes == [
        f"only the first {TRACE_MAX_PARAMETERS:,} different parameters were compared: later duplicates are not told"
    ]


def test_generated_code_without_a_file():
    source = """
        def work(books):
            for book in books:
                book.author.name
        work(Book.objects.order_by("pk"))
    """
    code = compile(textwrap.dedent(source), "<generated by the host>", "exec")
    with mercury.monitor("generated") as watch:
        exec(code, {"Book": Book})
    assert told(watch.report) == FOUND
    str(watch.report)


def test_a_file_that_has_gone(tmp_path):
    file = tmp_path / "gone.py"
    source = "for book in Book.objects.order_by('pk'):\n    book.author.name\n"
    file.write_text(source, encoding="utf-8")
    code = compile(source, str(file), "exec")
    file.unlink()
    with mercury.monitor("gone") as watch:
        exec(code, {"Book": Book})
    assert told(watch.report) == FOUND
    (finding,) = watch.report.findings
    assert (finding.file, finding.line) == (str(file), 2)


def test_recursion_900_deep():
    def deep(depth):
        return names(Book.objects.order_by("pk")) if depth == 0 else deep(depth - 1)

    before = sys.getrecursionlimit()
    sys.setrecursionlimit(10_000)
    try:
        expected = deep(900)
        with mercury.monitor("deep") as watch:
            assert deep(900) == expected
    finally:
        sys.setrecursionlimit(before)
    assert (told(watch.report), watch.report.notes) == (FOUND, [])


def test_a_recursion_that_overflows_overflows_as_ever():
    def overflow(depth):
        if depth < 5:
            Author.objects.order_by("pk").first()
        overflow(depth + 1)

    with mercury.monitor("overflow") as watch, pytest.raises(RecursionError):
        overflow(0)
    assert (watch.report.metrics.query_count, watch.report.notes) == (5, [])


def test_greenlets_that_take_turns():
    """Several stacks in one thread: each query is counted, and nobody's loop is taken for another's."""
    greenlet = pytest.importorskip("greenlet", reason="greenlet is not installed: pip install greenlet")
    got = []

    def work():
        for book in Book.objects.order_by("pk"):
            got.append(book.author.name)
            hub.switch()

    hub = greenlet.getcurrent()
    with mercury.monitor("greenlets") as watch:
        workers = [greenlet.greenlet(work), greenlet.greenlet(work)]
        for worker in workers:
            worker.gr_context = contextvars.copy_context()
        while any(not worker.dead for worker in workers):
            for worker in workers:
                worker.switch()
    assert got == [name for name in names(Book.objects.order_by("pk")) for _ in workers]
    assert watch.report.metrics.query_count == 10
    assert {finding.target for finding in watch.report.findings} <= {"Book.author", "Book"}


def test_a_greenlet_without_the_unit_s_context_is_told():
    greenlet = pytest.importorskip("greenlet", reason="greenlet is not installed: pip install greenlet")
    with mercury.monitor("greenlet") as watch:
        greenlet.greenlet(lambda: names(Book.objects.order_by("pk"))).switch()
    assert watch.report.metrics.query_count == 0
    assert watch.report.notes == ["5 queries ran meanwhile in a thread or task that belongs to no unit of work"]


STRIPPED = """
    import django
    from django.conf import settings

    settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
    django.setup()
    from django.db import connection, models

    import mercury

    class Row(models.Model):
        value = models.IntegerField()

        class Meta:
            app_label = "stripped"

    with connection.schema_editor() as editor:
        editor.create_model(Row)
    for value in range(3):
        Row.objects.create(value=value)
    with mercury.monitor("stripped") as watch:
        for row in Row.objects.all():
            Row.objects.filter(value=row.value).first()
    assert True
    print(__debug__, [(each.kind, each.model, each.count, each.line) for each in watch.report.findings])
"""


def test_stripped_code(tmp_path):
    script = tmp_path / "stripped.py"
    script.write_text(textwrap.dedent(STRIPPED), encoding="utf-8")
    told = {}
    for flag in ("-O", "-OO", "-B"):
        command = [sys.executable, flag, str(script)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "DJANGO_SETTINGS_MODULE": ""}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        told[flag] = done.stdout
    line = STRIPPED.splitlines().index("            Row.objects.filter(value=row.value).first()") + 1
    assert told["-B"] == f"True [('n_plus_one', 'Row', 3, {line})]\n"
    assert told["-O"] == told["-OO"] == told["-B"].replace("True", "False", 1)
