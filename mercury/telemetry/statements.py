"""Statements as light capture and the recorder know them: by a small number.

A statement on one database is `2 * n`, and `2 * n + 1` where it failed. Numbers are given once and
serve the whole process; past MAX_STATEMENTS all further ones share number 0.
"""

import threading
from typing import Any, Callable, Dict, List, Tuple

from mercury.capture.statements import MAX_ENTRIES, Statement, cache_for, summary_of
from mercury.core.records import EVENT_TRANSACTION
from mercury.telemetry import series

MAX_STATEMENTS = 4096

Number = Callable[[str, series.Attributes], int]
"""Gives the number of a series of this name with these attributes."""


class StatementTable:
    """The statements that a process has sent, and their series. Any thread may use it."""

    def __init__(self, number: Number) -> None:
        self._number = number
        # A finalizer may send a query of its own while this thread is in here.
        self._lock = threading.RLock()
        self._keys: Dict[Tuple[int, str], int] = {}
        self._attributes: List[Tuple[str, str, str]] = [("", "", "")]
        self.texts: Dict[str, Dict[str, int]] = {}
        """Keys by alias and text. Texts that hold literals are not kept."""
        self.fingerprints: List[int] = [0]
        self.is_transaction: List[bool] = [False]
        self.series: List[int] = [-1, -1]
        """The series of each key; -1: not asked for yet."""

    def find(self, sql: Any, connection: Any) -> int:
        """The key of a text that is not in `texts`."""
        statements = cache_for(connection.vendor)
        statement = statements.find(sql)
        key = self.meet(statement, sql, connection)
        if type(sql) is str and sql in statements.texts:
            texts = self.texts.setdefault(connection.alias, {})
            if len(texts) >= MAX_ENTRIES:
                texts.clear()
            texts[sql] = key
        return key

    def meet(self, statement: Statement, sql: Any, connection: Any) -> int:
        """The key of a statement, one of whose texts is `sql`."""
        name = (statement.fingerprint, connection.alias)
        key = self._keys.get(name)
        return self._add(name, statement, sql, connection.vendor) if key is None else key

    def key(self, fingerprint: int, alias: str) -> int:
        """The key of a statement that was met; 0 where there was no room for it."""
        return self._keys.get((fingerprint, alias), 0)

    def _add(self, name: Tuple[int, str], statement: Statement, sql: Any, vendor: str) -> int:
        summary = summary_of(sql, vendor)
        with self._lock:
            if name in self._keys:
                return self._keys[name]
            if len(self.fingerprints) >= MAX_STATEMENTS:
                return 0
            key = 2 * len(self.fingerprints)
            self._attributes.append((vendor, name[1], summary))
            self.fingerprints.append(statement.fingerprint)
            self.is_transaction.append(statement.flags & EVENT_TRANSACTION != 0)
            self.series += (-1, -1)
            self._keys[name] = key
            return key

    def series_of(self, keys: List[int]) -> List[int]:
        """The number of the series of each key."""
        found = list(map(self.series.__getitem__, keys))
        if -1 in found:
            found = [self._series_of(key) for key in keys]
        return found

    def _series_of(self, key: int) -> int:
        number = self.series[key]
        if number < 0:
            vendor, alias, summary = self._attributes[key >> 1]
            attributes = series.of_query(vendor, alias, summary, bool(key & 1)) if key > 1 else series.OVERFLOW
            self.series[key] = number = self._number(series.QUERY_DURATION, attributes)
        return number
