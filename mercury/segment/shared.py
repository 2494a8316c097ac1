"""`mercury.Segment`: what a user holds.

with mercury.Segment("/run/app/metrics.segment") as segment:
    requests = segment.counter("requests", route="/books")
    latency = segment.histogram("latency", route="/books")
    requests.add(1)
    latency.record(1_250_000)
    segment.record([(requests, 1), (latency, 980_000)])     # many values at the price of one call
    for (name, labels), total in segment.snapshot().counters():
        ...
"""

import contextlib
import itertools
import logging
import os
import time
import weakref
from operator import index
from typing import Any, Dict, Iterable, List, NoReturn, Optional, Tuple, Union

from mercury.core.records import SEGMENT_COUNTER, SEGMENT_HISTOGRAM
from mercury.errors import InvalidArgumentError
from mercury.segment import keys, snapshot
from mercury.segment.file import DEFAULT_BYTES, MIN_BYTES, SegmentFile, UnusableError, open_segment, random_identity
from mercury.segment.folding import fold
from mercury.segment.snapshot import Snapshot
from mercury.segment.writer import OTHER_KEY, OTHERS, NoRoomError, Writer

logger = logging.getLogger("mercury")

MAX_SERIES = 20_000
"""Series that one process may name; the values of later ones go to `other`, and their keys are not kept."""

_RETRY_SECONDS = 1.0
_NO_INTEGER = "a value is no integer below 2^63"


class Counter:
    """A number that only grows. Made by Segment.counter; any thread may use it."""

    __slots__ = ("_segment", "number")
    kind = SEGMENT_COUNTER

    def __init__(self, segment: "Segment", number: int) -> None:
        self._segment = segment
        self.number = number

    def add(self, amount: int = 1) -> None:
        """Adds an integer from 0 to 2^63 - 1. Raises InvalidArgumentError for anything else, and nothing besides."""
        self._segment.record(((self, amount),))


class Histogram:
    """Values by size. Made by Segment.histogram; any thread may use it."""

    __slots__ = ("_segment", "number")
    kind = SEGMENT_HISTOGRAM

    def __init__(self, segment: "Segment", number: int) -> None:
        self._segment = segment
        self.number = number

    def record(self, value: int) -> None:
        """Counts an integer below 2^63, such as nanoseconds; a negative one as 0.

        Raises InvalidArgumentError for anything else, and nothing besides.
        """
        self._segment.record(((self, value),))


Series = Union[Counter, Histogram]


class _Session:
    """The open file and the writers of one process: a child of a fork begins its own."""

    def __init__(self, file: SegmentFile) -> None:
        self.file = file
        self.pid = os.getpid()
        self.identity = random_identity()
        self.idle: List[Writer] = []
        self.used: List[None] = []
        self.no_room_until = 0.0

    def close(self) -> None:
        """Ends it; the file stays mapped while another thread uses it."""
        self.file.close(lambda: bool(self.used))

    def abandon(self) -> None:
        """In the child of a fork: lets go of the parent's file, whose locks would outlive the parent."""
        self.file.close()


