"""A stream of bytes to its statements, in batches and in bounded memory.

Statements end at the semicolons that the lexer reads as such, or at NUL bytes. Where the
end of a literal is in doubt, so is every semicolon behind it, and to guess would let a
literal's tail out as SQL. So reading stops there, and `stopped` says where.
"""

import re
from array import array
from typing import BinaryIO, Iterator, NamedTuple, Optional, Union

from mercury.core import backend

BLOCK_BYTES = 1 << 20
"""What is read at once."""

MAX_STATEMENT_BYTES = 32 << 20
"""A statement that is as long as this or longer ends the reading."""

_STATEMENTS_AT_ONCE = 1 << 16
_nul_bytes = re.compile(b"\0+").finditer


class Batch(NamedTuple):
    """Statements as the batch functions take them."""

    data: Union[bytes, memoryview]
    offsets: "array[int]"


class Stop(NamedTuple):
    """Where and why the reading came to no end of a statement."""

    position: int
    """Where the statement starts, in bytes from the start of the input."""
    in_doubt: bool
    """True: the end of a literal in it is in doubt. False: it is too long, and in no batch."""


class StatementStream:
    """Iterates over the batches of a stream, once."""

    def __init__(self, stream: BinaryIO, dialect: int, null_separated: bool = False) -> None:
        """`stream` has `read1`, as sys.stdin.buffer and open(path, "rb") have; `dialect` is the core's number."""
        self.bytes_read = 0
        self.stopped: Optional[Stop] = None
        self._stream = stream
        self._dialect = dialect
        self._null_separated = null_separated
        self._rest = bytearray()  # what is behind the last end of a statement

    def __iter__(self) -> Iterator[Batch]:
        more = True
        while more:
            more = self._read()
            yield from self._whole_statements()
            if len(self._rest) >= MAX_STATEMENT_BYTES:
                break
        yield from self._last_statement()

    def _read(self) -> bool:
        """Reads until the rest has doubled: a long statement is then read a few times, not once a block."""
        wanted = min(2 * len(self._rest), MAX_STATEMENT_BYTES)
        while True:
            block = self._stream.read1(min(BLOCK_BYTES, MAX_STATEMENT_BYTES - len(self._rest)))  # type: ignore[attr-defined]
            self.bytes_read += len(block)
            self._rest += block
            if not block or len(self._rest) >= wanted:
                return bool(block)

    def _whole_statements(self) -> Iterator[Batch]:
        data, done, count = memoryview(bytes(self._rest)), 0, _STATEMENTS_AT_ONCE
        while count == _STATEMENTS_AT_ONCE:
            batch = self._split(data[done:])
            count = len(batch.offsets) - 1
            done += batch.offsets[-1]
            if count:
                yield batch
        del self._rest[:done]

    def _split(self, data: memoryview) -> Batch:
        if not self._null_separated:
            return Batch(data, backend().module.split(data, self._dialect, _STATEMENTS_AT_ONCE))
        offsets = array("q", [0])
        for match in _nul_bytes(data):
            offsets.append(match.end())
            if len(offsets) > _STATEMENTS_AT_ONCE:
                break
        # White space at the end of a statement says nothing; a NUL would.
        return Batch(bytes(data[: offsets[-1]]).replace(b"\0", b"\n"), offsets)

    def _last_statement(self) -> Iterator[Batch]:
        """What no semicolon or NUL ends: the end of the input does, or nothing that can be relied on."""
        data, position = bytes(self._rest), self.bytes_read - len(self._rest)
        in_doubt = not self._null_separated and backend().module.normalize(data, self._dialect).in_doubt
        too_long = len(data) >= MAX_STATEMENT_BYTES and not in_doubt
        if in_doubt or too_long:
            self.stopped = Stop(position, in_doubt)
        if not too_long:
            yield Batch(data, array("q", [0, len(data)]))
