"""The comparisons of a project, kept in an SQLite file of their own.

The file is made by Mercury and marked as its own. Any other database, such as an application's, is refused and
not written to. Processes may write at once: each waits for the others.
"""

import json
import os
import sqlite3
from contextlib import closing, contextmanager
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

from mercury.errors import MercuryError

DEFAULT_FILE = ".mercury/history.sqlite3"
APPLICATION_ID = 0x4D435259
"""In the file's header, by which `file` and Mercury know it: "MCRY"."""
VERSION = 1
MAX_ENTRIES = 1000
"""The oldest go when more are added."""
BUSY_SECONDS = 20.0

_TABLE = """
CREATE TABLE comparison (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created TEXT NOT NULL,
    base_name TEXT NOT NULL,
    base_commit TEXT NOT NULL,
    head_name TEXT NOT NULL,
    head_commit TEXT NOT NULL,
    command TEXT NOT NULL,
    verdict TEXT NOT NULL,
    document TEXT NOT NULL
)
"""


class HistoryError(MercuryError, OSError):
    """A history cannot be used; the text says what to do."""


class Entry(NamedTuple):
    """One comparison. `document` is what `mercury compare --json` prints, with all measurements."""

    id: int
    created: str
    base_name: str
    base_commit: str
    head_name: str
    head_commit: str
    command: str
    verdict: str
    document: Dict[str, Any]


class History:
    """A file of comparisons; it is opened for each call, and made by the first `add`. Raises HistoryError."""

    def __init__(self, path: str = DEFAULT_FILE) -> None:
        self.path = path

    def add(self, created: str, document: Dict[str, Any]) -> int:
        """Keeps a comparison's document and gives its id. `created` is a time in ISO 8601."""
        row = (
            created,
            document["base"]["name"],
            document["base"]["commit"],
            document["head"]["name"],
            document["head"]["commit"],
            json.dumps(document["command"]),
            document["verdict"],
            json.dumps(document),
        )
        with self._opened(for_writing=True) as database:
            database.execute("BEGIN IMMEDIATE")
            _prepare(database, self.path)
            added = database.execute("INSERT INTO comparison VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", row).lastrowid
            assert added is not None
            database.execute("DELETE FROM comparison WHERE id <= ?", (added - MAX_ENTRIES,))
            database.execute("COMMIT")
        return added

    def entries(self, limit: int = MAX_ENTRIES) -> List[Entry]:
        """The newest comparisons, oldest first; none where there is no file yet."""
        if not os.path.exists(self.path):
            return []
        with self._opened(for_writing=False) as database:
            _check(database, self.path)
            rows = database.execute("SELECT * FROM comparison ORDER BY id DESC LIMIT ?", (limit,)).fetchall()
        return [_entry(row, self.path) for row in reversed(rows)]

    def entry(self, number: int) -> Optional[Entry]:
        """The comparison of this id, or None."""
        return next((entry for entry in self.entries() if entry.id == number), None)

    @contextmanager
    def _opened(self, for_writing: bool) -> Iterator[sqlite3.Connection]:
        try:
            if for_writing:
                os.makedirs(os.path.dirname(os.path.abspath(self.path)), exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)) as database:
                yield database
        except sqlite3.Error as error:
            raise HistoryError(_words(error, self.path)) from None
        except OSError as error:
            if isinstance(error, HistoryError):
                raise
            raise HistoryError(
                f"the history {self.path} cannot be written: {error.strerror}; give --history FILE"
            ) from None


def _prepare(database: sqlite3.Connection, path: str) -> None:
    """Makes the table in an empty file."""
    if database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0 and not _mark(database):
        database.execute(_TABLE)
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute(f"PRAGMA user_version = {VERSION}")
    _check(database, path)


def _check(database: sqlite3.Connection, path: str) -> None:
    if _mark(database) != APPLICATION_ID:
        raise HistoryError(f"{path} is no history of Mercury, and stays as it is; give --history another FILE")
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise HistoryError(
            f"the history {path} is of version {version}, and this Mercury knows {VERSION}: upgrade Mercury, or give "
            "--history another FILE"
        )


def _mark(database: sqlite3.Connection) -> int:
    found: int = database.execute("PRAGMA application_id").fetchone()[0]
    return found


def _entry(row: Any, path: str) -> Entry:
    try:
        return Entry._make((*row[:-1], json.loads(row[-1])))
    except (TypeError, ValueError):
        raise HistoryError(_damaged(path)) from None


def _words(error: sqlite3.Error, path: str) -> str:
    text = str(error)
    if "locked" in text or "busy" in text:
        return f"the history {path} was in use by others for {BUSY_SECONDS:g} s: try again, or give --history FILE"
    if any(words in text for words in ("readonly", "unable to open", "disk I/O", "full")):
        return f"the history {path} cannot be written: {text}; give --history FILE"
    return _damaged(path)


def _damaged(path: str) -> str:
    return f"the history {path} is damaged: move it away, and a new one will be made"
