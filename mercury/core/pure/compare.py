"""Is one sample of numbers greater than another, by how much, and how sure is that; the twin of compare.c.

    rank tests      Mann and Whitney (1947) for two independent samples, Wilcoxon (1945) for pairs.
                    Their exact distributions are counted in integers; beyond that the normal one.
    shift, center   Hodges and Lehmann (1963): the median of all differences, or of all means of two.
                    Neither is ever listed: both are matrices with sorted rows, in which the number
                    of entries up to a bound is counted in one walk along the border.
    intervals       Efron's percentile bootstrap (1979), its indices from SplitMix64.

Each floating-point result comes from + - * / sqrt in the order of the C file, so that both agree to the last bit.
"""

import struct
from math import sqrt
from typing import Callable, List, Sequence, Tuple

from mercury.core._integers import Doubles, doubles
from mercury.core.pure.error import INVALID_ARGUMENT, LIMIT_EXCEEDED, failure
from mercury.core.records import (
    COMPARE_EXACT_SAMPLES,
    COMPARE_MAX_RESAMPLES,
    COMPARE_MAX_SAMPLES,
    Interval,
    RankTest,
)

_GREATEST = 2.0**1000
"""So that no difference of two is infinite."""
_EXPONENTIAL_TERMS = 14
_FRACTION_TERMS = 120
_LN2_HIGH = float.fromhex("0x1.62e42fee00000p-1")
"""Its last bits are 0, so that a multiple of it is exact."""
_LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
_ONE_BY_ROOT_OF_TWO_PI = float.fromhex("0x1.9884533d43651p-2")
_WORD_MASK = (1 << 64) - 1
_SIGN = 1 << 63
_DOUBLE = struct.Struct("<d")
_WORD = struct.Struct("<Q")

_Sample = Sequence[float]
_Count = Callable[[float], int]


