"""Counters and histograms in shared memory; the twin of segment.c. docs/segment-format.md is the layout.

    header   | words that never change, their check sum | generation |
    slot     | head: 8 words | series | series | ... | zeros
    series   | state shape check | sequence count sum ~sum extremes | key | buckets |
              '-- never change --'                                   '--'

To record a value: sequence odd; bucket, sum, complement, extremes, count; sequence even.
Whatever store a kill falls behind, the words say how far it came.

Shared words are written through memoryview.cast("Q"), which stores each at once;
struct.pack_into would clear a word before it writes it.
"""

import struct
import sys
from array import array
from binascii import crc32
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

from mercury.core.pure import exponential_buckets
from mercury.core.pure.error import INVALID_ARGUMENT, LIMIT_EXCEEDED, failure
from mercury.core.records import (
    SEGMENT_ALIGNMENT_BYTES,
    SEGMENT_BROKEN,
    SEGMENT_BUCKETS,
    SEGMENT_COUNTER,
    SEGMENT_FIRST_INDEX,
    SEGMENT_FOREIGN,
    SEGMENT_FREE,
    SEGMENT_FULL,
    SEGMENT_HEADER_BYTES,
    SEGMENT_HISTOGRAM,
    SEGMENT_MAX_KEY_BYTES,
    SEGMENT_MERGED,
    SEGMENT_MIN_SLOT_BYTES,
    SEGMENT_OTHER_SIZE,
    SEGMENT_OTHER_VERSION,
    SEGMENT_RETIRED,
    SEGMENT_SCALE,
    SEGMENT_SLOT_HEAD_BYTES,
    SEGMENT_TORN,
    SEGMENT_UNKNOWN,
    SEGMENT_UNSETTLED,
    SEGMENT_VERSION,
    SEGMENT_WHOLE,
    SEGMENT_WRITER,
    SegmentCursor,
    SegmentLayout,
    SegmentSeries,
    SegmentSlot,
)

_Buffer = Union[bytes, bytearray, memoryview]

_MAGIC = int.from_bytes(b"\x89MRSEG\x1a\n", "little")
_BYTE_ORDER_MARK = 0x0102030405060708
_SLOT_STATE = int.from_bytes(b"\0\0\0\0SLOT", "little")
_SERIES_STATE = int.from_bytes(b"\0\0\0\0SERI", "little")
_LOW_HALF = 0xFFFFFFFF
_MASK = 0xFFFFFFFFFFFFFFFF
_LARGEST_VALUE = (1 << 63) - 1

_WORD_BYTES = 8
_ALIGNMENT = SEGMENT_ALIGNMENT_BYTES // _WORD_BYTES
_HEADER_WORDS = SEGMENT_HEADER_BYTES // _WORD_BYTES
_SLOT_WORDS = SEGMENT_SLOT_HEAD_BYTES // _WORD_BYTES

# Words of the header.
_FILE_BYTES, _FILE_SLOT_BYTES, _FILE_SLOT_COUNT, _FILE_CREATION_LOW, _FILE_CREATION_HIGH = 3, 5, 6, 10, 11
_FILE_CREATED_NS, _FILE_CHECK, _FILE_GENERATION = 12, 13, 14
_FILE_WORDS = 15

# Words of a slot's head.
_SLOT_CHECK, _SLOT_FOLDED = 6, 7

# Words of a series.
_SHAPE, _CHECK, _SEQUENCE, _COUNT, _SUM_LOW, _SUM_HIGH = 1, 2, 3, 4, 5, 6
_COMPLEMENT_LOW, _COMPLEMENT_HIGH, _SMALLEST, _LARGEST, _EXTREMES, _KEY = 7, 8, 9, 10, 11, 12


def _little(word: int) -> int:
    """A word of memory as a number, or a number as it is to lie in memory."""
    return word


if sys.byteorder == "big":

    def _little(word: int) -> int:
        return int.from_bytes(word.to_bytes(_WORD_BYTES, "little"), "big")


