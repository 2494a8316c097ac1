"""Rank tests, shifts and intervals, over whichever backend serves, beside scipy and beside counting it out."""

import math
import random
from array import array
from itertools import combinations, product
from statistics import median
from typing import Any, List, Sequence

import pytest

from mercury.core import backend
from mercury.core.records import COMPARE_EXACT_SAMPLES, COMPARE_MAX_RESAMPLES, COMPARE_MAX_SAMPLES
from mercury.errors import InvalidArgumentError, LimitExceededError, MercuryError

core = backend().module
ALL_EQUAL = [3.5] * 7


def doubles(values: Sequence[float]) -> "array[float]":
    return array("d", values)


def normal(chance: random.Random, count: int) -> List[float]:
    return [chance.gauss(100, 5) for _ in range(count)]


def coarse(chance: random.Random, count: int) -> List[float]:
    """With many ties."""
    return [float(chance.randrange(-6, 9)) for _ in range(count)]


def oracle() -> Any:
    """scipy's statistics. It has no wheels for some interpreters; counting out serves there alone."""
    return pytest.importorskip("scipy.stats", reason="scipy is missing: the oracle of the rank tests is not asked here")


@pytest.mark.parametrize("counts", [(1, 1), (1, 9), (5, 8), (30, 30), (31, 30), (200, 340)])
@pytest.mark.parametrize("draw", [normal, coarse])
def test_rank_sum_is_scipys(counts: Any, draw: Any) -> None:
    stats = oracle()
    chance = random.Random(counts[0])
    base, head = draw(chance, counts[0]), [value + 1 for value in draw(chance, counts[1])]
    found = core.rank_sum(doubles(base), doubles(head))
    method = "exact" if found.is_exact else "asymptotic"
    for p, alternative in ((found.p_less, "less"), (found.p_greater, "greater")):
        expected = stats.mannwhitneyu(head, base, alternative=alternative, method=method)
        assert found.statistic == expected.statistic
        assert p == pytest.approx(expected.pvalue, rel=1e-11)


@pytest.mark.parametrize("count", [75, 150, 700])
@pytest.mark.parametrize("draw", [normal, coarse])
def test_signed_rank_is_scipys(count: int, draw: Any) -> None:
    stats = oracle()
    values = [value - 99 if draw is normal else value for value in draw(random.Random(count), count)]
    found = core.signed_rank(doubles(values))
    assert not found.is_exact
    for p, alternative in ((found.p_less, "less"), (found.p_greater, "greater")):
        # Zeros are left out here as there.
        expected = stats.wilcoxon([value for value in values if value], alternative=alternative, correction=True,
                                  method="approx")  # fmt: skip
        assert found.statistic == expected.statistic
        assert p == pytest.approx(expected.pvalue, rel=1e-11)


def test_far_tails_are_not_rounded_to_nothing() -> None:
    stats = oracle()
    found = core.rank_sum(doubles(range(400)), doubles(range(400, 800)))
    expected = stats.mannwhitneyu(range(400, 800), range(400), alternative="greater", method="asymptotic").pvalue
    assert 0 < found.p_greater == pytest.approx(expected, rel=1e-11)
    assert found.p_less == 1


def pairs_won(base: Sequence[float], head: Sequence[float]) -> int:
    return sum(high > low for low in base for high in head)


@pytest.mark.parametrize("counts", [(1, 1), (2, 5), (4, 4)])
def test_exact_rank_sums_are_counted_out(counts: Any) -> None:
    """Each way to choose head's places among all is as likely."""
    values = [float(number) for number in range(sum(counts))]
    ways = []
    for places in combinations(values, counts[1]):
        ways.append(pairs_won([value for value in values if value not in places], places))
    for places in combinations(values, counts[1]):
        base = [value for value in values if value not in places]
        found = core.rank_sum(doubles(base), doubles(places))
        u = pairs_won(base, places)
        assert found == (u, sum(w <= u for w in ways) / len(ways), sum(w >= u for w in ways) / len(ways), 1)


@pytest.mark.parametrize("values", [[1, -2, 3, -4, 5], [1, 1, -1, 2, 2, -2, -2], [0, 0, -1], [5], [0, 0]])
def test_exact_signed_ranks_are_counted_out(values: List[float]) -> None:
    """With ties and zeros too: each way to choose the signs is as likely."""
    sizes = sorted(abs(value) for value in values if value)
    ranks = [sum(other < size for other in sizes) + (sum(other == size for other in sizes) + 1) / 2 for size in sizes]
    ways = [
        sum(rank for rank, sign in zip(ranks, signs) if sign) for signs in product((False, True), repeat=len(ranks))
    ]
    w = sum(ranks[sizes.index(value)] for value in values if value > 0)
    found = core.signed_rank(doubles(values))
    assert found == (w, sum(way <= w for way in ways) / len(ways), sum(way >= w for way in ways) / len(ways), 1)


def test_the_greatest_that_is_exact() -> None:
    half = COMPARE_EXACT_SAMPLES // 2
    base, head = doubles(range(half)), doubles(range(half, 2 * half))
    assert core.rank_sum(base, head)[2:] == (1 / math.comb(2 * half, half), 1)
    assert core.rank_sum(base, doubles(range(half, 2 * half + 1))).is_exact == 0
    signs = doubles(range(1, COMPARE_EXACT_SAMPLES + 1))
    assert core.signed_rank(signs)[2:] == (0.5**COMPARE_EXACT_SAMPLES, 1)
    signs.append(1)
    assert core.signed_rank(signs).is_exact == 0


