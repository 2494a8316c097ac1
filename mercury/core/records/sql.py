"""Records of statements, as the lexer, the normalizer, the summary and the advice give them."""

from typing import NamedTuple, Tuple


class Token(NamedTuple):
    kind: int
    start: int
    end: int


class Normalized(NamedTuple):
    """A canonical text with its id. `text` is bytes because SQL need not be valid UTF-8."""

    text: bytes
    fingerprint: int
    literal_count: int
    in_doubt: bool


class Summary(NamedTuple):
    """What a statement does and to what, as bytes, without any literal."""

    text: bytes
    verb: bytes
    tables: Tuple[bytes, ...]
    complete: bool


class Advice(NamedTuple):
    """Which rules a text breaks. `counts` and `positions` are by rule number; position -1: not at all."""

    complete: bool
    counts: Tuple[int, ...]
    positions: Tuple[int, ...]