def _words(data: _Buffer, start: int = 0) -> Tuple[int, ...]:
    """All whole words of a copy from byte `start` on."""
    count = (len(data) - start) // _WORD_BYTES
    return struct.unpack_from(f"<{count}Q", data, start)


def _bytes(words: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(words)}Q", *words)


def _self_checked(number: int) -> int:
    """A number of 32 bits and its complement: one store commits it, and any flip shows."""
    return number | (~number & _LOW_HALF) << 32


def _checked_number(word: int) -> int:
    """The number, or -1."""
    number = word & _LOW_HALF
    return number if _self_checked(number) == word else -1


def _signed(word: int) -> int:
    return word - (1 << 64) if word >> 63 else word


def inspect_segment(header: _Buffer, file_bytes: int) -> SegmentLayout:
    """What the first bytes of a file of `file_bytes` say, whatever they are."""
    if len(header) > file_bytes:
        raise failure(INVALID_ARGUMENT)
    words = _words(header[: _FILE_WORDS * _WORD_BYTES])
    state = _state_of_header(words, file_bytes)
    version = words[1] if state != SEGMENT_FOREIGN and len(words) == _FILE_WORDS else 0
    if state != SEGMENT_WHOLE:
        return SegmentLayout(state, _signed(version), 0, 0, 0, 0, 0, 0, 0)
    return SegmentLayout(
        state,
        version,
        words[_FILE_BYTES],
        words[_FILE_SLOT_BYTES],
        words[_FILE_SLOT_COUNT],
        _signed(words[_FILE_CREATION_LOW]),
        _signed(words[_FILE_CREATION_HIGH]),
        _signed(words[_FILE_CREATED_NS]),
        _checked_number(words[_FILE_GENERATION]),
    )


def _state_of_header(words: Sequence[int], file_bytes: int) -> int:
    if not words or words[0] != _MAGIC:
        return SEGMENT_FOREIGN
    if len(words) < _FILE_WORDS:
        return SEGMENT_OTHER_SIZE
    if words[1] != SEGMENT_VERSION:
        return SEGMENT_OTHER_VERSION
    if words[_FILE_CHECK] != crc32(_bytes(words[:_FILE_CHECK])):
        return SEGMENT_BROKEN
    return _state_of_contents(words, file_bytes)


def _state_of_contents(words: Sequence[int], file_bytes: int) -> int:
    """Of a header whose check sum is right: does it say what this version writes into a file of this size?"""
    slot_bytes = words[_FILE_SLOT_BYTES]
    law = (SEGMENT_SCALE, SEGMENT_FIRST_INDEX, SEGMENT_BUCKETS)
    if (words[2], words[4], *words[7:10]) != (_BYTE_ORDER_MARK, SEGMENT_HEADER_BYTES, *law):
        return SEGMENT_BROKEN
    if not _is_slot_size(slot_bytes):
        return SEGMENT_BROKEN
    if words[_FILE_BYTES] != file_bytes or file_bytes < SEGMENT_HEADER_BYTES:
        return SEGMENT_OTHER_SIZE
    slot_count = (file_bytes - SEGMENT_HEADER_BYTES) // slot_bytes
    return SEGMENT_WHOLE if 0 < slot_count == words[_FILE_SLOT_COUNT] else SEGMENT_BROKEN


def _is_slot_size(slot_bytes: int) -> bool:
    return SEGMENT_MIN_SLOT_BYTES <= slot_bytes <= _LOW_HALF and slot_bytes % SEGMENT_ALIGNMENT_BYTES == 0


def _key_words(key_bytes: int) -> int:
    return (key_bytes + _WORD_BYTES - 1) // _WORD_BYTES


def _head_words(key_bytes: int) -> int:
    """Words of a series up to its buckets."""
    return _KEY + _key_words(key_bytes)


def _series_words(kind: int, key_bytes: int) -> int:
    words = _head_words(key_bytes) + (SEGMENT_BUCKETS if kind == SEGMENT_HISTOGRAM else 0)
    return (words + _ALIGNMENT - 1) // _ALIGNMENT * _ALIGNMENT


