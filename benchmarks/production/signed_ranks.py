"""The middle of paired differences and its interval of 95 %, by Wilcoxon's signed ranks.

It assumes that differences lie as often above their middle as below it, alike on both sides, and nothing else of
their distribution. One that is far off counts no more than any other.
"""

import statistics
from typing import List, Sequence, Tuple

TAIL = 0.025


def middle(values: Sequence[float]) -> float:
    """The median of the means of all pairs, as Hodges and Lehmann have it."""
    return statistics.median(_means(values))


def interval(values: Sequence[float]) -> Tuple[float, float]:
    """Where the middle lies with 95 %; anywhere where there are fewer than six values."""
    rank = _rank(len(values))
    if rank == 0:
        return float("-inf"), float("inf")
    means = _means(values)
    return means[rank - 1], means[-rank]


def _means(values: Sequence[float]) -> List[float]:
    """Those of all pairs, also of each value with itself, in order."""
    return sorted((one + other) / 2 for place, one in enumerate(values) for other in values[place:])


def _rank(count: int) -> int:
    """How many of the least sums of signed ranks have a probability of TAIL at most."""
    ways = [1]
    for rank in range(1, count + 1):
        ways = [low + high for low, high in zip(ways + [0] * rank, [0] * rank + ways)]
    found, total = 0, ways[0]
    while total <= TAIL * 2**count:
        found += 1
        total += ways[found]
    return found
