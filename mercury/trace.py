"""One unit of work - a request, a test, a task, a block - from its first query to its close.

Queries come in as tuples of integers, are kept in blocks of at most BLOCK_SIZE and are folded
by the core when a block is full and when the unit closes. So a unit of a million queries
takes no more memory than its distinct statements, call paths and parameters.
"""

import itertools
import logging
import os
import struct
import threading
from array import array
from contextvars import ContextVar
from types import CodeType, FrameType
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from mercury.core import alone, backend
from mercury.core.records import (
    TRACE_MAX_FRAMES,
    TRACE_MAX_LANES,
    TRACE_MAX_PARAMETERS,
    TRACE_MAX_PATHS,
    Duplicate,
    Event,
    Group,
    Totals,
)

logger = logging.getLogger("mercury")

BLOCK_SIZE = 1024
"""Events that one thread may hold back before they cross into the core."""

EVENT_INTEGERS = len(Event._fields)
BLOCK_INTEGERS = BLOCK_SIZE * EVENT_INTEGERS

MAX_SIGHTINGS = 512
"""Call paths of statements whose frames are looked at for the model, the field and the row behind a query."""

current: "ContextVar[Optional[Trace]]" = ContextVar("mercury_trace", default=None)
"""The innermost open unit of this thread or task."""

ignoring: "ContextVar[Tuple[Any, ...]]" = ContextVar("mercury_ignoring", default=())
"""The rules of mercury.suppression whose blocks this thread or task is in, outermost first."""

MAX_IGNORED = 4096
"""Statements by rule and call path that are known to have run inside such blocks; what comes later is not ignored."""


class PathEntry(NamedTuple):
    """One frame of a call path, kept without the frame: no local variable stays alive."""

    code: CodeType
    offset: int
    element: Any


PACKED_FRAME = struct.Struct("3q")
"""A frame's code by address, its offset, and the number of its element or 0."""

FRAME_BYTES = PACKED_FRAME.size


class PathTable(Sequence[List[PathEntry]]):
    """The distinct call paths of one unit of work, numbered from 0.

    A path is kept as the bytes of its frames, outermost first, as the core takes them: most queries come a new way
    that is in most frames an earlier one, and bytes are copied and compared in one go. `entries` says what each frame
    was.

    Code objects are told apart by address, which is sound because an entry keeps its
    code object alive for as long as the table lives. `owners` has the numbers of elements by
    address of what they belong to, and the owner too, for the same reason.
    """

    __slots__ = (
        "__weakref__",
        "_elements",
        "_frame_count",
        "_indexes",
        "_is_busy",
        "_lock",
        "_unpacked",
        "entries",
        "owners",
        "packed",
        "strangers",
    )

    def __init__(self) -> None:
        # A finalizer or signal handler may send a query of its own while this thread is in here.
        self._lock = threading.RLock()
        self._is_busy = False
        self._frame_count = 0
        self.strangers = 0
        self._indexes: Dict[bytes, int] = {}
        self._elements: Dict[Any, int] = {}
        self.entries: Dict[bytes, PathEntry] = {}
        self.owners: Dict[Any, Tuple[int, Any]] = {}
        self.packed: List[bytes] = []
        self._unpacked: Dict[int, List[PathEntry]] = {}

    def __len__(self) -> int:
        return len(self.packed)

    def __getitem__(self, index: Any) -> Any:
        """The path with this index, outermost frame first."""
        known = self._unpacked.get(index)
        if known is None:
            path, entries = self.packed[index], self.entries
            known = [entries[path[start : start + FRAME_BYTES]] for start in range(0, len(path), FRAME_BYTES)]
            self._unpacked[index] = known
        return known

    def element_number(self, element: Any) -> int:
        """A small number that stands for an element; 0 is never given."""
        number = self._elements.get(element)
        if number is None:
            with self._lock:
                number = self._elements.setdefault(element, len(self._elements) + 1)
        return number

    def pack(self, entry: PathEntry) -> bytes:
        """The bytes of a frame, which is among `entries` from here on."""
        number = 0 if entry.element is None else self.element_number(entry.element)
        packed = PACKED_FRAME.pack(id(entry.code), entry.offset, number)
        self.entries[packed] = entry
        return packed

    def identity(self) -> Any:
        """What tells these paths from others, as long as somebody keeps their entries."""
        return tuple(self.packed), tuple(self._elements)

    def index_of(self, path: bytes) -> int:
        """The index of the path of these frames, all of which are among `entries`; -1: no room for it."""
        with self._lock:
            if self._is_busy:
                return -1
            self._is_busy = True
            try:
                index = self._indexes.get(path)
                return self._add(path) if index is None else index
            finally:
                self._is_busy = False

    def _add(self, path: bytes) -> int:
        index = len(self.packed)
        frame_count = self._frame_count + len(path) // FRAME_BYTES
        if index >= TRACE_MAX_PATHS or frame_count > TRACE_MAX_FRAMES:
            return -1
        self._frame_count = frame_count
        self.packed.append(path)
        self._indexes[path] = index
        return index


