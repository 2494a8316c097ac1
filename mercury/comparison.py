"""Is one side slower than the other? A verdict over measurements that are full of noise.

    verdict = mercury.compare(times_before, times_after)
    print(verdict.verdict, verdict.effect)      # slower 0.074

`compare` is for two samples that were taken one after the other. Where runs of both sides can be
interleaved, `compare_rounds` tells less from more noise; `mercury compare` does so.
docs/comparison.md has the method, its sources and what was measured of it.
"""

import math
import random
from array import array
from dataclasses import dataclass
from typing import Iterable, List, NamedTuple, Sequence, Tuple

from mercury.core import backend
from mercury.core.records import Interval, RankTest
from mercury.errors import InvalidArgumentError

SLOWER = "slower"
FASTER = "faster"
NO_DIFFERENCE = "no difference found"
TOO_NOISY = "too noisy to tell"

LEVEL = 0.99
"""Of the intervals."""
SIGNIFICANCE = 0.001
"""A difference counts where its two-sided p is at most this."""
MIN_SAMPLES = 8
"""With fewer on a side no p could be as low as SIGNIFICANCE, whatever was measured."""
MIN_ROUNDS = 16
DETECT = 0.05
SHARE_OF_DETECT = 0.4
"""Measuring goes on until the noise floor is at most this share of what is to be found, and what is less than it
is no difference. With 0.5 a true difference of `detect` is lost in 9 of 100 comparisons, with 0.4 in 2."""
RESAMPLES = 500
_SEED_MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Comparison:
    """What is to be said of two sides. Effects are shares of base: 0.05 means that head takes 5 % more.

    `low` and `high` are the bootstrap interval of the effect at 99 %. `p` is two-sided. `noise_floor` is
    what the same measurements show between runs of one and the same side: no effect below it is told.
    `count` is the number of rounds, or of measurements of the smaller side.
    """

    verdict: str
    effect: float
    low: float
    high: float
    p: float
    noise_floor: float
    count: int


class Round(NamedTuple):
    """Two runs of each side, one after the other as base, head, head, base or as head, base, base, head."""

    base: Tuple[float, float]
    head: Tuple[float, float]


def compare(base: Iterable[float], head: Iterable[float], detect: float = DETECT, seed: int = 1) -> Comparison:
    """Compares two independent samples of at least 8 positive measurements, such as times in any unit.

    `detect` is the effect that is to be found: a smaller one than 0.4 times that is no difference. The test is that of
    Mann and Whitney, the effect the shift of Hodges and Lehmann. What drifts between the two samples, such as a
    machine's temperature, is taken for a difference: interleave what you can.

    Raises InvalidArgumentError where a measurement is not a positive, finite number (with its index as position,
    head's behind base's), where there are fewer than 8 of a side, or for a `detect` that is not above 0 and below 1;
    LimitExceededError beyond 10,000 measurements.
    """
    before = _measurements(base, 0)
    after = _measurements(head, len(before))
    _check(before, after, detect)
    seed &= _SEED_MASK
    core = backend().module
    center = core.center(before)
    interval = core.shift_interval(before, after, LEVEL, RESAMPLES, seed)
    halves = _halves(before, seed)
    floor = _widest(core.shift_interval(*halves, LEVEL, RESAMPLES, seed)) / center
    effect = core.shift(before, after) / center
    return _judged(
        core.rank_sum(before, after),
        effect,
        Interval(interval.low / center, interval.high / center),
        floor,
        detect,
        min(len(before), len(after)),
    )


