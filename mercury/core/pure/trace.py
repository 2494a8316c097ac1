"""The statements of one unit of work, folded into totals, groups and duplicates; the twin of trace.c.

    events --> totals
           --> groups      one per (fingerprint, database, call path)
           --> duplicates  one per (fingerprint, database, parameters) seen twice

No event is kept. What an earlier statement and a later one share is read off the lane's
stack, which says for each frame of the last path since which event it has been standing:

    event 3   view  helper  get      standing since   3  3  3
    event 4   view  helper  get                       3  4  4    shared = 1: helper ran again
    event 5   view  helper  other                     3  4  5    shared = 2

    event 5 shares with event 4 the frames that stand since 4 or earlier (2), and with
    event 3 those that stand since 3 (1).

These numbers never fall from the outermost frame to the innermost, hence the bisection.
"""

from bisect import bisect_right
from typing import Dict, List, Optional, Sequence, Tuple

from mercury.core._integers import Integers, integers
from mercury.core.pure.error import INVALID_ARGUMENT, LIMIT_EXCEEDED, MESSAGES, failure
from mercury.core.pure.loop_proof import NO_LOOP, Path, compare
from mercury.core.records import (
    EVENT_FAILED,
    EVENT_MANY,
    EVENT_TRANSACTION,
    EVENT_WRITE,
    LOOP_CALLED,
    LOOP_NONE,
    LOOP_OPERATION,
    LOOP_RECURSION,
    LOOP_REPEATED,
    TRACE_DUPLICATE_PLACES,
    TRACE_MAX_FRAMES,
    TRACE_MAX_GROUPS,
    TRACE_MAX_LANES,
    TRACE_MAX_PARAMETERS,
    TRACE_MAX_PATHS,
    Duplicate,
    Event,
    Group,
    Totals,
    Verdict,
)
from mercury.errors import MercuryError, from_code

_LARGEST = (1 << 63) - 1

_NOT_COMPARED = EVENT_FAILED | EVENT_MANY | EVENT_WRITE

_STRENGTH = {LOOP_NONE: 0, LOOP_OPERATION: 1, LOOP_CALLED: 2, LOOP_RECURSION: 3, LOOP_REPEATED: 4}
"""How much a verdict says; a group keeps the strongest that it got."""

_PROOF = _STRENGTH[LOOP_CALLED]
"""The strength from which on a verdict proves a loop."""


class _Lane:
    """One thread: since which event each frame of its last path has been standing."""

    def __init__(self) -> None:
        self.since: List[int] = []

    def enter(self, event: int, length: int, shared: int) -> None:
        self.since[shared:] = [event] * (length - shared)

    def shared_with(self, event: int) -> int:
        """How many frames of the last path were there, as the same activations, at `event`."""
        return bisect_right(self.since, event)


class _Group:
    """The statements of one (fingerprint, database, path)."""

    def __init__(self, index: int, event: Event, number: int) -> None:
        self.index = index
        self.fingerprint = event.fingerprint
        self.database = event.database
        self.path = event.path
        self.count = 0
        self.operation_count = 0
        self.failed_count = 0
        self.flags = 0
        self.duration_ns = 0
        self.longest_ns = 0
        self.first_event = number
        self.last_event = -1
        self.last_lane = -1
        self.distinct_count = 0
        self.loop = LOOP_NONE
        self.loop_depth = -1
        self.outer_loop_depth = -1
        self.proven_count = 0

    def add(self, event: Event, number: int) -> None:
        self.count += 1
        self.failed_count += event.flags & EVENT_FAILED != 0
        self.flags |= event.flags
        self.duration_ns = _saturating_sum(self.duration_ns, event.duration_ns)
        self.longest_ns = max(self.longest_ns, event.duration_ns)
        self.last_event = number
        self.last_lane = event.lane

    def note(self, verdict: Verdict) -> None:
        """Keeps the strongest verdict, and the innermost and outermost frame that a proof named."""
        if _STRENGTH[verdict.loop] > _STRENGTH[self.loop]:
            self.loop = verdict.loop
        if _proves(verdict) and verdict.depth >= 0:
            self.loop_depth = max(self.loop_depth, verdict.depth)
            outer = self.outer_loop_depth
            self.outer_loop_depth = verdict.depth if outer < 0 else min(outer, verdict.depth)

    def record(self) -> Group:
        return Group(*(getattr(self, name) for name in Group._fields))


