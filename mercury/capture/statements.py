"""SQL texts already met, so that a statement is lexed once and not at each query.

Nearly all statements of a Django process repeat to the letter, and finding a text in
a dict costs a tenth of lexing it. A text that holds literals is never kept: it is
found again by hash and length.
"""

import re
from typing import Any, Dict, NamedTuple, Optional, Tuple

from mercury.core import backend
from mercury.core.records import DIALECTS, EVENT_TRANSACTION, EVENT_WRITE, signed

MAX_ENTRIES = 4096
MAX_TEXT_LENGTH = 16 * 1024
MAX_CANONICAL_LENGTH = 64 * 1024

_VENDORS = {"microsoft": "mssql"}

_TRANSACTION_VERBS = frozenset(("begin", "commit", "rollback", "savepoint", "release", "start", "end", "abort"))
_WRITE_VERBS = frozenset(("insert", "update", "delete", "merge", "replace", "copy", "truncate"))


_COMMENTS = re.compile(rb"--|/\*|#")
"""What may begin a comment. A comment may hold anything, and is often another one each time."""


_LIMITS = tuple(re.compile(rf"{word}(?<!\w{word})\b") for word in ("limit", "offset", "fetch", "top"))
"""What numbers may follow that are no literals to the lexer. Looking for a word's letters, and only then whether it
begins there, takes a tenth of looking at the beginning of each word."""


class Statement(NamedTuple):
    """One canonical statement. `fingerprint` is signed, as events carry it.

    `variant` tells apart the texts that hold values of their own, such as the numbers of
    LIMIT and OFFSET; None where nothing can tell whether two texts ask the same. `is_wide`: the
    text had a list of placeholders that the canonical one does not have. `limit` is the number
    of its LIMIT, 0 without one.
    """

    fingerprint: int
    canonical: str
    verb: str
    flags: int
    variant: Optional[int]
    is_wide: bool = False
    limit: int = 0


UNREADABLE = Statement(0, "?", "", 0, None)
"""Stands for what is no text, such as a driver's own query object."""


_LIMIT = re.compile(rb"\blimit (\d{1,9})\b", re.IGNORECASE)


def _limit_of(canonical: str, data: bytes) -> int:
    """The number of a LIMIT at the end of the text, where Django writes it; the canonical text has a `?` there."""
    if " limit " not in canonical[-40:]:
        return 0
    found = _LIMIT.findall(data[-60:])
    return int(found[-1]) if found else 0


_BOUNDS = re.compile(r" (?:limit|offset) \?")


def _is_wide(canonical: str, data: bytes) -> bool:
    """Does the text carry many values where one would do: a list of keys, rows to insert, arrays?"""
    if canonical.startswith("insert "):
        # The canonical text has one placeholder for all columns of all rows.
        columns = canonical.partition("(")[2].partition(")")[0].count(",") + 1
        return b"UNNEST(" in data or max(data.count(b"%s"), data.count(b"?")) > columns
    values = canonical.count("?") - len(_BOUNDS.findall(canonical))
    return max(data.count(b"%s"), data.count(b"?")) > values


class StatementCache:
    """The statements of one dialect. Threads may share it: losing a race costs a second lexing."""

    __slots__ = ("_by_digest", "_dialect", "texts")

    def __init__(self, vendor: str) -> None:
        self._dialect = _dialect_of(vendor)
        self.texts: Dict[str, Statement] = {}
        self._by_digest: Dict[Tuple[int, int], Statement] = {}

    def find(self, sql: Any) -> Statement:
        """The statement for a text; lexes it unless it is known. Never calls into an object that is no text."""
        if type(sql) is str:
            statement = self.texts.get(sql)
            if statement is not None:
                return statement
            data = sql.encode("utf-8", "surrogatepass")
        elif type(sql) is bytes:
            data = sql
        else:
            return UNREADABLE
        digest = (hash(sql), len(sql))
        statement = self._by_digest.get(digest)
        if statement is not None:
            return statement
        statement, may_keep_text = self._lex(data, digest[0])
        if may_keep_text and type(sql) is str and len(sql) <= MAX_TEXT_LENGTH:
            _make_room(self.texts)
            self.texts[sql] = statement
        else:
            _make_room(self._by_digest)
            self._by_digest[digest] = statement
        return statement

    def _lex(self, data: bytes, text_hash: int) -> Tuple[Statement, bool]:
        normalized = backend().module.normalize(data, self._dialect)
        canonical = normalized.text[:MAX_CANONICAL_LENGTH].decode("utf-8", "backslashreplace")
        verb = canonical.split(" ", 1)[0].rstrip(";")
        flags = EVENT_TRANSACTION if verb in _TRANSACTION_VERBS else EVENT_WRITE if verb in _WRITE_VERBS else 0
        has_literals = normalized.literal_count > 0 or normalized.in_doubt
        has_comments = _COMMENTS.search(data) is not None
        variant: Optional[int] = 0
        if has_literals or any(word.search(canonical) for word in _LIMITS):
            variant = None if has_comments else text_hash
        fingerprint = signed(normalized.fingerprint)
        is_wide, limit = _is_wide(canonical, data), _limit_of(canonical, data)
        statement = Statement(fingerprint, canonical, verb, flags, variant, is_wide, limit)
        return statement, not has_literals and not has_comments


caches: Dict[str, StatementCache] = {}
"""The process-wide caches by database vendor as Django names it."""


def cache_for(vendor: str) -> StatementCache:
    """The cache of a vendor; made when it is first asked for."""
    cache = caches.get(vendor)
    if cache is None:
        cache = caches.setdefault(vendor, StatementCache(vendor))
    return cache


def summary_of(sql: Any, vendor: str) -> str:
    """What OpenTelemetry calls `db.query.summary`; empty for what is no text, such as a driver's own query object."""
    if type(sql) is str:
        sql = sql.encode("utf-8", "surrogatepass")
    if type(sql) is not bytes:
        return ""
    summary: bytes = backend().module.summarize(sql, _dialect_of(vendor)).text
    return summary.decode("utf-8", "backslashreplace")


def _dialect_of(vendor: str) -> int:
    return DIALECTS.get(_VENDORS.get(vendor, vendor), DIALECTS["generic"])


def _make_room(entries: Dict[Any, Statement]) -> None:
    # Starting over is cheaper than tracking age, and a process with more distinct
    # statements than this gains little from either.
    if len(entries) >= MAX_ENTRIES:
        entries.clear()
