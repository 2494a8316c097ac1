"""SQL text as users of Mercury meet it: without its literals, and as one id.

Whatever is passed in may be secret: no error here quotes a value, only types and names
that Mercury itself knows.
"""

import sys
from array import array
from typing import Any, NamedTuple, Tuple, Union

from mercury.core import backend
from mercury.core.records import DIALECTS
from mercury.errors import InvalidArgumentError, UnknownDialectError

Sql = Union[str, bytes, bytearray, memoryview]

_OFFSET_FORMATS = frozenset("ilq")
_NATIVE_ORDER = "@=<" if sys.byteorder == "little" else "@=>!"
"""Marks of this machine's byte order before a buffer's format: others would be other numbers."""


def normalize(sql: Sql, dialect: str = "generic") -> str:
    """`sql` as canonical text: no literal, no comment, one spelling for one statement.

    Bytes that are no UTF-8 come out as backslash escapes. Raises TypeError,
    UnknownDialectError; without the C library LimitExceededError over 50 MB.
    """
    return _text(backend().module.normalize(_sql_bytes(sql), _dialect_number(dialect)).text)


def fingerprint(sql: Sql, dialect: str = "generic") -> int:
    """The unsigned 64-bit id of `sql`: equal for statements that differ in literals and layout only.

    Raises what `normalize` raises.
    """
    number: int = backend().module.normalize(_sql_bytes(sql), _dialect_number(dialect)).fingerprint
    return number


class Statement(NamedTuple):
    """What a text of SQL does, told without any of its literals."""

    verb: str
    """The first operation in upper case, as SELECT, INSERT or CREATE; empty where it is not known."""
    tables: Tuple[str, ...]
    """Tables in order of appearance, schema and all, without quotes; names of WITH are none."""
    summary: str
    """Operations and targets as `db.query.summary` of OpenTelemetry has them, at most 255 bytes."""
    normalized: str
    """What `normalize` gives."""
    fingerprint: int
    """What `fingerprint` gives."""
    complete: bool
    """False where doubt about a literal's end, or a bound, left something out of verb, tables or summary."""


def analyze(sql: Sql, dialect: str = "generic") -> Statement:
    """What `sql` does and to which tables.

    Bytes that are no UTF-8 come out as backslash escapes. Raises what `normalize` raises.
    """
    data, number = _sql_bytes(sql), _dialect_number(dialect)
    module = backend().module
    summary = module.summarize(data, number)
    normalized = module.normalize(data, number)
    return Statement(
        verb=_text(summary.verb),
        tables=tuple(_text(table) for table in summary.tables),
        summary=_text(summary.text),
        normalized=_text(normalized.text),
        fingerprint=normalized.fingerprint,
        complete=summary.complete,
    )


def fingerprint_batch(data: Any, offsets: Any, dialect: str = "generic") -> "array[int]":
    """The ids of many statements that lie in one buffer as Arrow lays out strings.

    Statement i is data[offsets[i]] up to data[offsets[i + 1]]; `offsets` is a flat buffer of
    signed 32-bit or 64-bit integers. Raises TypeError where an argument is no buffer,
    InvalidArgumentError (with the row as `position` where one is wrong), UnknownDialectError.
    """
    number = _dialect_number(dialect)
    with _byte_view(data) as view:
        bounds = _offset_array(offsets)
        try:
            result: array[int] = backend().module.fingerprint_batch(view, bounds, number)
        except InvalidArgumentError as error:
            if error.position < 0:
                raise
            message = f"the offsets of row {error.position} are negative, run backward or pass the end of the data"
            raise InvalidArgumentError(message, error.position) from None
    return result


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _sql_bytes(sql: Sql) -> bytes:
    if isinstance(sql, str):
        # Lone surrogates are legal in a str: they must not make a host's query fail.
        return sql.encode("utf-8", "surrogatepass")
    if isinstance(sql, (bytes, bytearray, memoryview)):
        return bytes(sql)
    raise TypeError(f"sql must be str or bytes, not {type(sql).__name__}")


def _dialect_number(dialect: str) -> int:
    if not isinstance(dialect, str):
        raise TypeError(f"dialect must be str, not {type(dialect).__name__}")
    number = DIALECTS.get(dialect)
    if number is None:
        raise UnknownDialectError(f"unknown SQL dialect; the known ones are {', '.join(DIALECTS)}")
    return number


def _view(name: str, value: Any) -> memoryview:
    try:
        view = memoryview(value)
    except TypeError:
        raise TypeError(f"{name} must be a buffer, not {type(value).__name__}") from None
    if not view.c_contiguous or view.ndim != 1:
        view.release()
        raise InvalidArgumentError(f"{name} must be a contiguous buffer of one dimension")
    return view


def _byte_view(data: Any) -> memoryview:
    view = _view("data", data)
    if view.itemsize != 1:
        view.release()
        raise InvalidArgumentError("data must be a buffer of single bytes")
    return view if view.format == "B" else view.cast("B")


def _offset_array(offsets: Any) -> "array[int]":
    """The offsets as signed 64-bit integers; the backend checks their values."""
    if isinstance(offsets, array) and offsets.typecode == "q":
        return offsets
    with _view("offsets", offsets) as view:
        if view.format.lstrip(_NATIVE_ORDER) not in _OFFSET_FORMATS:
            raise InvalidArgumentError("offsets must be signed 32-bit or 64-bit integers in this machine's byte order")
        if view.itemsize not in (4, 8):
            raise InvalidArgumentError("offsets must be integers of 4 or 8 bytes")
        with view.cast("B") as raw, raw.cast("i" if view.itemsize == 4 else "q") as integers:
            return array("q", integers.tolist())  # PyPy takes a view for raw bytes
