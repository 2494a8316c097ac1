"""One writer's slots: where its series lie, and what happens where there is no room.

A process has as many writers as ever wrote at once. Whoever wants to write takes one out of a
list and appends it again, so two threads never share one, nor do a thread and the signal
handler or finalizer that interrupts it. No lock is taken.
"""

import os
import time
from typing import Any, Dict, List, Optional, Tuple

from mercury.core import backend
from mercury.core.records import (
    SEGMENT_COUNTER,
    SEGMENT_HISTOGRAM,
    SEGMENT_WRITER,
    SegmentSlot,
)
from mercury.errors import LimitExceededError
from mercury.segment import keys
from mercury.segment.file import SegmentFile
from mercury.segment.folding import claim_first, fold, free_slots

OTHER_COUNTER = 0
OTHER_HISTOGRAM = 1
"""The numbers of the series that take what has no room; all others come after them."""

OTHER_KEY = keys.encode(keys.OTHER, {}) or b""
OTHERS = {SEGMENT_COUNTER: OTHER_COUNTER, SEGMENT_HISTOGRAM: OTHER_HISTOGRAM}


class NoRoomError(Exception):
    """Not one slot of the file is free."""


class Writer:
    """The slots of one writer. One thread at a time."""

    def __init__(self, file: SegmentFile, identity: Tuple[int, int]) -> None:
        """Raises NoRoomError."""
        self._file = file
        self._identity = identity
        self._slots: List[int] = []
        self._end = 0
        self._recorder: Any = backend().module.SegmentRecorder(file.memory)
        self._places: Dict[int, int] = {}
        self._claim()
        for kind, number in OTHERS.items():
            self._add(number, kind, OTHER_KEY)

    def write(self, updates: List[int], series: Dict[int, Tuple[int, bytes]]) -> None:
        """Records pairs of a series' number and a value. `series` has kind and key of each number."""
        record = self._recorder.record
        done = record(updates)
        while 2 * done < len(updates):
            if done < 0:
                raise ValueError("the segment was closed meanwhile")
            updates = updates[2 * done :]
            number = updates[0]
            if number in self._places:
                raise ValueError("a place of this writer is no series any more")
            self._give_place(number, *series[number])
            done = record(updates)

    def abandon(self) -> None:
        """Leaves the slots to whoever folds: an exception may have fallen between two stores."""
        for slot in self._slots:
            self._file.locks.give_back(slot)

    def _give_place(self, number: int, kind: int, key: bytes) -> None:
        """A place for a series: in a slot that there is, in a new one, or that of `other`."""
        if not self._add(number, kind, key):
            try:
                self._claim()
            except NoRoomError:
                self._set_place(number, self._places[OTHERS[kind]])
            else:
                self._add(number, kind, key)

    def _add(self, number: int, kind: int, key: bytes) -> bool:
        """False where the last slot is full."""
        try:
            place, self._end = self._file.memory.add(self._slots[-1], kind, key, self._end)
        except LimitExceededError:
            return False
        self._set_place(number, place)
        return True

    def _set_place(self, number: int, place: int) -> None:
        self._places[number] = place
        self._recorder.set_place(number, place)

    def _claim(self) -> None:
        # First of all, so that workers that follow each other need no more slots than one of them.
        is_folded = not self._slots and fold(self._file)
        slot = _claimed(self._file, self._identity)
        if slot is None and not is_folded:
            fold(self._file)
            slot = _claimed(self._file, self._identity)
        if slot is None:
            raise NoRoomError
        self._slots.append(slot)
        self._end = 0


def _claimed(file: SegmentFile, identity: Tuple[int, int]) -> Optional[int]:
    """A slot that was free and is the caller's now, or None."""
    head = SegmentSlot(SEGMENT_WRITER, *identity, os.getpid(), time.time_ns(), 0, 0)
    return claim_first(file, free_slots(file.memory.slots(), SEGMENT_WRITER), head)
