"""The shared-memory format: what is written, what is believed, and what no damage may change silently."""

import random
import struct
import zlib
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mercury.core import backend, pure
from mercury.core.records import (
    SEGMENT_BROKEN,
    SEGMENT_BUCKETS,
    SEGMENT_COUNTER,
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
    SEGMENT_SLOT_HEAD_BYTES,
    SEGMENT_UNKNOWN,
    SEGMENT_UNSETTLED,
    SEGMENT_WHOLE,
    SEGMENT_WRITER,
    SegmentCursor,
    SegmentSlot,
)
from mercury.errors import InvalidArgumentError, LimitExceededError

core = backend().module
MODULES = [pure] if core is pure else [core, pure]

SLOT_BYTES = 8192
SIZE = SEGMENT_HEADER_BYTES + 3 * SLOT_BYTES
CREATION = (0x0123456789ABCDEF, -2)
WRITER = SegmentSlot(SEGMENT_WRITER, 7, -7, 4321, 1_700_000_000_000_000_000, 0, 0)
RETIRED = WRITER._replace(use=SEGMENT_RETIRED, generation=1)
FIRST = (SEGMENT_HEADER_BYTES + SEGMENT_SLOT_HEAD_BYTES) // 8
SEQUENCE, COUNT, SUM_LOW, SUM_HIGH, COMPLEMENT_LOW, COMPLEMENT_HIGH, SMALLEST, LARGEST, EXTREMES = range(3, 12)
BUCKET = 16
INT64_MAX = (1 << 63) - 1


def formatted(size=SIZE, slot_bytes=SLOT_BYTES, module=core):
    data = bytearray(size)
    memory = module.SegmentMemory(data)
    memory.format(slot_bytes, CREATION, 5)
    return data, memory


def written(updates, module=core):
    """Memory with slot 0 claimed, the counter 0 and the histogram 1 in it, and the updates recorded."""
    data, memory = formatted(module=module)
    memory.claim(0, WRITER)
    recorder = module.SegmentRecorder(memory)
    place, end = memory.add(0, SEGMENT_COUNTER, b"queries")
    recorder.set_place(0, place)
    place, end = memory.add(0, SEGMENT_HISTOGRAM, b"latency" * 3, end)
    recorder.set_place(1, place)
    flat = [number for update in updates for number in update]
    assert recorder.record(flat) == len(updates)
    memory.close()
    return data


def series(data, slot=0, module=core):
    memory = module.SegmentMemory(data)
    try:
        return memory.series(slot)
    finally:
        memory.close()


