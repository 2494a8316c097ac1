"""The C library as Python functions: the same names and answers as `mercury.core.pure`.

The only module that knows cffi. Text goes in without a copy and records come back as
arrays of 64-bit integers, because to fill or read a cffi struct field by field costs more
than the work itself. A borrowed buffer is always given back before the call returns:
PyPy crashes if a mapping is closed while one lives.
"""

from __future__ import annotations

import sys

from mercury.core import _ffi, records
from mercury.core._integers import INVALID_ARGUMENT, INVALID_ARGUMENT_TEXT, doubles, integers, path_integers
from mercury.core.records import (
    ADVICE_RULES,
    COMPARE_MAX_RESAMPLES,
    DIALECTS,
    HISTOGRAM_MAX_BUCKETS,
    HISTOGRAM_MAX_BYTES,
    HISTOGRAM_MAX_SCALE,
    HISTOGRAM_MIN_SCALE,
    SUMMARY_CAPACITY,
    SUMMARY_TABLES,
    SUMMARY_VERB,
)
from mercury.errors import BufferTooSmallError, MercuryError, from_code

TYPE_CHECKING = False  # type checkers know it by its name; to import typing takes longer than all else here
if TYPE_CHECKING:
    from array import array
    from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

    from mercury.core._integers import Doubles, Integers
    from mercury.core.records import (
        Advice,
        Duplicate,
        Figures,
        Group,
        Interval,
        Memory,
        Normalized,
        RankTest,
        SegmentCursor,
        SegmentLayout,
        SegmentSeries,
        SegmentSlot,
        Summary,
        Token,
        Totals,
        Verdict,
    )

    _Bytes = Union[bytes, bytearray, memoryview]

ffi: Any = _ffi.ffi

KEPT_SCRATCH_BYTES = 1 << 20
"""Scratch memory up to this is kept for later calls; what a longer text needs is freed after the call."""

_FIRST_SCRATCH_BYTES = max(1 << 13, SUMMARY_CAPACITY)
_SUMMARY_WIDTH = 68
_SUMMARY_ENDS = 4
_SEED_MASK = (1 << 64) - 1
_DUPLICATE_WIDTH = 12
_FIRST_SERIES = 64

_lib: _ffi.Library
_normalize_within: Any = None
_unpack: Callable[[Any, int], bytes] = ffi.unpack
_new_scratch: Callable[[str, int], Any] = ffi.new_allocator(should_clear_after_alloc=False)


def _new_array(form: str, data: bytes) -> array[int]:
    # The class takes over at its first use: it imports collections, without which a fingerprint is quickly had.
    global _new_array
    from array import array as _new_array

    return _new_array(form, data)


def attach(lib: _ffi.Library) -> None:
    """Makes `lib`, which passed all of the loader's checks, serve every later call."""
    global _lib, _normalize_within
    _lib = lib
    _normalize_within = lib.mercury_sql_normalize_within


def build() -> str:
    """One line for a person about how the library was compiled."""
    return _text(_lib.mercury_abi_build())


def memory() -> Memory:
    """Resident and peak bytes of the whole process. Raises UnsupportedError where nothing tells."""
    result = _new_array("q", bytes(16))
    error = ffi.new("mercury_error *")
    with ffi.from_buffer("mercury_memory[]", result) as pointer:
        _check(_lib.mercury_platform_memory(pointer, error), error)
    return records.Memory(*result)


def tokens(data: _Bytes, dialect: int) -> List[Token]:
    """The tokens of `data`. Raises UnknownDialectError."""
    capacity = len(data) // 2 + 8
    while True:
        result = _new_array("q", bytes(24 * capacity))
        count = ffi.new("size_t *")
        error = ffi.new("mercury_error *")
        with ffi.from_buffer(data) as text, ffi.from_buffer("mercury_token[]", result) as pointer:
            code = _lib.mercury_sql_lexer_tokens(text, len(text), dialect, pointer, capacity, count, error)
        if code != BufferTooSmallError.code:
            _check(code, error)
            fields = iter(result[: 3 * count[0]].tolist())
            return list(map(records.Token._make, zip(fields, fields, fields)))
        capacity = error.position


