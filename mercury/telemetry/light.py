"""Light capture: which statements a unit sends and how long each takes. No frames, no parameters.

`LightTrace` stands where a full trace would. It keeps two integers a query, in blocks: a key of
mercury.telemetry.statements and a duration in nanoseconds.
"""

import threading
from collections import Counter
from time import perf_counter_ns
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

from mercury.telemetry.recorder import Recorder
from mercury.trace import tell_fault

BLOCK_INTEGERS = 2 * 1024
"""Of the queries that a unit holds back before they go to the series."""

_METERED = 127
"""Mercury's own work is timed at each query whose place in the block is free of these bits: each 64th."""


class LightTotals(NamedTuple):
    """What a closed light unit leaves. `repeated` is how often its most frequent statement came."""

    query_count: int
    transaction_count: int
    duration_ns: int
    repeated: int


class LightTrace:
    """An open unit under light capture. Any thread may record into it; `close` ends it once."""

    is_left_out = False
    is_apart = True
    closed = True
    """For whoever would note call paths in it. `is_light` is true while it takes queries."""

    def __init__(self, name: str, parent: Any, recorder: Recorder) -> None:
        self.name = name
        self.parent = parent
        self.is_light = True
        self.is_background = False
        self.cache_hits = 0
        self.cache_misses = 0
        self.own_ns = 0
        self.metered_count = 0
        self.unit: Any = None
        self._recorder = recorder
        self._statements = recorder.statements
        self._texts = recorder.statements.texts
        self._events: List[int] = []
        self._lock = threading.RLock()
        self._counts: Dict[int, int] = {}
        self._duration_ns = 0

    def watch(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        """Runs a query of a unit that lies in no other, and notes it."""
        started = perf_counter_ns()
        try:
            result = execute(sql, params, many, context)
        except BaseException:
            self.note(sql, context, perf_counter_ns() - started, 1)
            raise
        self.note(sql, context, perf_counter_ns() - started, 0)
        return result

    def note(self, sql: Any, context: Any, duration_ns: int, has_failed: int) -> None:
        """Notes a query that has run. Never raises."""
        try:
            events = self._events
            started = 0 if len(events) & _METERED else perf_counter_ns()
            connection = context["connection"]
            key = None
            if type(sql) is str:
                texts = self._texts.get(connection.alias)
                key = None if texts is None else texts.get(sql)
            if key is None:
                key = self._statements.find(sql, connection)
            # One operation, so that threads do not come between the two.
            events += (key + has_failed, duration_ns)
            if len(events) >= BLOCK_INTEGERS:
                self._send(self._take())
            if started:
                self.own_ns += perf_counter_ns() - started
                self.metered_count += 1
        except Exception:
            tell_fault("Mercury could not note a query.")

    def _send(self, events: List[int]) -> None:
        # What lies in another unit is counted there.
        if self.parent is None:
            self._recorder.record_queries(self.name, events)

    def _take(self) -> List[int]:
        """The events so far, which are then counted and gone; those that come meanwhile stay."""
        with self._lock:
            events = self._events
            taken = events[: len(events) & ~1]
            del events[: len(taken)]
            self._duration_ns += sum(taken[1::2])
            for key, count in Counter(taken[::2]).items():
                self._counts[key] = self._counts.get(key, 0) + count
        return taken

    def close(self) -> "Tuple[List[int], LightTotals]":
        """Ends the unit: the events that no block has had, and what it comes to in all."""
        self.is_light = False
        self.unit = None
        events = self._take()
        is_transaction = self._statements.is_transaction
        own = {key: count for key, count in self._counts.items() if not is_transaction[key >> 1]}
        query_count = sum(own.values())
        totals = LightTotals(
            query_count, sum(self._counts.values()) - query_count, self._duration_ns, max(own.values(), default=0)
        )
        return events, totals