class Ignored(NamedTuple):
    """The rules around a unit, and how often (rule, fingerprint, path) came inside the block of a rule within it."""

    around: Tuple[Any, ...]
    inside: Dict[Tuple[Any, int, int], int]


class Evidence(NamedTuple):
    """What a closed unit leaves to be judged. `notes` says what was not measured, and why."""

    totals: Totals
    groups: List[Group]
    duplicates: List[Duplicate]
    paths: Sequence[List[PathEntry]]
    statements: Dict[int, Any]
    sightings: Dict[Tuple[int, int], Any]
    spawn_loops: Dict[int, Any]
    databases: List[str]
    notes: List[str]
    table: Optional[PathTable] = None
    """What the paths are of."""
    eager_loads: Sequence[Any] = ()
    kept: Tuple[int, ...] = ()
    """The integers of the first events, as many as somebody wants."""


_SEED = int.from_bytes(os.urandom(8), "little")
"""Keys the core's tables against chosen collisions; nothing that anybody sees depends on it."""

Folded = Tuple[Totals, List[Group], List[Duplicate]]


class _Process:
    """What all units of this process share: how many are open, and queries that none of them saw."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.open_count = 0
        self.unattributed = 0
        self.kept_events = 0
        """Events of each unit that stay as they are, for somebody who wants its queries one by one."""
        self.fault_count = 0
        self.has_told_fault = False

    def renew(self) -> None:
        self.lock = threading.RLock()


process = _Process()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=process.renew)


def tell_fault(what: str) -> None:
    """Logs the fault being handled, one of Mercury's own: once for each process, or it would flood the log."""
    process.fault_count += 1
    if not process.has_told_fault:
        process.has_told_fault = True
        logger.exception("%s The application is not affected. Later faults are counted and not logged.", what)


