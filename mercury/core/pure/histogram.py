"""Numbers counted in exponential buckets, with their exact sum; the twin of histogram.c.

Nothing here depends on the order in which numbers are recorded and histograms merged: the
scale is the highest, not above those that were asked for, at which all numbers together
take at most 1,024 buckets; and the sum is a whole number, of units so small that every
double is a whole number of them.
"""

import struct
import sys
from array import array
from math import inf, nan
from typing import Dict, List, Optional, Tuple, Union

from mercury.core._integers import Doubles, Integers, doubles, integers
from mercury.core.pure.error import INVALID_ARGUMENT, LIMIT_EXCEEDED, MALFORMED_DATA, failure
from mercury.core.pure.exponential_buckets import ExactValue, bound, coarser, exact, index
from mercury.core.pure.xxh3 import xxh3_64
from mercury.core.records import (
    HISTOGRAM_MAX_BUCKETS,
    HISTOGRAM_MAX_SCALE,
    HISTOGRAM_MIN_SCALE,
    HISTOGRAM_SUM_WORDS,
    HISTOGRAM_UNIT_BITS,
    Figures,
)
from mercury.errors import MercuryError

_MOST = (1 << 63) - 1
_WORD_MASK = (1 << 64) - 1
_ZERO = ExactValue(-1075, 0)
"""Its exponent is below all others, so that it compares as the least number."""
_NOTHING = ExactValue(0, 0)
_LEAST_DOUBLE = exact(5e-324)
_GREATEST_DOUBLE = exact(sys.float_info.max)

_MAGIC = b"MHIS"
_VERSION = 1
_HEADER = struct.Struct("<4sI6qqQqQ")
_WORD = struct.Struct("<Q")

_AT_VERSION = 4
_AT_SCALE = 8
_AT_ZEROS = 16
_AT_FIRST = 24
_AT_BUCKETS = 32
_AT_START = 40
_AT_LENGTH = 48
_AT_MINIMUM = 56
_AT_MAXIMUM = 72


