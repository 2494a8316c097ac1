"""Whether queries in threads, pools and executors are found in the unit of work that started them."""

from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Callable, List, Tuple

from asgiref.sync import async_to_sync, sync_to_async
from django.db import connections

from mercury.commands.doctor.diagnosis import OK, WRONG, Diagnosis
from mercury.commands.doctor.watch import watch

Task = Callable[[], None]


def examine(alias: str) -> Diagnosis:
    """Sends one query that reads no table from each kind of thread."""

    def ask() -> None:
        connection = connections[alias]
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1" + connection.features.bare_select_suffix)
                cursor.fetchall()
        finally:
            connection.close()

    lost = [name for name, run in _WAYS if not _is_seen(run, ask)]
    if lost:
        hint = "Put `with mercury.monitor()` into what runs there."
        return Diagnosis("threads", WRONG, f"queries are lost in: {', '.join(lost)}", hint)
    return Diagnosis("threads", OK, f"queries are seen in: {', '.join(name for name, _ in _WAYS)}")


def _is_seen(run: Callable[[Task], None], ask: Task) -> bool:
    return watch(run, ask).query_count == 1


def _in_thread(ask: Task) -> None:
    thread = Thread(target=ask)
    thread.start()
    thread.join()


def _in_pool(ask: Task) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(ask).result()


def _in_executor(ask: Task) -> None:
    async_to_sync(sync_to_async(ask, thread_sensitive=False))()


_WAYS: List[Tuple[str, Callable[[Task], None]]] = [
    ("Thread", _in_thread),
    ("ThreadPoolExecutor", _in_pool),
    ("sync_to_async", _in_executor),
]
