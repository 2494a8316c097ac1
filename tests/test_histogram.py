"""What a histogram counts, estimates, keeps and refuses, over the backend that serves."""

import copy
import json
import math
import os
import pickle
import struct
import sys
import threading
from array import array
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mercury
from mercury.core import backend
from mercury.core.pure.xxh3 import xxh3_64
from mercury.errors import InvalidArgumentError, LimitExceededError, MalformedDataError

VECTORS = json.loads((Path(__file__).parent / "vectors" / "histogram.json").read_text(encoding="utf-8"))
LARGEST = (1 << 63) - 1

INTEGERS = st.integers(0, LARGEST) | st.integers(0, 10)
FLOATS = st.floats(min_value=0, allow_nan=False, allow_infinity=False) | st.floats(1e-6, 1e3)
NUMBERS = st.lists(INTEGERS | FLOATS, max_size=30)
SCALES = st.integers(-10, 8)


def histogram(numbers=(), scale=5):
    made = mercury.Histogram(scale)
    for number in numbers:
        made.record(number)
    return made


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_vector(vector):
    made = mercury.Histogram(vector["scale"])
    made.record_many(array("q", vector["integers"]))
    made.record_many(array("d", map(float.fromhex, vector["doubles"])))
    offset, counts = made.buckets()
    found = {str(offset + place): count for place, count in enumerate(counts) if count}
    assert (made.scale, made.zero_count, offset) == (vector["final_scale"], vector["zero_count"], vector["offset"])
    assert found == vector["counts"]
    if "encoded" in vector:
        assert made.to_bytes().hex() == vector["encoded"]


def test_an_empty_one_has_no_figures():
    empty = mercury.Histogram()
    assert (empty.count, empty.sum, empty.min, empty.max, empty.quantile(0.5)) == (0, 0, None, None, None)
    assert (empty.scale, empty.zero_count, empty.buckets()) == (5, 0, (0, array("Q")))
    assert repr(empty) == "<Histogram scale=5, count=0>"


def test_figures():
    made = histogram([3, 1.5, 0, 12])
    assert (made.count, made.sum, made.min, made.max, made.zero_count) == (4, 16.5, 0, 12, 1)
    assert isinstance(made.max, int)
    assert repr(made) == "<Histogram scale=5, count=4, min=0, max=12>"


def test_whole_figures_are_integers_up_to_128_bits():
    whole = histogram([1.5, 1.5, 1 << 60])
    assert whole.sum == (1 << 60) + 3
    assert isinstance(whole.sum, int)
    large = histogram([1e300, 2.0**127])
    assert isinstance(large.sum, float)
    assert large.sum == large.max == 1e300
    assert (type(large.min), large.min) == (int, 1 << 127)
    assert histogram([sys.float_info.max] * 2).sum == math.inf
    assert histogram([(1 << 53) + 1]).max == (1 << 53) + 1


@settings(max_examples=40, deadline=None)
@given(NUMBERS)
def test_the_sum_is_that_of_the_numbers(numbers):
    exact = sum(map(Fraction, numbers))
    found = histogram(numbers).sum
    if exact.denominator == 1 and exact < 1 << 128:
        assert (type(found), found) == (int, exact)
    elif exact < sys.float_info.max:
        assert found == float(exact)


@settings(max_examples=40, deadline=None)
@given(NUMBERS, SCALES)
def test_one_by_one_is_all_at_once(numbers, scale):
    whole = mercury.Histogram(scale)
    whole.record_many(array("q", [number for number in numbers if isinstance(number, int)]))
    whole.record_many(array("d", [number for number in numbers if isinstance(number, float)]))
    assert histogram(numbers, scale) == whole


@settings(max_examples=40, deadline=None)
@given(st.tuples(NUMBERS, NUMBERS, NUMBERS), st.tuples(SCALES, SCALES, SCALES))
def test_merging_is_associative_and_commutative(parts, scales):
    def made(part):
        return histogram(parts[part], scales[part])

    left, pair, right = made(0), made(2), made(0)
    left.merge(made(1))
    left.merge(made(2))
    pair.merge(made(1))
    right.merge(pair)
    backward = made(2)
    backward.merge(made(1))
    backward.merge(made(0))
    assert left.to_bytes() == right.to_bytes() == backward.to_bytes()
    assert left == histogram([number for part in parts for number in part], min(scales))
    assert left.count == sum(map(len, parts))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, LARGEST) | st.floats(1e-300, 1e300), min_size=1, max_size=40), SCALES, st.floats(0, 1))
def test_quantiles_are_off_by_no_more_than_the_bound(numbers, scale, q):
    made = histogram(numbers, scale)
    rank = max(math.ceil(q * len(numbers)), 1)
    number = sorted(numbers)[rank - 1]
    base = 2.0 ** (2.0**-made.scale) if made.scale > -10 else math.inf
    allowed = (base - 1) / (base + 1) if base < math.inf else 1
    estimate = made.quantile(q)
    assert abs(Fraction(estimate) - Fraction(number)) <= Fraction(allowed + 1e-12) * Fraction(number)
    assert float(min(numbers)) <= estimate <= float(max(numbers))