class Histogram:
    """One thread at a time; its owner sees to that."""

    def __init__(self, scale: int) -> None:
        if not HISTOGRAM_MIN_SCALE <= scale <= HISTOGRAM_MAX_SCALE:
            raise failure(INVALID_ARGUMENT)
        self.scale = scale
        self.count = 0
        self.zero_count = 0
        self.sum = 0
        self.minimum: Optional[ExactValue] = None
        self.maximum: Optional[ExactValue] = None
        self.counts: Dict[int, int] = {}

    def record_integer(self, value: int) -> None:
        """Records one number. Raises InvalidArgumentError where it is negative, LimitExceededError."""
        if not 0 <= value <= _MOST:
            raise failure(INVALID_ARGUMENT)
        self._require_room(1)
        self._record(value)

    def record_double(self, value: float) -> None:
        """The same for a float; -0.0 is 0. Infinite ones and NaN are refused too."""
        if not 0 <= value < inf:
            raise failure(INVALID_ARGUMENT)
        self._require_room(1)
        self._record(value)

    def record_integers(self, values: Integers) -> None:
        """Records a flat buffer of signed 64-bit integers, all or nothing.

        Raises InvalidArgumentError with the index of the first that is negative, LimitExceededError.
        """
        with integers(values) as view:
            self._record_all(view)

    def record_doubles(self, values: Doubles) -> None:
        """The same for a flat buffer of doubles."""
        with doubles(values) as view:
            self._record_all(view)

    def merge(self, other: "Histogram") -> None:
        """Adds all that `other` counts; the scale is the lower one then, or one still lower."""
        self._require_room(other.count)
        self._coarsen(max(self.scale - other.scale, 0))
        steps = other.scale - self.scale
        for bucket, count in list(other.counts.items()):
            self._add(coarser(bucket, steps), count)
        self._fit()
        self.count += other.count
        self.zero_count += other.zero_count
        self.sum += other.sum
        if other.minimum is not None and other.maximum is not None:
            self._note_extremes(other.minimum, other.maximum)

    def quantile(self, q: float) -> float:
        """An estimate of the number of rank ceil(q * count), NaN where there is none.

        Raises InvalidArgumentError unless q is from 0 to 1.
        """
        if not 0 <= q <= 1:
            raise failure(INVALID_ARGUMENT)
        if self.minimum is None or self.maximum is None:
            return nan
        rank = self._rank(q)
        value = self._estimate(rank)
        minimum, maximum = _nearest_double(self.minimum), _nearest_double(self.maximum)
        if rank == 1 or value < minimum:
            return minimum
        return maximum if rank == self.count or value > maximum else value

    def figures(self) -> Figures:
        first = min(self.counts, default=0)
        last = max(self.counts, default=-1)
        return Figures(
            self.scale,
            self.count,
            self.zero_count,
            first,
            last - first + 1,
            *(self.minimum or _NOTHING),
            *(self.maximum or _NOTHING),
            self.sum,
        )

    def buckets(self) -> "array[int]":
        """The counts of the buckets from the first that is not empty to the last."""
        if not self.counts:
            return array("Q")
        return array("Q", (self.counts.get(bucket, 0) for bucket in range(min(self.counts), max(self.counts) + 1)))

    def encode(self) -> bytes:
        """The bytes of docs/histogram-spec.md; the same for the same contents."""
        figures = self.figures()
        start, words = _sum_words(self.sum)
        body = _HEADER.pack(
            _MAGIC,
            _VERSION,
            self.scale,
            self.zero_count,
            figures.first_bucket,
            figures.bucket_count,
            start,
            len(words),
            figures.minimum_exponent,
            figures.minimum_significand,
            figures.maximum_exponent,
            figures.maximum_significand,
        )
        counts = self.buckets()
        body += struct.pack(f"<{len(words)}Q{len(counts)}Q", *words, *counts)
        return body + _WORD.pack(xxh3_64(body))

    @classmethod
    def decode(cls, data: Union[bytes, bytearray, memoryview]) -> "Histogram":
        """A histogram from bytes that may be anything.

        Raises MalformedDataError with the position of the first byte that cannot be right.
        """
        return _Decoder(bytes(data)).histogram()

    def _require_room(self, count: int) -> None:
        if count > _MOST - self.count:
            raise failure(LIMIT_EXCEEDED, _MOST)

    def _record_all(self, view: memoryview) -> None:
        for position, value in enumerate(view):
            if not 0 <= value < inf:
                raise failure(INVALID_ARGUMENT, position)
        self._require_room(len(view))
        for value in view:
            self._record(value)

    def _record(self, value: Union[int, float]) -> None:
        self.count += 1
        if value == 0:
            self.zero_count += 1
            self._note_extremes(_ZERO, _ZERO)
            return
        number = exact(value)
        bucket = index(number, self.scale)
        is_new = bucket not in self.counts
        self._add(bucket, 1)
        if is_new:
            self._fit()
        self._note_extremes(number, number)
        self.sum += number.significand << (number.exponent - 63 + HISTOGRAM_UNIT_BITS)

    def _add(self, bucket: int, count: int) -> None:
        self.counts[bucket] = self.counts.get(bucket, 0) + count

    def _note_extremes(self, least: ExactValue, greatest: ExactValue) -> None:
        self.minimum = least if self.minimum is None else min(self.minimum, least)
        self.maximum = greatest if self.maximum is None else max(self.maximum, greatest)

    def _fit(self) -> None:
        """Lowers the scale until the buckets are few enough."""
        first, last = min(self.counts, default=0), max(self.counts, default=0)
        steps = 0
        while coarser(last, steps) - coarser(first, steps) >= HISTOGRAM_MAX_BUCKETS:
            steps += 1
        self._coarsen(steps)

    def _coarsen(self, steps: int) -> None:
        if steps == 0:
            return
        fine, self.counts = self.counts, {}
        for bucket, count in fine.items():
            self._add(coarser(bucket, steps), count)
        self.scale -= steps

    def _rank(self, q: float) -> int:
        wanted = q * self.count
        if wanted >= float(self.count):
            return self.count
        below = int(wanted)
        return max(below + (below < wanted), 1)

    def _estimate(self, rank: int) -> float:
        """The middle of the bucket that holds the number of this rank, 0 where it is 0.

        The middle is as far from both ends, relative to them: 2 * low * high / (low + high).
        """
        seen = self.zero_count
        if rank <= seen:
            return 0.0
        for bucket in sorted(self.counts):
            seen += self.counts[bucket]
            if seen >= rank:
                break
        base = bound(1, self.scale)
        return bound(bucket, self.scale) * (2 / (1 + 1 / base))


def _sum_words(total: int) -> Tuple[int, List[int]]:
    """The words of a sum from the first that is not 0 to the last, and the number of the first."""
    words = [total >> 64 * place & _WORD_MASK for place in range(HISTOGRAM_SUM_WORDS)]
    while words and words[-1] == 0:
        words.pop()
    start = next((place for place, word in enumerate(words) if word), 0)
    return start, words[start:]


