"""Statements of a stream, however its bytes come in."""

import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sql_statements import FRAGMENTS

from mercury.commands import statement_stream
from mercury.commands.statement_stream import StatementStream, Stop
from mercury.core import backend

SCRIPTS = st.lists(st.sampled_from([*FRAGMENTS, b";", b"; ", b";\n"]), max_size=60).map(b"".join)


class Dribble(io.BytesIO):
    """A stream that gives a few bytes at a time, as a pipe may."""

    def __init__(self, data, seed):
        super().__init__(data)
        self._random = random.Random(seed)

    def read1(self, size=-1):
        return super().read1(min(size, self._random.randrange(1, 9)))


def read(stream, dialect=0, null=False):
    """The statements of a stream without the empty ones at its end, and where the reading stopped."""
    statements = StatementStream(stream, dialect, null)
    found = []
    for batch in statements:
        ends = batch.offsets.tolist()
        found += [bytes(batch.data[start:end]) for start, end in zip(ends, ends[1:])]
    return [statement for statement in found if statement], statements.stopped


@given(SCRIPTS, st.integers(0, 5), st.integers(0, 1000))
@settings(deadline=None)
def test_blocks_change_nothing(script, dialect, seed):
    module = backend().module
    ends = [*module.split(script, dialect, 1000).tolist(), len(script)]
    expected = [script[start:end] for start, end in zip(ends, ends[1:]) if end > start]
    found, stopped = read(Dribble(script, seed), dialect)
    assert found == expected
    last = script[ends[-2] :]
    assert stopped == (Stop(ends[-2], True) if module.normalize(last, dialect).in_doubt else None)


@given(st.lists(st.sampled_from([b"\0", b"\0\0", b"select 1", b";", b"'", b"\n"]), max_size=30), st.integers(0, 1000))
@settings(deadline=None)
def test_null_separated_blocks_change_nothing(pieces, seed):
    script = b"".join(pieces)
    found, stopped = read(Dribble(script, seed), null=True)
    assert [each.rstrip(b"\n") for each in found if each.strip(b"\n")] == [
        each.rstrip(b"\n") for each in script.split(b"\0") if each.strip(b"\n")
    ]
    assert stopped is None


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(statement_stream, "MAX_STATEMENT_BYTES", 64)
    monkeypatch.setattr(statement_stream, "BLOCK_BYTES", 16)
    monkeypatch.setattr(statement_stream, "_STATEMENTS_AT_ONCE", 3)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("seed", range(8))
def test_a_statement_that_is_too_long_ends_the_reading(seed):
    long = b"select 1;" * 5 + b"select " + b"a" * 60
    assert read(Dribble(long + b";select 2;", seed)) == ([b"select 1;"] * 5, Stop(45, False))
    assert read(Dribble(long[:-4] + b";select 2;", seed)) == (
        [*[b"select 1;"] * 5, long[45:-4] + b";", b"select 2;"],
        None,
    )


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("seed", range(8))
def test_doubt_ends_the_reading_in_bounded_memory(seed):
    doubt = b"select 1; select 'it\\'s"
    found, stopped = read(Dribble(doubt + b"; x" * 1000, seed))
    assert stopped == Stop(9, True)
    assert found[0] == b"select 1;" and found[1].startswith(b" select 'it\\'s")
    assert len(found) == 2 and len(found[1]) <= 64


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("null", [False, True])
def test_more_statements_than_fit_a_batch(null):
    separator = b"\0" if null else b";"
    found, stopped = read(io.BytesIO((b"a" + separator) * 1000), null=null)
    assert (len(found), stopped) == (1000, None)


@pytest.mark.usefixtures("small")
def test_a_null_separated_statement_that_is_too_long():
    assert read(io.BytesIO(b"a\0" + b"'" * 64 + b"\0b"), null=True) == ([b"a\n"], Stop(2, False))


def test_an_endless_stream_is_read_no_further_than_needed():
    class Endless(io.BytesIO):
        given = 0

        def read1(self, size=-1):
            Endless.given += size
            return b"x" * size

    assert read(Endless()) == ([], Stop(0, False))
    assert Endless.given == statement_stream.MAX_STATEMENT_BYTES
