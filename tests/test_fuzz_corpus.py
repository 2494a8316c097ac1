"""The inputs that fuzzing kept: the library and its twin read each, and agree.

A statement is read in the dialect that it was kept for and in one other; MERCURY_DIFFERENTIAL=full reads it in all.

The layouts of the inputs stand at the top of fuzz/sql_normalize.c, fuzz/sql_batch.c and fuzz/histogram.c; the
rules below are those of the targets.
"""

import os
import re
import struct
from array import array
from pathlib import Path
from typing import Any, List, NamedTuple, Optional, Tuple

import pytest

from mercury.core import backend, pure
from mercury.core.pure.xxh3 import xxh3_64
from mercury.core.records import DIALECTS, TOKEN_DOUBT, TOKEN_NUMBER, TOKEN_STRING, Token
from mercury.errors import InvalidArgumentError, MalformedDataError, MercuryError

FULL = os.environ.get("MERCURY_DIFFERENTIAL") == "full"
KEPT = Path(__file__).resolve().parent.parent / "fuzz" / "corpus"
NUMBERS = sorted(DIALECTS.values())
HEADER_BYTES = 3
MAX_ROWS = 24
LITERALS = {TOKEN_STRING, TOKEN_NUMBER, TOKEN_DOUBT}

_not_spaces = re.compile(rb"[^\t-\r ]").search


def kept(target: str) -> List[bytes]:
    found = [path.read_bytes() for path in sorted((KEPT / target).iterdir())]
    assert len(found) > 100
    return found


def statements(dialect: int) -> List[bytes]:
    """What is to be read in this dialect. The first byte of an input says which it was kept for."""
    count = len(NUMBERS)
    inputs = enumerate(kept("sql_normalize"))
    return [data[1:] for number, data in inputs if FULL or dialect in (data[0] % count, number % count)]


def outcome(call: Any, *arguments: Any) -> Any:
    """The result of a call, or its failure in full."""
    try:
        return call(*arguments)
    except MercuryError as error:
        return type(error), str(error), error.position


def check_cover(sql: bytes, dialect: int) -> List[Token]:
    """The tokens, which stand in order and hold every byte that is no white space."""
    end = 0
    tokens = backend().module.tokens(sql, dialect)
    for token in tokens:
        assert not _not_spaces(sql[end : token.start]), (sql, dialect)
        assert end <= token.start < token.end, (sql, dialect)
        end = token.end
    assert not _not_spaces(sql[end:]), (sql, dialect)
    assert TOKEN_DOUBT not in [token.kind for token in tokens[:-1]], (sql, dialect)
    return tokens


@pytest.mark.parametrize("dialect", NUMBERS)
def test_statements_keep_the_rules(dialect: int) -> None:
    for sql in statements(dialect):
        once = backend().module.normalize(sql, dialect)
        again = backend().module.normalize(once.text, dialect)
        assert again.text == once.text, (sql, dialect)
        assert len(once.text) <= 3 * len(sql), (sql, dialect)
        assert not LITERALS & {token.kind for token in check_cover(once.text, dialect)}, (sql, dialect)
        check_cover(sql, dialect)


class Batch(NamedTuple):
    """An input of sql_batch, without the bit that brings offsets into order."""

    data: bytes
    offsets: "array[int]"
    validity: Optional[memoryview]
    validity_start: int


def read_batch(data: bytes) -> Optional[Batch]:
    """None where the input is too short for what it announces."""
    if len(data) < HEADER_BYTES:
        return None
    shape, count = data[1], data[2] % (MAX_ROWS + 1)
    offsets = array("q" if shape & 1 else "i")
    start = shape >> 3 & 7
    used = HEADER_BYTES + (count + 1) * offsets.itemsize
    bitmap_bytes = (start + count + 7) // 8 if shape & 2 else 0
    if len(data) < used + bitmap_bytes:
        return None
    offsets.frombytes(data[HEADER_BYTES:used])
    text = data[used + bitmap_bytes :]
    if shape & 4:
        offsets = array(offsets.typecode, sorted(bound % (1 << 64) % (len(text) + 1) for bound in offsets))
    validity = memoryview(data[used : used + bitmap_bytes]) if shape & 2 else None
    return Batch(text, offsets, validity, start)


def wrong_row(batch: Batch) -> int:
    """The first row that does not lie within the data, or -1."""
    rows = zip(batch.offsets, batch.offsets[1:])
    return next((row for row, (start, end) in enumerate(rows) if not 0 <= start <= end <= len(batch.data)), -1)


def batches() -> List[Tuple[int, Batch]]:
    read = [(number % len(NUMBERS), read_batch(data)) for number, data in enumerate(kept("sql_batch"))]
    return [(dialect, batch) for dialect, batch in read if batch is not None]


def test_batches_are_their_rows() -> None:
    for dialect, batch in batches():
        wrong = wrong_row(batch)
        if wrong >= 0:
            with pytest.raises(InvalidArgumentError) as raised:
                backend().module.fingerprint_batch(batch.data, batch.offsets, dialect)
            assert raised.value.position == wrong
            continue
        found = backend().module.fingerprint_batch(batch.data, batch.offsets, dialect)
        rows = zip(batch.offsets, batch.offsets[1:])
        single = [backend().module.normalize(batch.data[start:end], dialect).fingerprint for start, end in rows]
        assert list(found) == single


def histograms() -> List[bytes]:
    """The kept bytes that may be histograms, with the checksum made right where the first byte is odd."""
    found = []
    for path in sorted((KEPT / "histogram").iterdir()):
        choice, data = path.read_bytes()[:1], path.read_bytes()[1:]
        sealed = choice[:1] and choice[0] & 1 and len(data) >= 8
        found.append(data[:-8] + struct.pack("<Q", xxh3_64(data[:-8])) if sealed else data)
    return found


def encoded_again(module: Any, data: bytes) -> bytes:
    encoded: bytes = module.Histogram.decode(data).encode()
    return encoded


def test_histograms_are_taken_as_they_are_or_refused() -> None:
    taken = [data for data in histograms() if outcome(encoded_again, backend().module, data) == data]
    assert taken
    for data in set(histograms()) - set(taken):
        with pytest.raises(MalformedDataError):
            backend().module.Histogram.decode(data)


if backend().name == "native":
    from mercury.core import native

    def test_library_and_twin_agree_on_histograms() -> None:
        for data in histograms():
            assert outcome(encoded_again, native, data) == outcome(encoded_again, pure, data), data

    @pytest.mark.parametrize("dialect", NUMBERS)
    def test_library_and_twin_agree_on_statements(dialect: int) -> None:
        for sql in statements(dialect):
            for function in ("tokens", "normalize", "summarize"):
                library, twin = getattr(native, function), getattr(pure, function)
                assert library(sql, dialect) == twin(sql, dialect), (function, sql, dialect)
            known = sql[: len(sql) // 2]
            assert native.advise(sql, dialect, known) == pure.advise(sql, dialect, known), (sql, dialect)
            assert native.split(sql, dialect, len(sql)) == pure.split(sql, dialect, len(sql)), (sql, dialect)

    def test_library_and_twin_agree_on_batches() -> None:
        for dialect, batch in batches():
            arguments = (batch.data, batch.offsets, dialect, batch.validity, batch.validity_start)
            for function in ("fingerprint_batch", "normalize_batch"):
                library = outcome(getattr(native, function), *arguments)
                assert library == outcome(getattr(pure, function), *arguments), (function, arguments)
