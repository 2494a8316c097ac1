"""The law through counts at two sizes or more, and what it foretells."""

import pytest

from mercury.testing.slopes import FLAT, GROWS, SHRINKS, Slope


@pytest.mark.parametrize(
    ("sizes", "counts", "growth", "exponent", "per_row", "at_10000"),
    [
        ((10, 20), (1, 1), FLAT, 0, 0, 1),
        ((10, 20), (0, 0), FLAT, 0, 0, 0),
        ((10, 20), (10, 20), GROWS, 1, 1, 10_000),
        ((10, 20), (11, 21), GROWS, 1, 1, 10_001),
        ((10, 20), (9, 19), GROWS, 1, 1, 9_999),
        ((10, 20), (30, 60), GROWS, 1, 3, 30_000),
        ((10, 20), (0, 10), GROWS, 1, 1, 9_990),
        ((10, 20), (1, 2), GROWS, 1, 0.1, 1_000),
        ((10, 20), (100, 400), GROWS, 2, 30, 100_000_000),
        ((10, 20), (45, 190), GROWS, 2, 14.5, 49_995_000),
        ((10, 20), (4, 2), SHRINKS, 0, -0.2, 2),
        ((2, 4, 8), (5, 9, 17), GROWS, 1, 2, 20_001),
        ((2, 4, 8), (4, 16, 64), GROWS, 2, 10, 100_000_000),
        ((1000, 4000), (2, 8), GROWS, 1, 0.002, 20),
    ],
)
def test_counts_have_a_law(sizes, counts, growth, exponent, per_row, at_10000):
    slope = Slope(sizes, counts)
    assert (slope.growth, slope.exponent) == (growth, exponent)
    assert slope.per_row == pytest.approx(per_row)
    assert slope.at(10_000) == at_10000


@pytest.mark.parametrize("counts", [(10, 20), (3, 5), (100, 400), (45, 190)])
def test_the_law_goes_through_its_points(counts):
    slope = Slope((10, 20), counts)
    assert (slope.at(10), slope.at(20)) == counts


def test_there_are_never_less_than_no_queries():
    assert Slope((10, 20), (0, 10)).at(1) == 0
