"""The bucket law of base-2 exponential histograms; the twin of exponential_buckets.h.

At scale s the base is 2 ** (2 ** -s), and bucket i holds the numbers above base ** i, up to
and with base ** (i + 1): OpenTelemetry's law. Prometheus gives the same bucket the index
i + 1 and calls the scale its schema.

    scale 1     0.5    0.707     1     1.414     2     2.828     4
    index           -2       -1     0        1      2        3

Each octave is cut by the same bounds, 2 ** (j / 256) for the finest scale, each rounded to
the nearest double. One look into their table gives the index at that scale, and a shift the
index at any other. Integers alone decide: there is no logarithm that could round.
"""

from bisect import bisect_left
from functools import lru_cache
from math import frexp, inf, isqrt
from typing import NamedTuple, Tuple, Union

MIN_SCALE = -10
MAX_SCALE = 8

_PARTS = 1 << MAX_SCALE
_SIGNIFICAND_BITS = 64
_DOUBLE_BITS = 53
_WORKING_BITS = 128


class ExactValue(NamedTuple):
    """A positive number: significand * 2 ** (exponent - 63), where the significand has 64 bits."""

    exponent: int
    significand: int


def exact(value: Union[int, float]) -> ExactValue:
    """A positive integer below 2 ** 64 or a positive finite float, as it is."""
    if isinstance(value, float):
        fraction, exponent = frexp(value)
        return ExactValue(exponent - 1, int(fraction * (1 << _DOUBLE_BITS)) << (_SIGNIFICAND_BITS - _DOUBLE_BITS))
    exponent = value.bit_length() - 1
    return ExactValue(exponent, value << (_SIGNIFICAND_BITS - 1 - exponent))


@lru_cache(maxsize=None)
def bounds() -> Tuple[int, ...]:
    """The bounds 2 ** (j / 256) of an octave as significands of 64 bits: doubles, so their last 11 bits are 0.

    The powers are worked out in 128 bits, which leaves no doubt about the last of 53.
    """
    step = 1 << (_PARTS * _WORKING_BITS + 1)
    for _ in range(MAX_SCALE):
        step = isqrt(step)
    found = []
    power = 1 << _WORKING_BITS
    for _ in range(_PARTS):
        rounded = ((power >> (_WORKING_BITS - _DOUBLE_BITS)) + 1) >> 1
        found.append(rounded << (_SIGNIFICAND_BITS - _DOUBLE_BITS))
        power = power * step >> _WORKING_BITS
    return tuple(found)


def index(value: ExactValue, scale: int) -> int:
    """The bucket that holds `value` at `scale`."""
    at_finest = _PARTS * value.exponent + bisect_left(bounds(), value.significand) - 1
    return coarser(at_finest, MAX_SCALE - scale)


def coarser(index: int, steps: int) -> int:
    """The bucket, `steps` scales lower, that holds all of bucket `index`: two of one scale are one of the next."""
    return index >> steps


def bound(index: int, scale: int) -> float:
    """The lower bound of a bucket, which belongs to the bucket before: the double nearest to base ** index.

    Ties go to the even one, as where a bound is below all doubles; above them all it is infinite.
    """
    octave, part = divmod(index << (MAX_SCALE - scale), _PARTS)
    shift = octave - (_SIGNIFICAND_BITS - 1)
    try:
        return bounds()[part] / (1 << -shift) if shift < 0 else float(bounds()[part] << shift)
    except OverflowError:
        return inf
