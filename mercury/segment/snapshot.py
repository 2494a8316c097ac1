"""What all processes counted, the dead ones too, at one moment.

Every slot that counts is copied and its series are added up, by their keys, in memory of this process.
A series that does not hold while its owner lives was copied in the middle of a value, and is copied
again; what never holds is left out and told.
"""

import math
import os
import struct
from typing import Any, Iterator, List, NamedTuple, Optional, Tuple

from mercury.core import backend
from mercury.core.records import (
    SEGMENT_BUCKETS,
    SEGMENT_COUNTER,
    SEGMENT_FIRST_INDEX,
    SEGMENT_FREE,
    SEGMENT_HEADER_BYTES,
    SEGMENT_HISTOGRAM,
    SEGMENT_RETIRED,
    SEGMENT_SCALE,
    SEGMENT_SLOT_HEAD_BYTES,
    SEGMENT_UNKNOWN,
    SEGMENT_UNSETTLED,
    SegmentCursor,
    SegmentSeries,
    SegmentSlot,
)
from mercury.segment import keys
from mercury.segment.file import SegmentFile, random_identity
from mercury.segment.folding import HEAD_WORDS, counts, index_words
from mercury.segment.keys import SeriesKey

_TRIES = 16
_COPIES = 64
_MASK = (1 << 64) - 1
_RESERVED = {keys.encode(name, {}): name for name in keys.RESERVED}

_buckets = struct.Struct(f"<{SEGMENT_BUCKETS}Q")


class Losses(NamedTuple):
    """What is missing from a snapshot, or was put elsewhere. All are 0 where nothing is."""

    other_values: int
    """Values of series for which there was no room: they are in the series `other`."""
    lost_values: int
    """Values that this process could not write at all."""
    torn_series: int
    """Series of killed processes that lack at most a part of the one value that was being recorded."""
    quarantined_series: int
    """Series left out because a check does not hold, or that changed during each of many tries to copy them."""
    damaged_slots: int
    """Slots left out because it cannot be told whose they are."""


class SegmentHistogram(NamedTuple):
    """One histogram over all processes. Values are integers, such as nanoseconds."""

    count: int  # type: ignore[assignment]  # the field, not the method of tuples
    sum: int
    min: Optional[int]
    max: Optional[int]
    """Both None where nothing was recorded, or nothing but a value that a kill fell into."""
    zero_count: int
    """Values below all buckets: at most the lower bound of bucket `zero_index`."""
    counts: Tuple[int, ...]
    """From bucket `first_index` on: bucket i holds what is above 2 ** (i / 8), up to 2 ** ((i + 1) / 8); the last
    one what is above that too."""

    def quantile(self, q: float) -> Optional[float]:
        """An estimate of the value of rank ceil(q * count), off by at most 4.4 % between the buckets' bounds.

        None where `min` is. `q` is from 0 to 1.
        """
        # Its package is all of the twin, which a process that only records has no use for.
        from mercury.core.pure.exponential_buckets import bound

        if self.min is None or self.max is None:
            return None
        rank, index = max(math.ceil(q * self.count), 1) - self.zero_count, self.first_index - 1
        for count in self.counts:
            if rank <= 0:
                break
            rank -= count
            index += 1
        lower, upper = bound(index, self.scale), bound(index + 1, self.scale)
        return min(max(2 * lower * upper / (lower + upper), self.min), self.max)

    @property
    def scale(self) -> int:
        return SEGMENT_SCALE

    @property
    def zero_index(self) -> int:
        return SEGMENT_FIRST_INDEX

    @property
    def first_index(self) -> int:
        return SEGMENT_FIRST_INDEX


class Snapshot:
    """Totals of one moment; a copy, which nothing changes any more."""

    def __init__(self, totals: "Totals", lost_values: int) -> None:
        self.created_ns = totals.created_ns
        """When the segment was made, since 1970: all totals are since then. 0 without one."""
        self._data = totals.data
        self._series: List[SegmentSeries] = []
        noted = dict.fromkeys(_RESERVED.values(), 0)
        for series in totals.series():
            key = bytes(self._data[series.key_start : series.key_start + series.key_bytes])
            name = _RESERVED.get(key)
            if name is not None:
                noted[name] += series.count if name == keys.OTHER else _unsigned(series.sum_low)
            # Each writer adds `other`, and few need it.
            if name is None or (name == keys.OTHER and series.count):
                self._series.append(series)
        self.losses = Losses(
            noted[keys.OTHER],
            lost_values,
            totals.cursor.torn_count + noted[keys.TORN],
            totals.cursor.broken_count + noted[keys.QUARANTINED] + totals.unread_count,
            totals.damaged_count,
        )

    def counters(self) -> Iterator[Tuple[SeriesKey, int]]:
        """((name, labels), total) of each counter; labels are pairs of texts in order."""
        for key, series in self._of_kind(SEGMENT_COUNTER):
            yield key, _sum(series)

    def histograms(self) -> Iterator[Tuple[SeriesKey, SegmentHistogram]]:
        """((name, labels), histogram) of each histogram."""
        for key, series in self._of_kind(SEGMENT_HISTOGRAM):
            yield key, self._histogram(series)

    def _histogram(self, series: SegmentSeries) -> SegmentHistogram:
        extremes: Tuple[Optional[int], Optional[int]] = _unsigned(series.smallest), _unsigned(series.largest)
        if _unsigned(series.smallest) > _unsigned(series.largest):
            extremes = None, None
        buckets = _buckets.unpack_from(self._data, series.buckets * 8)
        return SegmentHistogram(_unsigned(series.count), _sum(series), *extremes, buckets[0], buckets[1:])

    def _of_kind(self, kind: int) -> Iterator[Tuple[SeriesKey, SegmentSeries]]:
        for series in self._series:
            if series.kind == kind:
                key = keys.decode(bytes(self._data[series.key_start : series.key_start + series.key_bytes]))
                if key is not None:
                    yield key, series