def _padded(key: bytes) -> bytes:
    return key + bytes(-len(key) % _WORD_BYTES)


class _Place(NamedTuple):
    """A slot of memory whose header is right, in words."""

    start: int
    end: int
    creation: Tuple[int, int]

    def check(self, place: int, words: Sequence[int], key: bytes = b"") -> int:
        """The check sum over what stands at a place: elsewhere the same words are none."""
        return crc32(_bytes((*self.creation, place, *words)) + _padded(key))


class _Figures(NamedTuple):
    count: int  # type: ignore[assignment]  # the field, not the method of tuples
    sum_low: int
    sum_high: int
    smallest: int
    largest: int


class _Series(NamedTuple):
    """A series whose check sum is right, in a copy."""

    kind: int
    key: bytes
    words: Tuple[int, ...]

    def buckets(self) -> Tuple[int, ...]:
        first = _head_words(len(self.key))
        return self.words[first : first + SEGMENT_BUCKETS] if self.kind == SEGMENT_HISTOGRAM else ()

    def figures(self) -> Tuple[int, _Figures]:
        """Its state, and the figures that this state vouches for."""
        words = self.words
        is_ = _Figures(words[_COUNT], *self._settled_sum(), words[_SMALLEST], words[_LARGEST])
        if self._is_whole(is_):
            return SEGMENT_WHOLE, is_
        counted = sum(self.buckets()) & _MASK if self.kind == SEGMENT_HISTOGRAM else is_.count
        before = words[_SEQUENCE] >> 1
        if words[_SEQUENCE] & 1 and (is_.count - before) & _MASK <= 1 and (counted - before) & _MASK <= 1:
            return SEGMENT_TORN, is_._replace(count=counted)
        return SEGMENT_BROKEN, is_

    def _settled_sum(self) -> Tuple[int, int]:
        """The sum where a kill may have fallen between its stores, which go low, high, ~low, ~high.

        If the high halves agree, the complement is whole, be it old or new. If they differ, a
        carry was on its way: the sum is whole, because the high half is its last store.
        """
        words = self.words
        if words[_SUM_HIGH] == ~words[_COMPLEMENT_HIGH] & _MASK:
            return ~words[_COMPLEMENT_LOW] & _MASK, words[_SUM_HIGH]
        return words[_SUM_LOW], words[_SUM_HIGH]

    def _is_whole(self, is_: _Figures) -> bool:
        """Every equation of a series that is at rest."""
        words = self.words
        return (
            words[_SEQUENCE] == 2 * is_.count & _MASK
            and is_.sum_low == words[_SUM_LOW]
            and is_.sum_high == ~words[_COMPLEMENT_HIGH] & _MASK
            and words[_EXTREMES] == ~(is_.smallest ^ is_.largest) & _MASK
            and (self.kind == SEGMENT_COUNTER or sum(self.buckets()) & _MASK == is_.count)
        )


class _Span:
    """A copy of words that began at `place` of a segment."""

    def __init__(self, copy: _Buffer, place: int, slot: _Place) -> None:
        self.words = _words(copy)
        self.place = place
        self._bytes = bytes(copy)
        self._slot = slot

    def look(self, at: int) -> Tuple[int, Optional[_Series], bool]:
        """Where to go on, the series at word `at` if there is one, and whether there is anything at all.

        For rubbish it looks on to the next series, or to the end: what is behind a
        damaged series is not lost with it.
        """
        if len(self.words) - at < _ALIGNMENT or self.words[at] == 0:
            return at, None, False
        series = self._series(at)
        if series is not None:
            return at, series, True
        at += _ALIGNMENT
        while len(self.words) - at >= _ALIGNMENT and self._series(at) is None:
            at += _ALIGNMENT
        return at, None, True

    def _series(self, at: int) -> Optional[_Series]:
        left = len(self.words) - at
        if left < 2 * _ALIGNMENT:
            return None
        state, shape, check = self.words[at : at + _SEQUENCE]
        kind, word_count, key_bytes = state - _SERIES_STATE, shape & _LOW_HALF, shape >> 32
        if kind not in (SEGMENT_COUNTER, SEGMENT_HISTOGRAM) or not 0 < key_bytes <= SEGMENT_MAX_KEY_BYTES:
            return None
        if word_count != _series_words(kind, key_bytes) or word_count > left:
            return None
        start = (at + _KEY) * _WORD_BYTES
        padded = self._bytes[start : start + _key_words(key_bytes) * _WORD_BYTES]
        key = padded[:key_bytes]
        if check != self._slot.check(self.place + at, (state, shape), key) or padded != _padded(key):
            return None
        return _Series(kind, key, self.words[at : at + word_count])


