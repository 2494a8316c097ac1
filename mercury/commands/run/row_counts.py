"""Rows that a process reads from Django's cursors, by unit of work: what `mercury compare` counts besides queries.

They are counted as they are read, because drivers do not agree on what a cursor knows before: SQLite's knows nothing.
"""

import threading
import weakref
from typing import Any, Callable, Iterator, List, Optional

from django.db.backends.utils import CursorWrapper

from mercury.trace import PathTable, Trace, current

counting: "List[RowCounts]" = []
"""What is told of each row that is read; empty where nobody counts."""


class RowCounts:
    """Rows of units that are open, and of everything outside of them. Any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._by_unit: weakref.WeakKeyDictionary[PathTable, int] = weakref.WeakKeyDictionary()
        self._outside = 0

    def add(self, count: int) -> None:
        """Adds rows to the outermost open unit of this thread or task."""
        table = _table(current.get())
        with self._lock:
            if table is None:
                self._outside += count
            else:
                self._by_unit[table] = self._by_unit.get(table, 0) + count

    def take(self, table: Optional[PathTable]) -> int:
        """The rows of a unit that has closed, by what its call paths are in."""
        with self._lock:
            return 0 if table is None else self._by_unit.pop(table, 0)

    def take_outside(self) -> int:
        """The rows that no open unit has read."""
        with self._lock:
            count, self._outside = self._outside, 0
            return count


def _table(trace: Optional[Trace]) -> Optional[PathTable]:
    while trace is not None and trace.parent is not None:
        trace = trace.parent
    if trace is None or trace.closed or trace.is_light or trace.is_left_out:
        return None
    return trace.paths


def install() -> RowCounts:
    """Begins to count in this process; after a fork, anew."""
    if not counting:
        _watch_cursors()
    counting[:] = [RowCounts()]
    return counting[0]


def _watch_cursors() -> None:
    wrapper: Any = CursorWrapper
    iterate = wrapper.__iter__
    wrapper.fetchone = _counted("fetchone", lambda row: int(row is not None))
    wrapper.fetchmany = _counted("fetchmany", len)
    wrapper.fetchall = _counted("fetchall", len)

    def counted_rows(self: Any) -> Iterator[Any]:
        for row in iterate(self):
            counting[0].add(1)
            yield row

    wrapper.__iter__ = counted_rows


def _counted(name: str, count: Callable[[Any], int]) -> Callable[..., Any]:
    """The method of a cursor, which its wrapper hands on by itself."""

    def fetch(self: Any, *args: Any, **kwargs: Any) -> Any:
        fetched = CursorWrapper.__getattr__(self, name)(*args, **kwargs)
        counting[0].add(count(fetched))
        return fetched

    fetch.__name__ = name
    return fetch
