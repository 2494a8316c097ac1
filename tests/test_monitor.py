"""`mercury.monitor` and `mercury.PerformanceMonitor`: what they measure, and that they never harm what they watch."""

import asyncio
import contextvars
import inspect
import logging
import subprocess
import sys
import threading
import traceback
from pathlib import Path

import pytest

import mercury
from mercury.errors import MonitoringError
from tests.django_database import database, shop  # noqa: F401 - fixtures

from django.db import connection  # isort: skip

from tests.project.models import Author, Book  # isort: skip

pytestmark = pytest.mark.usefixtures("shop")


def ask(times=1):
    """Sends queries that touch no table, so that any thread may send them."""
    for _ in range(times):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchall()


def line_of(function, text):
    """The number of the line of a function that holds this text."""
    lines, first = inspect.getsourcelines(function)
    (found,) = [first + index for index, line in enumerate(lines) if text in line]
    return found


def mercury_errors(caplog):
    return [record for record in caplog.records if record.name == "mercury" and record.levelno >= logging.ERROR]


def test_a_block_is_counted():
    with mercury.monitor("three") as watch:
        ask(3)
    assert watch.report.name == "three"
    assert watch.report.metrics.query_count == 3
    assert watch.report.notes == []


def test_what_ran_before_and_after_does_not_count():
    ask()
    with mercury.monitor("one") as watch:
        ask()
    ask()
    assert watch.report.metrics.query_count == 1


def test_a_decorator_without_a_name_takes_the_function_s():
    @mercury.monitor
    def twice(value, *, other):
        """Asks twice."""
        ask(2)
        return value, other

    assert twice(1, other=2) == (1, 2)
    assert twice.report.metrics.query_count == 2
    assert twice.report.name.endswith("twice")
    assert (twice.__name__, twice.__doc__) == ("twice", "Asks twice.")


def test_a_decorator_with_a_name():
    @mercury.monitor("named")
    def once():
        ask()

    once()
    once()
    assert (once.report.name, once.report.metrics.query_count) == ("named", 1)