def test_quantiles_of_a_known_distribution():
    made = histogram(range(1, 1001))
    assert (made.quantile(0), made.quantile(1)) == (1, 1000)
    for q in (0.01, 0.25, 0.5, 0.9, 0.99):
        assert made.quantile(q) == pytest.approx(1000 * q, rel=0.011)
    assert histogram([0, 0, 0, 7]).quantile(0.75) == 0


@pytest.mark.parametrize("q", [-0.1, 1.1, math.nan, math.inf])
def test_what_is_no_share_is_refused(q):
    with pytest.raises(InvalidArgumentError):
        mercury.Histogram().quantile(q)


def test_the_scale_halves_past_the_most_buckets():
    made = mercury.Histogram()
    made.record_many(array("d", [1.01, 2.0**32]))
    assert (made.scale, len(made.buckets().counts)) == (5, 1024)
    made.record(1.0)
    assert (made.scale, made.buckets().offset, len(made.buckets().counts)) == (4, -1, 513)


@pytest.mark.parametrize("scale", [-11, 9, 1 << 70])
def test_scales_that_there_are_not(scale):
    with pytest.raises(InvalidArgumentError, match="scale must be from -10 to 8"):
        mercury.Histogram(scale)


@pytest.mark.parametrize("number", [-1, -0.5, math.nan, math.inf, -math.inf, 1 << 63, -(1 << 70), Fraction(-1, 3)])
def test_numbers_that_cannot_be_counted(number):
    made = mercury.Histogram()
    with pytest.raises(InvalidArgumentError, match="a histogram records integers of 63 bits and floats from 0 on"):
        made.record(number)
    assert made.count == 0


@pytest.mark.parametrize("thing", ["1", b"1", None, [1], 1j])
def test_what_is_no_number_is_refused(thing):
    with pytest.raises(TypeError, match="a histogram records numbers, not"):
        mercury.Histogram().record(thing)
    with pytest.raises(TypeError):
        mercury.Histogram(thing)


def test_other_kinds_of_numbers():
    class Double(float):
        pass

    class Whole(int):
        pass

    made = histogram([True, Fraction(1, 2), Double(0.25), Whole(3), Decimal("0.25")])
    assert (made.count, made.sum) == (5, 5)
    with pytest.raises(InvalidArgumentError):
        made.record(Fraction(10**400))


def test_a_buffer_is_counted_whole_or_not_at_all():
    made = histogram([5])
    for values in (array("q", [1, 2, -3, -4]), array("d", [1, 2, math.nan])):
        with pytest.raises(InvalidArgumentError, match="value 2 is negative, infinite or not a number") as caught:
            made.record_many(values)
        assert caught.value.position == 2
    assert made == histogram([5])


@pytest.mark.parametrize("typecode", "bBhHiIfLQ")
def test_buffers_of_other_numbers_are_refused(typecode):
    with pytest.raises(InvalidArgumentError):
        mercury.Histogram().record_many(array(typecode, [1]))


def test_buffers_in_other_shapes_are_refused():
    made = mercury.Histogram()
    view = memoryview(array("q", range(8)))
    for wrong in (view[::2], view.cast("B"), view.cast("B").cast("q", [2, 4]), memoryview(b"12345678")):
        with pytest.raises(InvalidArgumentError):
            made.record_many(wrong)
    with pytest.raises(TypeError, match="must be a buffer"):
        made.record_many([1, 2])
    made.record_many(view[2:4])
    made.record_many(view[:0])
    assert (made.count, made.sum) == (2, 5)


def test_arrays_of_numpy():
    numpy = pytest.importorskip("numpy", reason="no numpy for this interpreter")
    made = mercury.Histogram()
    made.record_many(numpy.arange(100))
    made.record_many(numpy.array([0.5, 1.5]))
    made.record(numpy.int64(3))
    made.record(numpy.float32(0.25))
    assert (made.count, made.sum) == (104, 4950 + 2 + 3 + 0.25)
    for wrong in (numpy.arange(9)[::2], numpy.zeros((2, 2)), numpy.zeros(2, ">f8"), numpy.zeros(2, "f4")):
        with pytest.raises(InvalidArgumentError):
            made.record_many(wrong)


def test_borrowed_buffers_are_given_back():
    values = array("q", [1])
    mercury.Histogram().record_many(values)
    with pytest.raises(InvalidArgumentError):
        mercury.Histogram().record_many(array("q", [-1]))
    values.append(2)  # raises BufferError while anything holds the memory


def test_only_histograms_merge():
    with pytest.raises(TypeError, match="a histogram merges histograms, not int"):
        mercury.Histogram().merge(3)


def test_a_histogram_merges_itself():
    made = histogram([1, 0, 2.5])
    made.merge(made)
    assert made == histogram([1, 0, 2.5] * 2)


