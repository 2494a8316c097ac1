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

Most queries come the way that the same text came before. So each text's last way is kept
as its route, and a walk first checks both ends of it: the frame at which the operation
began, and everything outside of that.
"""

import sys
from types import CodeType, FrameType
from typing import Any, Dict, List, Optional, Tuple

from mercury.capture import spawning, ways
from mercury.capture.bytecode import stable_offset
from mercury.capture.code import CUT, ELEMENT, GENERATOR, ONE_BY_ONE, PLUMBING, RAW, SAVE, kind_of, kinds
from mercury.capture.elements import Mark, element_of, mark_of, marks_of, number_of
from mercury.capture.loops import Seen
from mercury.capture.spawning import Spawn
from mercury.capture.statements import Statement
from mercury.capture.ways import Way
from mercury.core.records import TRACE_MAX_LANES
from mercury.trace import FRAME_BYTES, PathEntry, PathTable

MAX_DEPTH = 1000
"""Frames that a walk looks at before it gives up on the call path."""

MAX_ENTRIES = 16384
"""Places in the program whose entries are kept from one unit to the next."""


CallPath = Tuple[int, int]
"""A path's index, and how many of its outermost frames are the same activations as last time."""

NOT_MEASURED: CallPath = (-1, 0)

_getframe = sys._getframe


Recorded = Tuple[Tuple[CodeType, int, Optional[Mark]], ...]
"""Frames from the operation outward, as (code, offset, element)."""


class Route:
    """How a text came last in one lane, with what is known of it; `path` is -1 until it came twice by known frames.

    `skipped` counts the frames between the sender and the operation, `depth` is the index
    of the known frame at which the walk ended, `path_before` a path of the lane that is equal outside of that.
    `text` is the text where it may be kept, `way` how it came in earlier units.
    `is_chain`: each of the recorded frames is held by the one inside of it.
    """

    __slots__ = (
        "alias",
        "database",
        "depth",
        "fingerprint",
        "flags",
        "is_chain",
        "is_known",
        "is_repeated",
        "looked_path",
        "path",
        "path_before",
        "recorded",
        "skipped",
        "stop_element",
        "stop_offset",
        "text",
        "turns",
        "variant",
        "way",
    )

    def __init__(self, statement: Statement, alias: str, database: int) -> None:
        self.fingerprint = statement.fingerprint
        self.flags = statement.flags
        self.variant = statement.variant
        self.alias = alias
        self.database = database
        self.text: Optional[str] = None
        self.way: Optional[Way] = None
        self.is_repeated = False
        self.is_known = False
        self.is_chain = False
        self.looked_path = -2
        self.turns = 0
        self.path = -1
        self.path_before = -1
        self.skipped = 0
        self.recorded: Recorded = ()
        self.depth = 0
        self.stop_offset = 0
        self.stop_element: Optional[Mark] = None


