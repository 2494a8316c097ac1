"""Which units are traced in full, which lightly, which not at all; and that Mercury turns itself down."""

import logging
import os

import pytest

from tests.django_database import database, shop  # noqa: F401 - fixtures

from asgiref.sync import async_to_sync  # isort: skip
from django.test import AsyncClient, Client  # isort: skip

import mercury
from mercury.telemetry import breaker as breakers
from mercury.telemetry import suspicion as suspicions
from mercury.telemetry.breaker import COOL_DOWN_NS, WINDOW_UNITS, Breaker
from mercury.telemetry.suspicion import Suspicion
from mercury.telemetry.switch import Switch, control_file, read, write
from tests.project.models import Author, Book
from tests.telemetry_sink import telemetry

pytestmark = pytest.mark.usefixtures("shop")

LIGHT = {"sample_rate": 0}
SECOND = 10**9


def add_books(count):
    author = Author.objects.first()
    for number in range(count):
        Book.objects.create(title=f"more {number}", author=author, editor=author)


def authors():
    return [book.author.name for book in Book.objects.order_by("pk")]


def captures(made):
    return {
        capture: made.sink.total("mercury.units", mercury__capture=capture)
        for capture in ("full", "light", "off")
        if made.sink.total("mercury.units", mercury__capture=capture)
    }


def get_async(path):
    async def get():
        response = await AsyncClient().get(path)
        return response.content

    return async_to_sync(get)()


@pytest.mark.parametrize("get", [lambda path: Client().get(path), get_async], ids=["sync", "async"])
def test_a_route_that_repeats_a_statement_is_traced_in_full_the_next_time(get, tmp_path, reports):
    add_books(2)
    with telemetry(tmp_path, **LIGHT) as made:
        get("/plain/7/")
        assert captures(made) == {"light": 1}
        get("/waiting/")
        get("/plain/8/")
        get("/plain/9/")
    assert captures(made) == {"light": 3, "full": 1}
    (report,) = reports
    assert (report.name, [finding.kind for finding in report.findings]) == (
        "GET /plain/<int:number>/",
        ["n_plus_one"],
    )
    assert report.findings[0].target == "Book.author"
    assert made.sink.total("http.server.request.duration", http__route="/plain/<int:number>/") == 3
    assert made.sink.total("mercury.queries", http__route="/plain/<int:number>/") == 21
    assert made.sink.total("mercury.findings", mercury__finding__kind="n_plus_one") == 1


def test_a_page_with_fewer_repeats_is_left_to_the_dice(tmp_path):
    with telemetry(tmp_path, **LIGHT) as made:
        for _ in range(3):
            Client().get("/plain/7/")
    assert captures(made) == {"light": 3}


def test_a_suspect_task_is_traced_from_its_start(tmp_path, reports):
    add_books(2)
    with telemetry(tmp_path, **LIGHT) as made:
        for _ in range(3):
            with mercury.monitor("nightly", workload="task"):
                authors()
    assert captures(made) == {"light": 2, "full": 1}
    assert [report.metrics.query_count for report in reports] == [7]


def test_queries_before_the_view_are_counted_where_the_rest_is_traced(tmp_path, reports):
    from django.test import override_settings

    add_books(2)
    with telemetry(tmp_path, **LIGHT) as made, override_settings(
        MIDDLEWARE=["mercury.django.middleware.MercuryMiddleware", f"{__name__}.query_before_the_view"]
    ):
        client = Client()
        client.get("/plain/7/")
        client.get("/plain/7/")
    assert captures(made) == {"light": 1, "full": 1}
    assert made.sink.total("mercury.queries") == made.sink.total("db.client.operation.duration") == 16
    assert reports[0].metrics.query_count == 7
    assert any("1 query that ran before" in note for note in reports[0].notes)


def query_before_the_view(get_response):
    def middleware(request):
        Book.objects.count()
        return get_response(request)

    return middleware


def test_suspicion_rests_after_a_trace_and_is_bounded(monkeypatch):
    monkeypatch.setattr(suspicions, "MAX_NAMES", 3)
    suspicion = Suspicion()
    suspicion.consider("calm", 4, 0)
    assert not suspicion.take("calm", 0)
    for number in range(5):
        suspicion.consider(f"route {number}", 5, 0)
    assert list(suspicion.pending) == ["route 2", "route 3", "route 4"]
    assert suspicion.take("route 4", SECOND)
    assert not suspicion.take("route 4", SECOND)
    suspicion.consider("route 4", 5, 2 * SECOND)
    assert not suspicion.take("route 4", 3 * SECOND)
    suspicion.consider("route 4", 5, suspicions.INTERVAL_NS + SECOND)
    assert suspicion.take("route 4", suspicions.INTERVAL_NS + SECOND)


class Clock:
    """A breaker, units of 1 ms, and the time that the test says it is."""

    def __init__(self):
        self.turns = []
        self.breaker = Breaker(self.turns.append)
        self.now_ns = 0

    def run(self, capture, own_us, windows=1):
        for _ in range(windows * WINDOW_UNITS):
            self.breaker.add(capture, own_us * 1000, 10**6, 0.05, self.now_ns)
        return self.state()

    def state(self):
        return self.breaker.state(self.now_ns)


