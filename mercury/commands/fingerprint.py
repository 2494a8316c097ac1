"""`mercury fingerprint`: the statements of a file or of standard input, one by one or counted.

Only canonical text is printed, never a statement as it came: no literal gets out.
"""

import argparse
import errno
import json
import os
import shutil
import sys
import time
from array import array
from collections import Counter
from contextlib import nullcontext
from typing import BinaryIO, ContextManager, Dict, Iterator, List, Optional, Tuple, Union

from mercury.analysis import analyze
from mercury.batch import fingerprint_batch, normalize_batch
from mercury.commands.statement_stream import MAX_STATEMENT_BYTES, Batch, StatementStream
from mercury.core import backend
from mercury.query import dialect_number, fingerprint

MAX_FINGERPRINTS = 1 << 16
MAX_TEXT_BYTES = 64 << 20
"""What --top keeps: so many fingerprints, with so much canonical text. Later ones are only summed up."""

DONE, INCOMPLETE, UNREADABLE, INTERRUPTED, BROKEN_PIPE = 0, 1, 2, 130, 141

_EMPTY = fingerprint("")
_PROGRESS_AFTER_S = 1.0
_PROGRESS_EVERY_S = 0.25


def run(options: argparse.Namespace) -> int:
    """Runs the command and returns its exit code. `options` are those that the command line knows."""
    try:
        opened = _opened(options.file)
    except OSError as error:
        return _fail(error, f"{options.file}: ")
    try:
        with opened as stream:
            return _print(StatementStream(stream, dialect_number(options.dialect), options.null), options)
    except BrokenPipeError:
        # What is still buffered must not meet the closed pipe again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except OSError as error:
        return _fail(error)


def _fail(error: OSError, place: str = "") -> int:
    _complain(place + (error.strerror or type(error).__name__))
    return UNREADABLE


def _opened(file: str) -> ContextManager[BinaryIO]:
    if file != "-":
        return open(file, "rb")
    if sys.stdin is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return nullcontext(sys.stdin.buffer)


def _print(statements: StatementStream, options: argparse.Namespace) -> int:
    printer: _Printer = _Table(options) if options.top else _Lines(options)
    progress = _Progress(options.top is not None)
    interrupted = False
    try:
        for batch in statements:
            printer.add(batch)
            progress.show(statements, printer)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        progress.clear()
    printer.finish()
    if sys.stdout is not None:
        sys.stdout.flush()
    notes = [*_notes(statements), *printer.notes()]
    for note in notes:
        _complain(note)
    if interrupted:
        return INTERRUPTED
    return INCOMPLETE if notes else DONE


def _notes(statements: StatementStream) -> Iterator[str]:
    """What was left out because no end of a statement was found."""
    stop = statements.stopped
    if stop is None:
        return
    place = f"the statement that starts at byte {stop.position:,}"
    if stop.in_doubt:
        yield (
            f"{place} leaves in doubt where a literal ends: nothing behind that was read. "
            "Name the server with --dialect, or separate statements by NUL bytes and use --null"
        )
    else:
        yield f"{place} is longer than {MAX_STATEMENT_BYTES >> 20} MiB: neither it nor what is behind it was read"


