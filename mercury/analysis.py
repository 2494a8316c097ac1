"""What a text of SQL does, to which tables, and what is wasteful about it.

A module of its own, because what it imports takes several times as long as all that a fingerprint needs.
"""

from typing import Any, NamedTuple, Tuple

from mercury.advice import Advice, phrase, wildcards
from mercury.core import backend
from mercury.core.records import TOKEN_PLACEHOLDER
from mercury.query import Sql, dialect_number, sql_bytes, text_of


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
    data, number = sql_bytes(sql), dialect_number(dialect)
    module = backend().module
    summary = module.summarize(data, number)
    normalized = module.normalize(data, number)
    found = module.advise(data, number, _wildcards(data, number, parameters))
    return Statement(
        verb=text_of(summary.verb),
        tables=tuple(text_of(table) for table in summary.tables),
        summary=text_of(summary.text),
        normalized=text_of(normalized.text),
        fingerprint=normalized.fingerprint,
        complete=summary.complete and found.complete,
        advice=phrase(found, weak),
    )


def _wildcards(data: bytes, dialect: int, parameters: Any) -> bytes:
    if parameters is None:
        return b""
    tokens = backend().module.tokens(data, dialect)
    return wildcards([data[token.start : token.end] for token in tokens if token.kind == TOKEN_PLACEHOLDER], parameters)
