"""A snapshot made from plain values, for the tests of mercury.export."""

from typing import NamedTuple, Optional, Sequence

from mercury.core.pure.exponential_buckets import exact, index

SCALE, FIRST, LAST = 3, 79, 319


class StandInHistogram(NamedTuple):
    count: int
    sum: int
    min: Optional[int]
    max: Optional[int]
    scale: int
    zero_count: int
    zero_index: int
    first_index: int
    counts: Sequence[int]


def histogram(values):
    indexes = [index(exact(value), SCALE) if value else 0 for value in values]
    inside = sorted(min(each, LAST) for each in indexes if each >= FIRST)
    first, last = (inside[0], inside[-1]) if inside else (FIRST, FIRST - 1)
    counts = [inside.count(each) for each in range(first, last + 1)]
    below = len(values) - len(inside)
    return StandInHistogram(
        len(values),
        sum(values),
        min(values, default=None),
        max(values, default=None),
        SCALE,
        below,
        FIRST,
        first,
        counts,
    )


class Snapshot:
    created_ns = 1_700_000_000_000_000_000

    def __init__(self, counters=(), histograms=()):
        self._counters = counters
        self._histograms = histograms

    def counters(self):
        return iter([((name, labels), value) for name, labels, value in self._counters])

    def histograms(self):
        return iter([((name, labels), histogram(values)) for name, labels, values in self._histograms])