class SegmentIndex:
    """Where the series of one target are found by their keys; one for all merges into it."""

    def __init__(self, word_count: int, seed: int) -> None:
        """`word_count` and `seed` are what the native table needs: a power of two, and random bits."""
        if word_count < 1 or word_count & (word_count - 1):
            raise failure(INVALID_ARGUMENT)
        self.word_count = word_count
        self.places: Dict[Tuple[int, bytes], int] = {}


class SegmentMemory:
    """Whole memory of a segment: a mapping, or memory of its own. Writes only where its caller says."""

    def __init__(self, buffer: Any) -> None:
        """`buffer` is borrowed until `close`; it must be aligned to words, and writable unless it is only read."""
        self._view = memoryview(buffer)
        self._bytes = self._view.cast("B")
        self._words: Any = self._bytes[: len(self._bytes) // _WORD_BYTES * _WORD_BYTES].cast("Q")

    def detach(self) -> None:
        """Nothing yet: a view that is released later refuses its users, and does them no harm."""

    def close(self) -> None:
        """Gives the buffer back. May be called again; any other call fails."""
        for view in (self._words, self._bytes, self._view):
            view.release()

    def format(self, slot_bytes: int, creation: Tuple[int, int], created_ns: int) -> None:
        """Writes a header over zeroed memory. `creation` is 128 random bits, as two signed words."""
        size = len(self._bytes)
        if size < SEGMENT_HEADER_BYTES or not _is_slot_size(slot_bytes):
            raise failure(INVALID_ARGUMENT)
        slot_count = (size - SEGMENT_HEADER_BYTES) // slot_bytes
        if slot_count == 0:
            raise failure(INVALID_ARGUMENT)
        law = (SEGMENT_SCALE, SEGMENT_FIRST_INDEX, SEGMENT_BUCKETS)
        words = [_MAGIC, SEGMENT_VERSION, _BYTE_ORDER_MARK, size, SEGMENT_HEADER_BYTES, slot_bytes, slot_count, *law]
        words += [word & _MASK for word in (*creation, created_ns)]
        self._store(1, words[1:])
        self._words[_FILE_GENERATION] = _little(_self_checked(0))
        self._words[0] = _little(_MAGIC)
        self._words[_FILE_CHECK] = _little(crc32(_bytes(words)))

    def layout(self) -> SegmentLayout:
        return inspect_segment(self._bytes[:SEGMENT_HEADER_BYTES], len(self._bytes))

    def slots(self) -> List[SegmentSlot]:
        """The heads of all slots."""
        first = self._slot(0)
        width = first.end - first.start
        count = (len(self._bytes) - SEGMENT_HEADER_BYTES) // (width * _WORD_BYTES)
        starts = range(first.start, first.start + count * width, width)
        return [self._read_slot(_Place(start, start + width, first.creation)) for start in starts]

    def _read_slot(self, slot: _Place) -> SegmentSlot:
        head = [_little(word) for word in self._words[slot.start : slot.start + _SLOT_WORDS]]
        if head[0] == 0:
            return SegmentSlot(SEGMENT_FREE, 0, 0, 0, 0, 0, 0)
        use = head[0] - _SLOT_STATE
        if use not in (SEGMENT_WRITER, SEGMENT_RETIRED) or head[_SLOT_CHECK] != slot.check(
            slot.start, head[:_SLOT_CHECK]
        ):
            use = SEGMENT_UNKNOWN
        return SegmentSlot._make((use, *map(_signed, head[1:_SLOT_CHECK]), _checked_number(head[_SLOT_FOLDED])))

    def claim(self, slot: int, head: SegmentSlot) -> None:
        """Makes a free slot the caller's, who holds its lock."""
        place = self._slot(slot)
        if head.use not in (SEGMENT_WRITER, SEGMENT_RETIRED) or self._words[place.start] != 0:
            raise failure(INVALID_ARGUMENT)
        words = [_SLOT_STATE | head.use, *(word & _MASK for word in head[1:_SLOT_CHECK])]
        self._store(place.start + 1, [*words[1:], place.check(place.start, words), _self_checked(0)])
        self._words[place.start] = _little(words[0])

    def fold(self, slot: int, generation: int) -> None:
        """Says that the slot's values are in the retired slots of `generation`; 0: in none."""
        place = self._slot(slot)
        self._words[place.start + _SLOT_FOLDED] = _little(_generation_word(generation, 0))

    def commit(self, generation: int) -> None:
        """Makes the retired slots of `generation` those that count."""
        self._slot(0)
        self._words[_FILE_GENERATION] = _little(_generation_word(generation, 1))

    def clear(self, slot: int) -> None:
        """Zeroes a slot, so that it is free; its series first."""
        place = self._slot(slot)
        body = place.end - place.start - _SLOT_WORDS
        self._words[place.start + _SLOT_WORDS : place.end] = memoryview(bytes(body * _WORD_BYTES)).cast("Q")
        self._store(place.start, [0] * _SLOT_WORDS)

    def add(self, slot: int, kind: int, key: bytes, end: int = 0) -> Tuple[int, int]:
        """Publishes an empty series; its place, and where the slot's next one belongs, which `end` may say.

        Raises LimitExceededError where the slot is full.
        """
        place = self._slot(slot)
        if not 0 < len(key) <= SEGMENT_MAX_KEY_BYTES or kind not in (SEGMENT_COUNTER, SEGMENT_HISTOGRAM):
            raise failure(INVALID_ARGUMENT)
        _check_end(place, end)
        added = self._add(place, kind, key, end)
        if added is None:
            raise failure(LIMIT_EXCEEDED, slot)
        return added

    def _add(self, slot: _Place, kind: int, key: bytes, end: int) -> Optional[Tuple[int, int]]:
        at = end or self._end_of_series(slot)
        word_count = _series_words(kind, len(key))
        if at == 0 or slot.end - at < word_count:
            return None
        state, shape = _SERIES_STATE | kind, word_count | len(key) << 32
        head = [shape, slot.check(at, (state, shape), key), 0, 0, 0, 0, _MASK, _MASK, _MASK, 0, 0]
        self._store(at, [0] * word_count)
        self._store(at + 1, [*head, *_words(_padded(key))])
        self._words[at] = _little(state)
        return at, at + word_count

    def _end_of_series(self, slot: _Place) -> int:
        """The place behind the slot's last series; 0: there is rubbish in the slot."""
        span = self._span(slot)
        at = 0
        while True:
            at, series, is_something = span.look(at)
            if series is None:
                return 0 if is_something else span.place + at
            at += len(series.words)

    def series(self, slot: int, expected: int = 0) -> List[SegmentSeries]:
        """What a slot holds; bytes that are no series are one record of kind 0. `expected` is for the library."""
        span = self._span(self._slot(slot))
        found: List[SegmentSeries] = []
        at = 0
        while True:
            at, series, is_something = span.look(at)
            if not is_something:
                return found
            if series is None:
                found.append(SegmentSeries(0, SEGMENT_BROKEN, 0, 0, 0, 0, 0, 0, 0, 0, 0))
            else:
                found.append(_described(series, span.place + at))
                at += len(series.words)

    def merge(self, slot: int, index: SegmentIndex, copy: _Buffer, cursor: SegmentCursor) -> SegmentCursor:
        """Adds the series of a copy to a slot that nobody else uses; goes on and stops as the cursor says."""
        target = self._slot(slot)
        if cursor.place < 0:
            raise failure(INVALID_ARGUMENT)
        _check_end(target, cursor.end)
        return _Merge(self, target, index, cursor).run(_Span(copy, cursor.place, target))

    def _slot(self, slot: int) -> _Place:
        layout = self.layout()
        if layout.state != SEGMENT_WHOLE or not 0 <= slot < layout.slot_count:
            raise failure(INVALID_ARGUMENT)
        width = layout.slot_bytes // _WORD_BYTES
        start = _HEADER_WORDS + slot * width
        return _Place(start, start + width, (layout.creation_low & _MASK, layout.creation_high & _MASK))

    def _span(self, slot: _Place) -> _Span:
        place = slot.start + _SLOT_WORDS
        return _Span(self._bytes[place * _WORD_BYTES : slot.end * _WORD_BYTES], place, slot)

    def _store(self, place: int, words: Sequence[int]) -> None:
        shared = self._words
        for at, word in enumerate(words, place):
            shared[at] = _little(word)

    def record_at(self, place: int, value: int) -> bool:
        """Counts a value in the series at a place, whose words may say anything; False where none is there."""
        shared = self._words
        if not 0 < place <= len(shared) - _KEY:
            return False
        kind = _little(shared[place]) - _SERIES_STATE
        bucket = 0
        if kind == SEGMENT_HISTOGRAM:
            first = place + _head_words(_little(shared[place + _SHAPE]) >> 32)
            if first + SEGMENT_BUCKETS > len(shared):
                return False
            bucket = first + _bucket_of(value)
        elif kind != SEGMENT_COUNTER:
            return False
        self._record(place, bucket, value)
        return True

    def _record(self, place: int, bucket: int, value: int) -> None:
        shared = self._words
        count = self._begin_change(place)
        if bucket:
            shared[bucket] = _little((_little(shared[bucket]) + 1) & _MASK)
        self._add_to_sum(place, value, 0)
        self._widen(place, value, value)
        self._end_change(place, count + 1)

    def add_figures(self, place: int, series: _Series, is_: _Figures) -> None:
        """Adds what another series of the same key counted."""
        shared = self._words
        count = self._begin_change(place)
        first = place + _head_words(len(series.key))
        for at, added in enumerate(series.buckets(), first):
            if added:
                shared[at] = _little((_little(shared[at]) + added) & _MASK)
        self._add_to_sum(place, is_.sum_low, is_.sum_high)
        if is_.count:
            self._widen(place, is_.smallest, is_.largest)
        self._end_change(place, count + is_.count)

    def _begin_change(self, place: int) -> int:
        count = _little(self._words[place + _COUNT])
        self._words[place + _SEQUENCE] = _little((2 * count + 1) & _MASK)
        return count

    def _end_change(self, place: int, count: int) -> None:
        self._words[place + _COUNT] = _little(count & _MASK)
        self._words[place + _SEQUENCE] = _little(2 * count & _MASK)

    def _add_to_sum(self, place: int, low: int, high: int) -> None:
        shared = self._words
        low += _little(shared[place + _SUM_LOW])
        high += _little(shared[place + _SUM_HIGH]) + (low >> 64)
        shared[place + _SUM_LOW] = _little(low & _MASK)
        shared[place + _SUM_HIGH] = _little(high & _MASK)
        shared[place + _COMPLEMENT_LOW] = _little(~low & _MASK)
        shared[place + _COMPLEMENT_HIGH] = _little(~high & _MASK)

    def _widen(self, place: int, smallest: int, largest: int) -> None:
        shared = self._words
        least, most = _little(shared[place + _SMALLEST]), _little(shared[place + _LARGEST])
        if smallest < least or largest > most:
            least, most = min(smallest, least), max(largest, most)
            shared[place + _SMALLEST] = _little(least)
            shared[place + _LARGEST] = _little(most)
            shared[place + _EXTREMES] = _little(~(least ^ most) & _MASK)


class SegmentRecorder:
    """One writer's series by number, and how many values go to many of them in one call."""

    def __init__(self, memory: SegmentMemory) -> None:
        self._memory = memory
        self._places: List[int] = []

    def set_place(self, number: int, place: int) -> None:
        """Says where the series `number` lies in this writer's own slots."""
        self._places.extend([0] * (number + 1 - len(self._places)))
        self._places[number] = place

    def record(self, updates: List[int]) -> int:
        """Records updates[1] in series updates[0] and so on; how many pairs, up to the first without a place.

        A negative value counts as 0. Raises TypeError and OverflowError for what is no
        integer of 64 bits, before anything is recorded.
        """
        numbers = iter(array("q", updates))
        places, record_at = self._places, self._memory.record_at
        done = 0
        for number, value in zip(numbers, numbers):
            place = places[number] if 0 <= number < len(places) else 0
            if not record_at(place, max(value, 0)):
                break
            done += 1
        return done


class _Merge:
    """One copy on its way into a slot."""

    def __init__(self, memory: SegmentMemory, slot: _Place, index: SegmentIndex, cursor: SegmentCursor) -> None:
        self._memory = memory
        self._slot = slot
        self._index = index
        self._cursor = cursor
        self._end = cursor.end
        self._counts = dict.fromkeys((SEGMENT_WHOLE, SEGMENT_TORN, SEGMENT_BROKEN), 0)

    def run(self, source: _Span) -> SegmentCursor:
        at, status = 0, SEGMENT_MERGED
        while status == SEGMENT_MERGED:
            at, series, is_something = source.look(at)
            if not is_something:
                break
            if series is None:
                self._counts[SEGMENT_BROKEN] += 1
                continue
            status = self._merge_if_settled(series, source.place + at)
            if status == SEGMENT_MERGED:
                at += len(series.words)
        cursor, counts = self._cursor, self._counts
        return cursor._replace(
            place=source.place + at,
            end=self._end,
            status=status,
            whole_count=cursor.whole_count + counts[SEGMENT_WHOLE],
            torn_count=cursor.torn_count + counts[SEGMENT_TORN],
            broken_count=cursor.broken_count + counts[SEGMENT_BROKEN],
        )

    def _merge_if_settled(self, series: _Series, place: int) -> int:
        state, is_ = series.figures()
        if state != SEGMENT_WHOLE and not self._cursor.owner_gone:
            if place != self._cursor.skip:
                return SEGMENT_UNSETTLED
            state = SEGMENT_BROKEN
        if state != SEGMENT_BROKEN and not self._merge(series, is_):
            return SEGMENT_FULL
        self._counts[state] += 1
        return SEGMENT_MERGED

    def _merge(self, series: _Series, is_: _Figures) -> bool:
        key = (series.kind, series.key)
        places = self._index.places
        if key not in places:
            if len(places) >= self._index.word_count:
                raise failure(INVALID_ARGUMENT)
            added = self._memory._add(self._slot, series.kind, series.key, self._end)
            if added is None:
                return False
            places[key], self._end = added
        self._memory.add_figures(places[key], series, is_)
        return True


def _described(series: _Series, place: int) -> SegmentSeries:
    state, is_ = series.figures()
    buckets = place + _head_words(len(series.key)) if series.kind == SEGMENT_HISTOGRAM else 0
    start = (place + _KEY) * _WORD_BYTES
    return SegmentSeries._make(
        (series.kind, state, place, start, len(series.key), *map(_signed, is_), buckets),
    )


def _check_end(slot: _Place, end: int) -> None:
    is_inside = slot.start + _SLOT_WORDS <= end <= slot.end and (end - slot.start) % _ALIGNMENT == 0
    if end and not is_inside:
        raise failure(INVALID_ARGUMENT)


def _generation_word(generation: int, least: int) -> int:
    if not least <= generation <= _LOW_HALF:
        raise failure(INVALID_ARGUMENT)
    return _self_checked(generation)


def _bucket_of(value: int) -> int:
    if value == 0:
        return 0
    index = exponential_buckets.index(exponential_buckets.exact(value), SEGMENT_SCALE)
    return min(max(index - SEGMENT_FIRST_INDEX + 1, 0), SEGMENT_BUCKETS - 1)