class Lane:
    """One thread within one unit of work: the frames of its last path, and its unsent events.

    `events` has the integers of all events one behind the other, as the core takes them, `within` those
    of events that were sent while `is_busy`.

    The frames are dropped at the next query and when the unit closes: holding them is
    what tells the same activation from the same code run again. Where each of the innermost ones holds the one around
    it, the two at the ends of this chain stand for all, and for what comes behind the list, until somebody asks.

    `is_busy` is set while a query is recorded: a finalizer or signal handler may then send another one.
    `is_at_home`: the thread opened the unit; `spawn` is who started the work that another one does.
    """

    __slots__ = (
        "_before",
        "_chain",
        "_chain_end",
        "_depths",
        "_frames",
        "_is_at_home",
        "_last",
        "events",
        "is_busy",
        "number",
        "root",
        "routes",
        "seen",
        "spawn",
        "turns",
        "within",
    )

    def __init__(self, number: int, root: Optional[FrameType], is_at_home: bool = True) -> None:
        self.number = number
        self.root = root
        self._is_at_home = is_at_home
        self.spawn: Optional[Spawn] = None
        self.is_busy = False
        self.events: List[int] = []
        self.within: List[List[int]] = []
        self.routes: Dict[str, Route] = {}
        self.turns: Dict[Tuple[int, int], int] = {}
        self.seen = Seen()
        self._before = -1
        self._last = -1
        self._frames: List[Any] = []
        self._depths: Optional[Dict[Any, int]] = None
        self._chain: Optional[FrameType] = None
        self._chain_end: Optional[FrameType] = None

    def release(self) -> None:
        """Drops every frame that the lane holds."""
        self.root = None
        self.turns.clear()
        self.lose_track()

    def shared_frame(self, shared: int) -> Optional[FrameType]:
        """The innermost activation that the last two queries have in common."""
        frames = self.stack()
        frame = frames[shared - 1] if 0 < shared <= len(frames) else None
        return frame if isinstance(frame, FrameType) else None

    def stands_again(self, shared: int, table: PathTable) -> bool:
        """Is that activation at the instruction at which it was for the earlier one of the two?

        A call of something that loops, written in C, is one instruction; whoever has gone on has not looped there.
        """
        if shared <= 0 or self._before < 0:
            return False
        place = slice(FRAME_BYTES * (shared - 1), FRAME_BYTES * shared)
        return table.packed[self._before][place] == table.packed[self._last][place]

    def stack(self) -> List[Any]:
        """The frames of the last query's call path, outermost first; something else for one that is not held."""
        if self._chain is not None:
            self._depths = None
            self._frames += _chain(self._chain, self._chain_end)[::-1]
            self._chain = self._chain_end = None
        return self._frames

    def change_path(self, route: Route, path: int) -> int:
        """Goes on counting the queries that a route's statement sent from another path than last time."""
        self.turns[route.fingerprint, route.looked_path] = route.turns
        route.looked_path = path
        route.turns = self.turns.get((route.fingerprint, path), 0) + 1
        return route.turns

    def walk(self, route: Route, table: PathTable, above: int) -> CallPath:
        """The call path of a text that is about to be sent by the frame `above` levels above this one.

        The hot spot of the package. It takes the text's last route, or explores another one.
        """
        path = route.path
        depth = route.depth
        self._before = self._last
        if path < 0 or (route.path_before != self._last and not self._same_start(route, table)):
            return self._follow(route, table, above + 1) or self._explore(_getframe(above), route, table)
        frames = self._frames if depth < len(self._frames) else self.stack()
        try:
            current: Any = _getframe(above + route.skipped)
            operation = end = current
            for code, offset, mark in route.recorded:
                if current.f_lasti != offset or current.f_code is not code:
                    return self._explore(_getframe(above), route, table)
                if mark is not None and not mark.is_at(current, mark) and mark.number != number_of(current, table):
                    return self._explore(_getframe(above), route, table)
                end = current
                current = current.f_back
            mark = route.stop_element
            if (
                current is not frames[depth]
                or current.f_lasti != route.stop_offset
                or (mark is not None and not mark.is_at(current, mark) and mark.number != number_of(current, table))
            ):
                return self._explore(_getframe(above), route, table)
        except (ValueError, AttributeError):
            # The stack is less deep than the route.
            return self._explore(_getframe(above), route, table)
        self._last = path
        kept = depth + 1
        is_longer = kept < len(frames)
        if not route.is_chain or end is (frames[kept] if is_longer else self._chain_end):
            self.stack()
            return path, self._replace(kept, _chain(operation, end))
        if is_longer:
            self._depths = None
            del frames[kept:]
        self._chain, self._chain_end = operation, end
        if depth < self.seen.still:
            self.seen.still = depth
        return path, kept

    def _same_start(self, route: Route, table: PathTable) -> bool:
        """Whether the last path and the route's are equal outside of the known frame; the route remembers a yes."""
        if self._last < 0:
            return False
        last, outside = table.packed[self._last], FRAME_BYTES * route.depth
        if outside >= len(last) or last[:outside] != table.packed[route.path][:outside]:
            return False
        route.path_before = self._last
        return True

    def _follow(self, route: Route, table: PathTable, above: int) -> Optional[CallPath]:
        """The path of a text that comes the way that it came in earlier units; None where it does not."""
        way = route.way
        if way is None:
            return None
        frames = self.stack()
        held = len(frames)
        depth = len(way.frames)
        try:
            current: Any = _getframe(above + way.skipped)
            operation = end = current
            for code, offset, element in way.frames:
                if current.f_lasti != offset or current.f_code is not code:
                    return None
                if element is not None and element_of(current) != element:
                    return None
                depth -= 1
                if depth < held and current is frames[depth] and current is not operation:
                    return self._arrive_by(way, operation, end, depth, route, table)
                end = current
                current = current.f_back
        except (ValueError, AttributeError):
            # The stack is less deep than the way.
            return None
        if held or end is not self.root:
            return None
        self.spawn = None
        return self._hold(table.index_of(way.pack(0, table)), 0, operation, end)

    def _arrive_by(
        self, way: Way, operation: FrameType, end: FrameType, depth: int, route: Route, table: PathTable
    ) -> CallPath:
        """Ends a walk along a way at a known frame, around the last of the fresh ones."""
        path = table.index_of(table.packed[self._last][: FRAME_BYTES * depth] + way.pack(depth, table))
        if route.is_known:
            route.skipped = way.skipped
            route.is_chain = True
            self._note_route(route, path, depth, _chain(operation, end), table)
        route.is_known = True
        return self._hold(path, depth + 1, operation, end)

    def _hold(self, path: int, kept: int, operation: FrameType, end: FrameType) -> CallPath:
        """Puts the chain of these two frames in the place of the frames from `kept` on."""
        if path < 0:
            return self.lose_track()
        frames = self._frames
        self._last = path
        if kept < len(frames):
            if frames[kept] is end:
                return path, self._replace(kept, _chain(operation, end))
            self._depths = None
            del frames[kept:]
        self._chain, self._chain_end = operation, end
        if kept <= self.seen.still:
            self.seen.still = max(0, kept - 1)
        return path, kept

    def _explore(self, frame: FrameType, route: Route, table: PathTable) -> CallPath:
        """The path of a text that came another way than before."""
        operation, current = _operation(frame, route)
        fresh = [operation]
        of_fresh = kind_of(operation)
        frames = self.stack()
        depths = self._depths
        if depths is None:
            depths = self._depths = {held: depth for depth, held in enumerate(frames)}
        while current is not None:
            kind = kinds.get(id(current.f_code), -1)
            if kind < 0:
                kind = kind_of(current)
            if kind & CUT:
                # A worker's own frames say nothing: it serves unrelated callers.
                spawn = spawning.behind(kind, table)
                return self.lose_track() if spawn is None else self._start(fresh, route, table, spawn)
            if len(fresh) > MAX_DEPTH:
                return self.lose_track()
            depth = depths.get(current, -1)
            if depth >= 0 and not kind & GENERATOR:
                route.is_chain = not of_fresh & (GENERATOR | RAW)
                return self._arrive(current, depth, fresh, route, table)
            of_fresh |= kind
            if current is not operation:
                fresh.append(current)
            if current is self.root:
                return self._start(fresh, route, table, None)
            current = current.f_back
        if self._is_at_home:
            return self._start(fresh, route, table, None)
        return self._start(fresh, route, table, spawning.behind(0, table) or spawning.from_nowhere(table))

    def _start(self, fresh: List[FrameType], route: Route, table: PathTable, spawn: Optional[Spawn]) -> CallPath:
        """Ends a walk that met no known frame: at the root, or below what `spawn` stands for."""
        self.spawn = spawn
        if spawn is None:
            path = _intern(b"", fresh, table)
            self._note_way(route, fresh, path, table)
            return self._settle(path, self._replace(0, fresh))
        path = _intern(spawn.path, fresh, table)
        # The spawn itself stands in for the frames of the caller, which are not held.
        return self._settle(path, self._replace(0, [*fresh, *[spawn] * (len(spawn.path) // FRAME_BYTES)]))

    def _arrive(self, stop: FrameType, depth: int, fresh: List[FrameType], route: Route, table: PathTable) -> CallPath:
        """Ends a walk at a known frame, which alone may have moved. Notes the way of a text that came before."""
        path = _intern(table.packed[self._last][: FRAME_BYTES * depth], [*fresh, stop], table)
        # Most texts come once in a unit, and noting the way would be a good part of what they cost.
        if route.is_known:
            self._note_route(route, path, depth, fresh, table)
        route.is_known = True
        self._note_way(route, [*fresh, *self._frames[depth::-1]], path, table)
        return self._settle(path, self._replace(depth + 1, fresh))

    def _note_route(self, route: Route, path: int, depth: int, fresh: List[FrameType], table: PathTable) -> None:
        """Notes how a text has come through fresh frames to the known one at this depth."""
        stop = self._frames[depth]
        route.path = path
        route.path_before = self._last
        route.recorded = tuple(
            [(frame.f_code, frame.f_lasti, mark) for frame, mark in zip(fresh, marks_of(fresh, table))]
        )
        route.depth = depth
        route.stop_offset = stop.f_lasti
        route.stop_element = mark_of(stop, table)

    def _note_way(self, route: Route, frames: List[Any], path: int, table: PathTable) -> None:
        """Notes for later units how a text has come, if nothing but calls lies between its operation and the root."""
        if route.text is not None and path >= 0 and self.spawn is None and frames[-1] is self.root:
            ways.note(route.text, route.skipped, frames, path, table)

    def _settle(self, path: int, shared: int) -> CallPath:
        if path < 0:
            return self.lose_track()
        self._last = path
        return path, shared

    def _replace(self, kept: int, fresh: List[Any]) -> int:
        """Puts `fresh`, innermost first, in the place of the frames from `kept` on; how many of all are as before."""
        frames = self._frames
        shared = kept
        is_raw = _is_raw(fresh[0])
        # The innermost frame that is kept stands elsewhere by now.
        if kept <= self.seen.still:
            self.seen.still = max(0, kept - 1)
        # A generator that was passed may be the same activation, resumed from elsewhere.
        while fresh and shared < len(frames) and frames[shared] is fresh[-1]:
            shared += 1
            fresh.pop()
        fresh.reverse()
        if self._depths is not None:
            self._change_depths(self._depths, shared, fresh)
        frames[shared:] = fresh
        if is_raw:
            # A raw cursor's frame would keep the cursor, and with it a read lock, alive.
            frames[-1] = self._depths = None
            shared = min(shared, len(frames) - 1)
        return shared

    def _change_depths(self, depths: Dict[Any, int], shared: int, fresh: List[Any]) -> None:
        """Keeps up with a stack of which little has changed: going over all of it is most of a short walk."""
        for frame in self._frames[shared:]:
            depths.pop(frame, None)
        for depth, frame in enumerate(fresh, shared):
            depths[frame] = depth

    def lose_track(self) -> CallPath:
        """Forgets where the thread was: the next walk goes out to the root."""
        self.is_busy = False
        self._frames = []
        self._depths = None
        self._chain = self._chain_end = None
        self._last = -1
        self.seen.still = 0
        self.spawn = None
        return NOT_MEASURED


class BlindLane(Lane):
    """A lane beyond the number that the core tells apart: its queries are counted and not judged."""

    __slots__ = ()

    def walk(self, route: Route, table: PathTable, above: int) -> CallPath:
        return NOT_MEASURED


def make_lane(number: int, root: Optional[FrameType], is_at_home: bool) -> Lane:
    """The lane with this number."""
    return Lane(number, root, is_at_home) if number < TRACE_MAX_LANES else BlindLane(TRACE_MAX_LANES - 1, None)


def _operation(frame: FrameType, route: Route) -> Tuple[FrameType, Optional[FrameType]]:
    """The frame at which the program entered the ORM, and the one around it."""
    route.path = -1
    route.skipped = -1
    operation = frame
    current: Optional[FrameType] = frame
    while current is not None:
        kind = kinds.get(id(current.f_code), -1)
        if kind < 0:
            kind = kind_of(current)
        if not kind & PLUMBING or (kind & ONE_BY_ONE and kind_of(operation) & SAVE):
            break
        route.skipped += 1
        operation = current
        current = current.f_back
    return operation, current


def _chain(operation: FrameType, end: Optional[FrameType]) -> List[FrameType]:
    """The frames from the operation out to `end`."""
    current: Any = operation
    frames = [current]
    while current is not end:
        current = current.f_back
        frames.append(current)
    return frames


def _is_raw(operation: FrameType) -> bool:
    return bool(kind_of(operation) & RAW)


_plain: Dict[Tuple[int, int], Tuple[bytes, PathEntry]] = {}
"""Entries of frames that are at no element, and their bytes, by address of the code and by instruction.

An entry keeps its code alive, so an address is never another's.
"""


def _intern(start: bytes, fresh: List[FrameType], table: PathTable) -> int:
    """The index of the path that goes on from `start` through `fresh`, innermost first."""
    parts = [start]
    entries = table.entries
    for frame in reversed(fresh):
        known = _plain.get((id(frame.f_code), frame.f_lasti))
        if known is None:
            parts.append(_pack(frame, table))
        else:
            packed, entry = known
            entries[packed] = entry
            parts.append(packed)
    return table.index_of(b"".join(parts))


def _pack(frame: FrameType, table: PathTable) -> bytes:
    code = frame.f_code
    entry = PathEntry(code, stable_offset(code, frame.f_lasti), element_of(frame))
    packed = table.pack(entry)
    if entry.element is None and not kind_of(frame) & ELEMENT:
        if len(_plain) >= MAX_ENTRIES:
            _plain.clear()
        _plain[id(code), frame.f_lasti] = packed, entry
    return packed
