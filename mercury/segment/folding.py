"""The dead workers' totals, moved into retired slots by one process at a time.

    1. take the locks of the slots whose owners are gone
    2. copy the retired slots that count, and add the dead ones, into free slots: the next generation
    3. note in each dead slot that it is folded into that generation
    4. store the generation into the header: with this one store all of it counts
    5. clear what counted before

Whichever step a kill falls behind, each value counts once; the next to fold clears what was left.
"""

import os
import time
from typing import Iterator, List, Optional, Tuple, Union

from mercury.core import backend
from mercury.core.records import (
    SEGMENT_COUNTER,
    SEGMENT_FREE,
    SEGMENT_FULL,
    SEGMENT_RETIRED,
    SEGMENT_SLOT_HEAD_BYTES,
    SEGMENT_WRITER,
    SegmentCursor,
    SegmentSlot,
)
from mercury.errors import InvalidArgumentError
from mercury.segment import keys
from mercury.segment.file import SegmentFile, random_identity
from mercury.segment.liveness import FOLDING

HEAD_WORDS = SEGMENT_SLOT_HEAD_BYTES // 8
MIN_SERIES_BYTES = 128
_RESERVED_PART = 8


def counts(slot: SegmentSlot, generation: int) -> bool:
    """Whether a slot's values belong to the totals while `generation` is the header's."""
    if slot.use == SEGMENT_RETIRED:
        return slot.generation == generation
    return slot.use == SEGMENT_WRITER and (slot.folded_into == 0 or slot.folded_into > generation >= 0)


def fold(file: SegmentFile) -> bool:
    """Folds the slots of the dead, if nobody else does so now and there is room. True where something was folded."""
    locks = file.locks
    if not locks.take(FOLDING):
        return False
    try:
        generation = file.generation()
        if generation < 0:
            return False
        slots = file.memory.slots()
        if not _clear_leftovers(file, generation, slots):
            return False
        taken: List[int] = []
        try:
            return _take_dead(file, generation, slots, taken) and _fold_some(file, generation, taken)
        finally:
            for slot in taken:
                locks.give_back(slot)
    finally:
        locks.give_back(FOLDING)


def _fold_some(file: SegmentFile, generation: int, dead: List[int]) -> bool:
    """Folds as many of the dead as there is room for."""
    count = len(dead)
    while count and not _Fold(file, generation, count).run(dead[:count]):
        count //= 2
    return count > 0


