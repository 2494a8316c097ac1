"""The bucket law against its definition, in whole numbers; test_exponential_buckets.c holds the C side to it."""

import math
import struct
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mercury.core.pure.exponential_buckets import MAX_SCALE, MIN_SCALE, bound, bounds, coarser, exact, index

FINEST = MAX_SCALE
LEAST = 5e-324
GREATEST = sys.float_info.max

FLOATS = st.floats(min_value=LEAST, max_value=GREATEST, allow_subnormal=True)
NUMBERS = st.one_of(st.integers(1, (1 << 64) - 1), FLOATS)
SCALES = st.integers(MIN_SCALE, MAX_SCALE)


def exact_bound(number: int) -> Fraction:
    """The lower bound of a bucket of the finest scale, as the law has it."""
    octave, part = divmod(number, 256)
    return Fraction(bounds()[part], 1 << 63) * Fraction(2) ** octave


def test_the_table_in_c_is_current(root: Path) -> None:
    tool = root / "tools" / "exponential_bounds.py"
    assert subprocess.run([sys.executable, str(tool), "--check"], check=False).returncode == 0


@given(NUMBERS)
@example(LEAST)
@example(GREATEST)
@example((1 << 53) + 1)
def test_a_number_lies_between_the_bounds_of_its_bucket(number) -> None:
    found = index(exact(number), FINEST)
    assert exact_bound(found) < Fraction(number) <= exact_bound(found + 1)


@given(NUMBERS, SCALES, SCALES)
def test_a_lower_scale_is_a_shift_away(number, one, other) -> None:
    fine, coarse = max(one, other), min(one, other)
    assert coarser(index(exact(number), fine), fine - coarse) == index(exact(number), coarse)


@pytest.mark.parametrize("scale", range(MIN_SCALE, MAX_SCALE + 1))
def test_powers_of_two_end_their_bucket(scale) -> None:
    for exponent in range(-1074, 1024):
        expected = math.ceil(exponent * Fraction(2) ** scale) - 1
        assert index(exact(math.ldexp(1.0, exponent)), scale) == expected
        if exponent in range(64):
            assert index(exact(1 << exponent), scale) == expected


@given(st.integers(-1074 * 256, 1024 * 256 - 1))
def test_bounds_are_the_nearest_doubles(number) -> None:
    found = bound(number, FINEST)
    bits = struct.unpack("<q", struct.pack("<d", found))[0]
    neighbors = [struct.unpack("<d", struct.pack("<q", max(bits + step, 0)))[0] for step in (0, -1, 1)]
    finite = [value for value in neighbors if value < math.inf]
    assert min(finite, key=lambda value: abs(Fraction(value) - exact_bound(number))) == found


@given(st.integers(-1022 * 256, 1024 * 256 - 1))
def test_a_bound_belongs_to_the_bucket_before(number) -> None:
    assert index(exact(bound(number, FINEST)), FINEST) == number - 1


@pytest.mark.parametrize(
    ("number", "scale", "expected"),
    [
        (0, 5, 1.0),
        (32, 5, 2.0),
        (1024, 0, math.inf),
        (1, -10, math.inf),
        (-1074, 0, LEAST),
        (-1075, 0, 0.0),
        (-2, -10, 0),
    ],
)
def test_bounds(number, scale, expected) -> None:
    assert bound(number, scale) == expected
