"""Work in threads, pools, executors and tasks belongs to the unit that started it, at the line that did."""

import asyncio
import contextvars
import gc
import inspect
import queue
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

import mercury
from tests.django_database import database, shop  # noqa: F401 - fixtures

pytest.importorskip("django")

from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection

from tests.project.models import Book


@pytest.fixture(autouse=True)
def rows(shop):  # noqa: F811 - a fixture
    """The tests' database is in memory, where each thread would find another: the threads share this connection."""
    connection.inc_thread_sharing()
    yield
    connection.dec_thread_sharing()


def ask(title="book 0"):
    from tests.test_capture import send

    send("SELECT count(*) FROM project_book WHERE title = %s", (title,))
    return title


def ask_in_loop():
    for number in range(3):  # inner loop
        ask(f"book {number}")


def line_of(text):
    lines, first = inspect.getsourcelines(inspect.getmodule(line_of))
    (found,) = [first + index for index, line in enumerate(lines, 1) if f"# {text}" in line and "line_of(" not in line]
    return found


def run_in_thread(function, *arguments):
    thread = threading.Thread(target=function, args=arguments)
    thread.start()
    thread.join()


def test_a_thread_belongs_to_the_unit_that_started_it():
    with mercury.monitor("thread") as watch:
        run_in_thread(ask_in_loop)
    (finding,) = watch.report.findings
    assert (finding.kind, finding.count) == ("repeated_in_loop", 3)
    assert finding.loop_line == line_of("inner loop")
    assert watch.report.notes == []


def test_a_thread_of_a_class_with_its_own_run():
    class Worker(threading.Thread):
        def run(self):
            ask_in_loop()

    with mercury.monitor("thread") as watch:
        worker = Worker()
        worker.start()
        worker.join()
    assert watch.report.metrics.query_count == 3
    assert "run" not in vars(worker)


def test_a_thread_for_each_turn_is_told_at_the_loop_that_starts_them():
    with mercury.monitor("threads") as watch:
        for title in ("one", "two", "three"):  # loop of threads
            run_in_thread(ask, title)
    (finding,) = watch.report.findings
    assert (finding.kind, finding.count) == ("repeated_in_loop", 3)
    assert finding.loop_line == line_of("loop of threads")


def test_two_threads_on_two_lines_are_no_loop():
    with mercury.monitor("threads") as watch:
        run_in_thread(ask, "one")
        run_in_thread(ask, "two")
    assert watch.report.metrics.query_count == 2
    assert watch.report.findings == []


def test_jobs_of_a_pool_are_told_at_the_line_that_hands_them_over():
    keys = list(Book.objects.values_list("pk", flat=True))
    with mercury.monitor("pool") as watch, ThreadPoolExecutor(2) as pool:
        list(pool.map(ask, map(str, Book.objects.values_list("pk", flat=True))))  # loop of the pool
    (finding,) = watch.report.findings
    assert (finding.kind, finding.count) == ("n_plus_one", len(keys))
    assert finding.loop_line == line_of("loop of the pool")


def test_a_pool_serves_each_unit_for_itself():
    counts = []
    with ThreadPoolExecutor(1) as pool:
        for times in (1, 4):
            with mercury.monitor("unit") as watch:
                [pool.submit(ask, str(number)).result() for number in range(times)]
            counts.append(watch.report.metrics.query_count)
        pool.submit(ask).result()
    assert counts == [1, 4]


def test_a_thread_that_outlives_its_unit_is_in_no_other():
    go_on, done = threading.Event(), []

    def wait_and_ask():
        go_on.wait(60)
        ask()
        done.append(True)

    thread = threading.Thread(target=wait_and_ask)
    with mercury.monitor("first") as first:
        thread.start()
    with mercury.monitor("second") as second:
        go_on.set()
        thread.join()
    assert done
    assert first.report.metrics.query_count == second.report.metrics.query_count == 0
    assert second.report.notes == ["1 query ran meanwhile in a thread or task that belongs to no unit of work"]


def test_the_application_s_context_is_not_carried_into_threads():
    variable = contextvars.ContextVar("of_the_application", default="nothing")
    variable.set("something")
    seen = []
    with mercury.monitor("thread"):
        run_in_thread(lambda: seen.append(variable.get()))
        with ThreadPoolExecutor(1) as pool:
            seen.append(pool.submit(variable.get).result())
    assert seen == ["nothing", "nothing"]