def merged(data, slot=0, owner_gone=1, module=core):
    """The cursor after merging a slot into new memory, and what is there then."""
    target, memory = formatted(module=module)
    start = SEGMENT_HEADER_BYTES + slot * SLOT_BYTES
    copy = bytes(data[start + SEGMENT_SLOT_HEAD_BYTES : start + SLOT_BYTES])
    begin = SegmentCursor((start + SEGMENT_SLOT_HEAD_BYTES) // 8, owner_gone=owner_gone)
    memory.claim(0, RETIRED)
    cursor = memory.merge(0, module.SegmentIndex(64, 3), copy, begin)
    found = memory.series(0)
    memory.close()
    return cursor, found, target


def words(data, place, count):
    return struct.unpack_from(f"<{count}Q", data, 8 * place)


def set_word(data, place, word):
    struct.pack_into("<Q", data, 8 * place, word)


def test_a_new_segment_says_what_it_is():
    data, memory = formatted()
    layout = memory.layout()
    assert layout == core.inspect_segment(bytes(data[:SEGMENT_HEADER_BYTES]), SIZE)
    assert layout[:5] == (SEGMENT_WHOLE, 1, SIZE, SLOT_BYTES, 3)
    assert (layout.creation_low, layout.creation_high, layout.created_ns, layout.generation) == (*CREATION, 5, 0)
    assert [slot.use for slot in memory.slots()] == [SEGMENT_FREE] * 3
    memory.close()
    memory.close()


@pytest.mark.parametrize(
    ("size", "slot_bytes"),
    [(0, SLOT_BYTES), (SEGMENT_HEADER_BYTES, SLOT_BYTES), (SIZE, SEGMENT_MIN_SLOT_BYTES - 64), (SIZE, SLOT_BYTES + 8),
     (SEGMENT_HEADER_BYTES + SLOT_BYTES - 1, SLOT_BYTES)],
)  # fmt: skip
def test_no_segment_without_room_for_a_slot(size, slot_bytes):
    memory = core.SegmentMemory(bytearray(size))
    with pytest.raises(InvalidArgumentError):
        memory.format(slot_bytes, CREATION, 0)
    memory.close()


def test_the_bytes_are_those_of_the_specification():
    """Offsets and values as docs/segment-format.md has them, read with struct alone."""
    data = written([(0, 5), (1, 1_000_000)])
    assert bytes(data[:8]) == b"\x89MRSEG\x1a\n"
    assert words(data, 1, 9) == (1, 0x0102030405060708, SIZE, 4096, SLOT_BYTES, 3, 3, 79, 242)
    assert words(data, 14, 1) == (0xFFFFFFFF00000000,)
    head = SEGMENT_HEADER_BYTES // 8
    assert bytes(data[SEGMENT_HEADER_BYTES + 4 : SEGMENT_HEADER_BYTES + 8]) == b"SLOT"
    assert words(data, head + 1, 5) == (7, (1 << 64) - 7, 4321, 1_700_000_000_000_000_000, 0)
    assert bytes(data[8 * FIRST : 8 * FIRST + 8]) == b"\x01\0\0\0SERI"
    assert words(data, FIRST + 1, 1) == (16 | 7 << 32,)
    assert words(data, FIRST + 3, 6) == (2, 1, 5, 0, (1 << 64) - 6, (1 << 64) - 1)
    assert words(data, FIRST + 9, 3) == (5, 5, (1 << 64) - 1)
    assert bytes(data[8 * FIRST + 96 : 8 * FIRST + 104]) == b"queries\0"
    bucket = words(data, FIRST + 16 + 12 + 3, SEGMENT_BUCKETS)
    assert bucket.index(1) == 159 - 79 + 1  # 1 ms is 2 ** (159.45 / 8) ns
    assert sum(bucket) == 1


def test_records_are_counted():
    data = written([(0, 2), (0, 3), (1, 1000), (1, 10), (1, -4), (1, INT64_MAX), (1, INT64_MAX), (1, INT64_MAX)])
    counter, histogram = series(data)
    assert (counter.kind, counter.state, counter.count, counter.sum_low) == (SEGMENT_COUNTER, SEGMENT_WHOLE, 2, 5)
    assert data[counter.key_start : counter.key_start + counter.key_bytes] == b"queries"
    assert (histogram.state, histogram.count, histogram.smallest, histogram.largest) == (0, 6, 0, INT64_MAX)
    assert (histogram.sum_high << 64) + (histogram.sum_low & (1 << 64) - 1) == 1010 + 3 * INT64_MAX
    buckets = words(data, histogram.buckets, SEGMENT_BUCKETS)
    assert (buckets[0], buckets[1], buckets[-1]) == (2, 1, 3)


@given(st.lists(st.integers(0, 1 << 41), min_size=1, max_size=40))
@settings(max_examples=40)
def test_each_value_is_in_its_bucket(values):
    data = written([(1, value) for value in values])
    histogram = series(data)[1]
    expected = [0] * SEGMENT_BUCKETS
    for value in values:
        # Exact: value > 2 ** (i / 8) where value ** 8 > 2 ** i; bounds are rounded to doubles, integers here are not.
        index = next((i for i in range(78, 330) if value**8 <= 1 << (i + 1)), 330)
        expected[min(max(index - 78, 0), SEGMENT_BUCKETS - 1)] += 1
    assert list(words(data, histogram.buckets, SEGMENT_BUCKETS)) == expected
    assert Fraction(histogram.sum_low) == sum(values)


def test_records_stop_where_no_series_is():
    _, memory = formatted()
    memory.claim(0, WRITER)
    recorder = core.SegmentRecorder(memory)
    place, _ = memory.add(0, SEGMENT_COUNTER, b"a")
    recorder.set_place(2, place)
    recorder.set_place(200, place + 1)
    recorder.set_place(201, SIZE // 8 - 1)
    recorder.set_place(202, -1)
    for number in (0, 1, 3, 200, 201, 202, 999, -1, INT64_MAX):
        assert recorder.record([2, 1, number, 1, 2, 1]) == 1
    assert recorder.record([]) == 0
    assert recorder.record([2, 1] * 500) == 500
    assert memory.series(0)[0].count == 509
    for wrong in ([2, 1.5], [2, "1"], [2, None], [2, 1 << 63]):
        with pytest.raises((TypeError, OverflowError)):
            recorder.record([2, 1, *wrong])
    assert memory.series(0)[0].count == 509
    memory.close()


def test_a_slot_has_one_owner():
    _, memory = formatted()
    memory.claim(1, WRITER)
    assert memory.slots()[1] == WRITER
    unknown = WRITER._replace(use=SEGMENT_UNKNOWN)
    for slot, head in ((1, WRITER), (3, WRITER), (-1, WRITER), (1 << 64, WRITER), (0, unknown)):
        with pytest.raises(InvalidArgumentError):
            memory.claim(slot, head)
    memory.clear(1)
    assert memory.slots()[1].use == SEGMENT_FREE
    memory.claim(1, RETIRED)
    assert memory.slots()[1] == RETIRED
    memory.close()


def test_a_full_slot_takes_no_series():
    _, memory = formatted()
    memory.claim(0, WRITER)
    places = []
    with pytest.raises(LimitExceededError) as raised:
        for number in range(100):
            places.append(memory.add(0, SEGMENT_HISTOGRAM, b"%d" % number)[0])
    assert len(places) == (SLOT_BYTES - SEGMENT_SLOT_HEAD_BYTES) // 8 // 256
    assert raised.value.position == 0
    assert [one.place for one in memory.series(0)] == places
    for key, kind, end in ((b"", 1, 0), (b"k" * (SEGMENT_MAX_KEY_BYTES + 1), 1, 0), (b"k", 3, 0), (b"k", 1, 1)):
        with pytest.raises(InvalidArgumentError):
            memory.add(0, kind, key, end)
    memory.close()


def test_generations_are_committed_whole():
    data, memory = formatted()
    memory.claim(0, WRITER)
    memory.fold(0, 3)
    memory.commit(3)
    assert (memory.slots()[0].folded_into, memory.layout().generation) == (3, 3)
    for generation in (0, -1, 1 << 32):
        with pytest.raises(InvalidArgumentError):
            memory.commit(generation)
        if generation:
            with pytest.raises(InvalidArgumentError):
                memory.fold(0, generation)
    memory.fold(0, 0)
    assert memory.slots()[0].folded_into == 0
    data[14 * 8] ^= 1
    data[SEGMENT_HEADER_BYTES + 7 * 8 + 6] ^= 16
    assert (memory.slots()[0].folded_into, memory.layout().generation) == (-1, -1)
    memory.close()


def test_merging_adds_by_key():
    one, other = written([(0, 2), (1, 1000), (1, INT64_MAX)]), written([(0, 3), (1, 10), (1, INT64_MAX), (1, 9)])
    target, memory = formatted()
    memory.claim(1, RETIRED)
    index = core.SegmentIndex(64, 1)
    cursor = SegmentCursor(FIRST, owner_gone=1)
    for data in (one, other):
        copy = bytes(data[8 * FIRST : SEGMENT_HEADER_BYTES + SLOT_BYTES])
        cursor = memory.merge(1, index, copy, cursor._replace(place=FIRST))
        assert cursor.status == SEGMENT_MERGED
    assert cursor[5:] == (4, 0, 0)
    counter, histogram = memory.series(1)
    assert (counter.state, counter.count, counter.sum_low) == (SEGMENT_WHOLE, 2, 5)
    assert (histogram.state, histogram.count, histogram.smallest, histogram.largest) == (0, 5, 9, INT64_MAX)
    assert sum(words(target, histogram.buckets, SEGMENT_BUCKETS)) == 5
    memory.close()


def test_merging_goes_on_in_another_slot():
    source = bytearray(SIZE)
    memory = core.SegmentMemory(source)
    memory.format(SLOT_BYTES, CREATION, 5)
    memory.claim(0, WRITER)
    for number in range(3):
        memory.add(0, SEGMENT_HISTOGRAM, b"%d" % number)
    memory.close()
    copy = bytes(source[8 * FIRST : SEGMENT_HEADER_BYTES + SLOT_BYTES])
    _, memory = formatted()
    memory.claim(0, RETIRED)
    memory.claim(1, RETIRED)
    memory.add(0, SEGMENT_HISTOGRAM, b"in the way")
    index = core.SegmentIndex(16, 1)
    cursor = memory.merge(0, index, copy, SegmentCursor(FIRST, owner_gone=1))
    assert (cursor.status, cursor.whole_count) == (SEGMENT_FULL, 2)
    rest = copy[8 * (cursor.place - FIRST) :]
    cursor = memory.merge(1, index, rest, cursor._replace(end=0))
    assert (cursor.status, cursor.whole_count) == (SEGMENT_MERGED, 3)
    assert [len(memory.series(slot)) for slot in range(3)] == [3, 1, 0]
    memory.close()


def test_an_index_that_is_full_is_an_error():
    data = written([])
    _, memory = formatted()
    memory.claim(0, RETIRED)
    copy = bytes(data[8 * FIRST : SEGMENT_HEADER_BYTES + SLOT_BYTES])
    with pytest.raises(InvalidArgumentError):
        memory.merge(0, core.SegmentIndex(1, 1), copy, SegmentCursor(FIRST))
    with pytest.raises(InvalidArgumentError):
        core.SegmentIndex(3, 1)
    with pytest.raises(InvalidArgumentError):
        memory.merge(0, core.SegmentIndex(4, 1), copy, SegmentCursor(-1))
    with pytest.raises(InvalidArgumentError):
        memory.merge(0, core.SegmentIndex(4, 1), copy, SegmentCursor(FIRST, end=3))
    memory.close()


def stores(before, after):
    """Memory with the values `before`, and the stores that record one more as (place, word), in their order."""
    old, new = written(before), written(after)
    histogram = series(old)[1]
    buckets = range(histogram.buckets, histogram.buckets + SEGMENT_BUCKETS)
    bucket = next(place for place in buckets if words(old, place, 1) != words(new, place, 1))
    order = [SUM_LOW, SUM_HIGH, COMPLEMENT_LOW, COMPLEMENT_HIGH, SMALLEST, LARGEST, EXTREMES, COUNT, SEQUENCE]
    places = [bucket, *(histogram.place + word for word in order)]
    odd = histogram.place + SEQUENCE, 2 * len(before) + 1
    return old, [odd, *((place, words(new, place, 1)[0]) for place in places)]


@pytest.mark.parametrize("value", [7, INT64_MAX], ids=["without a carry", "with a carry"])
def test_a_kill_between_two_stores_loses_no_more_than_its_value(value):
    before = [(1, INT64_MAX), (1, INT64_MAX)]
    data, steps = stores(before, [*before, (1, value)])
    for done, (place, word) in enumerate(steps, 1):
        set_word(data, place, word)
        cursor, found, _ = merged(data)
        assert cursor[5:] == ((1, 1, 0) if done < len(steps) else (2, 0, 0)), done
        assert found[1].count in (2, 3)
        assert (found[1].sum_high << 64) + (found[1].sum_low & (1 << 64) - 1) - 2 * INT64_MAX in (0, value)
        if done < len(steps):
            alive = merged(data, owner_gone=0)[0]
            assert (alive.status, alive.place) == (SEGMENT_UNSETTLED, FIRST + 16)


@pytest.mark.parametrize(("word", "content"), [(COUNT, 4), (COUNT, 0), (BUCKET, 5)])
def test_more_than_one_value_away_is_no_kill(word, content):
    data = written([(1, 5), (1, 6)])
    histogram = series(data)[1]
    set_word(data, histogram.place + SEQUENCE, 5)
    set_word(data, histogram.buckets if word == BUCKET else histogram.place + word, content)
    cursor, found, _ = merged(data)
    assert cursor[5:] == (1, 0, 1)
    assert [one.kind for one in found] == [SEGMENT_COUNTER]


def test_what_never_settles_is_passed_over():
    data = written([(0, 1), (1, 5)])
    set_word(data, FIRST + SEQUENCE, 3)
    _, memory = formatted()
    memory.claim(0, RETIRED)
    copy = bytes(data[8 * FIRST : SEGMENT_HEADER_BYTES + SLOT_BYTES])
    cursor = memory.merge(0, core.SegmentIndex(16, 1), copy, SegmentCursor(FIRST, skip=FIRST))
    assert (cursor.status, cursor.whole_count, cursor.broken_count) == (SEGMENT_MERGED, 1, 1)
    memory.close()


def test_behind_rubbish_reading_goes_on():
    data = written([(0, 1), (1, 5)])
    data[8 * FIRST + 100] ^= 1  # in the counter's key
    rubbish, histogram = series(data)
    assert (rubbish.kind, rubbish.state) == (0, SEGMENT_BROKEN)
    assert (histogram.kind, histogram.state, histogram.count) == (SEGMENT_HISTOGRAM, SEGMENT_WHOLE, 1)
    assert merged(data)[0][5:] == (1, 0, 1)
    memory = core.SegmentMemory(data)
    with pytest.raises(LimitExceededError):
        memory.add(0, SEGMENT_COUNTER, b"more")
    memory.close()


def figures(data, module=core):
    """Everything that a reader would report of slot 0, or None where it says that something is wrong."""
    layout = module.inspect_segment(bytes(data[:SEGMENT_HEADER_BYTES]), len(data))
    if layout.state != SEGMENT_WHOLE or layout.generation < 0:
        return None
    memory = module.SegmentMemory(data)
    head = memory.slots()[0]
    memory.close()
    if head.use != SEGMENT_WRITER or head.folded_into < 0 or 0 < head.folded_into <= layout.generation:
        return None
    cursor, found, target = merged(data, module=module)
    if cursor.broken_count or cursor.torn_count:
        return None
    return [(one[:2], one[5:10], one.buckets and words(target, one.buckets, SEGMENT_BUCKETS)) for one in found]


def test_no_flipped_bit_goes_unseen():
    """One that changes no figure is harmless; one that changes a figure is told."""
    data = written([(0, 1), (1, 5), (1, 5000), (0, 77)])
    expected = figures(data)
    assert expected is not None
    used = [
        8 * at + byte for at in [*range(15), *range(SEGMENT_HEADER_BYTES // 8, FIRST + 16 + 260)] for byte in range(8)
    ]
    chosen = random.Random(1).sample([(byte, bit) for byte in used for bit in range(8)], 400)
    for byte, bit in chosen:
        data[byte] ^= 1 << bit
        assert figures(data) in (None, expected), (byte, bit)
        data[byte] ^= 1 << bit
    assert figures(data) == expected


@pytest.mark.parametrize("length", [0, 7, 8, 119, 120, 4095, 4096, 12000, SIZE - 1])
def test_a_cut_file_is_recognized(length):
    data = bytes(written([(0, 1)]))[:length]
    state = core.inspect_segment(data[:SEGMENT_HEADER_BYTES], length).state
    assert state == (SEGMENT_FOREIGN if length < 8 else SEGMENT_OTHER_SIZE)


@pytest.mark.parametrize(
    ("word", "content"),
    [(2, 0x0807060504030201), (4, 8192), (5, 4095), (5, SLOT_BYTES + 8), (5, 1 << 33), (6, 2), (6, 4), (7, 4), (8, 78),
     (9, 160), (3, 64), (3, SIZE + 64)],
)  # fmt: skip
def test_a_header_with_other_contents_is_told(word, content):
    """Its check sum is right, so this is no damage: another program wrote it."""
    data = written([])
    set_word(data, word, content)
    set_word(data, 13, zlib.crc32(data[:104]))
    layout = core.inspect_segment(bytes(data[:SEGMENT_HEADER_BYTES]), SIZE)
    assert layout.state == (SEGMENT_OTHER_SIZE if word == 3 else SEGMENT_BROKEN)


@pytest.mark.parametrize(("size", "state"), [(200, SEGMENT_OTHER_SIZE), (4104, SEGMENT_BROKEN)])
def test_a_file_without_room_for_a_slot_is_told(size, state):
    data = written([])
    set_word(data, 3, size)
    set_word(data, 6, 0)
    set_word(data, 13, zlib.crc32(data[:104]))
    assert core.inspect_segment(bytes(data[: min(size, SEGMENT_HEADER_BYTES)]), size).state == state


def test_other_files_are_recognized():
    data = written([])
    grown = core.inspect_segment(bytes(data[:SEGMENT_HEADER_BYTES]), SIZE + 1)
    assert grown.state == SEGMENT_OTHER_SIZE
    set_word(data, 1, 2)
    newer = core.inspect_segment(bytes(data[:SEGMENT_HEADER_BYTES]), SIZE)
    assert (newer.state, newer.version, newer.file_bytes) == (SEGMENT_OTHER_VERSION, 2, 0)
    assert core.inspect_segment(b"SQLite format 3\0" * 20, 320).state == SEGMENT_FOREIGN
    with pytest.raises(InvalidArgumentError):
        core.inspect_segment(b"12345678", 7)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_hostile_memory_is_read_within_its_bounds(data):
    """Words anywhere are overwritten; both backends say the same of what is left."""
    hostile = written([(0, 1), (1, 5)])
    edges = [0, 1, 2, 5, 16, 64, 256, (1 << 32) - 1, 1 << 32, 1 << 63, (1 << 64) - 1]
    word = st.one_of(st.sampled_from(edges), st.integers(0, (1 << 64) - 1))
    places = st.one_of(st.integers(0, 15), st.integers(FIRST - 8, FIRST + 300), st.integers(0, SIZE // 8 - 1))
    for place, content in data.draw(st.lists(st.tuples(places, word), max_size=4)):
        set_word(hostile, place, content)

    def told(module):
        try:
            return series(hostile, module=module), figures(hostile, module=module)
        except InvalidArgumentError as error:
            return str(error)

    assert told(MODULES[0]) == told(MODULES[-1])


PROGRAMS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 2), st.integers(1, 2), st.binary(min_size=1, max_size=40)),
        st.tuples(st.just("record"), st.integers(0, 9), st.integers(-5, INT64_MAX)),
        st.tuples(st.just("claim"), st.integers(0, 2)),
        st.tuples(st.just("fold"), st.integers(0, 2), st.integers(0, 9)),
        st.tuples(st.just("clear"), st.integers(0, 2)),
    ),
    max_size=25,
)


def run(program, module):
    """The bytes that a program leaves, and what its steps answered."""
    data, memory = formatted(module=module)
    recorder = module.SegmentRecorder(memory)
    answers, count = [], 0
    for step, *arguments in program:
        try:
            if step == "add":
                answers.append(memory.add(*arguments))
                recorder.set_place(count, answers[-1][0])
                count += 1
            elif step == "record":
                answers.append(recorder.record(arguments))
            elif step == "claim":
                answers.append(memory.claim(arguments[0], WRITER))
            else:
                answers.append(getattr(memory, step)(*arguments))
        except (InvalidArgumentError, LimitExceededError) as error:
            answers.append((type(error), error.position))
    index, cursor = module.SegmentIndex(256, 5), SegmentCursor(FIRST, owner_gone=1)
    copy = bytes(data[8 * FIRST : SEGMENT_HEADER_BYTES + SLOT_BYTES])
    answers.append(memory.merge(2, index, copy, cursor))
    memory.close()
    return bytes(data), answers


if core is not pure:

    @given(PROGRAMS)
    @settings(max_examples=60, deadline=None)
    def test_the_library_and_its_twin_write_the_same_bytes(program):
        assert run(program, core) == run(program, pure)