def test_the_breaker_goes_down_step_by_step_and_comes_back(caplog):
    clock = Clock()
    assert clock.run("full", 49) == "full"
    assert clock.run("full", 51) == "light"
    assert clock.run("light", 51) == "off"
    clock.now_ns += COOL_DOWN_NS
    assert clock.state() == "off"
    clock.now_ns += COOL_DOWN_NS
    assert clock.state() == "light"
    assert clock.run("light", 10) == "light"
    clock.now_ns += 4 * COOL_DOWN_NS
    assert clock.state() == "full"
    assert clock.turns == ["light", "off", "light", "full"]
    told = [record for record in caplog.records if "max_overhead" in record.getMessage()]
    assert len(told) == 2
    assert "5.1 %" in told[0].getMessage()


def test_each_relapse_rests_longer_up_to_an_hour():
    clock = Clock()
    rests = []
    for _ in range(9):
        assert clock.run("full", 60) == "light"
        started = clock.now_ns
        while clock.state() == "light":
            clock.now_ns += 30 * SECOND
        rests.append((clock.now_ns - started) // SECOND)
    assert rests == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert clock.run("full", 1) == "full"
    assert clock.run("full", 60) == "light"
    clock.now_ns += COOL_DOWN_NS
    assert clock.state() == "full"


def test_what_was_opened_before_a_turn_says_nothing_about_after_it():
    clock = Clock()
    clock.run("full", 60)
    assert clock.run("full", 900, windows=3) == "light"


def test_a_limit_of_nothing_turns_real_units_down_and_counts_it(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(breakers, "WINDOW_UNITS", 2)
    with telemetry(tmp_path, max_overhead=0) as made:
        for _ in range(7):
            Client().get("/plain/7/")
        with mercury.monitor("left out") as watch:
            pass
        assert watch.report.notes == ["capture is off: the switch or the circuit breaker of Mercury's metrics says so"]
        write(control_file(tmp_path / "segment"), "light")
        made.sampling._switch._looked_ns = None
        Client().get("/plain/7/")
    assert captures(made) == {"full": 2, "light": 3, "off": 4}
    assert made.sink.total("mercury.capture.turns", mercury__capture="light") == 1
    assert made.sink.total("mercury.capture.turns", mercury__capture="off") == 1


def test_the_meter_sees_mercury_s_own_work(tmp_path):
    with telemetry(tmp_path, sample_rate=1) as made:
        Client().get("/plain/7/")
    ((own_ns,),) = made.sink.of("mercury.overhead.duration").values()
    ((elapsed_ns,),) = made.sink.of("http.server.request.duration").values()
    assert 0 < own_ns < elapsed_ns * 10
    assert made.full_query_ns > 0


@pytest.mark.parametrize(
    ("word", "rate", "expected"), [("off", 1, "off"), ("light", 1, "light"), ("full", 0, "full"), ("auto", 1, "full")]
)
def test_the_switch_decides_for_all_units(word, rate, expected, tmp_path):
    write(control_file(tmp_path / "segment"), word)
    with telemetry(tmp_path, sample_rate=rate) as made:
        Client().get("/plain/7/")
        write(control_file(tmp_path / "segment"), "full")
        made.sampling._switch._looked_ns = None
        Client().get("/waiting/")
    assert captures(made).get(expected, 0) >= 1
    assert sum(captures(made).values()) == 2


def test_the_switch_looks_once_a_second_and_sees_each_change(tmp_path, caplog):
    segment = tmp_path / "segment"
    switch = Switch(segment)
    assert switch.word(0) == "auto"
    write(control_file(segment), "off")
    assert switch.word(SECOND - 1) == "auto"
    assert switch.word(SECOND) == "off"
    write(control_file(segment), "full")
    assert switch.word(2 * SECOND) == "full"
    os.unlink(control_file(segment))
    assert switch.word(3 * SECOND) == "auto"
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert told == [
        f"Mercury's capture was switched from {before} to {after}."
        for before, after in (("auto", "off"), ("off", "full"), ("full", "auto"))
    ]


BROKEN = {
    "a directory": lambda path: path.mkdir(),
    "a pipe": lambda path: os.mkfifo(path),
    "a link": lambda path: path.symlink_to(path.parent / "elsewhere"),
    "large": lambda path: path.write_bytes(b"off" * 10**6),
    "binary": lambda path: path.write_bytes(b"\xff\x00off"),
    "empty": lambda path: path.write_bytes(b""),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_control_file_of_no_use_leaves_it_to_the_settings(what, tmp_path, caplog):
    if what == "a pipe" and not hasattr(os, "mkfifo"):
        BROKEN["a directory"](control_file(tmp_path / "segment"))
    else:
        (tmp_path / "elsewhere").write_text("off\n")
        BROKEN[what](control_file(tmp_path / "segment"))
    switch = Switch(tmp_path / "segment")
    assert [switch.word(0), switch.word(SECOND)] == ["auto", "auto"]
    (told,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert "segment.switch is of no use: " in told
    with pytest.raises((OSError, ValueError)):
        read(control_file(tmp_path / "segment"))