class _ParameterSet:
    """One set of parameters of one statement; a duplicate from its second event on."""

    def __init__(self, number: int) -> None:
        self.count = 0
        self.duration_ns = 0
        self.first_event = number
        self.last_event = number
        self.place_count = 0
        self.places: List[int] = []

    def add(self, event: Event, number: int, group: int) -> None:
        self.count += 1
        self.duration_ns = _saturating_sum(self.duration_ns, event.duration_ns)
        self.last_event = number
        if group not in self.places:
            self.place_count += 1
            if len(self.places) < TRACE_DUPLICATE_PLACES:
                self.places.append(group)


_Site = Tuple[int, int, Tuple[int, int, int]]
"""Fingerprint, database, and the instruction that entered the operation: the entry before the path's last."""


def _site(event: Event, path: Path) -> _Site:
    return event.fingerprint, event.database, path[-2 if len(path) > 1 else -1]


class Trace:
    """One unit of work. Used under a lock by its owner; a context manager that closes itself."""

    def __init__(self, seed: int) -> None:
        """`seed` keys the native tables against chosen collisions; a dict needs none."""
        self._closed = False
        self._paths: List[Path] = []
        self._frame_count = 0
        self._lanes: Dict[int, _Lane] = {}
        self._groups: Dict[Tuple[int, int, int], _Group] = {}
        self._last_group: Dict[_Site, _Group] = {}
        self._parameters: Dict[Tuple[int, int, int], _ParameterSet] = {}
        self._event_count = 0
        self._transaction_count = 0
        self._failed_count = 0
        self._write_count = 0
        self._duration_ns = 0
        self._duplicate_count = 0
        self._ungrouped_count = 0

    def __enter__(self) -> "Trace":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Drops everything. May be called again; any other call raises InvalidArgumentError."""
        if not self._closed:
            Trace.__init__(self, 0)
            self._closed = True

    def add_paths(self, frames: Integers, offsets: Integers) -> None:
        """Adds call paths, which get the next indexes from 0. All or nothing.

        `frames` holds three integers a frame; path i is frames[offsets[i]] up to
        frames[offsets[i + 1]], outermost first, at least one frame.
        """
        self._check_open()
        with integers(frames, 3) as frame_view, integers(offsets) as offset_view:
            flat, bounds = frame_view.tolist(), offset_view.tolist()
        entries: Path = list(zip(flat[0::3], flat[1::3], flat[2::3]))
        for index, (start, end) in enumerate(zip(bounds, bounds[1:])):
            if not 0 <= start < end <= len(entries):
                raise failure(INVALID_ARGUMENT, index)
        paths = [entries[start:end] for start, end in zip(bounds, bounds[1:])]
        if len(self._paths) + len(paths) > TRACE_MAX_PATHS:
            raise failure(LIMIT_EXCEEDED, TRACE_MAX_PATHS)
        frame_count = self._frame_count + sum(map(len, paths))
        if frame_count > TRACE_MAX_FRAMES:
            raise failure(LIMIT_EXCEEDED, TRACE_MAX_FRAMES)
        self._paths += paths
        self._frame_count = frame_count

    def add_events(self, events: Integers) -> None:
        """Adds events, nine integers each, in the order in which their lanes sent them. All or nothing."""
        self._check_open()
        with integers(events, len(Event._fields)) as view:
            fields = iter(view.tolist())
        block = [Event(*row) for row in zip(*[fields] * len(Event._fields))]
        self._check_block(block)
        for event in block:
            self._add(event)

    def totals(self) -> Totals:
        self._check_open()
        return Totals(
            self._event_count,
            self._event_count - self._transaction_count,
            self._transaction_count,
            self._failed_count,
            self._write_count,
            self._duration_ns,
            len(self._groups),
            self._duplicate_count,
            self._ungrouped_count,
        )

    def groups(self) -> List[Group]:
        """All groups, in order of their first event."""
        self._check_open()
        return [group.record() for group in self._groups.values()]

    def duplicates(self) -> List[Duplicate]:
        """All duplicates, in order of their first event."""
        self._check_open()
        return [
            Duplicate(
                *key,
                found.count,
                found.duration_ns,
                found.first_event,
                found.last_event,
                found.place_count,
                tuple(found.places + [-1] * (TRACE_DUPLICATE_PLACES - len(found.places))),
            )
            for key, found in self._parameters.items()
            if found.count > 1
        ]

    def _check_open(self) -> None:
        if self._closed:
            raise _closed_failure()

    def _check_block(self, block: Sequence[Event]) -> None:
        """Refuses the block for its first wrong event, before anything of it is added."""
        depth_of_lane = {lane: len(stack.since) for lane, stack in self._lanes.items()}
        for index, event in enumerate(block):
            if not -1 <= event.path < len(self._paths) or event.lane < 0 or event.database < 0:
                raise failure(INVALID_ARGUMENT, index)
            if event.path < 0:
                length, bound = 0, 0
            else:
                length = len(self._paths[event.path])
                bound = min(length, depth_of_lane.get(event.lane, 0))
            if not 0 <= event.shared <= bound or (event.path >= 0 and event.lane >= TRACE_MAX_LANES):
                raise failure(INVALID_ARGUMENT, index)
            if event.path >= 0:
                depth_of_lane[event.lane] = length

    def _add(self, event: Event) -> None:
        number = self._event_count
        if event.duration_ns < 0:
            event = event._replace(duration_ns=0)
        self._count(event)
        if event.path >= 0:
            lane = self._lanes.setdefault(event.lane, _Lane())
            lane.enter(number, len(self._paths[event.path]), event.shared)
        if event.flags & EVENT_TRANSACTION:
            return
        group = self._group_of(event, number)
        if group is None:
            self._ungrouped_count += 1
            return
        self._prove(group, event)
        group.add(event, number)
        self._last_group[_site(event, self._paths[event.path])] = group
        group.distinct_count += self._is_new_to_statement(event, number, group.index)

    def _count(self, event: Event) -> None:
        self._event_count += 1
        self._transaction_count += event.flags & EVENT_TRANSACTION != 0
        self._failed_count += event.flags & EVENT_FAILED != 0
        self._write_count += event.flags & EVENT_WRITE != 0
        self._duration_ns = _saturating_sum(self._duration_ns, event.duration_ns)

    def _group_of(self, event: Event, number: int) -> Optional[_Group]:
        """The event's group, or None if its path was not measured or there is no room for one more."""
        if event.path < 0:
            return None
        key = (event.fingerprint, event.database, event.path)
        group = self._groups.get(key)
        if group is None and len(self._groups) < TRACE_MAX_GROUPS:
            group = self._groups[key] = _Group(len(self._groups), event, number)
        return group

    def _prove(self, group: _Group, event: Event) -> None:
        """Compares the event with its group's last one and, where that proves nothing, with its site's."""
        own = self._compare(group, event) if group.count else NO_LOOP
        group.note(own)
        # A part of an operation is not one more operation, but a group has at least one.
        group.operation_count += own.loop != LOOP_OPERATION
        proven = _proves(own)
        other = self._last_group.get(_site(event, self._paths[event.path]))
        if not proven and other is not None and other is not group:
            verdict = self._compare(other, event)
            group.note(verdict)
            proven = _proves(verdict)
            if proven and _STRENGTH[other.loop] < _PROOF:
                other.note(self._seen_from(other, group, verdict))
        group.proven_count += proven

    def _compare(self, group: _Group, event: Event) -> Verdict:
        """The verdict on `event`, whose lane has just entered its path, and the last event of `group`."""
        same_lane = group.last_lane == event.lane
        shared = self._lanes[event.lane].shared_with(group.last_event) if same_lane else 0
        return compare(self._paths[group.path], self._paths[event.path], shared)

    def _seen_from(self, other: _Group, group: _Group, verdict: Verdict) -> Verdict:
        """`verdict` for the earlier statement's path: the depth holds only if the same code stands there."""
        path, depth = self._paths[other.path], verdict.depth
        if 0 <= depth < len(path) and path[depth][0] == self._paths[group.path][depth][0]:
            return verdict
        return Verdict(verdict.loop, -1)

    def _is_new_to_statement(self, event: Event, number: int, group: int) -> bool:
        """True unless this statement was sent with the same parameters before."""
        if event.parameters == 0 or event.flags & _NOT_COMPARED:
            return True
        key = (event.fingerprint, event.database, event.parameters)
        known = self._parameters.get(key)
        if known is None:
            if len(self._parameters) < TRACE_MAX_PARAMETERS:
                known = self._parameters[key] = _ParameterSet(number)
                known.add(event, number, group)
            return True
        known.add(event, number, group)
        self._duplicate_count += known.count == 2
        return False


def _proves(verdict: Verdict) -> bool:
    return _STRENGTH[verdict.loop] >= _PROOF


def _saturating_sum(one: int, other: int) -> int:
    return min(one + other, _LARGEST)


def _closed_failure() -> MercuryError:
    return from_code(INVALID_ARGUMENT, MESSAGES[INVALID_ARGUMENT], hint="the trace is closed")