def normalize(data: _Bytes, dialect: int) -> Normalized:
    """The canonical text of `data` and its fingerprint. Raises UnknownDialectError."""
    if isinstance(data, bytes):
        workspace, length = _normalized(data, dialect)
    else:
        with ffi.from_buffer(data) as text:
            workspace, length = _normalized(text, dialect)
    result = workspace.normalized
    answer = records.Normalized(
        _unpack(workspace.scratch, length), result.fingerprint, result.literal_count, result.in_doubt != 0
    )
    workspace.home.append(workspace)
    return answer


def canonical(data: bytes, dialect: int) -> bytes:
    """What `normalize` gives as `text`; making its record costs as much as this call. Raises UnknownDialectError."""
    workspace, length = _normalized(data, dialect)
    answer = _unpack(workspace.scratch, length)
    workspace.home.append(workspace)
    return answer


def fingerprint(data: bytes, dialect: int) -> int:
    """What `normalize` gives as `fingerprint`. Raises UnknownDialectError."""
    workspace, _ = _normalized(data, dialect)
    answer: int = workspace.normalized.fingerprint
    workspace.home.append(workspace)
    return answer


def summarize(data: _Bytes, dialect: int) -> Summary:
    """Verb, tables and query summary of `data`. Raises UnknownDialectError."""
    workspace = _take_workspace(dialect)
    scratch, capacity, error = workspace.scratch, workspace.capacity, workspace.error
    result = _new_array("q", bytes(8 * _SUMMARY_WIDTH))
    with ffi.from_buffer(data) as text, ffi.from_buffer("mercury_summary[]", result) as record:
        code = _lib.mercury_sql_summary_text(text, len(text), dialect, scratch, capacity, record, error)
    _check(code, error)
    length, verb_length, complete, table_count = result[:_SUMMARY_ENDS]
    ends = [SUMMARY_TABLES, *result[_SUMMARY_ENDS : _SUMMARY_ENDS + table_count]]
    written = ffi.buffer(scratch, ends[-1])[:]
    tables = tuple(written[start:end] for start, end in zip(ends, ends[1:]))
    verb = written[SUMMARY_VERB : SUMMARY_VERB + verb_length]
    answer = records.Summary(written[:length], verb, tables, complete != 0)
    workspace.home.append(workspace)
    return answer


def split(data: _Bytes, dialect: int, most: int) -> array[int]:
    """The offsets of at most `most` statements: 0, and one past the semicolon that ends each of them.

    Raises UnknownDialectError.
    """
    offsets = _new_array("q", bytes(8)) * (most + 1)
    count = ffi.new("size_t *")
    error = ffi.new("mercury_error *")
    with ffi.from_buffer(data) as text, ffi.from_buffer("int64_t[]", offsets) as bounds:
        _check(_lib.mercury_sql_split_offsets(text, len(text), dialect, bounds, most, count, error), error)
    return offsets[: count[0] + 1]


def advise(data: _Bytes, dialect: int, wildcards: bytes = b"") -> Advice:
    """What the text of `data` proves wasteful or wrong. Raises UnknownDialectError.

    `wildcards` holds a byte for each placeholder, in the order of the text: not 0 where
    its parameter is a text that begins with % or _.
    """
    result = _new_array("q", bytes(8 * (1 + 2 * ADVICE_RULES)))
    error = ffi.new("mercury_error *")
    with ffi.from_buffer(data) as text, ffi.from_buffer(wildcards) as bits, ffi.from_buffer(
        "mercury_advice[]", result
    ) as record:
        code = _lib.mercury_sql_advice_text(text, len(text), dialect, bits, len(bits), record, error)
    _check(code, error)
    complete, *places = result
    return records.Advice(complete != 0, tuple(places[:ADVICE_RULES]), tuple(places[ADVICE_RULES:]))


def fingerprint_batch(
    data: _Bytes, offsets: Any, dialect: int, validity: Optional[memoryview] = None, validity_start: int = 0
) -> array[int]:
    """The fingerprints of statements that lie in `data` as Arrow lays out strings; 0 for a null.

    `offsets` is a flat buffer of signed integers of 4 or 8 bytes, one more than statements.
    `validity` is Arrow's bitmap of flat bytes, row 0's bit at `validity_start`. Raises
    InvalidArgumentError with the row whose offsets are wrong, UnknownDialectError.
    """
    workspace = _take_workspace(dialect)
    error = workspace.error
    with _Rows(data, offsets, validity, validity_start) as rows:
        result = _new_array("Q", bytes(8)) * rows.count
        with ffi.from_buffer("uint64_t[]", result) as fingerprints:
            while True:
                code = _lib.mercury_sql_normalize_fingerprints(
                    rows.record, dialect, workspace.scratch, workspace.capacity, fingerprints, error
                )
                if code != BufferTooSmallError.code:
                    break
                workspace.grow(error.position)
    _check(code, error)
    workspace.home.append(workspace)
    return result


