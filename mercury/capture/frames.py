"""Where in the program a query was sent: the call path, and which frames of it are the same
activations as at the thread's last query.

    outermost                                                    innermost
    root of the unit   view   render   get_author  [QuerySet.get]   compiler, cursor ...
    |<------------------ entries of the path -------------------->|<-- not recorded -->|
    |<-- same activations as last time -->|<------ new ------>|

The walk starts at the innermost frame and ends at the first frame that the last path
holds as well: from there out nothing can have moved. So a query in a loop costs the
frames below the loop and not the whole stack. A generator or coroutine does not end the
walk, because its caller changes from one resumption to the next.
"""

from types import FrameType
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from mercury.capture.bytecode import stable_offset
from mercury.capture.code import CUT, ELEMENT, GENERATOR, PLUMBING, RAW, classify, kinds, reader_of
from mercury.trace import PathEntry, PathTable

MAX_DEPTH = 1000
"""Frames that a walk looks at before it gives up on the call path."""


class CallPath(NamedTuple):
    """Where a thread stands: a path's index, and how much of it is as before."""

    index: int
    shared: int


NOT_MEASURED = CallPath(-1, 0)


class Lane:
    """One thread within one unit of work: the frames of its last path, and its unsent events.

    The frames are dropped at the next query and when the unit closes: holding them is
    what tells the same activation from the same code run again.
    """

    __slots__ = ("_depths", "_frames", "_last", "_shortcuts", "events", "number", "root")

    def __init__(self, number: int, root: Optional[FrameType]) -> None:
        self.number = number
        self.root = root
        self.events: List[Tuple[int, ...]] = []
        self._last = -1
        self._frames: List[Optional[FrameType]] = []
        self._depths: Dict[FrameType, int] = {}
        self._shortcuts: Dict[Tuple[int, ...], int] = {}

    def release(self) -> None:
        """Drops every frame that the lane holds."""
        self.root = None
        self._lose_track()

    def shared_frame(self, shared: int) -> Optional[FrameType]:
        """The innermost activation that the last two queries have in common."""
        return self._frames[shared - 1] if 0 < shared <= len(self._frames) else None

    def operation_frame(self) -> Optional[FrameType]:
        """The frame at which the last query entered the ORM or the driver."""
        return self._frames[-1] if self._frames else None

    def walk(self, frame: FrameType, table: PathTable) -> CallPath:
        """The call path of a query sent by `frame`, which must be running in this thread."""
        operation: FrameType = frame
        current: Optional[FrameType] = frame
        kind = PLUMBING
        while current is not None:
            code = current.f_code
            kind = kinds.get(id(code), -1)
            if kind < 0:
                kind = classify(code)
            if not kind & PLUMBING:
                break
            operation = current
            current = current.f_back
        return self._walk_callers(operation, current, table)

    def _walk_callers(self, operation: FrameType, caller: Optional[FrameType], table: PathTable) -> CallPath:
        depths = self._depths
        root = self.root
        fresh: List[FrameType] = [operation]
        current = caller
        stop = -1
        while current is not None:
            code = current.f_code
            kind = kinds.get(id(code), -1)
            if kind < 0:
                kind = classify(code)
            if kind & CUT:
                # An executor's own frames: the same worker serves unrelated callers.
                return self._lose_track()
            depth = depths.get(current, -1)
            if depth >= 0 and not kind & GENERATOR:
                stop = depth
                break
            fresh.append(current)
            if current is root:
                break
            if len(fresh) > MAX_DEPTH:
                return self._lose_track()
            current = current.f_back
        fresh.reverse()
        if stop < 0:
            return self._remember(0, fresh, table)
        # The frame at which the walk ended may stand at another instruction by now.
        fresh.insert(0, self._frames[stop])  # type: ignore[arg-type]
        return self._remember(stop, fresh, table)

    def _lose_track(self) -> CallPath:
        self._frames = []
        self._depths = {}
        self._last = -1
        return NOT_MEASURED

    def _remember(self, kept: int, fresh: List[FrameType], table: PathTable) -> CallPath:
        numbers: List[int] = [self._last, kept]
        for frame in fresh:
            code = frame.f_code
            identity = id(code)
            numbers.append(identity)
            numbers.append(frame.f_lasti)
            numbers.append(_element_number(frame, table) if kinds.get(identity, 0) & ELEMENT else 0)
        shared = self._share(kept, fresh)
        key = tuple(numbers)
        index = self._shortcuts.get(key, -1)
        if index < 0:
            index = self._shortcuts[key] = self._intern(kept, fresh, table)
        self._last = index
        return CallPath(index, shared) if index >= 0 else self._lose_track()

    def _share(self, kept: int, fresh: List[FrameType]) -> int:
        """Replaces the frames from `kept` on, and counts how many of all are the same activations as before."""
        frames = self._frames
        depths = self._depths
        shared = kept
        for frame in fresh:
            if shared >= len(frames) or frames[shared] is not frame:
                break
            shared += 1
        for old in frames[shared:]:
            if old is not None:
                depths.pop(old, None)
        del frames[shared:]
        for frame in fresh[shared - kept :]:
            depths[frame] = len(frames)
            frames.append(frame)
        if kinds.get(id(fresh[-1].f_code), 0) & RAW and len(frames) > shared:
            # A raw cursor's frame would keep the cursor, and with it a read lock, alive.
            depths.pop(fresh[-1], None)
            frames[-1] = None
        return shared

    def _intern(self, kept: int, fresh: List[FrameType], table: PathTable) -> int:
        """The index of the path; the slow way, for a step that this lane has not taken before."""
        numbers: List[int] = []
        entries: List[PathEntry] = []
        if kept:
            numbers.extend(table.numbers[self._last][: 3 * kept])
            entries.extend(table.paths[self._last][:kept])
        for frame in fresh:
            code = frame.f_code
            offset = stable_offset(code, frame.f_lasti)
            element = _element(frame)
            numbers += (id(code), offset, 0 if element is None else table.element_number(element))
            entries.append(PathEntry(code, offset, element))
        return table.index(tuple(numbers), entries)


def _element(frame: FrameType) -> Any:
    reader = reader_of(frame.f_code)
    if reader is None:
        return None
    try:
        return reader(frame)
    except Exception:
        # Another version of the library names its variables differently: the frame
        # then stands for itself, which can only make two places look like one.
        return None


def _element_number(frame: FrameType, table: PathTable) -> int:
    element = _element(frame)
    return 0 if element is None else table.element_number(element)