class Trace:
    """An open unit of work. Any thread may record into it; `close` ends it once.

    `root` is the frame that opened the unit, at the instruction `root_offset`: call paths start
    there. It is dropped at close.
    `is_apart` is true where a query needs more than one look: the unit is closed or lies inside another.
    `is_outlived` is true where whoever has loaded something in the unit may use it after the unit has ended.
    `is_background` is true for what a process does beside its requests, tasks and tests, which are no part of it.
    `tally` is shown all statements and events, where somebody counts them; `own_ns` is Mercury's own time at
    those queries that came while `is_apart` was true.
    """

    is_left_out = False
    is_light = False

    __slots__ = (
        "_core",
        "_ignored",
        "_ignoring",
        "_lock",
        "_sent_paths",
        "_unattributed_before",
        "cache_hits",
        "cache_misses",
        "closed",
        "databases",
        "eager_loads",
        "faults",
        "is_apart",
        "is_background",
        "is_outlived",
        "kept",
        "lanes",
        "name",
        "own_ns",
        "parent",
        "paths",
        "root",
        "root_offset",
        "root_thread",
        "sightings",
        "spawn_loops",
        "spawn_turns",
        "statements",
        "tally",
    )

    def __init__(self, name: str, root: Optional[FrameType], parent: "Optional[Trace]" = None) -> None:
        # Where a fault ends this early, nothing is to be undone.
        self.closed = True
        self.name = name
        self.root = root
        self.root_offset = -1 if root is None else root.f_lasti
        self.root_thread = threading.get_ident()
        self.parent = parent
        self.paths = PathTable()
        self.lanes: Dict[int, Any] = {}
        self.databases: Dict[str, int] = {}
        self.statements: Dict[int, Any] = {}
        self.sightings: Dict[Tuple[int, int], Any] = {}
        self.spawn_turns: Dict[int, int] = {}
        self.spawn_loops: Dict[int, Any] = {}
        self.eager_loads: Dict[Any, Any] = {}
        self.cache_hits = 0
        self.cache_misses = 0
        self.faults = 0
        self.own_ns = 0
        self.tally: Any = None
        self.is_apart = parent is not None
        self.is_background = False
        self.is_outlived = True
        self._ignoring = ignoring.get()
        self._ignored: Dict[Tuple[Any, int, int], int] = {}
        self.kept: Tuple[int, ...] = ()
        self._lock = threading.RLock()
        self._sent_paths = 0
        self._core: Any = None
        with process.lock:
            process.open_count += 1
            self._unattributed_before = process.unattributed
        self.closed = False

    def __del__(self) -> None:
        # A response whose body nobody ended or closed.
        if not self.closed:
            self._leave_process()

    def lane(self, thread: int, factory: Any) -> Any:
        """The lane of a thread; `factory(number, root, is_at_home)` makes a new one."""
        lane = self.lanes.get(thread)
        if lane is None:
            with self._lock:
                is_at_home = thread == self.root_thread
                root = self.root if is_at_home else None
                lane = self.lanes.setdefault(thread, factory(len(self.lanes), root, is_at_home))
        return lane

    def database(self, alias: str) -> int:
        """The number of a database alias within this unit."""
        number = self.databases.get(alias)
        if number is None:
            with self._lock:
                number = self.databases.setdefault(alias, len(self.databases))
        return number

    def note_fault(self, count: int = 1) -> None:
        """Counts queries that the fault being handled, one of Mercury's own, has lost."""
        self.faults += count
        tell_fault("Mercury could not record a query.")

    @property
    def ignored(self) -> Ignored:
        """The rules around the unit, and what came inside the block of another."""
        return Ignored(self._ignoring, self._ignored)

    def note_ignored(self, fingerprint: int, path: int) -> None:
        """Counts an event under each rule in whose block it comes; those around the unit need no count."""
        inside = self._ignored
        for rule in ignoring.get()[len(self._ignoring) :]:
            key = (rule, fingerprint, path)
            if key in inside or len(inside) < MAX_IGNORED:
                inside[key] = inside.get(key, 0) + 1

    def flush(self, lane: Any) -> None:
        """Sends a lane's block to the core and empties it."""
        with self._lock:
            self._send(lane)

    def _send(self, lane: Any) -> None:
        values = _take(lane)
        if self.closed or not values:
            return
        self._show(values)
        try:
            self._cross(values)
        except Exception:
            self.note_fault(len(values) // EVENT_INTEGERS)
            # The core knows the lane's last path no longer, so the next query may not build on it.
            lane.lose_track()

    def _show(self, values: List[int]) -> None:
        """Shows events to whoever keeps or counts them, before they are folded."""
        room = process.kept_events * EVENT_INTEGERS - len(self.kept)
        if room > 0:
            self.kept += tuple(values[:room])
        if self.tally is not None:
            try:
                self.tally.take(self, values)
            except Exception:
                tell_fault("Mercury could not count queries.")

    def _cross(self, values: List[int]) -> None:
        core = self._asked()
        # Paths first: an event may only name a path that the core knows.
        fresh = self.paths.packed[self._sent_paths :]
        if fresh:
            lengths = itertools.chain((0,), (len(path) // FRAME_BYTES for path in fresh))
            offsets = array("q", itertools.accumulate(lengths))
            core.add_paths(memoryview(b"".join(fresh)).cast("q"), offsets)
            self._sent_paths += len(fresh)
        # An array takes twice as long to fill from Python's integers.
        core.add_events(memoryview(struct.pack(f"{len(values)}q", *values)).cast("q"))

    def close(self) -> Evidence:
        """Ends the unit: folds what is left, drops every frame, and gives what was found."""
        with self._lock:
            try:
                totals, groups, duplicates = self._alone() or self._folded()
                found = (totals, groups, duplicates, self.paths, self.statements, self.sightings, self.spawn_loops)
                notes = self._notes(totals, groups)
                # What a class of named tuples has as its own `__new__` takes twice as long.
                return tuple.__new__(Evidence, (*found, list(self.databases), notes, self.paths, (), self.kept))
            finally:
                self._end()

    def _alone(self) -> Optional[Folded]:
        """What was found, if that shows without the core: it has had nothing yet, and no statement comes twice."""
        if self._core is not None:
            return None
        held: List[int] = []
        for lane in self.lanes.values():
            if len(lane.events) > _MAX_ALONE:
                return None
            held += lane.events
            for event in lane.within:
                held += event
        found = alone.fold(held)
        if found is None:
            return None
        if process.kept_events or self.tally is not None:
            self._show(held)
        return (*found, [])

    def _folded(self) -> Folded:
        for lane in self.lanes.values():
            self._send(lane)
        core = self._asked()
        return core.totals(), core.groups(), core.duplicates()

    def _asked(self) -> Any:
        """The core's trace, which comes with the first block that it is asked about."""
        if self._core is None:
            self._core = backend().module.Trace(_SEED)
        return self._core

    def _end(self) -> None:
        if not self.closed:
            self._leave_process()
        self.closed = self.is_apart = True
        for lane in self.lanes.values():
            lane.release()
        self.lanes.clear()
        self.root = None
        if self._core is not None:
            self._core.close()

    def _leave_process(self) -> None:
        with process.lock:
            process.open_count -= 1

    def _notes(self, totals: Totals, groups: List[Group]) -> List[str]:
        unattributed = process.unattributed - self._unattributed_before
        notes = []
        if unattributed:
            notes.append(f"{queries(unattributed)} ran meanwhile in a thread or task that belongs to no unit of work")
        if totals.ungrouped_count:
            notes.append(f"{queries(totals.ungrouped_count)} came without a usable call path and could not be judged")
        is_long = totals.event_count > TRACE_MAX_PARAMETERS
        if is_long and sum(group.distinct_count for group in groups) > TRACE_MAX_PARAMETERS:
            first = f"only the first {TRACE_MAX_PARAMETERS:,} different parameters were compared"
            notes.append(f"{first}: later duplicates are not told")
        if len(self.lanes) > TRACE_MAX_LANES:
            notes.append(f"only the first {TRACE_MAX_LANES} threads were told apart")
        if self.faults:
            notes.append(f"{queries(self.faults)} could not be recorded because of a fault inside Mercury")
        return notes


class LeftOut:
    """Stands in the place of a unit that the settings leave out, so that its queries are not missed by others."""

    is_left_out = True
    is_light = False
    is_apart = True
    closed = True
    cache_hits = 0
    cache_misses = 0

    def __init__(self, parent: Any) -> None:
        self.parent = parent


_MAX_ALONE = alone.MAX_EVENTS * EVENT_INTEGERS


def _joined(events: List[int], within: List[List[int]]) -> List[int]:
    return [*events, *itertools.chain.from_iterable(within)] if within else events


def _take(lane: Any) -> List[int]:
    """The integers of all events that a lane has not sent.

    The lane goes on with new lists: a query that still runs has its place in the old ones, and what a
    finalizer sends meanwhile is not lost.
    """
    events, lane.events = lane.events, []
    within, lane.within = lane.within, []
    return _joined(events, within)


def queries(count: int) -> str:
    """A number of queries in words."""
    return "1 query" if count == 1 else f"{count:,} queries"