class _Lines:
    """One line for each statement."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.statement_count = 0
        self._dialect = options.dialect
        self._as_json = options.json
        self._width = _terminal_width(24)

    def add(self, batch: Batch) -> None:
        ids = fingerprint_batch(batch.data, batch.offsets, self._dialect)
        texts = normalize_batch(batch.data, batch.offsets, self._dialect)
        ends = texts.offsets.tolist()
        lines = [
            self._line(identifier, bytes(texts.data[start:end]))
            for identifier, start, end in zip(ids, ends, ends[1:])
            if end > start
        ]
        self.statement_count += len(lines)
        if lines:
            print("\n".join(lines), flush=True)

    def finish(self) -> None:
        """Every statement has its line already."""

    def notes(self) -> Iterator[str]:
        return iter(())

    def _line(self, identifier: int, text: bytes) -> str:
        if self._as_json:
            return json.dumps(_record(identifier, 1, text, self._dialect))
        return f"{identifier:016x}\t{_one_line(text, self._width)}"


class _Table:
    """The most frequent fingerprints, and nothing before the end."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._counts: Dict[int, int] = {}
        self._texts: Dict[int, bytes] = {}
        self._text_bytes = 0
        self._beyond = 0  # statements whose fingerprints came when there was no more room

    @property
    def statement_count(self) -> int:
        return sum(self._counts.values()) + self._beyond

    def add(self, batch: Batch) -> None:
        ids = fingerprint_batch(batch.data, batch.offsets, self._options.dialect)
        counts = Counter(ids)
        counts.pop(_EMPTY, None)
        if not self._is_full() and not counts.keys() <= self._counts.keys():
            self._meet(batch, ids)
        for identifier, count in counts.items():
            if identifier in self._counts:
                self._counts[identifier] += count
            else:
                self._beyond += count

    def finish(self) -> None:
        total = self.statement_count
        rows = sorted(self._counts.items(), key=lambda row: -row[1])[: self._options.top]
        if self._options.json:
            for identifier, count in rows:
                record = _record(identifier, count, self._texts[identifier], self._options.dialect)
                print(json.dumps({**record, "share": round(count / total, 6)}))
        else:
            print("\n".join(self._table(rows, total)))

    def notes(self) -> Iterator[str]:
        if self._beyond:
            yield (
                f"{self._beyond:,} of {self.statement_count:,} statements have fingerprints that first came after "
                f"{len(self._counts):,} others and were not counted one by one"
            )

    def _is_full(self) -> bool:
        return len(self._counts) >= MAX_FINGERPRINTS or self._text_bytes >= MAX_TEXT_BYTES

    def _meet(self, batch: Batch, ids: "array[int]") -> None:
        """Makes room for the batch's new fingerprints, as long as there is some."""
        for row, identifier in enumerate(ids):
            if identifier in self._counts or identifier == _EMPTY:
                continue
            if self._is_full():
                return
            statement = batch.data[batch.offsets[row] : batch.offsets[row + 1]]
            text = backend().module.normalize(statement, dialect_number(self._options.dialect)).text
            self._counts[identifier] = 0
            self._texts[identifier] = text
            self._text_bytes += len(text)

    def _table(self, rows: List[Tuple[int, int]], total: int) -> Iterator[str]:
        digits = max([len(f"{count:,}") for _, count in rows] + [len("count")])
        width = _terminal_width(digits + 28)
        yield f"{'count':>{digits}}   share  {'fingerprint':<16}  statement"
        for identifier, count in rows:
            text = _one_line(self._texts[identifier], width)
            yield f"{count:>{digits},}  {count / total:>6.1%}  {identifier:016x}  {text}"
        yield f"{_count(total, 'statement')}, {_count(len(self._counts), 'fingerprint')}"


_Printer = Union[_Lines, _Table]


class _Progress:
    """A line on standard error that is written over, where a person sees nothing else move."""

    def __init__(self, is_quiet: bool) -> None:
        """`is_quiet` says that standard output stays empty meanwhile."""
        self._is_shown = _is_terminal(sys.stderr) and (is_quiet or not _is_terminal(sys.stdout))
        self._started = time.monotonic()
        self._next = self._started + _PROGRESS_AFTER_S
        self._length = 0

    def show(self, statements: StatementStream, printer: _Printer) -> None:
        now = time.monotonic()
        if not self._is_shown or now < self._next:
            return
        self._next = now + _PROGRESS_EVERY_S
        count = printer.statement_count
        rate = count / (now - self._started)
        line = f"{statements.bytes_read / 1e6:,.0f} MB, {_count(count, 'statement')}, {rate:,.0f} a second"
        line = line[: shutil.get_terminal_size().columns - 1]
        sys.stderr.write("\r" + line.ljust(self._length))
        sys.stderr.flush()
        self._length = len(line)

    def clear(self) -> None:
        if self._length:
            sys.stderr.write("\r" + " " * self._length + "\r")
            sys.stderr.flush()


def _record(identifier: int, count: int, text: bytes, dialect: str) -> Dict[str, object]:
    """What one JSON line says. All of it comes from the canonical text, whichever statement was met first."""
    statement = analyze(text, dialect)
    return {
        "fingerprint": f"{identifier:016x}",
        "count": count,
        "verb": statement.verb,
        "tables": statement.tables,
        "summary": statement.summary,
        "normalized": text.decode("utf-8", "backslashreplace"),
    }


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _one_line(text: bytes, width: Optional[int]) -> str:
    """Text for one line: names may hold line ends and escape sequences."""
    if width is not None:
        text = text[: 4 * width + 4]  # more than fits, as a character has up to four bytes
    line = text.decode("utf-8", "backslashreplace")
    if not line.isprintable():
        line = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in line)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    line = line.encode(encoding, "backslashreplace").decode(encoding)
    return line if width is None or len(line) <= width else line[: width - 3] + "..."


def _terminal_width(taken: int) -> Optional[int]:
    """The columns that are left on a terminal, None where the output goes elsewhere."""
    return max(shutil.get_terminal_size().columns - taken, 8) if _is_terminal(sys.stdout) else None


def _is_terminal(stream: object) -> bool:
    return bool(getattr(stream, "isatty", lambda: False)())


def _complain(message: str) -> None:
    print(f"mercury fingerprint: {message}", file=sys.stderr)
