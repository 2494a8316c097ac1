"""The library and its twin hold the same figures and bytes after the same operations, and refuse the same bytes.

MERCURY_DIFFERENTIAL=full tries 100,000 histograms in place of 300.
"""

import os
import random
import struct
from array import array
from typing import Any, List

import pytest

from mercury.core import backend
from mercury.core.pure import histogram as twin
from mercury.core.pure.xxh3 import xxh3_64
from mercury.core.records import HISTOGRAM_MAX_SCALE, HISTOGRAM_MIN_SCALE
from mercury.errors import MercuryError

if backend().name != "native":
    pytest.skip("the library does not serve, so there is nothing to compare", allow_module_level=True)

from mercury.core import native

ROUNDS = 100_000 if os.environ.get("MERCURY_DIFFERENTIAL") == "full" else 300
QUANTILES = (0, 1e-9, 0.01, 0.25, 0.5, 0.9, 0.99, 1)
INFINITY_BITS = 0x7FF << 52


def outcome(call: Any, *arguments: Any) -> Any:
    """The result of a call, or its failure in full."""
    try:
        return call(*arguments)
    except MercuryError as error:
        return type(error), str(error), error.position


def double(bits: int) -> float:
    value: float = struct.unpack("<d", struct.pack("<Q", bits))[0]
    return value


def any_double(chance: random.Random) -> float:
    kind = chance.randrange(5)
    if kind == 0:
        return double(chance.randrange(INFINITY_BITS))
    if kind == 1:
        return double(chance.getrandbits(chance.randrange(1, 53)))
    if kind == 2:
        return 2.0 ** chance.randrange(-1074, 1024)
    return chance.lognormvariate(0, 3) if kind == 3 else chance.choice((0.0, -0.0, 1.0))


def any_integer(chance: random.Random) -> int:
    return chance.getrandbits(chance.randrange(1, 64)) if chance.random() < 0.9 else 0


def any_length(chance: random.Random) -> int:
    """Sometimes more than the library adds up at once."""
    return 1500 if chance.random() < 0.01 else chance.randrange(20)


class Pair:
    """One histogram in both backends."""

    def __init__(self, scale: int) -> None:
        self.library, self.twin = native.Histogram(scale), twin.Histogram(scale)

    def call(self, name: str, *arguments: Any) -> None:
        """Both are asked the same, and must answer the same."""
        results = [outcome(getattr(side, name), *arguments) for side in (self.library, self.twin)]
        assert repr(results[0]) == repr(results[1]), (name, arguments)

    def merge(self, other: "Pair") -> None:
        assert outcome(self.library.merge, other.library) == outcome(self.twin.merge, other.twin)

    def check(self) -> bytes:
        for name in ("figures", "buckets", "encode"):
            self.call(name)
        for q in QUANTILES:
            self.call("quantile", q)
        return self.library.encode()


def filled(chance: random.Random) -> Pair:
    pair = Pair(chance.randint(HISTOGRAM_MIN_SCALE, HISTOGRAM_MAX_SCALE))
    for _ in range(chance.randrange(4)):
        integers = array(
            "q",
            [any_integer(chance) for _ in range(any_length(chance))],
        )
        doubles = array(
            "d",
            [any_double(chance) for _ in range(any_length(chance))],
        )
        if chance.random() < 0.1:
            integers.append(-chance.getrandbits(62))
            doubles.append(chance.choice((-1.0, -5e-324, float("inf"), float("nan"))))
        pair.call("record_integers", integers)
        pair.call("record_doubles", doubles)
        for number in (*integers[-2:], 1 << 63, -1):
            pair.call("record_integer", number)
        for value in doubles[-2:]:
            pair.call("record_double", value)
    return pair


def test_the_same_after_any_operations() -> None:
    chance = random.Random(9)
    for _ in range(ROUNDS // 3):
        pairs: List[Pair] = [filled(chance) for _ in range(3)]
        for pair in pairs:
            pair.check()
        for _ in range(3):
            one, other = chance.choice(pairs), chance.choice(pairs)
            one.merge(other)
            one.check()


def test_counts_that_no_program_reaches() -> None:
    """Doubled until 63 bits are full, where both refuse."""
    pair = Pair(5)
    pair.call("record_integers", array("q", [0, 1, 7, 1 << 62]))
    for _ in range(64):
        pair.merge(pair)
        pair.check()
    pair.call("record_integer", 1)
    pair.call("record_doubles", array("d", [1.0] * 9))


def test_scales_that_there_are_not() -> None:
    for scale in (HISTOGRAM_MIN_SCALE - 1, HISTOGRAM_MAX_SCALE + 1, -(1 << 70), 1 << 70):
        assert outcome(native.Histogram, scale) == outcome(twin.Histogram, scale)
    for q in (-0.1, 1.1, float("nan"), float("inf")):
        Pair(5).call("quantile", q)


def damaged(chance: random.Random, encoded: bytes) -> bytes:
    """Bytes that are nearly an encoding; in two of three cases their checksum is right."""
    data = bytearray(encoded)
    kind = chance.randrange(6)
    if kind == 0:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        return bytes(data)
    if kind == 1:
        return bytes(data[: chance.randrange(len(data))]) or b"x"
    for _ in range(chance.randrange(1, 3)):
        word = chance.randrange(11 if kind < 4 else len(data) // 8)
        value = chance.choice((0, 1, 2, 3, 36, 1025, 1 << 63, (1 << 64) - 1, chance.getrandbits(64)))
        data[8 * word : 8 * word + 8] = struct.pack("<Q", value)
        if kind == 3:
            data[chance.randrange(4, 8)] = chance.randrange(3)
    data[-8:] = struct.pack("<Q", xxh3_64(bytes(data[:-8])))
    return bytes(data)


def decoded(side: Any, data: bytes) -> bytes:
    encoded: bytes = side.decode(data).encode()
    return encoded


def test_the_same_bytes_are_taken_and_refused() -> None:
    chance = random.Random(10)
    taken = 0
    for _ in range(ROUNDS // 30):
        encoded = filled(chance).check()
        for _ in range(100):
            data = damaged(chance, encoded)
            expected = outcome(decoded, twin.Histogram, data)
            assert outcome(decoded, native.Histogram, data) == expected, data.hex()
            if isinstance(expected, bytes):
                assert expected == data
                taken += 1
    assert taken > 0