class Totals:
    """The sum of the slots that counted, in memory that is laid out as a segment with one slot."""

    def __init__(self, file: Optional[SegmentFile]) -> None:
        """Without a file, nothing was counted."""
        self.data = bytearray()
        self.created_ns = 0 if file is None else file.layout.created_ns
        self.cursor = SegmentCursor(0)
        self.damaged_count = 0
        self.unread_count = 0
        for _ in range(_TRIES if file is not None else 0):
            assert file is not None
            generation = file.generation()
            self._read(file, generation)
            if file.generation() == generation:
                return
        # Somebody folds without end: what was read last may count a value twice or not at all.
        self.unread_count += file is not None

    def _read(self, file: SegmentFile, generation: int) -> None:
        self._file = file
        slots = file.memory.slots()
        chosen = [number for number, slot in enumerate(slots) if counts(slot, generation)]
        self.damaged_count = sum(_is_damaged(slot, generation) for slot in slots)
        self.unread_count = 0
        self.cursor = SegmentCursor(0)
        body = max(len(chosen) * (self._file.slot_words * 8 - SEGMENT_SLOT_HEAD_BYTES), SEGMENT_HEADER_BYTES)
        slot_bytes = SEGMENT_SLOT_HEAD_BYTES + body
        self.data = bytearray(SEGMENT_HEADER_BYTES + slot_bytes)
        module = backend().module
        self._index = module.SegmentIndex(index_words(slot_bytes), random_identity()[0])
        memory = module.SegmentMemory(self.data)
        try:
            layout = self._file.layout
            memory.format(slot_bytes, (layout.creation_low, layout.creation_high), layout.created_ns)
            memory.claim(0, SegmentSlot(SEGMENT_RETIRED, 0, 0, 0, 0, 0, 0))
            for number in chosen:
                self._merge(memory, number)
        finally:
            memory.close()

    def _merge(self, memory: Any, slot: int) -> None:
        file = self._file
        place = file.place_of_slot(slot) + HEAD_WORDS
        end = file.place_of_slot(slot + 1)
        self.cursor = self.cursor._replace(place=place, owner_gone=0, skip=0)
        stuck, copies = 0, 0
        while True:
            copy = file.read(self.cursor.place, end - self.cursor.place)
            if len(copy) < (end - self.cursor.place) * 8:
                self.unread_count += 1  # the file was cut
            self.cursor = memory.merge(0, self._index, copy, self.cursor)
            if self.cursor.status != SEGMENT_UNSETTLED:
                return
            copies = copies + 1 if self.cursor.place == stuck else 1
            stuck = self.cursor.place
            # A dead owner's last words are final; a live one gets many tries.
            gone = self.cursor.owner_gone or not file.locks.is_held(slot)
            self.cursor = self.cursor._replace(owner_gone=int(gone), skip=stuck if copies > _COPIES else 0)
            if copies > _COPIES // 2:
                os.sched_yield() if hasattr(os, "sched_yield") else None

    def series(self) -> List[SegmentSeries]:
        if not self.data:
            return []
        memory = backend().module.SegmentMemory(self.data)
        try:
            found: List[SegmentSeries] = memory.series(0, max(self.cursor.whole_count + self.cursor.torn_count, 1))
            return found
        finally:
            memory.close()


def _is_damaged(slot: SegmentSlot, generation: int) -> bool:
    if slot.use == SEGMENT_RETIRED:
        return generation < 0
    return slot.use == SEGMENT_UNKNOWN or (slot.use != SEGMENT_FREE and slot.folded_into < 0)


def take(file: Optional[SegmentFile], lost_values: int = 0) -> Snapshot:
    """The totals of a segment now; without a file, of nothing. Raises UnusableError where the file was cut."""
    if file is not None:
        file.require_whole()
    return Snapshot(Totals(file), lost_values)


def _unsigned(word: int) -> int:
    return word & _MASK


def _sum(series: SegmentSeries) -> int:
    return _unsigned(series.sum_high) << 64 | _unsigned(series.sum_low)