def compare_rounds(rounds: Sequence[Round], detect: float = DETECT, seed: int = 1) -> Comparison:
    """Compares two sides whose runs were interleaved, at least 16 rounds of them.

    Whether base or head came first in a round must have been left to chance. Then the test, Wilcoxon's over the
    differences within rounds, is exact whatever the noise: each sign is a coin's.

    Raises as `compare` does; a position counts the measurements round by round, base's two first.
    """
    _check_rounds(rounds, detect)
    seed &= _SEED_MASK
    core = backend().module
    differences = array("d", map(_difference, rounds))
    interval = core.center_interval(differences, LEVEL, RESAMPLES, seed)
    return _judged(
        core.signed_rank(differences),
        _share_of_base(core.center(differences)),
        Interval(_share_of_base(interval.low), _share_of_base(interval.high)),
        noise_floor(rounds, seed),
        detect,
        len(rounds),
    )


def noise_floor(rounds: Sequence[Round], seed: int = 1) -> float:
    """The effect that could be seen between equal sides: the wider end of the interval of what runs of one side differ.

    Nothing of how base and head differ goes into it, so measuring may go on until it is low enough without
    looking for a result.
    """
    seed &= _SEED_MASK
    chance = random.Random(f"signs {seed}")
    same = array("d", [_difference_of_same(each, chance.choice((-1, 1)), chance.choice((-1, 1))) for each in rounds])
    return _share_of_base(_widest(backend().module.center_interval(same, LEVEL, RESAMPLES, seed)))


def _difference(measured: Round) -> float:
    """Head less base as a share of the middle between them, which changes its sign where they change places."""
    base, head = sum(measured.base), sum(measured.head)
    return 2 * (head - base) / (head + base)


def _difference_of_same(measured: Round, base_sign: int, head_sign: int) -> float:
    """The like of what is the same. Each has a sign by chance, because the first run may be the slower one."""
    (base_first, base_second), (head_first, head_second) = measured
    difference = base_sign * (base_first - base_second) + head_sign * (head_first - head_second)
    return 2 * difference / (base_first + base_second + head_first + head_second)


def _share_of_base(difference: float) -> float:
    """A share of the middle as one of base."""
    return 2 * difference / (2 - difference) if difference < 2 else math.inf


def _widest(interval: Interval) -> float:
    return max(-interval.low, interval.high)


def _judged(test: RankTest, effect: float, interval: Interval, floor: float, detect: float, count: int) -> Comparison:
    p = min(1.0, 2 * min(test.p_less, test.p_greater))
    least = max(floor, SHARE_OF_DETECT * detect)
    if p <= SIGNIFICANCE and abs(effect) >= least:
        verdict = SLOWER if effect > 0 else FASTER
    else:
        verdict = NO_DIFFERENCE if floor <= detect else TOO_NOISY
    return Comparison(verdict, effect, interval.low, interval.high, p, floor, count)


def _measurements(values: Iterable[float], position: int) -> "array[float]":
    measured = array("d")
    for index, value in enumerate(values, position):
        number = float(value)
        if not 0 < number < 2.0**1000:
            raise InvalidArgumentError(f"measurement {index} is not a positive, finite number", index)
        measured.append(number)
    return measured


def _check(base: "array[float]", head: "array[float]", detect: float) -> None:
    _check_detect(detect)
    if min(len(base), len(head)) < MIN_SAMPLES:
        raise InvalidArgumentError(f"a comparison needs at least {MIN_SAMPLES} measurements of each side")


def _check_rounds(rounds: Sequence[Round], detect: float) -> None:
    _check_detect(detect)
    _measurements((value for base, head in rounds for value in (*base, *head)), 0)
    if len(rounds) < MIN_ROUNDS:
        raise InvalidArgumentError(f"a comparison needs at least {MIN_ROUNDS} rounds")


def _check_detect(detect: float) -> None:
    if not 0 < detect < 1:
        raise InvalidArgumentError("what is to be detected is a share above 0 and below 1, such as 0.05")


def _halves(sample: Sequence[float], seed: int) -> Tuple["array[float]", "array[float]"]:
    """Both halves of a sample, by chance."""
    shuffled: List[float] = list(sample)
    random.Random(f"halves {seed}").shuffle(shuffled)
    middle = len(shuffled) // 2
    return array("d", shuffled[:middle]), array("d", shuffled[middle:])