class Segment:
    """The counters and histograms of one file. Any number of threads and processes may use it at once.

    Nothing about the file is ever raised: where it cannot be used, `problem` says why, one line is
    logged, and values are counted as lost.
    """

    def __init__(self, path: Union[str, "os.PathLike[str]"], file_bytes: int = DEFAULT_BYTES) -> None:
        """Opens the segment at `path`, or makes one of `file_bytes`; docs/segment-format.md says what fits."""
        self.path = os.fspath(path)
        self.problem: Optional[str] = None
        with contextlib.suppress(OSError):  # a folder that was removed has no path
            self.path = os.path.abspath(self.path)  # a child of a fork opens it again, wherever it stands then
        self._file_bytes = max(int(file_bytes), MIN_BYTES)
        self._lost_values = 0
        self._is_closed = False
        self._handles: Dict[Tuple[int, bytes], Series] = {}
        self._keys: Dict[int, Tuple[int, bytes]] = {number: (kind, OTHER_KEY) for kind, number in OTHERS.items()}
        self._numbers = itertools.count(len(OTHERS))
        self._sessions: Dict[int, _Session] = {}
        self._open()
        _segments.add(self)

    def __enter__(self) -> "Segment":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives back the file; this process's totals stay in it. Later values are lost. May be called again."""
        self._is_closed = True
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            session.close()

    def counter(self, name: str, /, **labels: Union[str, int]) -> Counter:
        """The counter of this name and these labels. Raises InvalidArgumentError for other types."""
        found = self._handle(SEGMENT_COUNTER, name, labels)
        assert isinstance(found, Counter)
        return found

    def histogram(self, name: str, /, **labels: Union[str, int]) -> Histogram:
        """The histogram of this name and these labels. Raises InvalidArgumentError for other types."""
        found = self._handle(SEGMENT_HISTOGRAM, name, labels)
        assert isinstance(found, Histogram)
        return found

    def record(self, values: Iterable[Tuple[Series, int]]) -> None:
        """Adds to counters and records in histograms, all in one crossing into the core.

        When it returns, the values survive the death of the process. Raises
        InvalidArgumentError, before anything is recorded, for what is no integer below 2^63, for a
        negative amount, and for series of another segment.
        """
        updates: List[int] = []
        append = updates.append
        try:
            for series, given in values:
                if series._segment is not self:
                    _refuse("a series is another segment's")
                # The library would drop the fraction of what is no integer.
                value = given if type(given) is int else index(given)
                if value < 0 and series.kind == SEGMENT_COUNTER:
                    _refuse("a counter only grows")
                append(series.number)
                append(value)
        except TypeError:
            _refuse(_NO_INTEGER)
        self._write(updates)

    def snapshot(self) -> Snapshot:
        """What all processes have counted, the dead ones too. Empty where the file cannot be used."""
        session = self._session()
        if session is not None:
            session.used.append(None)
            try:
                session.file.require_whole()
                if session.file.is_removed():
                    self._tell("somebody removed the file, and other processes do not see what this one counts")
                fold(session.file)
                return snapshot.take(session.file, self._lost_values)
            except UnusableError as error:
                self._tell(str(error))
            except Exception as error:
                self._tell(f"reading failed with {type(error).__name__}")
            finally:
                session.used.pop()
        return snapshot.take(None, self._lost_values)

    def _handle(self, kind: int, name: str, labels: Dict[str, Any]) -> Series:
        if type(name) is str and name in keys.RESERVED:
            _refuse("this name is reserved")
        key = keys.encode(name, labels)
        if key is None:
            return self._new(kind, OTHERS[kind])
        found = self._handles.get((kind, key))
        if found is None:
            if len(self._handles) >= MAX_SERIES:
                return self._new(kind, OTHERS[kind])
            number = next(self._numbers)
            self._keys[number] = (kind, key)
            found = self._handles.setdefault((kind, key), self._new(kind, number))
        return found

    def _new(self, kind: int, number: int) -> Series:
        return Counter(self, number) if kind == SEGMENT_COUNTER else Histogram(self, number)

    def _write(self, updates: List[int]) -> None:
        session = self._session()
        if session is None:
            self._lost_values += len(updates) // 2
            return
        session.used.append(None)
        try:
            self._write_in(session, updates)
        finally:
            session.used.pop()

    def _write_in(self, session: _Session, updates: List[int]) -> None:
        writer = self._writer(session)
        if writer is None:
            self._lost_values += len(updates) // 2
            return
        try:
            writer.write(updates, self._keys)
        except (TypeError, OverflowError):
            session.idle.append(writer)  # refused before anything was written
            _refuse(_NO_INTEGER)
        except Exception as error:
            writer.abandon()
            self._lost_values += len(updates) // 2
            self._tell(f"writing failed with {type(error).__name__}")
        except BaseException:
            writer.abandon()
            raise
        else:
            session.idle.append(writer)

    def _writer(self, session: _Session) -> Optional[Writer]:
        """A writer that is the caller's alone, or None where there is no room for one more."""
        try:
            return session.idle.pop()
        except IndexError:
            pass
        if session.no_room_until > time.monotonic():
            return None
        try:
            return Writer(session.file, session.identity)
        except NoRoomError:
            session.no_room_until = time.monotonic() + _RETRY_SECONDS
            self._tell("all slots are taken; a larger file has more")
        except Exception as error:
            self._tell(f"writing failed with {type(error).__name__}")
        return None

    def _session(self) -> Optional[_Session]:
        found = self._sessions.get(0)
        if found is None and not self._is_closed and self.problem is None:
            self._open()
            found = self._sessions.get(0)
        if found is not None and found.pid != os.getpid():
            return None  # a hook of the host's runs in the child of a fork before ours: the slots are the parent's
        return found

    def _open(self) -> None:
        try:
            session = _Session(open_segment(self.path, self._file_bytes))
        except UnusableError as error:
            self._tell(str(error))
            return
        except Exception as error:
            self._tell(f"opening failed with {type(error).__name__}")
            return
        # In a forked child several threads may come here at once: the first one's file serves all.
        if self._sessions.setdefault(0, session) is not session:
            session.file.close()

    def _tell(self, problem: str) -> None:
        """Says once that values are lost; not of a closed segment, in whose file another thread may just have been."""
        if self.problem is None and not self._is_closed:
            self.problem = problem
            logger.warning("Mercury's shared metrics lose values: %s", problem)

    def _begin_again(self) -> None:
        """In the child of a fork: the slots and locks are the parent's."""
        self.problem = None
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            session.abandon()


def _refuse(why: str) -> NoReturn:
    raise InvalidArgumentError(why)


_segments: "weakref.WeakSet[Segment]" = weakref.WeakSet()


def _begin_again_in_child() -> None:
    for segment in list(_segments):
        segment._begin_again()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_again_in_child)
