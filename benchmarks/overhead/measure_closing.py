"""Closing a unit of work, and folding what it holds, in a process of its own.

python measure_closing.py

Events come in as Django's wrapper hands them in, from a loop of four queries in each turn: the
bookshop's page, of any length. `fold` is all that crosses into the core, in blocks while the
unit is open; `close` is what is left at its end, with the verdict.
"""

import json
import statistics
import sys
import time
from typing import Any, Callable, Dict, List, Tuple

from shop_project import ROOT

EVENTS = {"closing a trace of 825 events": (825, 15), "closing a trace of 100,000 events": (100_000, 3)}
TEXTS = [f"SELECT name FROM shop_{table} WHERE id = %s" for table in ("author", "publisher", "tag", "review")]


class Connection:
    """What the wrapper asks of a connection."""

    alias, vendor = "default", "sqlite"


def answer(sql: Any, params: Any, many: bool, context: Any) -> None:
    """Takes the place of a database."""


def sender() -> Callable[[str, Tuple[int, ...]], None]:
    """A function that has Mercury see a query."""
    from mercury.capture.database import watch_query

    context = {"connection": Connection()}

    def send(sql: str, params: Tuple[int, ...]) -> None:
        watch_query(answer, sql, params, False, context)

    return send


def page(send: Callable[[str, Tuple[int, ...]], None], queries: int) -> None:
    for turn in range(queries // 4 + 1):
        for text in TEXTS[: queries - 4 * turn]:
            send(text, (turn,))


def timed_folding() -> List[int]:
    """Collects the nanoseconds of each block that crosses from here on."""
    from mercury.trace import Trace

    spent: List[int] = []
    cross = Trace._cross

    def timed_cross(self: Trace, block: Any) -> None:
        started = time.perf_counter_ns()
        cross(self, block)
        spent.append(time.perf_counter_ns() - started)

    Trace._cross = timed_cross
    return spent


def measure(queries: int, folding: List[int]) -> Tuple[int, int]:
    """Nanoseconds that closing takes with the verdict, and that the blocks before it took."""
    from mercury._monitor import open_unit

    unit = open_unit("closing", sys._getframe())
    del folding[:]
    page(sender(), queries)
    before = sum(folding)
    started = time.perf_counter_ns()
    report = unit.close()
    closed = time.perf_counter_ns() - started
    if report.metrics.query_count != queries or report.notes:
        raise SystemExit(f"{report.metrics.query_count} of {queries} queries were seen: {report.notes}")
    return closed, before


def main() -> None:
    sys.path.insert(0, str(ROOT))
    folding = timed_folding()
    figures: Dict[str, Dict[str, float]] = {}
    for name, (queries, times) in EVENTS.items():
        taken = [measure(queries, folding) for _ in range(times)]
        close, fold = (statistics.median(part) / 1e6 for part in zip(*taken))
        figures[name] = {"ms": close + fold, "close_ms": close, "fold_ms": fold}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
