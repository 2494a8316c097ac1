"""SQL text as users of Mercury meet it: without its literals, and as one id.

Whatever is passed in may be secret: no error here quotes a value, only types and names
that Mercury itself knows.
"""

from typing import Any, Dict, NamedTuple, Tuple, Union

from mercury.advice import Advice, phrase, wildcards
from mercury.core import backend
from mercury.core.records import DIALECTS, TOKEN_PLACEHOLDER
from mercury.errors import UnknownDialectError

Sql = Union[str, bytes, bytearray, memoryview]
_WHOLE = slice(None)


def normalize(sql: Sql, dialect: str = "generic") -> str:
    """`sql` as canonical text: no literal, no comment, one spelling for one statement.

    Bytes that are no UTF-8 come out as backslash escapes. Raises TypeError,
    UnknownDialectError; without the C library LimitExceededError over 50 MB.
    """
    if type(sql) is str and len(sql) <= _SHORT_LENGTH and type(dialect) is str:
        return _short_texts.get((sql, dialect)) or _normalize_short(sql, dialect)
    return _text(backend().module.canonical(_sql_bytes(sql), dialect_number(dialect)))


_SHORT_LENGTH = 64
_KEPT_SHORT_TEXTS = 1024
_short_texts: Dict[Tuple[str, str], str] = {}
"""The canonical texts of short texts that differ from them by the letters' case at most, as COMMIT does.

So none that is kept holds a literal. Half of what Django sends around its queries is one of these,
and the way into the library and back takes longer than it takes to read them.
"""


def _normalize_short(sql: str, dialect: str) -> str:
    canonical = _text(backend().module.canonical(_sql_bytes(sql), dialect_number(dialect)))
    if len(canonical) == len(sql) and canonical.lower() == sql.lower():
        if len(_short_texts) >= _KEPT_SHORT_TEXTS:
            _short_texts.clear()
        _short_texts[sql, dialect] = canonical
    return canonical


def fingerprint(sql: Sql, dialect: str = "generic") -> int:
    """The unsigned 64-bit id of `sql`: equal for statements that differ in literals and layout only.

    Raises what `normalize` raises.
    """
    number: int = backend().module.fingerprint(_sql_bytes(sql), dialect_number(dialect))
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
    """False where doubt about a literal's end, or a bound, left something out of verb, tables, summary or advice."""
    advice: Tuple[Advice, ...]
    """What the text proves wasteful or wrong, in the order of the text; see docs/advice.md."""


def analyze(sql: Sql, dialect: str = "generic", parameters: Any = None, *, weak: bool = False) -> Statement:
    """What `sql` does, to which tables, and what is wasteful about it.

    Of `parameters` (a list, tuple or dict as the driver gets them) nothing is used but whether each
    is a text that begins with % or _. `weak` adds the rules that are right but often harmless.

    Bytes that are no UTF-8 come out as backslash escapes. Raises what `normalize` raises.
    """
    data, number = _sql_bytes(sql), dialect_number(dialect)
    module = backend().module
    summary = module.summarize(data, number)
    normalized = module.normalize(data, number)
    found = module.advise(data, number, _wildcards(data, number, parameters))
    return Statement(
        verb=_text(summary.verb),
        tables=tuple(_text(table) for table in summary.tables),
        summary=_text(summary.text),
        normalized=_text(normalized.text),
        fingerprint=normalized.fingerprint,
        complete=summary.complete and found.complete,
        advice=phrase(found, weak),
    )


def _wildcards(data: bytes, dialect: int, parameters: Any) -> bytes:
    if parameters is None:
        return b""
    tokens = backend().module.tokens(data, dialect)
    return wildcards([data[token.start : token.end] for token in tokens if token.kind == TOKEN_PLACEHOLDER], parameters)


def dialect_number(dialect: str) -> int:
    """The core's number of a dialect. Raises TypeError, UnknownDialectError."""
    if not isinstance(dialect, str):
        raise TypeError(f"dialect must be str, not {type(dialect).__name__}")
    try:
        return DIALECTS[dialect]
    except KeyError:
        raise UnknownDialectError(f"unknown SQL dialect; the known ones are {', '.join(DIALECTS)}") from None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _sql_bytes(sql: Any) -> bytes:
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