def normalize_batch(
    data: _Bytes, offsets: Any, dialect: int, validity: Optional[memoryview] = None, validity_start: int = 0
) -> Tuple[bytearray, array[int]]:
    """The canonical texts one behind the other, and their signed 64-bit offsets; a null's text is empty.

    Takes and raises what `fingerprint_batch` does.
    """
    error = ffi.new("mercury_error *")
    done = ffi.new("size_t *")
    with _Rows(data, offsets, validity, validity_start) as rows:
        canonical = bytearray(rows.span() + _FIRST_SCRATCH_BYTES)
        canonical_offsets = _new_array("q", bytes(8)) * (rows.count + 1)
        with ffi.from_buffer("int64_t[]", canonical_offsets) as bounds:
            while True:
                with ffi.from_buffer(canonical) as texts:
                    code = _lib.mercury_sql_normalize_texts(
                        rows.record, dialect, texts, len(texts), bounds, done, error
                    )
                if code != BufferTooSmallError.code:
                    break
                # Half as much again keeps the copies few where each row grows a little.
                wanted = max(error.position, len(canonical) + len(canonical) // 2)
                canonical.extend(bytes(wanted - len(canonical)))
    _check(code, error)
    del canonical[canonical_offsets[-1] :]
    return canonical, canonical_offsets


def compare_paths(earlier: Sequence[Sequence[int]], later: Sequence[Sequence[int]], shared: int) -> Verdict:
    """Compares two call paths whose `shared` outermost frames are the same activations.

    `shared` 0 means that the activations are not known. Raises InvalidArgumentError for
    an empty path or a `shared` beyond the shorter one.
    """
    first, second = path_integers(earlier), path_integers(later)
    if not 0 <= shared <= len(earlier):
        shared = len(earlier) + 1  # a size_t has no negative values: let the library refuse it
    result = _new_array("q", bytes(16))
    error = ffi.new("mercury_error *")
    with _borrow("mercury_frame[]", first) as one, _borrow("mercury_frame[]", second) as other, _borrow(
        "mercury_verdict[]", result
    ) as verdict:
        code = _lib.mercury_loop_proof_compare(one, len(one), other, len(other), shared, verdict, error)
    _check(code, error)
    return records.Verdict(*result)


class Trace:
    """One unit of work. Used under a lock by its owner; a context manager that closes itself."""

    def __init__(self, seed: int) -> None:
        """`seed` keys the tables against chosen collisions; results do not depend on it."""
        self._lib = _lib  # a function does not keep its library alive
        self._error = ffi.new("mercury_error *")
        self._totals = ffi.new("mercury_totals *")
        self._figures = ffi.cast("int64_t *", self._totals)
        handle = self._lib.mercury_trace_new(seed & _SEED_MASK, self._error)
        if not handle:
            raise _failure(self._error.code, self._error)
        self._handle = ffi.gc(handle, self._lib.mercury_trace_free)

    def __enter__(self) -> Trace:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Frees everything. May be called again; any other call raises InvalidArgumentError."""
        handle, self._handle = self._handle, None
        if handle is not None:
            ffi.release(handle)

    def add_paths(self, frames: Integers, offsets: Integers) -> None:
        """Adds call paths, which get the next indexes from 0. All or nothing.

        `frames` holds three integers a frame; path i is frames[offsets[i]] up to
        frames[offsets[i + 1]], outermost first, at least one frame.
        """
        handle = self._open()
        with integers(frames, 3) as frame_view, integers(offsets) as offset_view:
            count = max(len(offset_view) - 1, 0)
            with _borrow("mercury_frame[]", frame_view) as first, _borrow("int64_t[]", offset_view) as bounds:
                code = self._lib.mercury_trace_add_paths(handle, first, len(first), bounds, count, self._error)
        _check(code, self._error)

    def add_events(self, events: Integers) -> None:
        """Adds events, nine integers each, in the order in which their lanes sent them. All or nothing."""
        handle = self._open()
        with integers(events, 9) as view, _borrow("mercury_event[]", view) as first:
            code = self._lib.mercury_trace_add_events(handle, first, len(first), self._error)
        _check(code, self._error)

    def totals(self) -> Totals:
        self._read_totals()
        return records.Totals(*ffi.unpack(self._figures, len(records.Totals._fields)))

    def _read_totals(self) -> Any:
        _check(self._lib.mercury_trace_totals(self._open(), self._totals, self._error), self._error)
        return self._totals

    def groups(self) -> List[Group]:
        """All groups, in order of their first event."""
        rows = self._records("mercury_group[]", self._lib.mercury_trace_groups, self._read_totals().group_count)
        return [records.Group(*row) for row in zip(*[iter(rows)] * len(records.Group._fields))]

    def duplicates(self) -> List[Duplicate]:
        """All duplicates, in order of their first event."""
        count = self._read_totals().duplicate_count
        rows = self._records("mercury_duplicate[]", self._lib.mercury_trace_duplicates, count)
        places_from = len(records.Duplicate._fields) - 1
        return [
            records.Duplicate._make((*row[:places_from], row[places_from:]))
            for row in zip(*[iter(rows)] * _DUPLICATE_WIDTH)
        ]

    def _records(self, ctype: str, read: Any, count: int) -> List[int]:
        """The integers of `count` records, as the library's function `read` writes them."""
        if not count:
            return []
        result = _new_array("q", bytes(count * ffi.sizeof(ctype[:-2])))
        written = ffi.new("size_t *")
        with ffi.from_buffer(ctype, result) as records:
            _check(read(self._handle, records, count, written, self._error), self._error)
        return result.tolist()

    def _open(self) -> Any:
        if self._handle is None:
            raise from_code(INVALID_ARGUMENT, INVALID_ARGUMENT_TEXT, hint="the trace is closed")
        return self._handle


class Histogram:
    """Numbers counted in exponential buckets. One thread at a time; its owner sees to that."""

    def __init__(self, scale: int) -> None:
        self._lib = _lib  # a function does not keep its library alive
        self._error = ffi.new("mercury_error *")
        if not HISTOGRAM_MIN_SCALE <= scale <= HISTOGRAM_MAX_SCALE:
            scale = HISTOGRAM_MAX_SCALE + 1  # C's integers end somewhere: let the library refuse it
        self._own(self._lib.mercury_histogram_new(scale, self._error))

    def _own(self, handle: Any) -> None:
        if not handle:
            raise _failure(self._error.code, self._error)
        self._handle = ffi.gc(handle, self._lib.mercury_histogram_free)

    def record_integer(self, value: int) -> None:
        """Records one number. Raises InvalidArgumentError where it is negative, LimitExceededError."""
        if value >= 1 << 63 or value < 0:
            value = -1  # C's integers end somewhere: let the library refuse it
        _check(self._lib.mercury_histogram_record_integer(self._handle, value, self._error), self._error)

    def record_double(self, value: float) -> None:
        """The same for a float; -0.0 is 0. Infinite ones and NaN are refused too."""
        _check(self._lib.mercury_histogram_record_double(self._handle, value, self._error), self._error)

    def record_integers(self, values: Integers) -> None:
        """Records a flat buffer of signed 64-bit integers, all or nothing.

        Raises InvalidArgumentError with the index of the first that is negative, LimitExceededError.
        """
        with integers(values) as view, _borrow("int64_t[]", view) as first:
            code = self._lib.mercury_histogram_record_integers(self._handle, first, len(view), self._error)
        _check(code, self._error)

    def record_doubles(self, values: Doubles) -> None:
        """The same for a flat buffer of doubles."""
        with doubles(values) as view, _borrow("double[]", view) as first:
            code = self._lib.mercury_histogram_record_doubles(self._handle, first, len(view), self._error)
        _check(code, self._error)

    def merge(self, other: Histogram) -> None:
        """Adds all that `other` counts; the scale is the lower one then, or one still lower."""
        _check(self._lib.mercury_histogram_merge(self._handle, other._handle, self._error), self._error)

    def quantile(self, q: float) -> float:
        """An estimate of the number of rank ceil(q * count), NaN where there is none.

        Raises InvalidArgumentError unless q is from 0 to 1.
        """
        value = ffi.new("double *")
        _check(self._lib.mercury_histogram_quantile(self._handle, q, value, self._error), self._error)
        answer: float = value[0]
        return answer

    def figures(self) -> Figures:
        record = ffi.new("mercury_figures *")
        _check(self._lib.mercury_histogram_figures(self._handle, record, self._error), self._error)
        total = sum(word << 64 * place for place, word in enumerate(record.sum))
        return records.Figures._make((*(getattr(record, name) for name in records.Figures._fields[:-1]), total))

    def buckets(self) -> array[int]:
        """The counts of the buckets from the first that is not empty to the last."""
        counts = _new_array("Q", bytes(8 * HISTOGRAM_MAX_BUCKETS))
        count = ffi.new("size_t *")
        with ffi.from_buffer("uint64_t[]", counts) as first:
            code = self._lib.mercury_histogram_buckets(self._handle, first, len(counts), count, self._error)
        _check(code, self._error)
        return counts[: count[0]]

    def encode(self) -> bytes:
        """The bytes of docs/histogram-spec.md; the same for the same contents."""
        scratch = ffi.new("unsigned char[]", HISTOGRAM_MAX_BYTES)
        length = ffi.new("size_t *")
        code = self._lib.mercury_histogram_encode(self._handle, scratch, len(scratch), length, self._error)
        _check(code, self._error)
        return bytes(ffi.buffer(scratch, length[0]))

    @classmethod
    def decode(cls, data: _Bytes) -> Histogram:
        """A histogram from bytes that may be anything.

        Raises MalformedDataError with the position of the first byte that cannot be right.
        """
        self = cls.__new__(cls)
        self._lib = _lib
        self._error = ffi.new("mercury_error *")
        with ffi.from_buffer("unsigned char[]", data) as first:
            self._own(self._lib.mercury_histogram_decode(first, len(first), self._error))
        return self


def rank_sum(base: Doubles, head: Doubles) -> RankTest:
    """The test of Mann and Whitney. Raises InvalidArgumentError with the index of a number, LimitExceededError."""
    record = ffi.new("mercury_rank_test *")
    _over_two_samples(_lib.mercury_compare_rank_sum, base, head, record)
    return _rank_test(record)


def signed_rank(differences: Doubles) -> RankTest:
    """The signed-rank test of Wilcoxon. Raises as `rank_sum` does."""
    record = ffi.new("mercury_rank_test *")
    _over_one_sample(_lib.mercury_compare_signed_rank, differences, record)
    return _rank_test(record)


def shift(base: Doubles, head: Doubles) -> float:
    """The median of all differences of a number of head and one of base. Raises as `rank_sum` does."""
    result = ffi.new("double *")
    _over_two_samples(_lib.mercury_compare_shift, base, head, result)
    answer: float = result[0]
    return answer


def center(values: Doubles) -> float:
    """The median of the means of any two numbers, each with itself too. Raises as `rank_sum` does."""
    result = ffi.new("double *")
    _over_one_sample(_lib.mercury_compare_center, values, result)
    answer: float = result[0]
    return answer


def shift_interval(base: Doubles, head: Doubles, level: float, resamples: int, seed: int) -> Interval:
    """A bootstrap interval for the shift; `seed` has 64 bits. Raises as `rank_sum` does."""
    record = ffi.new("mercury_interval *")
    bootstrap = (level, _resamples(resamples), seed)
    _over_two_samples(_lib.mercury_compare_shift_interval, base, head, *bootstrap, record)
    return records.Interval(record.low, record.high)


def center_interval(values: Doubles, level: float, resamples: int, seed: int) -> Interval:
    """The same for the center of one sample."""
    record = ffi.new("mercury_interval *")
    _over_one_sample(_lib.mercury_compare_center_interval, values, level, _resamples(resamples), seed, record)
    return records.Interval(record.low, record.high)


def _resamples(count: int) -> int:
    # C's integers end somewhere: let the library refuse it.
    return min(max(count, 0), COMPARE_MAX_RESAMPLES + 1)


def _rank_test(record: Any) -> RankTest:
    return records.RankTest._make(getattr(record, name) for name in records.RankTest._fields)


def _over_one_sample(call: Any, values: Doubles, *arguments: Any) -> None:
    error = ffi.new("mercury_error *")
    with doubles(values) as view, _borrow("double[]", view) as first:
        code = call(first, len(view), *arguments, error)
    _check(code, error)


def _over_two_samples(call: Any, base: Doubles, head: Doubles, *arguments: Any) -> None:
    error = ffi.new("mercury_error *")
    with doubles(base) as one, doubles(head) as other, _borrow("double[]", one) as first, _borrow(
        "double[]", other
    ) as second:
        code = call(first, len(one), second, len(other), *arguments, error)
    _check(code, error)


class SegmentIndex:
    """Where the series of one target are found by their keys; one for all merges into it."""

    def __init__(self, word_count: int, seed: int) -> None:
        """`word_count` is a power of two, beyond the series that there will be; `seed` is random bits."""
        if word_count < 1 or word_count & (word_count - 1):
            raise from_code(INVALID_ARGUMENT, INVALID_ARGUMENT_TEXT)
        self.word_count = word_count
        self.seed = seed & _SEED_MASK
        self.words = ffi.new("uint64_t[]", word_count)


class SegmentMemory:
    """Whole memory of a segment: a mapping, or memory of its own. Writes only where its caller says."""

    def __init__(self, buffer: Any) -> None:
        """`buffer` is borrowed until `close`; it must be aligned to words, and writable unless it is only read."""
        self._lib = _lib  # a function does not keep its library alive
        self._memory = self._borrowed = ffi.from_buffer(buffer)
        self._size = len(self._memory)

    def detach(self) -> None:
        """Makes every later call fail; those that other threads are in go on."""
        self._memory, self._size = ffi.NULL, 0

    def close(self) -> None:
        """Gives the buffer back, which nobody may be using. May be called again; any other call fails."""
        self.detach()
        borrowed, self._borrowed = self._borrowed, None
        if borrowed is not None:
            ffi.release(borrowed)

    def format(self, slot_bytes: int, creation: Tuple[int, int], created_ns: int) -> None:
        """Writes a header over zeroed memory. `creation` is 128 random bits, as two signed words."""
        low, high = (word & _SEED_MASK for word in creation)
        self._call(self._lib.mercury_segment_format, slot_bytes, low, high, created_ns)

    def layout(self) -> SegmentLayout:
        return _inspect(self._memory, self._size, self._size)

    def slots(self) -> List[SegmentSlot]:
        """The heads of all slots."""
        capacity = max(self.layout().slot_count, 1)
        rows = self._rows("mercury_segment_slot[]", capacity, self._lib.mercury_segment_slots)
        return [records.SegmentSlot(*row) for row in zip(*[iter(rows)] * len(records.SegmentSlot._fields))]

    def claim(self, slot: int, head: SegmentSlot) -> None:
        """Makes a free slot the caller's, who holds its lock."""
        self._call(self._lib.mercury_segment_claim, _index(slot), ffi.new("mercury_segment_slot *", head))

    def fold(self, slot: int, generation: int) -> None:
        """Says that the slot's values are in the retired slots of `generation`; 0: in none."""
        self._call(self._lib.mercury_segment_fold, _index(slot), generation)

    def commit(self, generation: int) -> None:
        """Makes the retired slots of `generation` those that count."""
        self._call(self._lib.mercury_segment_commit, generation)

    def clear(self, slot: int) -> None:
        """Zeroes a slot, so that it is free; its series first."""
        self._call(self._lib.mercury_segment_clear, _index(slot))

    def add(self, slot: int, kind: int, key: bytes, end: int = 0) -> Tuple[int, int]:
        """Publishes an empty series; its place, and where the slot's next one belongs, which `end` may say.

        Raises LimitExceededError where the slot is full.
        """
        place, next_end = ffi.new("size_t *"), ffi.new("size_t *", end)
        self._call(self._lib.mercury_segment_add, _index(slot), kind, key, len(key), next_end, place)
        return place[0], next_end[0]

    def series(self, slot: int, expected: int = _FIRST_SERIES) -> List[SegmentSeries]:
        """What a slot holds; bytes that are no series are one record of kind 0. More than `expected` are read twice."""
        rows = self._rows("mercury_segment_series[]", expected, self._lib.mercury_segment_list, _index(slot))
        return [records.SegmentSeries(*row) for row in zip(*[iter(rows)] * len(records.SegmentSeries._fields))]

    def merge(self, slot: int, index: SegmentIndex, copy: _Bytes, cursor: SegmentCursor) -> SegmentCursor:
        """Adds the series of a copy to a slot that nobody else uses; goes on and stops as the cursor says."""
        record = ffi.new("mercury_segment_cursor *", cursor)
        with ffi.from_buffer(copy) as source:
            self._call(
                self._lib.mercury_segment_merge,
                _index(slot), index.words, index.word_count, index.seed, source, len(source), record,
            )  # fmt: skip
        return records.SegmentCursor(*ffi.unpack(ffi.cast("int64_t *", record), len(records.SegmentCursor._fields)))

    def _call(self, function: Any, *arguments: Any) -> None:
        error = ffi.new("mercury_error *")
        _check(function(self._memory, self._size, *arguments, error), error)

    def _rows(self, ctype: str, capacity: int, function: Any, *arguments: Any) -> List[int]:
        """The integers of all records that the library's function writes."""
        while True:
            result = _new_array("q", bytes(8)) * (capacity * (ffi.sizeof(ctype[:-2]) // 8))
            count = ffi.new("size_t *")
            try:
                with ffi.from_buffer(ctype, result) as records:
                    self._call(function, *arguments, records, capacity, count)
            except BufferTooSmallError as error:
                capacity = error.position
                continue
            rows: List[int] = result[: count[0] * (ffi.sizeof(ctype[:-2]) // 8)].tolist()
            return rows


class SegmentRecorder:
    """One writer's series by number, and how many values go to many of them in one call."""

    def __init__(self, memory: SegmentMemory) -> None:
        self._owner = memory
        self._record = memory._lib.mercury_segment_record
        self._error = ffi.new("mercury_error *")
        self._places = ffi.new("int64_t[]", _FIRST_SERIES)
        self._updates = ffi.new("int64_t[]", 2 * _FIRST_SERIES)

    def set_place(self, number: int, place: int) -> None:
        """Says where the series `number` lies in this writer's own slots."""
        known = len(self._places)
        if number >= known:
            places = ffi.new("int64_t[]", max(number + 1, 2 * known))
            ffi.memmove(places, self._places, known * 8)
            self._places = places
        self._places[number] = place

    def record(self, updates: List[int]) -> int:
        """Records updates[1] in series updates[0] and so on; how many pairs, up to the first without a place.

        A negative value counts as 0. Raises TypeError and OverflowError for what is no
        integer of 64 bits, before anything is recorded.
        """
        length, buffer, places, owner = len(updates), self._updates, self._places, self._owner
        if length <= 2 * _FIRST_SERIES:
            buffer[0:length] = updates
        else:
            buffer = ffi.new("int64_t[]", updates)
        if self._record(owner._memory, owner._size, places, len(places), buffer, length // 2, self._error):
            done: int = self._error.position
            return done
        return length // 2


def inspect_segment(header: _Bytes, file_bytes: int) -> SegmentLayout:
    """What the first bytes of a file of `file_bytes` say, whatever they are."""
    with ffi.from_buffer(header) as memory:
        return _inspect(memory, len(memory), file_bytes)


def _inspect(memory: Any, size: int, file_bytes: int) -> SegmentLayout:
    result = _new_array("q", bytes(8 * len(records.SegmentLayout._fields)))
    error = ffi.new("mercury_error *")
    with ffi.from_buffer("mercury_segment_layout[]", result) as layout:
        _check(_lib.mercury_segment_inspect(memory, size, file_bytes, layout, error), error)
    return records.SegmentLayout(*result)


def _index(number: int) -> int:
    """A slot's number as a size_t of any width has it: what is negative or too large is beyond all slots."""
    return number if 0 <= number < sys.maxsize else sys.maxsize


class _Workspace:
    """What a call reads its dialect from and writes to, made once instead of at each call."""

    __slots__ = ("capacity", "error", "home", "normalized", "record", "scratch")

    def __init__(self, dialect: int) -> None:
        self.home: Union[List[_Workspace], _Nowhere] = _idle.get(dialect, _NOWHERE)
        self.record = ffi.new("mercury_workspace *")
        self.record.dialect = dialect
        self.normalized = self.record.normalized
        self.error = ffi.addressof(self.record, "error")
        self.grow(_FIRST_SCRATCH_BYTES)

    def grow(self, capacity: int) -> None:
        """Takes scratch memory of `capacity` bytes in place of what there is; too much is not kept for later."""
        self.capacity = self.record.capacity = capacity
        self.scratch = self.record.canonical = _new_scratch("char[]", capacity)
        if capacity > KEPT_SCRATCH_BYTES:
            self.home = _NOWHERE


_idle: Dict[int, List[_Workspace]] = {number: [] for number in DIALECTS.values()}
"""By dialect, the workspaces that no call uses now: at most as many as ever ran at once.

A call takes one out, and appends it to its `home` when it has copied its result: until then
another thread, a signal handler or a finalizer may run and normalize too.
"""


class _Nowhere:
    """The home of workspaces that are not kept."""

    def append(self, workspace: _Workspace) -> None:
        """Forgets it."""


_NOWHERE: _Nowhere = _Nowhere()


def _take_workspace(dialect: int) -> _Workspace:
    try:
        return _idle[dialect].pop()
    except LookupError:
        return _Workspace(dialect)


def _normalized(text: Any, dialect: int) -> Tuple[_Workspace, int]:
    """A workspace of the caller's own, and the length of the canonical text in it.

    `text` is borrowed from a buffer, or bytes, which cffi lends at a third of the price.
    """
    workspace = _take_workspace(dialect)
    length = _normalize_within(workspace.record, text, len(text))
    if length < 0:
        length = _normalize_again(workspace, text, length)
    return workspace, length


def _normalize_again(workspace: _Workspace, text: Any, code: int) -> int:
    """With more memory, if that was the error."""
    if code == BufferTooSmallError.code:
        workspace.grow(workspace.error.position)
        code = _normalize_within(workspace.record, text, len(text))
    if code < 0:
        raise _failure(code, workspace.error)
    return code


class _Rows:
    """The rows of a batch as the library takes them, borrowed until the end of the context."""

    def __init__(self, data: _Bytes, offsets: Any, validity: Optional[memoryview], validity_start: int) -> None:
        with memoryview(offsets) as view:
            self._width = view.itemsize
            self.count = max(len(view) - 1, 0)
        self._data = ffi.from_buffer(data)
        self._offsets = _borrow("int32_t[]" if self._width == 4 else "int64_t[]", offsets, self._width)
        self._validity = None if validity is None else ffi.from_buffer("uint8_t[]", validity)
        self.record = ffi.new(
            "mercury_rows *",
            {
                "data": self._data,
                "data_length": len(self._data),
                "offsets": self._offsets,
                "offset_bytes": self._width,
                "count": self.count,
                "validity": ffi.NULL if self._validity is None else self._validity,
                "validity_start": validity_start,
            },
        )

    def __enter__(self) -> _Rows:
        return self

    def __exit__(self, *exception: object) -> None:
        for borrowed in (self._data, self._offsets, self._validity):
            if borrowed is not None:
                ffi.release(borrowed)

    def span(self) -> int:
        """Bytes from the first row to the end of the last, as far as the offsets can be believed."""
        if not self.count:
            return 0
        span: int = self._offsets[self.count] - self._offsets[0]
        return min(max(span, 0), len(self._data))


def _borrow(ctype: str, view: Any, width: int = 8) -> Any:
    """A pointer to the integers of a buffer, or to a copy where a slice of bytes lies askew."""
    pointer = ffi.from_buffer(ctype, view)
    if int(ffi.cast("uintptr_t", pointer)) % width == 0:
        return pointer
    ffi.release(pointer)
    with memoryview(view) as askew:
        return ffi.from_buffer(ctype, _new_array("i" if width == 4 else "q", askew.tobytes()))


def _check(code: int, error: Any) -> None:
    if code:
        raise _failure(code, error)


def _failure(code: int, error: Any) -> MercuryError:
    return from_code(code, _text(error.message), error.position)


def _text(constant: Any) -> str:
    text: bytes = ffi.string(constant)
    return text.decode("utf-8")