@pytest.mark.parametrize("counts", [(1, 1), (1, 2), (2, 2), (7, 12), (15, 15)])
@pytest.mark.parametrize("draw", [normal, coarse])
def test_shift_and_center_are_medians_of_what_can_be_listed(counts: Any, draw: Any) -> None:
    chance = random.Random(3)
    base, head = draw(chance, counts[0]), draw(chance, counts[1])
    differences = sorted(high - low for low in base for high in head)
    middle = (differences[(len(differences) - 1) // 2] + differences[len(differences) // 2]) * 0.5
    assert core.shift(doubles(base), doubles(head)) == middle
    means = [(head[i] + head[j]) * 0.5 for i in range(len(head)) for j in range(i, len(head))]
    assert core.center(doubles(head)) == median(means)


def test_an_interval_is_about_the_shift_and_comes_again() -> None:
    chance = random.Random(4)
    base, head = doubles(normal(chance, 15)), doubles(value + 10 for value in normal(chance, 20))
    found = core.shift_interval(base, head, 0.99, 60, 7)
    assert 2 < found.low < core.shift(base, head) < found.high < 18
    assert core.shift_interval(base, head, 0.99, 60, 7) == found
    assert core.shift_interval(base, head, 0.99, 60, 8) != found
    narrow = core.shift_interval(base, head, 0.5, 60, 7)
    assert found.low < narrow.low < narrow.high < found.high
    centered = core.center_interval(head, 0.99, 60, 7)
    assert centered.low < core.center(head) < centered.high


def test_an_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Nine of ten; the percentile bootstrap's intervals are known to be a bit short for few samples."""
    chance = random.Random(5)
    held = 0
    for seed in range(40):
        low, high = core.center_interval(doubles(chance.gauss(0, 1) for _ in range(12)), 0.9, 40, seed)
        held += low <= 0 <= high
    assert 28 <= held <= 39


def test_nothing_varies() -> None:
    same = doubles(ALL_EQUAL)
    assert core.rank_sum(same, same) == (24.5, 1, 1, 0)
    assert core.signed_rank(doubles([0.0, -0.0])) == (0, 1, 1, 1)
    assert core.shift(same, same) == 0
    assert core.center(same) == 3.5
    assert core.shift_interval(same, same, 0.99, 9, 1) == (0, 0)
    assert core.center_interval(same, 0.99, 9, 1) == (3.5, 3.5)


def test_the_order_of_samples_does_not_matter_and_they_stay_as_they_are() -> None:
    base, head = [3.0, 1.0, 2.0, -0.0], [5.0, -4.0, 0.0]
    given = doubles(base), doubles(head)
    back = doubles(base[::-1]), doubles(head[::-1])
    for call in (core.rank_sum, core.shift, lambda one, other: core.shift_interval(one, other, 0.9, 50, 1)):
        assert call(*given) == call(*back)
    assert [list(side) for side in given] == [base, head]


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf, 2.0**1000 * 1.5])
def test_what_is_no_number_is_refused_at_its_index(wrong: float) -> None:
    good, bad = doubles([1, 2, 3]), doubles([1, wrong])
    for call in (core.rank_sum, core.shift, lambda one, other: core.shift_interval(one, other, 0.9, 5, 1)):
        for samples, position in (((bad, good), 1), ((good, bad), 4)):
            with pytest.raises(InvalidArgumentError) as raised:
                call(*samples)
            assert raised.value.position == position
    for call in (core.signed_rank, core.center, lambda values: core.center_interval(values, 0.9, 5, 1)):
        with pytest.raises(InvalidArgumentError) as raised:
            call(bad)
        assert raised.value.position == 1


@pytest.mark.parametrize("level", [0, 1, -1, 2, math.nan])
def test_levels_that_there_are_not(level: float) -> None:
    with pytest.raises(InvalidArgumentError):
        core.center_interval(doubles([1]), level, 5, 1)


def refusal(call: Any, *arguments: Any) -> Any:
    with pytest.raises(MercuryError) as raised:
        call(*arguments)
    return type(raised.value), raised.value.position


def test_too_few_and_too_many() -> None:
    one, none = doubles([1]), doubles([])
    many = doubles([1.0] * (COMPARE_MAX_SAMPLES + 1))
    assert refusal(core.rank_sum, one, none) == (InvalidArgumentError, -1)
    assert refusal(core.center, none) == (InvalidArgumentError, -1)
    assert refusal(core.rank_sum, one, many) == (LimitExceededError, COMPARE_MAX_SAMPLES)
    assert refusal(core.signed_rank, many) == (LimitExceededError, COMPARE_MAX_SAMPLES)
    assert refusal(core.shift_interval, one, one, 0.9, 0, 1) == (InvalidArgumentError, -1)
    for count in (COMPARE_MAX_RESAMPLES + 1, 1 << 70):
        assert refusal(core.center_interval, one, 0.9, count, 1) == (LimitExceededError, COMPARE_MAX_RESAMPLES)
    assert refusal(core.center, array("q", [1])) == (InvalidArgumentError, -1)


def test_as_many_as_there_may_be_take_bounded_time() -> None:
    """1e8 differences, of which none is listed."""
    chance = random.Random(6)
    base = doubles(chance.random() for _ in range(COMPARE_MAX_SAMPLES))
    head = doubles(chance.random() + 0.5 for _ in range(COMPARE_MAX_SAMPLES))
    assert core.rank_sum(base, head).p_greater == 0
    assert core.shift(base, head) == pytest.approx(0.5, abs=0.02)
