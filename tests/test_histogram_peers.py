"""Numbers fall into the buckets into which OpenTelemetry's SDK and Prometheus's client put them.

4,000 numbers, powers of two and subnormal ones among them; MERCURY_DIFFERENTIAL=full takes a million.

Both peers round: Prometheus the bounds, OpenTelemetry's SDK a logarithm, the more the further it is from 0. So near
to a bound that is no power of two they may be a bucket off, and there nothing is asked of them: within two units in
the last place for the one, within two for each octave away from 1 for the other. The SDK gives all subnormal numbers
one bucket; those are held against Prometheus's law alone.
"""

import math
import os
import random
import struct
import sys
from array import array
from bisect import bisect_left
from collections import Counter
from typing import Any, Callable, List

import pytest

import mercury
from mercury.core.pure.exponential_buckets import MAX_SCALE, bound, exact, index

FULL = os.environ.get("MERCURY_DIFFERENTIAL") == "full"
COUNT = 1_000_000 if FULL else 4_000
SCALES = range(-4, MAX_SCALE + 1)
LEAST_NORMAL = sys.float_info.min
INFINITY_BITS = 0x7FF << 52


def double(bits: int) -> float:
    value: float = struct.unpack("<d", struct.pack("<Q", bits))[0]
    return value


def bits_of(value: float) -> int:
    bits: int = struct.unpack("<Q", struct.pack("<d", value))[0]
    return bits


def numbers() -> List[float]:
    """Of any magnitude; a tenth is powers of two, a tenth subnormal, a tenth near to a bound."""
    chance = random.Random(11)
    tenth = COUNT // 10
    found = [math.ldexp(1.0, chance.randrange(-1074, 1024)) for _ in range(tenth)]
    found += [double(chance.getrandbits(chance.randrange(1, 53)) or 1) for _ in range(tenth)]
    for _ in range(tenth):
        near = bound(chance.randrange(-1022 * 256, 1024 * 256), MAX_SCALE)
        found.append(double(max(bits_of(near) + chance.randrange(-3, 4), 1)))
    found += [double(chance.randrange(1, INFINITY_BITS)) for _ in range(COUNT - len(found))]
    return found


def is_near_a_bound(value: float, scale: int, units: int) -> bool:
    """Whether a bound is so many units in the last place away. Powers of two are exact for all."""
    if math.frexp(value)[0] == 0.5:
        return False
    found = index(exact(value), scale)
    bounds = (bits_of(bound(found, scale)), bits_of(bound(found + 1, scale)))
    return any(abs(bits_of(value) - each) <= units for each in bounds)


def prometheus_law(schema: int) -> Callable[[float], int]:
    """The bucket of Prometheus's native histograms, as its client for Go finds it."""
    bounds = [2.0 ** (part / 2**schema) / 2 for part in range(2**schema)] if schema > 0 else []

    def bucket(value: float) -> int:
        fraction, exponent = math.frexp(value)
        if schema > 0:
            return bisect_left(bounds, fraction) + (exponent - 1) * len(bounds)
        key = exponent - 1 if fraction == 0.5 else exponent
        return key + (1 << -schema) - 1 >> -schema

    return bucket


def check(law: Callable[[float], int], scale: int, values: List[float], offset: int, each_octave: int) -> int:
    """Each number is in the bucket of the law, `offset` less; how many are."""
    compared = 0
    for value in values:
        expected = law(value) - offset
        if index(exact(value), scale) != expected:
            units = 2 + each_octave * abs(math.frexp(value)[1])
            assert is_near_a_bound(value, scale, units), (value.hex(), scale)
            continue
        compared += 1
    return compared


@pytest.mark.parametrize("scale", SCALES)
def test_buckets_are_those_of_prometheus(scale: int) -> None:
    values = numbers()[scale % 13 :: 1 if FULL else 13]
    assert check(prometheus_law(scale), scale, values, 1, each_octave=0) > 0.9 * len(values)


@pytest.mark.parametrize("scale", SCALES)
def test_buckets_are_those_of_opentelemetry(scale: int) -> None:
    package: Any = "opentelemetry.sdk.metrics._internal.exponential_histogram.mapping."
    reason = "no SDK of OpenTelemetry for this interpreter"
    logarithm = pytest.importorskip(package + "logarithm_mapping", reason=reason)
    exponent = pytest.importorskip(package + "exponent_mapping", reason=reason)
    mapping = logarithm.LogarithmMapping(scale) if scale > 0 else exponent.ExponentMapping(scale)
    values = [value for value in numbers()[scale % 13 :: 1 if FULL else 13] if value >= LEAST_NORMAL]
    assert check(mapping.map_to_index, scale, values, 0, each_octave=2) > 0.8 * len(values)


def test_the_backend_counts_by_the_same_law() -> None:
    """All numbers of one magnitude after the other, so that no scale is lowered."""
    by_octave = Counter(math.frexp(value)[1] // 3 for value in numbers())
    values = sorted(numbers())
    position = 0
    for octave in sorted(by_octave):
        part = values[position : position + by_octave[octave]]
        position += by_octave[octave]
        made = mercury.Histogram(MAX_SCALE)
        made.record_many(array("d", part))
        offset, counts = made.buckets()
        assert made.scale == MAX_SCALE
        found = {offset + place: count for place, count in enumerate(counts) if count}
        assert found == Counter(index(exact(value), MAX_SCALE) for value in part)