class _Decoder:
    """Bytes to a histogram, each field checked before anything rests on it."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._check_frame()
        _, _, *fields = _HEADER.unpack_from(data)
        self.scale, self.zero_count, self.first, self.bucket_count, self.sum_start, self.sum_length = fields[:6]
        self.minimum = ExactValue(*fields[6:8])
        self.maximum = ExactValue(*fields[8:10])

    def histogram(self) -> Histogram:
        if not HISTOGRAM_MIN_SCALE <= self.scale <= HISTOGRAM_MAX_SCALE:
            raise _malformed(_AT_SCALE)
        found = Histogram(self.scale)
        self._read_counts(found)
        self._read_sum(found)
        self._read_extremes(found)
        return found

    def _word(self, word: int) -> int:
        number: int = _WORD.unpack_from(self.data, 8 * word)[0]
        return number

    def _check_frame(self) -> None:
        """What must hold before any word behind the header can be read."""
        data = self.data
        if len(data) < _HEADER.size + 8:
            raise _malformed(len(data))
        magic, version = _HEADER.unpack_from(data)[:2]
        if magic != _MAGIC:
            raise _malformed(0)
        if version != _VERSION:
            raise _malformed(_AT_VERSION)
        bucket_count, sum_start, sum_length = (self._word(at // 8) for at in (_AT_BUCKETS, _AT_START, _AT_LENGTH))
        if bucket_count > HISTOGRAM_MAX_BUCKETS:
            raise _malformed(_AT_BUCKETS)
        if sum_start > HISTOGRAM_SUM_WORDS:
            raise _malformed(_AT_START)
        if sum_length > HISTOGRAM_SUM_WORDS - sum_start:
            raise _malformed(_AT_LENGTH)
        end = _HEADER.size + 8 * (sum_length + bucket_count)
        if len(data) != end + 8:
            raise _malformed(min(len(data), end + 8))
        if self._word(end // 8) != xxh3_64(data[:end]):
            raise _malformed(end)

    def _read_counts(self, found: Histogram) -> None:
        """The buckets are as few as they can be: neither end is empty."""
        if self.zero_count < 0:
            raise _malformed(_AT_ZEROS)
        found.count = found.zero_count = self.zero_count
        if self.bucket_count == 0 and self.first != 0:
            raise _malformed(_AT_FIRST)
        if self.bucket_count and not _are_buckets(self.scale, self.first, self.bucket_count):
            raise _malformed(_AT_FIRST)
        start = _HEADER.size // 8 + self.sum_length
        for place in range(self.bucket_count):
            count = self._word(start + place)
            if count > _MOST - found.count or (count == 0 and place in (0, self.bucket_count - 1)):
                raise _malformed(8 * (start + place))
            if count:
                found.counts[self.first + place] = count
            found.count += count

    def _read_sum(self, found: Histogram) -> None:
        """It is 0 where no bucket counts, and below the count times 2 ** 1024."""
        if (self.sum_length > 0) != (self.bucket_count > 0):
            raise _malformed(_AT_LENGTH)
        if self.sum_length == 0:
            if self.sum_start != 0:
                raise _malformed(_AT_START)
            return
        end = _HEADER.size + 8 * self.sum_length
        if self._word(_HEADER.size // 8) == 0:
            raise _malformed(_HEADER.size)
        found.sum = int.from_bytes(self.data[_HEADER.size : end], "little") << 64 * self.sum_start
        if self._word(end // 8 - 1) == 0 or found.sum >> 64 * (HISTOGRAM_SUM_WORDS - 1) >= found.count:
            raise _malformed(end - 8)

    def _read_extremes(self, found: Histogram) -> None:
        """They lie in the first and the last bucket."""
        if found.count == 0:
            for place, field in enumerate((*self.minimum, *self.maximum)):
                if field:
                    raise _malformed(_AT_MINIMUM + 8 * place)
            return
        last = self.first + self.bucket_count - 1
        least_is_right = self.minimum == _ZERO if self.zero_count else self._lies_in(self.minimum, self.first)
        if not least_is_right:
            raise _malformed(_AT_MINIMUM)
        greatest_is_right = self._lies_in(self.maximum, last) if self.bucket_count else self.maximum == _ZERO
        if not greatest_is_right or self.maximum < self.minimum:
            raise _malformed(_AT_MAXIMUM)
        found.minimum, found.maximum = self.minimum, self.maximum

    def _lies_in(self, value: ExactValue, bucket: int) -> bool:
        is_number = _LEAST_DOUBLE <= value <= _GREATEST_DOUBLE and value.significand >> 63 == 1
        return is_number and index(value, self.scale) == bucket


def _are_buckets(scale: int, first: int, count: int) -> bool:
    """True where doubles or 64-bit integers have these buckets."""
    lowest, highest = index(_LEAST_DOUBLE, scale), index(_GREATEST_DOUBLE, scale)
    return lowest <= first <= first + count - 1 <= highest


def _malformed(position: int) -> MercuryError:
    return failure(MALFORMED_DATA, position)


def _nearest_double(value: ExactValue) -> float:
    shift = value.exponent - 63
    return float(value.significand << shift) if shift >= 0 else value.significand / (1 << -shift)