def test_results_and_exceptions_of_jobs_are_the_application_s():
    def fail():
        raise KeyError("mine")

    with mercury.monitor("pool"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(pow, 2, exp=10).result() == 1024
        with pytest.raises(KeyError, match="mine"):
            pool.submit(fail).result()


def test_awaits_in_a_loop_are_one_and_two_in_a_row_are_none():
    async def in_a_loop():
        for number in range(3):  # loop of awaits
            await sync_to_async(ask)(str(number))

    async def in_a_row():
        await sync_to_async(ask)("one")
        await sync_to_async(ask)("two")

    with mercury.monitor("awaits") as watch:
        async_to_sync(in_a_loop)()
    (finding,) = watch.report.findings
    assert (finding.count, finding.loop_line) == (3, line_of("loop of awaits"))
    with mercury.monitor("awaits") as watch:
        async_to_sync(in_a_row)()
    assert (watch.report.metrics.query_count, watch.report.findings, watch.report.notes) == (2, [], [])


def test_gathered_tasks_are_told_at_the_line_that_gathers_them():
    async def gathered():
        titles = [title async for title in Book.objects.values_list("title", flat=True)]
        await asyncio.gather(*(sync_to_async(ask)(title) for title in titles))  # gathering

    with mercury.monitor("gathered") as watch:
        async_to_sync(gathered)()
    (finding,) = watch.report.findings
    assert (finding.kind, finding.loop_line) == ("n_plus_one", line_of("gathering"))


def test_tasks_that_are_made_on_two_lines_are_no_loop():
    async def made():
        first = asyncio.ensure_future(sync_to_async(ask)("one"))
        second = asyncio.ensure_future(sync_to_async(ask)("two"))
        await first
        await second

    with mercury.monitor("tasks") as watch:
        async_to_sync(made)()
    assert (watch.report.metrics.query_count, watch.report.findings) == (2, [])


class Loader:
    """Collects keys until the event loop comes round, and asks for all of them at once."""

    def __init__(self):
        self.waiting = {}

    async def load(self, key):
        loop = asyncio.get_running_loop()
        if not self.waiting:
            loop.call_soon(self.begin)
        return await self.waiting.setdefault(key, loop.create_future())

    def begin(self):
        self.task = asyncio.ensure_future(self.dispatch())

    async def dispatch(self):
        waiting, self.waiting = self.waiting, {}
        rows = {row.pk: row async for row in Book.objects.filter(pk__in=list(waiting))}
        for key, future in waiting.items():
            future.set_result(rows[key])


def test_a_loader_that_is_awaited_in_a_loop_has_batches_of_one():
    async def one_by_one():
        loader = Loader()
        for key in [key async for key in Book.objects.values_list("pk", flat=True)]:  # loop of loads
            await loader.load(key)

    async def together():
        loader = Loader()
        keys = [key async for key in Book.objects.values_list("pk", flat=True)]
        await asyncio.gather(*map(loader.load, keys))

    with mercury.monitor("one by one") as watch:
        async_to_sync(one_by_one)()
    (finding,) = watch.report.findings
    assert (finding.kind, finding.loop_line) == ("n_plus_one", line_of("loop of loads"))
    with mercury.monitor("together") as watch:
        async_to_sync(together)()
    assert (watch.report.metrics.query_count, watch.report.findings) == (2, [])


def test_a_worker_grows_with_what_others_put_into_its_queue():
    keys = queue.Queue()

    def work():
        while True:  # loop of work
            title = keys.get()
            if title is None:
                return
            ask(title)

    with mercury.monitor("queue") as watch:
        for title in [*Book.objects.values_list("title", flat=True), None]:
            keys.put(title)
        run_in_thread(work)
    (finding,) = watch.report.findings
    # Before CPython 3.10 nothing is left of `while True`, and its loop begins at the line behind it.
    expected = line_of("loop of work") + (sys.version_info < (3, 10))
    assert (finding.kind, finding.loop_line) == ("n_plus_one", expected)


def test_a_sync_function_that_calls_async_code_on_two_lines_is_no_loop():
    def synchronous():
        async_to_sync(sync_to_async(ask))("one")
        async_to_sync(sync_to_async(ask))("two")

    async def view():
        await sync_to_async(synchronous)()

    with mercury.monitor("bridge") as watch:
        async_to_sync(view)()
    assert (watch.report.metrics.query_count, watch.report.findings, watch.report.notes) == (2, [], [])


def test_two_units_in_one_event_loop_do_not_mix():
    async def unit(times):
        with mercury.monitor("unit") as watch:
            for number in range(times):
                await sync_to_async(ask)(str(number))
        return [watch.report.metrics.query_count, [finding.count for finding in watch.report.findings]]

    async def both():
        return await asyncio.gather(unit(2), unit(5))

    assert async_to_sync(both)() == [[2, [2]], [5, [5]]]


def test_nothing_of_the_caller_is_held():
    class Local:
        pass

    def start():
        local = Local()
        alive.append(weakref.ref(local))
        run_in_thread(ask)

    alive = []
    with mercury.monitor("thread"):
        for _ in range(3):
            start()
        gc.collect()
        assert [reference() for reference in alive] == [None] * 3