def test_counts_end_at_63_bits():
    one, total = histogram([3]), mercury.Histogram()
    for _ in range(62):
        total.merge(one)
        one.merge(one)
    total.merge(one)
    assert total.count == LARGEST
    before = total.to_bytes()
    with pytest.raises(LimitExceededError):
        total.merge(one)
    assert total.to_bytes() == before


def test_copies_and_equality():
    made = histogram([1, 2.5, 0], 4)
    for same in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert same == made
        same.record(1)
        assert same != made
    assert made != 3
    assert histogram([], 4) != histogram([], 5)
    with pytest.raises(TypeError):
        hash(made)


@settings(max_examples=40, deadline=None)
@given(NUMBERS, SCALES)
def test_bytes_come_back(numbers, scale):
    made = histogram(numbers, scale)
    encoded = made.to_bytes()
    back = mercury.Histogram.from_bytes(bytearray(encoded))
    assert back.to_bytes() == encoded
    assert (back.sum, back.min, back.max, back.scale) == (made.sum, made.min, made.max, made.scale)


@pytest.mark.parametrize("numbers", [[], [0], [1, 5, 0.5, 300]])
def test_every_truncation_and_every_flipped_bit_is_refused(numbers):
    encoded = histogram(numbers, 1).to_bytes()
    for length in range(len(encoded)):
        with pytest.raises(MalformedDataError) as caught:
            mercury.Histogram.from_bytes(encoded[:length])
        assert caught.value.position == length
    for bit in range(8 * len(encoded)):
        damaged = bytearray(encoded)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(MalformedDataError) as caught:
            mercury.Histogram.from_bytes(damaged)
        assert 0 <= caught.value.position <= len(encoded)
    with pytest.raises(MalformedDataError):
        mercury.Histogram.from_bytes(encoded + b"\0")


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused(data):
    with pytest.raises(MalformedDataError):
        mercury.Histogram.from_bytes(data)


@pytest.mark.parametrize("word", [7, 9], ids=["minimum", "maximum"])
def test_extremes_above_all_numbers_are_refused(word):
    """In the last bucket there is room above the greatest double: its quantiles would be infinite."""
    encoded = bytearray(histogram([sys.float_info.max] * 2).to_bytes())
    struct.pack_into("<Q", encoded, 8 * (word + 1), struct.unpack_from("<Q", encoded, 8 * (word + 1))[0] + 1)
    struct.pack_into("<Q", encoded, len(encoded) - 8, xxh3_64(bytes(encoded[:-8])))
    with pytest.raises(MalformedDataError) as caught:
        mercury.Histogram.from_bytes(encoded)
    assert caught.value.position == 8 * word


def test_what_is_too_long_is_refused_where_it_is_and_not_copied():
    encoded = histogram([1, 5]).to_bytes()
    tracemalloc = pytest.importorskip("tracemalloc", reason="PyPy has no tracemalloc")
    long = bytearray(1 << 24)
    long[: len(encoded)] = encoded
    tracemalloc.start()
    try:
        with pytest.raises(MalformedDataError) as caught:
            mercury.Histogram.from_bytes(long)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
    assert caught.value.position == len(encoded)


def test_what_are_no_bytes():
    for thing in (None, "MHIS", 96, [1]):
        with pytest.raises(TypeError, match="data must be bytes"):
            mercury.Histogram.from_bytes(thing)


def test_later_versions_are_refused_at_the_version():
    encoded = bytearray(histogram([1]).to_bytes())
    encoded[4:6] = struct.pack("<H", 2)
    with pytest.raises(MalformedDataError) as caught:
        mercury.Histogram.from_bytes(encoded)
    assert caught.value.position == 4


def test_threads_lose_nothing():
    shared, part = mercury.Histogram(), histogram([1, 2, 3])

    def work():
        for number in range(500):
            shared.record(number)
            if number % 50 == 0:
                shared.record_many(array("d", [0.5] * 10))
                shared.merge(part)
                part.merge(mercury.Histogram())
                shared.quantile(0.5)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shared.count == 4 * (500 + 10 * 10 + 10 * 3)
    assert shared.sum == 4 * (499 * 250 + 10 * 5 + 10 * 6)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_child_goes_on_with_a_whole_copy():
    shared = histogram([1, 2])
    stop = threading.Event()

    def work():
        while not stop.is_set():
            shared.record_many(array("q", [5] * 100))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(5):
            child = os.fork()
            if child == 0:
                shared.record(7)
                whole = shared.count % 100 == 3 and shared.sum == 10 + 5 * (shared.count - 3)
                os._exit(0 if whole else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        thread.join()


def test_the_core_records_one_by_one_too():
    core = backend().module.Histogram(5)
    for number in (0, 3, LARGEST):
        core.record_integer(number)
    for number in (0.0, 0.1):
        core.record_double(number)
    for wrong in (-1, 1 << 63):
        with pytest.raises(InvalidArgumentError):
            core.record_integer(wrong)
    for wrong in (-1.0, math.nan, math.inf):
        with pytest.raises(InvalidArgumentError):
            core.record_double(wrong)
    assert core.encode() == histogram([0, 3, LARGEST, 0.0, 0.1]).to_bytes()