def index_words(target_bytes: int) -> int:
    """Words of an index that can find all series of a target: a power of two, at most half full."""
    return 1 << (2 * target_bytes // MIN_SERIES_BYTES).bit_length()


def _clear_leftovers(file: SegmentFile, generation: int, slots: List[SegmentSlot]) -> bool:
    """Frees slots that an interrupted fold left. False where one cannot be: it would count after the next fold."""
    for number, slot in enumerate(slots):
        is_left = slot.use == SEGMENT_RETIRED or (slot.use == SEGMENT_WRITER and slot.folded_into >= 0)
        if is_left and not counts(slot, generation):
            if not file.locks.take(number):
                return False
            file.memory.clear(number)
            file.locks.give_back(number)
    return True


def _take_dead(file: SegmentFile, generation: int, slots: List[SegmentSlot], taken: List[int]) -> bool:
    """Takes the locks of the slots of writers that are gone; False where there is nothing to fold, or no way to."""
    for number, slot in enumerate(slots):
        # What did not count has been cleared by now.
        if slot.use == SEGMENT_WRITER and slot.folded_into >= 0 and counts(slot, generation):
            if file.locks.take(number):
                taken.append(number)
            elif slot.folded_into:
                return False  # an interrupted fold marked it: it would not count after the next one
    # Between the look and the lock, a slot may have been freed.
    now = file.memory.slots()
    for number in list(taken):
        if now[number].use != SEGMENT_WRITER or not counts(now[number], generation):
            taken.remove(number)
            file.locks.give_back(number)
        elif now[number].folded_into:
            file.memory.fold(number, 0)  # an interrupted fold marked it, and this one may leave it out
    return bool(taken)


class _Fold:
    """One fold into the generation after the present one."""

    def __init__(self, file: SegmentFile, generation: int, dead_count: int) -> None:
        self._file = file
        self._generation = generation
        self._claimed: List[int] = []
        slots = file.memory.slots()
        self._retired = [
            number for number, slot in enumerate(slots) if slot.use == SEGMENT_RETIRED and counts(slot, generation)
        ]
        self._free = free_slots(slots, SEGMENT_RETIRED)
        self._cursor = SegmentCursor(0, owner_gone=1)
        # No more than all that is added up; and the last slot is for what was torn or broken.
        words = index_words((len(self._retired) + dead_count + 1) * file.layout.slot_bytes)
        self._index = backend().module.SegmentIndex(words, random_identity()[0])

    def run(self, dead: List[int]) -> bool:
        """False where there was no room: nothing has changed then."""
        retired: List[int] = []
        is_done = False
        try:
            is_done = self._take_retired(retired) and all(map(self._merge, [*retired, *dead])) and self._note_damage()
            if is_done:
                self._commit(dead)
            self._clear([*dead, *retired] if is_done else self._claimed)
        finally:
            for slot in [*self._claimed, *retired]:
                self._file.locks.give_back(slot)
        return is_done

    def _take_retired(self, taken: List[int]) -> bool:
        """Takes the locks of the retired slots that count, so that nobody claims one while it is being cleared."""
        for number in self._retired:
            if not self._file.locks.take(number):
                return False
            taken.append(number)
        return True

    def _merge(self, slot: int) -> bool:
        place = self._file.place_of_slot(slot) + HEAD_WORDS
        with self._file.borrow(place, self._file.slot_words - HEAD_WORDS) as words:
            return self._merge_copy(words, place)

    def _merge_copy(self, copy: Union[bytes, memoryview], place: int) -> bool:
        self._cursor = self._cursor._replace(place=place)
        while self._claimed or self._claim():
            with memoryview(copy)[(self._cursor.place - place) * 8 :] as rest:
                self._cursor = self._file.memory.merge(self._claimed[-1], self._index, rest, self._cursor)
            if self._cursor.status != SEGMENT_FULL:
                return True
            if not self._claim():
                break
        return False

    def _claim(self) -> bool:
        head = SegmentSlot(SEGMENT_RETIRED, *random_identity(), os.getpid(), time.time_ns(), self._generation + 1, 0)
        slot = claim_first(self._file, self._free, head)
        if slot is not None:
            self._claimed.append(slot)
            self._cursor = self._cursor._replace(end=0)
        return slot is not None

    def _note_damage(self) -> bool:
        """What was torn or could not be read goes into counters of its own: the dead slots will be gone."""
        met = {keys.TORN: self._cursor.torn_count, keys.QUARANTINED: self._cursor.broken_count}
        return all(self._merge_copy(*self._counted(name, count)) for name, count in met.items() if count)

    def _counted(self, name: str, count: int) -> Tuple[bytes, int]:
        """A counter as it would lie in the first slot, to be merged from there."""
        size = self._file.place_of_slot(1) * 8
        data = bytearray(size)
        module = backend().module
        memory = module.SegmentMemory(data)
        layout = self._file.layout
        memory.format(layout.slot_bytes, (layout.creation_low, layout.creation_high), 0)
        memory.claim(0, SegmentSlot(SEGMENT_RETIRED, 0, 0, 0, 0, 0, 0))
        place, _ = memory.add(0, SEGMENT_COUNTER, keys.encode(name, {}) or b"")
        recorder = module.SegmentRecorder(memory)
        recorder.set_place(0, place)
        recorder.record([0, count])
        memory.close()
        return bytes(data[place * 8 :]), place

    def _commit(self, dead: List[int]) -> None:
        memory, generation = self._file.memory, self._generation + 1
        for slot in dead:
            memory.fold(slot, generation)
        memory.commit(generation)

    def _clear(self, slots: List[int]) -> None:
        for slot in slots:
            self._file.memory.clear(slot)


def free_slots(slots: List[SegmentSlot], use: int) -> Iterator[int]:
    """The slots that look free, for claim_first.

    Writers leave an eighth of all slots to folding: where all were taken by the dead, none could be freed.
    """
    free = [number for number, slot in enumerate(slots) if slot.use == SEGMENT_FREE]
    reserved = 0 if use == SEGMENT_RETIRED else (len(slots) + _RESERVED_PART // 2) // _RESERVED_PART
    return iter(free[: max(len(free) - reserved, 0)])


def claim_first(file: SegmentFile, free: Iterator[int], head: SegmentSlot) -> Optional[int]:
    """Makes the first that is free indeed the caller's, who then holds its lock; None where none is."""
    for number in free:
        if file.locks.take(number):
            try:
                file.memory.claim(number, head)
            except InvalidArgumentError:
                file.locks.give_back(number)  # another was quicker
            else:
                return number
    return None
