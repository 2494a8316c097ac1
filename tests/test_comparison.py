"""The verdict over measurements: what is slower, what is not, what cannot be told, and what is refused."""

import math
import random
from typing import Any, Callable, List

import pytest

import mercury
from mercury.comparison import (
    FASTER,
    MIN_ROUNDS,
    MIN_SAMPLES,
    NO_DIFFERENCE,
    SLOWER,
    TOO_NOISY,
    Comparison,
    Round,
    compare_rounds,
)
from mercury.errors import InvalidArgumentError, LimitExceededError

WRONG = [0, -1.0, math.nan, math.inf, 2.0**1001]


def rounds_of(factor: float, noise: float, count: int = 24) -> List[Round]:
    """Runs of 100 ms, head's longer by a factor, on a machine that gets slower all the time."""
    chance = random.Random(f"{factor} {noise}")

    def run(drift: float, factor: float = 1) -> float:
        return 1e8 * factor * drift * math.exp(chance.gauss(0, noise))

    return [
        Round(
            (run(1 + number / 10), run(1 + number / 10)), (run(1 + number / 10, factor), run(1 + number / 10, factor))
        )
        for number in range(count)
    ]


def samples_of(factor: float, noise: float, count: int = 40) -> Any:
    chance = random.Random(f"{factor} {noise}")
    return [[side * chance.gauss(1, noise) for _ in range(count)] for side in (1, factor)]


def by_rounds(factor: float, noise: float) -> Comparison:
    return compare_rounds(rounds_of(factor, noise))


def by_samples(factor: float, noise: float) -> Comparison:
    return mercury.compare(*samples_of(factor, noise))


BOTH = pytest.mark.parametrize("judge", [by_rounds, by_samples])


@BOTH
def test_a_difference_is_found(judge: Callable[[float, float], Comparison]) -> None:
    found = judge(1.1, 0.02)
    assert found.verdict == SLOWER
    assert 0.08 < found.low < found.effect < found.high < 0.12
    assert found.p < 0.001
    assert found.noise_floor < 0.05
    assert judge(0.9, 0.02).verdict == FASTER
    assert -0.12 < judge(0.9, 0.02).effect < -0.08


@BOTH
def test_noise_is_no_difference(judge: Callable[[float, float], Comparison]) -> None:
    assert judge(1.0, 0.02).verdict == NO_DIFFERENCE
    # This one is there, and not worth a word.
    assert judge(1.01, 0.003).verdict == NO_DIFFERENCE


@BOTH
def test_too_much_noise_is_told(judge: Callable[[float, float], Comparison]) -> None:
    found = judge(1.0, 0.4)
    assert found.verdict == TOO_NOISY
    assert found.noise_floor > 0.05


def test_a_drifting_machine_is_no_difference_within_rounds() -> None:
    """From the first round to the last it gets 3.4 times slower."""
    assert rounds_of(1, 0.01)[-1].base[0] > 3 * rounds_of(1, 0.01)[0].base[0]
    assert by_rounds(1, 0.01).noise_floor < 0.02


def test_no_variance_at_all() -> None:
    same = compare_rounds([Round((1, 1), (1, 1))] * MIN_ROUNDS)
    assert same == Comparison(NO_DIFFERENCE, 0, 0, 0, 1, 0, MIN_ROUNDS)
    longer = compare_rounds([Round((10, 10), (11, 11))] * MIN_ROUNDS)
    assert (longer.verdict, longer.noise_floor) == (SLOWER, 0)
    assert longer.effect == longer.low == longer.high == pytest.approx(0.1)
    assert mercury.compare([3] * MIN_SAMPLES, [3] * MIN_SAMPLES).verdict == NO_DIFFERENCE
    assert mercury.compare([3] * MIN_SAMPLES, [4] * MIN_SAMPLES).effect == pytest.approx(1 / 3)


def test_sides_that_change_places_change_the_sign() -> None:
    rounds = rounds_of(1.1, 0.02)
    back = compare_rounds([Round(head, base) for base, head in rounds])
    assert (1 + compare_rounds(rounds).effect) * (1 + back.effect) == pytest.approx(1)
    assert back.p == compare_rounds(rounds).p


def test_the_same_seed_gives_the_same() -> None:
    rounds = rounds_of(1.05, 0.02)
    assert compare_rounds(rounds, seed=5) == compare_rounds(rounds, seed=5)
    assert compare_rounds(rounds, seed=5) != compare_rounds(rounds, seed=6)
    assert compare_rounds(rounds, seed=-1).verdict == SLOWER


def test_what_is_to_be_detected_decides() -> None:
    assert compare_rounds(rounds_of(1.03, 0.005), detect=0.2).verdict == NO_DIFFERENCE
    assert compare_rounds(rounds_of(1.03, 0.005), detect=0.05).verdict == SLOWER


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_measurement_is_told_by_its_index(wrong: float) -> None:
    good = [1.0] * MIN_SAMPLES
    for samples, position in ((([1.0, wrong], good), 1), ((good, [*good, wrong]), 2 * MIN_SAMPLES)):
        with pytest.raises(InvalidArgumentError, match=f"measurement {position} is not a positive") as raised:
            mercury.compare(*samples)
        assert raised.value.position == position
    with pytest.raises(InvalidArgumentError) as raised:
        compare_rounds([Round((1, 1), (1, 1)), Round((1, 1), (wrong, 1))])
    assert raised.value.position == 6


def test_too_few_too_many_and_no_share() -> None:
    with pytest.raises(InvalidArgumentError, match="at least 8 measurements of each side"):
        mercury.compare([1.0], [2.0])
    with pytest.raises(InvalidArgumentError, match="at least 16 rounds"):
        compare_rounds(rounds_of(1, 0.01)[:15])
    with pytest.raises(LimitExceededError):
        mercury.compare([1.0] * 10_001, [1.0] * 8)
    for detect in (0, 1, -0.1, math.nan):
        with pytest.raises(InvalidArgumentError, match="above 0 and below 1"):
            mercury.compare([1.0] * 8, [1.0] * 8, detect=detect)