@pytest.mark.parametrize("decorator", [mercury.monitor, mercury.monitor("named")], ids=["without", "with"])
def test_a_decorated_coroutine_is_watched_until_it_has_ended(decorator, monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

    @decorator
    async def waits(value):
        ask()
        await asyncio.sleep(0)
        ask()
        return value

    assert inspect.iscoroutinefunction(waits)
    assert asyncio.run(waits(7)) == 7
    assert waits.report.metrics.query_count == 2


def test_a_decorated_method_gets_its_instance():
    class Shop:
        @mercury.monitor("method")
        def count(self):
            ask()
            return self

    bookshop = Shop()
    assert bookshop.count() is bookshop
    assert Shop.count.report.metrics.query_count == 1


def test_async_with(monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

    async def block():
        async with mercury.monitor("async block") as watch:
            ask()
            await asyncio.sleep(0)
            ask()
        return watch

    assert asyncio.run(block()).report.metrics.query_count == 2


def test_two_tasks_at_once_do_not_mix(monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

    async def block(times):
        async with mercury.monitor("task") as watch:
            for _ in range(times):
                ask()
                await asyncio.sleep(0)
        return watch.report.metrics.query_count

    async def both():
        return await asyncio.gather(block(2), block(5))

    assert asyncio.run(both()) == [2, 5]


def nested_monitors():
    with mercury.monitor("outer") as outer:
        for book in Book.objects.all():  # outer loop
            book.author.name  # outer query
        with mercury.monitor("inner") as inner:
            for book in Book.objects.all():  # inner loop
                book.editor.name  # inner query
    return outer.report, inner.report


def test_nested_monitors_each_see_the_queries_at_the_right_lines():
    outer, inner = nested_monitors()
    assert (outer.metrics.query_count, inner.metrics.query_count) == (10, 5)
    places = {
        finding.field: (finding.line, finding.loop_line) for finding in outer.findings if finding.kind == "n_plus_one"
    }
    of_editor = (line_of(nested_monitors, "inner query"), line_of(nested_monitors, "inner loop"))
    assert places == {
        "author": (line_of(nested_monitors, "outer query"), line_of(nested_monitors, "outer loop")),
        "editor": of_editor,
    }
    assert [(finding.field, finding.line, finding.loop_line) for finding in inner.findings] == [("editor", *of_editor)]


def test_the_block_after_an_inner_one_belongs_to_the_outer_one():
    with mercury.monitor("outer") as outer:
        with mercury.monitor("inner") as inner:
            ask()
        ask()
    assert (outer.report.metrics.query_count, inner.report.metrics.query_count) == (2, 1)


def test_monitors_that_are_closed_in_the_wrong_order_leave_nothing_behind():
    one, other = mercury.monitor("one"), mercury.monitor("other")
    one.__enter__()
    other.__enter__()
    one.__exit__(None, None, None)
    other.__exit__(None, None, None)
    with mercury.monitor("after") as after:
        ask(2)
    ask()
    assert after.report.metrics.query_count == 2
    assert (one.report.name, other.report.name) == ("one", "other")


def test_a_monitor_may_be_used_again_once_it_has_ended():
    watch = mercury.monitor("again")
    with watch:
        ask()
    first = watch.report
    with watch:
        ask(2)
    assert (first.metrics.query_count, watch.report.metrics.query_count) == (1, 2)


def test_entering_a_running_monitor_is_refused_and_does_not_stop_it():
    with mercury.monitor("running") as watch:
        with pytest.raises(MonitoringError, match="already running"):
            watch.__enter__()
        ask()
    assert watch.report.metrics.query_count == 1


def test_a_report_before_the_end_is_refused():
    watch = mercury.monitor("early")
    with pytest.raises(MonitoringError, match="no report yet"):
        watch.report
    with watch, pytest.raises(MonitoringError, match="has not ended"):
        watch.report
    assert watch.report.name == "early"


def test_generator_functions_are_refused():
    def plain():
        yield 1

    async def asynchronous():
        yield 1

    for function in (plain, asynchronous):
        with pytest.raises(MonitoringError, match="generator"):
            mercury.monitor(function)
        with pytest.raises(MonitoringError, match="generator"):
            mercury.monitor("named")(function)


@pytest.mark.parametrize("name", [7, b"secret", None, ["secret"]])
def test_a_name_of_a_wrong_type_is_refused_without_quoting_it(name):
    for refuse in (mercury.monitor, mercury.PerformanceMonitor().start_monitoring):
        with pytest.raises(TypeError) as caught:
            refuse(name)
        assert str(caught.value) == f"the name of a monitor is a str, not {type(name).__name__}"


def fail_with(error):
    ask()
    raise error


ERRORS = [ValueError("own"), KeyboardInterrupt("own"), SystemExit(3), GeneratorExit("own")]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_what_a_block_raises_passes_through_unchanged(error):
    watch = mercury.monitor("fails")
    with pytest.raises(type(error)) as caught, watch:
        fail_with(error)
    assert caught.value is error
    assert (error.__cause__, error.__context__) == (None, None)
    assert traceback.extract_tb(error.__traceback__)[-1].name == "fail_with"
    assert watch.report.metrics.query_count == 1


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_what_a_decorated_function_raises_passes_through_unchanged(error):
    watched = mercury.monitor(fail_with)
    with pytest.raises(type(error)) as caught:
        watched(error)
    assert caught.value is error
    assert traceback.extract_tb(error.__traceback__)[-1].name == "fail_with"
    assert watched.report.metrics.query_count == 1


def test_a_cancelled_task_is_reported_and_stays_cancelled(monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

    @mercury.monitor
    async def waits():
        ask()
        await asyncio.Event().wait()

    async def cancel():
        task = asyncio.ensure_future(waits())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return task.cancelled()

    assert asyncio.run(cancel())
    assert waits.report.metrics.query_count == 1


def test_a_query_that_fails_raises_as_ever_and_counts():
    from django.db import DatabaseError, transaction

    with mercury.monitor("fails") as watch, pytest.raises(DatabaseError) as caught, transaction.atomic():
        connection.cursor().execute("SELECT nothing FROM nowhere")
    innermost = Path(traceback.extract_tb(caught.value.__traceback__)[-1].filename)
    assert Path(mercury.__file__).parent not in innermost.parents
    assert watch.report.metrics.query_count == 1


def test_a_decorated_recursion_is_a_unit_at_each_level():
    counts = []

    @mercury.monitor("recursion")
    def go(depth):
        ask()
        if depth:
            go(depth - 1)
            counts.append(go.report.metrics.query_count)

    go(3)
    assert counts == [1, 2, 3]
    assert go.report.metrics.query_count == 4


def test_a_decorated_function_may_run_in_several_threads():
    together = threading.Barrier(2, timeout=60)
    reports = []

    @mercury.monitor("thread")
    def work(times):
        together.wait()
        ask(times)
        together.wait()

    def run(times):
        watch = mercury.monitor("around")
        with watch:
            work(times)
        reports.append((times, watch.report.metrics.query_count))

    threads = [threading.Thread(target=run, args=(times,)) for times in (2, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(reports) == [(2, 2), (5, 5)]
    assert work.report.metrics.query_count in (2, 5)


def test_a_thread_with_the_context_belongs_to_the_unit():
    with mercury.monitor("followed") as watch:
        thread = threading.Thread(target=contextvars.copy_context().run, args=(ask, 3))
        thread.start()
        thread.join()
        ask()
    assert watch.report.metrics.query_count == 4
    assert watch.report.notes == []


def test_a_thread_without_the_context_is_told_and_never_taken_for_no_queries():
    with mercury.monitor("unfollowed") as watch:
        thread = threading.Thread(target=contextvars.Context().run, args=(ask, 3))
        thread.start()
        thread.join()
    assert watch.report.metrics.query_count == 0
    assert watch.report.notes == ["3 queries ran meanwhile in a thread or task that belongs to no unit of work"]


def test_a_monitor_without_django_is_honest():
    program = """
import sys, mercury
with mercury.monitor("plain") as watch:
    pass
assert "django" not in sys.modules
import django
with mercury.monitor("not configured") as other:
    pass
for report in (watch.report, other.report):
    assert report.metrics.query_count == 0
    assert (report.metrics.cache_hits, report.metrics.cache_misses) == (None, None)
    assert report.findings == [] and report.metrics.n_plus_one_detected is False
    assert "0 queries" in str(report) and "cache" not in str(report)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr


SEED_KEYS = {
    "response_time_ms",
    "cpu_time_ms",
    "memory_usage_mb",
    "query_count",
    "cache_hits",
    "cache_misses",
    "n_plus_one_detected",
    "operation_name",
}


def test_the_metrics_of_a_performance_monitor():
    from django.core.cache import cache

    watch = mercury.PerformanceMonitor()
    watch.start_monitoring("seeds")
    for author in Author.objects.all():
        author.publisher.name
    cache.get("missing")
    metrics = watch.stop_monitoring()
    assert set(metrics) >= SEED_KEYS
    assert metrics["operation_name"] == "seeds"
    assert (metrics["query_count"], metrics["n_plus_one_detected"]) == (9, True)
    assert (metrics["cache_hits"], metrics["cache_misses"]) == (0, 1)
    assert metrics["response_time_ms"] >= metrics["query_time_ms"] > 0
    assert metrics["cpu_time_ms"] >= 0
    assert 1 < metrics["memory_usage_mb"] < 1024 * 1024


def test_growth_of_the_process_over_a_unit_or_nothing_where_it_was_too_short(monkeypatch):
    monkeypatch.setattr("mercury._memory.INTERVAL_NS", 0)
    with mercury.monitor("grows") as watch:
        held = bytearray(32 << 20)
        held[::4096] = b"x" * len(held[::4096])
    assert 16 < watch.report.metrics.process_memory_change_mb < 1024
    del held
    monkeypatch.setattr("mercury._memory.INTERVAL_NS", 10**15)
    with mercury.monitor("short") as watch:
        pass
    assert watch.report.metrics.process_memory_change_mb is None


@pytest.mark.skipif(sys.implementation.name == "pypy", reason="PyPy has no tracemalloc")
def test_what_a_block_has_allocated_and_still_holds():
    import tracemalloc

    with mercury.monitor("holds", memory=True) as watch:
        held = bytes(4 << 20)
        with mercury.monitor("lets go", memory=True) as inner:
            bytes(16 << 20)
        assert tracemalloc.is_tracing()
    assert not tracemalloc.is_tracing()
    assert 3.9 < watch.report.metrics.traced_memory_mb < 6
    assert -1 < inner.report.metrics.traced_memory_mb < 1
    del held
    with mercury.monitor("does not ask") as watch:
        pass
    assert watch.report.metrics.traced_memory_mb is None


@pytest.mark.skipif(sys.implementation.name == "pypy", reason="PyPy has no tracemalloc")
def test_tracing_that_somebody_else_began_goes_on():
    import tracemalloc

    tracemalloc.start()
    try:
        with mercury.monitor("within", memory=True) as watch:
            pass
        assert tracemalloc.is_tracing()
        assert watch.report.metrics.traced_memory_mb is not None
    finally:
        tracemalloc.stop()


@pytest.mark.skipif(sys.implementation.name == "pypy", reason="PyPy has no tracemalloc")
def test_tracing_ends_though_somebody_else_ended_it_once():
    import tracemalloc

    with mercury.monitor("ended within", memory=True) as watch:
        tracemalloc.stop()
    assert watch.report.metrics.traced_memory_mb is None
    with mercury.monitor("as ever", memory=True) as watch:
        assert tracemalloc.is_tracing()
    assert not tracemalloc.is_tracing()
    assert watch.report.metrics.traced_memory_mb is not None


@pytest.mark.skipif(sys.implementation.name == "pypy", reason="PyPy has no tracemalloc")
def test_tracing_ends_though_the_unit_cannot_be_judged(monkeypatch):
    import tracemalloc

    def fail(evidence):
        raise ZeroDivisionError

    monkeypatch.setattr("mercury._monitor.judge", fail)
    with mercury.monitor("not judged", memory=True) as watch:
        pass
    assert not tracemalloc.is_tracing()
    assert "fault inside Mercury" in watch.report.notes[0]


def test_a_performance_monitor_runs_once_at_a_time():
    watch = mercury.PerformanceMonitor()
    with pytest.raises(MonitoringError, match="no monitoring is in progress"):
        watch.stop_monitoring()
    watch.start_monitoring("first")
    with pytest.raises(MonitoringError, match="already in progress"):
        watch.start_monitoring("second")
    ask()
    metrics = watch.stop_monitoring()
    assert (metrics["operation_name"], metrics["query_count"]) == ("first", 1)
    with pytest.raises(MonitoringError, match="no monitoring is in progress"):
        watch.stop_monitoring()
    watch.start_monitoring("again")
    assert watch.stop_monitoring()["query_count"] == 0


def test_cpu_time_is_not_measured_where_another_thread_closes_the_unit():
    watch = mercury.PerformanceMonitor()
    watch.start_monitoring("moved")
    metrics = {}
    thread = threading.Thread(target=lambda: metrics.update(watch.stop_monitoring()))
    thread.start()
    thread.join()
    assert metrics["cpu_time_ms"] is None
    assert metrics["response_time_ms"] > 0


def test_transaction_control_is_not_counted_as_queries():
    from django.db import transaction

    with mercury.monitor("savepoints") as watch, transaction.atomic():
        ask()
    assert watch.report.metrics.query_count == 1
    assert watch.report.metrics.transaction_count == 2


class Broken(Exception):
    """A fault inside Mercury."""


def broken(*args, **kwargs):
    raise Broken


RECORDING = [
    "mercury.capture.frames.Lane.walk",
    "mercury.capture.database.digest",
    "mercury.capture.database.cache_for",
    "mercury.capture.provenance.look",
    "mercury.trace.Trace.lane",
    "mercury.trace.Trace.database",
]


@pytest.mark.parametrize("target", RECORDING)
def test_a_fault_while_a_query_is_recorded_is_told_and_changes_nothing(target, monkeypatch, caplog):
    titles = [book.author.name for book in Book.objects.order_by("pk")]
    monkeypatch.setattr(target, broken)
    with mercury.monitor("fault") as watch:
        assert [book.author.name for book in Book.objects.order_by("pk")] == titles
    monkeypatch.undo()
    (record,) = mercury_errors(caplog)
    assert record.exc_info[0] is Broken
    (note,) = watch.report.notes
    assert "could not be recorded because of a fault inside Mercury" in note
    assert watch.report.metrics.query_count + int(note.split(" ")[0]) == 5


def test_a_single_fault_loses_a_single_query(monkeypatch, caplog):
    from mercury.capture import database as capture

    calls = []
    digest = capture.digest

    def fails_once(params, variant):
        calls.append(params)
        if len(calls) == 2:
            raise Broken
        return digest(params, variant)

    def deeper(depth):
        return ask(2) if not depth else deeper(depth - 1)

    monkeypatch.setattr(capture, "digest", fails_once)
    with mercury.monitor("fault") as watch:
        ask()
        deeper(10)
        ask()
    assert len(mercury_errors(caplog)) == 1
    assert watch.report.notes == ["1 query could not be recorded because of a fault inside Mercury"]
    assert watch.report.metrics.query_count == 3


@pytest.mark.parametrize("target", ["mercury.trace.Trace._cross", "add_events", "add_paths"])
def test_a_fault_while_a_block_crosses_is_told_with_what_it_lost(target, monkeypatch, caplog):
    from mercury.core import backend
    from mercury.trace import BLOCK_SIZE

    monkeypatch.setattr(f"{backend().module.__name__}.Trace.{target}" if "." not in target else target, broken)
    with mercury.monitor("fault") as watch:
        ask(BLOCK_SIZE + 7)
    monkeypatch.undo()
    assert len(mercury_errors(caplog)) == 1
    (note,) = watch.report.notes
    lost = int(note.split(" ")[0].replace(",", ""))
    assert watch.report.metrics.query_count + lost == BLOCK_SIZE + 7
    assert lost > 0


@pytest.mark.parametrize("target", ["mercury._monitor.judge", "mercury.trace.Trace.close", "mercury._monitor.Trace"])
def test_a_fault_while_a_unit_opens_or_is_judged_is_told(target, monkeypatch, caplog):
    monkeypatch.setattr(target, broken)
    with mercury.monitor("fault") as watch:
        ask()
    watch_by_hand = mercury.PerformanceMonitor()
    watch_by_hand.start_monitoring("by hand")
    metrics = watch_by_hand.stop_monitoring()
    monkeypatch.undo()
    assert len(mercury_errors(caplog)) == 1, "once for the process, and not once for each unit"
    assert [note for note in watch.report.notes if "fault inside Mercury" in note and "not measured" in note]
    assert watch.report.name == "fault"
    assert "Nothing found in what was measured" in str(watch.report)
    assert set(metrics) >= SEED_KEYS
    assert metrics["operation_name"] == "by hand"


def test_a_unit_that_could_not_be_closed_holds_nothing_and_records_no_more(monkeypatch):
    from mercury.core import backend
    from mercury.trace import current, process

    before = process.open_count
    seen = []
    monkeypatch.setattr(f"{backend().module.__name__}.Trace.totals", broken)
    with mercury.monitor("fault"):
        ask(2)
        seen.append(current.get())
    monkeypatch.undo()
    (trace,) = seen
    assert process.open_count == before
    assert trace.closed
    assert (trace.root, trace.lanes) == (None, {})


def test_a_listener_that_raises_changes_nothing(monkeypatch, caplog):
    from mercury import _monitor

    got = []
    monkeypatch.setattr(_monitor, "listeners", [broken, got.append])
    with mercury.monitor("told") as watch:
        ask()
    assert got == [watch.report]
    assert len(mercury_errors(caplog)) == 1
