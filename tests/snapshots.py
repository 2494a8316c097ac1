"""A snapshot made from plain values, as mercury.Segment gives one, for the tests of mercury.export."""

from mercury.core.pure.exponential_buckets import exact, index
from mercury.core.records import SEGMENT_BUCKETS, SEGMENT_FIRST_INDEX, SEGMENT_SCALE
from mercury.segment.snapshot import Losses, SegmentHistogram

NOTHING_LOST = Losses(0, 0, 0, 0, 0)


def bucket(value):
    """As docs/segment-format.md has it."""
    found = index(exact(value), SEGMENT_SCALE) - SEGMENT_FIRST_INDEX + 1 if value else 0
    return min(max(found, 0), SEGMENT_BUCKETS - 1)


def histogram(values):
    counts = [0] * SEGMENT_BUCKETS
    for value in values:
        counts[bucket(value)] += 1
    least, most = min(values, default=None), max(values, default=None)
    return SegmentHistogram(len(values), sum(values), least, most, counts[0], tuple(counts[1:]))


class Snapshot:
    """Counters are (name, labels, value), histograms (name, labels, values)."""

    created_ns = 1_700_000_000_000_000_000

    def __init__(self, counters=(), histograms=(), losses=NOTHING_LOST):
        self._counters = counters
        self._histograms = histograms
        self.losses = losses

    def counters(self):
        for name, labels, value in self._counters:
            yield (name, tuple(sorted(labels.items()))), value

    def histograms(self):
        for name, labels, values in self._histograms:
            yield (name, tuple(sorted(labels.items()))), histogram(values)
