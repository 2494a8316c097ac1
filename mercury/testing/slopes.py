"""How counts of statements follow the number of rows: a law through two or more points, and what it foretells."""

import math
from dataclasses import dataclass
from typing import Tuple

GROWS = "grows"
FLAT = "flat"
SHRINKS = "shrinks"

EXAMPLE = 10_000
"""Rows for which texts say what it would come to."""

_STEEPER = 1.5
"""Between the powers 1 and 2: steeper than this is taken for a square."""


@dataclass(frozen=True)
class Slope:
    """Counts at ascending sizes. Both have the same length, two or more."""

    sizes: Tuple[int, ...]
    counts: Tuple[int, ...]

    @property
    def growth(self) -> str:
        """GROWS, FLAT or SHRINKS, from the smallest size to the largest."""
        first, last = self.counts[0], self.counts[-1]
        return GROWS if last > first else SHRINKS if last < first else FLAT

    @property
    def exponent(self) -> int:
        """0 where nothing grows, 2 where the count grows with the square of the rows, else 1.

        A straight line that starts at 0 or above cannot more than double where the rows double.
        """
        if self.growth != GROWS:
            return 0
        first, last = self.counts[0], self.counts[-1]
        return 2 if first and last / first > (self.sizes[-1] / self.sizes[0]) ** _STEEPER else 1

    @property
    def per_row(self) -> float:
        """Further statements for each further row, on the way from the smallest size to the largest."""
        return (self.counts[-1] - self.counts[0]) / (self.sizes[-1] - self.sizes[0])

    def at(self, size: int) -> int:
        """How many statements there will be at this size, if they go on as they have; 0 or more.

        A line through the first point and the last one; a parabola through these and the origin where the
        exponent is 2. What does not grow stays as it was at the largest size.
        """
        if self.exponent == 0:
            return self.counts[-1]
        small, large = self.sizes[0], self.sizes[-1]
        first, last = self.counts[0], self.counts[-1]
        if self.exponent == 1:
            return max(0, first + round((size - small) * self.per_row))
        square = (last / large - first / small) / (large - small)
        return max(0, math.floor(square * size**2 + (first / small - square * small) * size + 0.5))

    def __str__(self) -> str:
        """`10 -> 20, 1 for each row: 10,000 at 10,000 rows`; of what does not grow the counts alone."""
        counts = " -> ".join(f"{count:,}" for count in self.counts)
        if self.exponent == 0:
            return counts
        pace = f"{self.per_row:.3g} for each row" if self.exponent == 1 else "with the square of the rows"
        return f"{counts}, {pace}: {self.at(EXAMPLE):,} at {EXAMPLE:,} rows"
