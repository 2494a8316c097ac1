"""SQL text as users of Mercury meet it: without its literals, and as one id.

Whatever is passed in may be secret: no error here quotes a value, only types and names
that Mercury itself knows.
"""

from __future__ import annotations

from mercury.core import backend
from mercury.core.records import DIALECTS
from mercury.errors import UnknownDialectError

TYPE_CHECKING = False  # type checkers know it by its name; to import typing takes longer than all else here
if TYPE_CHECKING:
    from typing import Any, Dict, Tuple, Union

    Sql = Union[str, bytes, bytearray, memoryview]
else:
    Sql = object

_WHOLE = slice(None)


def normalize(sql: Sql, dialect: str = "generic") -> str:
    """`sql` as canonical text: no literal, no comment, one spelling for one statement.

    Bytes that are no UTF-8 come out as backslash escapes. Raises TypeError,
    UnknownDialectError; without the C library LimitExceededError over 50 MB.
    """
    if type(sql) is str and len(sql) <= _SHORT_LENGTH and type(dialect) is str:
        return _short_texts.get((sql, dialect)) or _normalize_short(sql, dialect)
    return text_of(backend().module.canonical(sql_bytes(sql), dialect_number(dialect)))


_SHORT_LENGTH = 64
_KEPT_SHORT_TEXTS = 1024
_short_texts: Dict[Tuple[str, str], str] = {}
"""The canonical texts of short texts that differ from them by the letters' case at most, as COMMIT does.

So none that is kept holds a literal. Half of what Django sends around its queries is one of these,
and the way into the library and back takes longer than it takes to read them.
"""


def _normalize_short(sql: str, dialect: str) -> str:
    canonical = text_of(backend().module.canonical(sql_bytes(sql), dialect_number(dialect)))
    if len(canonical) == len(sql) and canonical.lower() == sql.lower():
        if len(_short_texts) >= _KEPT_SHORT_TEXTS:
            _short_texts.clear()
        _short_texts[sql, dialect] = canonical
    return canonical


def fingerprint(sql: Sql, dialect: str = "generic") -> int:
    """The unsigned 64-bit id of `sql`: equal for statements that differ in literals and layout only.

    Raises what `normalize` raises.
    """
    number: int = backend().module.fingerprint(sql_bytes(sql), dialect_number(dialect))
    return number


def dialect_number(dialect: str) -> int:
    """The core's number of a dialect. Raises TypeError, UnknownDialectError."""
    if not isinstance(dialect, str):
        raise TypeError(f"dialect must be str, not {type(dialect).__name__}")
    try:
        return DIALECTS[dialect]
    except KeyError:
        raise UnknownDialectError(f"unknown SQL dialect; the known ones are {', '.join(DIALECTS)}") from None


def text_of(data: bytes) -> str:
    """Canonical text, which is UTF-8 where the statement was."""
    return data.decode("utf-8", "backslashreplace")


def sql_bytes(sql: Any) -> bytes:
    """The bytes of `sql`. What a subclass overrides is not called: it would be the host's code."""
    kind = type(sql)
    if issubclass(kind, str):
        # Lone surrogates are legal in a str: they must not make a host's query fail.
        return str.encode(sql, "utf-8", "surrogatepass")
    if issubclass(kind, bytes):
        return bytes.__getitem__(sql, _WHOLE)
    if issubclass(kind, bytearray):
        return bytes(bytearray.__getitem__(sql, _WHOLE))
    if kind is memoryview:
        return bytes(sql)
    raise TypeError(f"sql must be str or bytes, not {kind.__name__}")
