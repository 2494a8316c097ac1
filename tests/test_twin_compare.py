"""The library and its twin give the same bits for the same samples, and refuse the same ones.

MERCURY_DIFFERENTIAL=full tries 50,000 pairs of samples in place of 100.
"""

import os
import random
from array import array
from typing import Any

import pytest

from mercury.core import backend
from mercury.core.pure import compare as twin
from mercury.errors import MercuryError

if backend().name != "native":
    pytest.skip("the library does not serve, so there is nothing to compare", allow_module_level=True)

from mercury.core import native

ROUNDS = 50_000 if os.environ.get("MERCURY_DIFFERENTIAL") == "full" else 100


def outcome(side: Any, name: str, *arguments: Any) -> str:
    """The result of a call to the last bit, or its failure in full."""
    try:
        result = getattr(side, name)(*arguments)
    except MercuryError as error:
        return f"{type(error)} {error} {error.position}"
    numbers = result if isinstance(result, tuple) else (result,)
    return " ".join(float(number).hex() for number in numbers)


def any_number(chance: random.Random, kind: int) -> float:
    if kind == 0:
        return float(chance.randrange(-3, 4))
    if kind == 1:
        return chance.gauss(0, 1)
    if kind == 2:
        return chance.choice((-1, 1)) * 2.0 ** chance.randrange(-1074, 1001)
    return chance.choice((0.0, -0.0, 5e-324, -5e-324, 1.0, chance.lognormvariate(0, 3)))


def any_sample(chance: random.Random) -> "array[float]":
    kind = chance.randrange(4)
    count = chance.choice((1, 2, chance.randrange(1, 12), chance.randrange(1, 40), chance.randrange(1, 130)))
    values = array("d", [any_number(chance, kind) for _ in range(count)])
    if chance.random() < 0.03:
        values[chance.randrange(count)] = chance.choice((float("nan"), float("inf"), -1e302))
    return values if chance.random() < 0.99 else array("d")


def test_the_same_bits() -> None:
    chance = random.Random(8)
    for _ in range(ROUNDS):
        base, head = any_sample(chance), any_sample(chance)
        bootstrap = (chance.choice((0.5, 0.9, 0.99, 0.999)), chance.randrange(1, 5), chance.getrandbits(64))
        for name, arguments in (
            ("rank_sum", (base, head)),
            ("signed_rank", (head,)),
            ("shift", (base, head)),
            ("center", (head,)),
            ("shift_interval", (base, head, *bootstrap)),
            ("center_interval", (head, *bootstrap)),
        ):
            assert outcome(native, name, *arguments) == outcome(twin, name, *arguments), (name, base, head, bootstrap)


def test_the_same_bits_along_the_normal_tail() -> None:
    """Shifts of one sample against another walk the whole of the normal distribution."""
    values = array("d", range(61))
    for step in range(62):
        moved = array("d", [value + step + 0.5 for value in values])
        for base, head in ((values, moved), (moved, values)):
            assert outcome(native, "rank_sum", base, head) == outcome(twin, "rank_sum", base, head)