def rank_sum(base: Doubles, head: Doubles) -> RankTest:
    """The test of Mann and Whitney for two independent samples."""
    one, other = _two_samples(base, head)
    m, n = len(one), len(other)
    doubled_sum, tied_cubes, _ = _rank_together(one, other)
    doubled = doubled_sum - n * (n + 1)
    if tied_cubes == 0 and m + n <= COMPARE_EXACT_SAMPLES:
        return _exact(_rank_sum_counts(m, n), doubled // 2, 1)
    ties = float(tied_cubes) / float((m + n) * (m + n - 1))
    variance = float(m * n) / 12 * (float(m + n + 1) - ties)
    return _normal(float(doubled) / 2, float(m * n) / 2, variance)


def signed_rank(differences: Doubles) -> RankTest:
    """The signed-rank test of Wilcoxon for differences within pairs; those of 0 are left out."""
    sample = _sample(differences)
    negative = [-value for value in reversed(sample) if value < 0]
    positive = [value for value in sample if value > 0]
    n = len(negative) + len(positive)
    doubled_sum, tied_cubes, doubled = _rank_together(negative, positive)
    if n <= COMPARE_EXACT_SAMPLES:
        return _exact(_signed_sum_counts(doubled), doubled_sum, 2)
    variance = float(n * (n + 1) * (2 * n + 1)) / 24 - float(tied_cubes) / 48
    return _normal(float(doubled_sum) / 2, float(n * (n + 1)) / 4, variance)


def shift(base: Doubles, head: Doubles) -> float:
    """The median of all differences of a number of head and one of base."""
    return _shift(*_two_samples(base, head))


def center(values: Doubles) -> float:
    """The median of the means of any two numbers, each with itself too."""
    return _center(_sample(values))


def shift_interval(base: Doubles, head: Doubles, level: float, resamples: int, seed: int) -> Interval:
    """A bootstrap interval for the shift."""
    one, other = _two_samples(base, head)
    _check_bootstrap(level, resamples)
    chance = _SplitMix64(seed)
    estimates = []
    for _ in range(resamples):
        drawn = _resample(one, chance)
        estimates.append(_shift(drawn, _resample(other, chance)))
    return _interval(estimates, level)


def center_interval(values: Doubles, level: float, resamples: int, seed: int) -> Interval:
    """A bootstrap interval for the center."""
    sample = _sample(values)
    _check_bootstrap(level, resamples)
    chance = _SplitMix64(seed)
    return _interval([_center(_resample(sample, chance)) for _ in range(resamples)], level)


def _sample(values: Doubles, position: int = 0) -> List[float]:
    """The numbers in ascending order; adding 0 makes 0 of -0."""
    with doubles(values) as view:
        if not len(view):
            raise failure(INVALID_ARGUMENT)
        if len(view) > COMPARE_MAX_SAMPLES:
            raise failure(LIMIT_EXCEEDED, COMPARE_MAX_SAMPLES)
        for index, value in enumerate(view):
            if not -_GREATEST <= value <= _GREATEST:
                raise failure(INVALID_ARGUMENT, position + index)
        return sorted(value + 0.0 for value in view)


def _two_samples(base: Doubles, head: Doubles) -> Tuple[List[float], List[float]]:
    with doubles(head):
        one = _sample(base)
    return one, _sample(head, len(one))


def _check_bootstrap(level: float, resamples: int) -> None:
    if not 0 < level < 1 or resamples < 1:
        raise failure(INVALID_ARGUMENT)
    if resamples > COMPARE_MAX_RESAMPLES:
        raise failure(LIMIT_EXCEEDED, COMPARE_MAX_RESAMPLES)


def _exponential_of_minus(x: float) -> float:
    """e ** -x for x from 0 on: 2 ** -k times e ** -r with r below ln 2, whose series ends soon."""
    if x > 745:
        return 0.0
    halvings = int(x / _LN2_HIGH)
    rest = (x - float(halvings) * _LN2_HIGH) - float(halvings) * _LN2_LOW
    half = -rest * 0.5
    total = 1.0
    for term in range(_EXPONENTIAL_TERMS, 0, -1):
        total = 1 + total * half / term
    value = total * total
    for _ in range(halvings):
        value *= 0.5
    return value


def _tail_by_series(z: float, density: float) -> float:
    """Marsaglia (2004): 1/2 - phi(z) (z + z^3/3 + z^5/15 + ...), for z from 0 to 2."""
    total = term = z
    odd = 3
    while total + term != total:
        term = term * z * z / odd
        total += term
        odd += 2
    return 0.5 - density * total


def _tail_by_fraction(z: float, density: float) -> float:
    """Laplace's continued fraction phi(z) / (z + 1/(z + 2/(z + 3/...))), for z from 2 on."""
    denominator = z
    for term in range(_FRACTION_TERMS, 0, -1):
        denominator = z + term / denominator
    return density / denominator


def _normal_tail(z: float) -> float:
    """The probability that a standard normal variable is `z` or more."""
    magnitude = -z if z < 0 else z
    density = _exponential_of_minus(magnitude * magnitude * 0.5) * _ONE_BY_ROOT_OF_TWO_PI
    tail = _tail_by_series(magnitude, density) if magnitude < 2 else _tail_by_fraction(magnitude, density)
    return 1 - tail if z < 0 else tail


def _rank_together(base: _Sample, head: _Sample) -> Tuple[int, int, List[int]]:
    """Ranks both together, equal numbers at the middle of their ranks.

    Gives twice the sum of head's ranks, the sum of t ** 3 - t over groups of t equal numbers, and twice each rank.
    """
    doubled_sum = tied_cubes = in_base = in_head = 0
    doubled: List[int] = []
    while in_base < len(base) or in_head < len(head):
        from_head = in_base == len(base) or (in_head < len(head) and head[in_head] < base[in_base])
        value = head[in_head] if from_head else base[in_base]
        of_base, of_head = _count_equal(base, in_base, value), _count_equal(head, in_head, value)
        tied = of_base + of_head
        doubled_rank = 2 * (in_base + in_head) + tied + 1
        doubled.extend([doubled_rank] * tied)
        doubled_sum += of_head * doubled_rank
        tied_cubes += tied**3 - tied
        in_base += of_base
        in_head += of_head
    return doubled_sum, tied_cubes, doubled


def _count_equal(sample: _Sample, at: int, value: float) -> int:
    end = at
    while end < len(sample) and sample[end] == value:
        end += 1
    return end - at


def _rank_sum_counts(m: int, n: int) -> List[int]:
    """In how many ways U comes to each value: the coefficients of a Gaussian binomial."""
    pairs = m * n
    counts = [1] + [0] * pairs
    for i in range(1, m + 1):
        for u in range(pairs, n + i - 1, -1):
            counts[u] -= counts[u - n - i]
        for u in range(i, pairs + 1):
            counts[u] += counts[u - i]
    return counts


def _signed_sum_counts(doubled: List[int]) -> List[int]:
    """With which signs the ranks come to each sum: each way is as likely, ties or not."""
    most = len(doubled) * (len(doubled) + 1)
    counts = [1] + [0] * most
    for rank in doubled:
        for total in range(most, rank - 1, -1):
            counts[total] += counts[total - rank]
    return counts


def _exact(counts: List[int], statistic: int, scale: int) -> RankTest:
    # Each side is rounded by itself, as in C: Python's division of integers would round once.
    every = float(sum(counts))
    less, greater = sum(counts[: statistic + 1]), sum(counts[statistic:])
    return RankTest(float(statistic) / scale, float(less) / every, float(greater) / every, 1)


def _normal(statistic: float, mean: float, variance: float) -> RankTest:
    if not variance > 0:
        return RankTest(statistic, 1.0, 1.0, 0)
    deviation = sqrt(variance)
    less = _normal_tail((mean - statistic - 0.5) / deviation)
    return RankTest(statistic, less, _normal_tail((statistic - mean - 0.5) / deviation), 0)


def _key(value: float) -> int:
    """A double's bits in the order of the doubles."""
    bits: int = _WORD.unpack(_DOUBLE.pack(value))[0]
    return bits ^ _WORD_MASK if bits & _SIGN else bits | _SIGN


def _value(key: int) -> float:
    value: float = _DOUBLE.unpack(_WORD.pack(key ^ _SIGN if key & _SIGN else key ^ _WORD_MASK))[0]
    return value


def _count_differences(base: _Sample, head: _Sample, bound: float) -> int:
    """How many of head's numbers less base's are at most `bound`."""
    found = first = 0
    for value in head:
        while first < len(base) and value - base[first] > bound:
            first += 1
        found += len(base) - first
    return found


def _mean(one: float, other: float) -> float:
    return (one + other) * 0.5 + 0.0


def _count_means(sample: _Sample, bound: float) -> int:
    """How many means of two numbers, each one with itself too, are at most `bound`."""
    found = 0
    end = len(sample)
    for index, value in enumerate(sample):
        while end > index and (value + sample[end - 1]) * 0.5 > bound:
            end -= 1
        if end <= index:
            break
        found += end - index
    return found


def _select(count_up_to: _Count, wanted: int, low: float, high: float) -> float:
    """The least double from `low` to `high` up to which there are `wanted` entries: it is one of them."""
    first, last = _key(low), _key(high)
    while first < last:
        middle = (first + last) // 2
        if count_up_to(_value(middle)) >= wanted:
            last = middle
        else:
            first = middle + 1
    return _value(first)


def _median(count_up_to: _Count, count: int, low: float, high: float) -> float:
    lower = _select(count_up_to, (count + 1) // 2, low, high)
    if count % 2 or count_up_to(lower) > count // 2:
        return lower + 0.0
    return _mean(lower, _select(count_up_to, count // 2 + 1, lower, high))


def _shift(base: _Sample, head: _Sample) -> float:
    low, high = head[0] - base[-1], head[-1] - base[0]
    return _median(lambda bound: _count_differences(base, head, bound), len(base) * len(head), low, high)


def _center(sample: _Sample) -> float:
    n = len(sample)
    return _median(lambda bound: _count_means(sample, bound), n * (n + 1) // 2, sample[0], sample[-1])


class _SplitMix64:
    """The generator of Steele, Lea and Flood (2014)."""

    def __init__(self, seed: int) -> None:
        self._state = seed

    def below(self, bound: int) -> int:
        """A number from 0 to bound - 1."""
        self._state = self._state + 0x9E3779B97F4A7C15 & _WORD_MASK
        mixed = self._state
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & _WORD_MASK
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & _WORD_MASK
        return ((mixed ^ mixed >> 31) >> 32) * bound >> 32


def _resample(sample: _Sample, chance: _SplitMix64) -> List[float]:
    """As many numbers as there are, drawn with replacement, in ascending order."""
    return [sample[index] for index in sorted(chance.below(len(sample)) for _ in sample)]


def _interval(estimates: List[float], level: float) -> Interval:
    estimates.sort()
    cut = int((1 - level) * 0.5 * float(len(estimates)))
    return Interval(estimates[cut], estimates[len(estimates) - 1 - cut])
