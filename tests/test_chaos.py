"""Every function of Mercury that a request runs raises in turn, and no response changes by a byte.

Which functions those are is not written down here: a profile of the requests tells. Left
out are only those that stand between the host and Mercury, see BOUNDARY.
"""

import contextvars
import gc
import logging
import math
import os
import sys
import threading
from types import FunctionType

import pytest

from tests.django_database import database, shop  # noqa: F401 - fixtures

from asgiref.sync import async_to_sync  # isort: skip
from django.core.cache import cache  # isort: skip
from django.core.signals import request_finished  # isort: skip
from django.db import close_old_connections, transaction  # isort: skip
from django.http import HttpResponse  # isort: skip
from django.test import AsyncClient, Client, override_settings  # isort: skip
from django.urls import path  # isort: skip

from tests.project import urls
from tests.project.models import Book, Tag
from tests.telemetry_sink import telemetry

pytestmark = [
    pytest.mark.usefixtures("shop"),
    # Django says so of each synchronous body that it streams under ASGI.
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators"),
    # The finalizer of a trace whose making was made to raise.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

REQUESTS = 1000 if os.environ.get("MERCURY_PROPERTIES") == "full" else 0
"""How many there are at least; each function raises during one. Without them, each third function does."""

BOUNDARY = frozenset(
    (
        "mercury._monitor.open_unit",
        "mercury.capture.cache._count",
        "mercury.capture.eager_loads.PrefetchedCache.__getitem__",
        "mercury.capture.eager_loads.PrefetchedCache.get",
        "mercury.capture.eager_loads.ManagerReader.__call__",
        "mercury.capture.eager_loads.Reader.__call__",
        "mercury.capture.eager_loads._FirstRows.__call__",
        "mercury.capture.eager_loads._await_rows",
        "mercury.capture.eager_loads._begin",
        "mercury.capture.eager_loads._end",
        "mercury.capture.eager_loads._note_read",
        "mercury.capture.database._note",
        "mercury.capture.database._watch_apart",
        "mercury.capture.database.watch_query",
        "mercury.capture.spawning.Job.__call__",
        "mercury.django.middleware.MercuryMiddleware.__call__",
        "mercury.django.middleware.MercuryMiddleware.__init__",
        "mercury.django.middleware.MercuryMiddleware._call_async",
        "mercury.django.middleware.MercuryMiddleware._on_view",
        "mercury.django.middleware.MercuryMiddleware._on_view_async",
        "mercury.django.middleware._AsyncBody.__aiter__",
        "mercury.django.middleware._AsyncBody.__anext__",
        "mercury.django.middleware._Body.__iter__",
        "mercury.django.middleware._Body.__next__",
        "mercury.django.middleware._Streamed._enter",
        "mercury.django.middleware._Streamed._finish",
        "mercury.django.middleware._Streamed._leave",
        "mercury.django.middleware._Streamed.close",
        "mercury.django.middleware._end",
        "mercury.django.middleware._on_route",
        "mercury.telemetry.light.LightTrace.note",
        "mercury.telemetry.light.LightTrace.watch",
        "mercury.trace.tell_fault",
    )
)
"""What the host calls, which holds the host's own calls, and what protects those: a `try` around the rest."""


def everything(request):
    """A loop, writes, a failing query, the cache and literals: much of what Mercury does for a request."""
    names = [f"{book.author.name}, {book.tags.count()}" for book in Book.objects.order_by("pk")]
    for book in Book.objects.select_related("editor").prefetch_related("tags", "author", "reviews"):
        names += [book.editor.name, book.author.name, *(tag.name for tag in book.tags.all())]
    for number in range(3):
        Tag.objects.create(name=f"made {number}")
    try:
        with transaction.atomic():
            Book.objects.extra(where=["no_such_function(1) = 1"]).exists()
    except Exception as error:
        names.append(type(error).__name__)
    cache.get_or_set("names", names)
    cache.get_many(["names", "nothing"])
    return HttpResponse("; ".join(names + cache.get("names")))


urlpatterns = [*urls.urlpatterns, path("everything/", everything)]

PAGES = ["/plain/7/", "/streaming/", "/everything/", "/failing/", "/nowhere/", "/waiting/"]
ASYNC_PAGES = [*PAGES[:3], "/waiting/", "/streaming-async/"]


@pytest.fixture(autouse=True)
def routes():
    with override_settings(ROOT_URLCONF=__name__):
        yield


def get(page):
    cache.clear()
    Tag.objects.filter(name__startswith="made").delete()
    response = Client(raise_request_exception=False).get(page)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    # That would close the connection whose transaction the test is in, and the client has just connected it again.
    request_finished.disconnect(close_old_connections)
    response.close()
    request_finished.connect(close_old_connections)
    return response.status_code, response.serialize_headers(), body


def get_async(page):
    cache.clear()
    Tag.objects.filter(name__startswith="made").delete()

    async def serve():
        response = await AsyncClient(raise_request_exception=False).get(page)
        body = b"".join([part async for part in response]) if response.streaming else response.content
        return response.status_code, response.serialize_headers(), body

    return async_to_sync(serve)()


REQUESTED = [(get, page) for page in PAGES] + [(get_async, page) for page in ASYNC_PAGES]


def functions_called_by(action):
    """Mercury's functions that ran, by qualified name."""
    codes = set()

    def note(frame, event, argument):
        if event == "call" and frame.f_globals.get("__name__", "").startswith("mercury."):
            codes.add(frame.f_code)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    functions = (each for each in gc.get_objects() if type(each) is FunctionType and each.__code__ in codes)
    found = {f"{each.__module__}.{each.__qualname__}": each for each in functions}
    # A function inside another one wraps one of the host's, and is a boundary too; so is what carries its name.
    return {
        name: each
        for name, each in found.items()
        if name not in BOUNDARY and "<locals>" not in name and not each.__closure__
    }


def planted(*arguments, **keywords):
    raise RuntimeError("planted")


class Planted:
    """While it lasts, the function raises instead of running, wherever it is known from."""

    def __init__(self, function):
        self._function = function

    def __enter__(self):
        self._code, self._function.__code__ = self._function.__code__, planted.__code__

    def __exit__(self, *error):
        self._function.__code__ = self._code


def test_no_fault_of_mercury_s_own_changes_a_response(caplog, reports):
    caplog.set_level(logging.CRITICAL)
    # A unit that could not be left stays the current one of its context.
    contextvars.copy_context().run(_raise_in_turn, reports)


def test_no_fault_of_always_on_metrics_changes_a_response(caplog, tmp_path, monkeypatch):
    caplog.set_level(logging.CRITICAL)
    # What was captured lightly is traced in full the next time.
    monkeypatch.setattr("mercury.telemetry.suspicion.MOST_REPEATS", 1)
    monkeypatch.setattr("mercury.telemetry.suspicion.INTERVAL_NS", 0)
    monkeypatch.setattr("mercury.telemetry.recorder.MAX_FAILURES", 10**6)
    with telemetry(tmp_path, sample_rate=0, max_overhead=1):
        contextvars.copy_context().run(_raise_each, lambda name: name.startswith("mercury.telemetry."), 40)


def _raise_in_turn(reports):
    expected = _raise_each(lambda name: not name.startswith("mercury.telemetry."), 100)
    del reports[:]
    assert get("/plain/7/") == expected[get, "/plain/7/"]
    (report,) = reports
    assert (report.metrics.query_count, report.notes) == (5, [])
    assert [finding.target for finding in report.findings] == ["Book.author"]


def _raise_each(is_wanted, least):
    """Has each wanted function raise; gives the responses that there are without Mercury."""
    with override_settings(MIDDLEWARE=[]):
        expected = {(ask, page): ask(page) for ask, page in REQUESTED}
    assert {(ask, page): ask(page) for ask, page in REQUESTED} == expected
    called = functions_called_by(lambda: [ask(page) for ask, page in REQUESTED])
    functions = {name: function for name, function in called.items() if is_wanted(name)}
    assert len(functions) > least
    changed, served = [], 0
    for name, function in sorted(functions.items())[:: 1 if REQUESTS else 3]:
        with Planted(function):
            for _ in range(max(1, math.ceil(REQUESTS / len(functions)))):
                ask, page = REQUESTED[served % len(REQUESTED)]
                served += 1
                try:
                    answer = ask(page)
                except Exception as error:
                    answer = type(error)
                if answer != expected[ask, page]:
                    changed.append((name, ask.__name__, page))
    assert changed == []
    assert served >= REQUESTS
    return expected
