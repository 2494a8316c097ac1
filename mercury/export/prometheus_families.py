"""A snapshot's series in Prometheus's order: families of one name and type, each with its metrics by labels.

All forms of the endpoint are written from these. The classic buckets of a histogram end at powers of two of a
nanosecond, from 66 us to 69 s. Those are bounds of exponential buckets at every scale from 0 on and decimal
fractions of a second that a double holds, so that counts and bounds are exact.
"""

from typing import Any, Dict, Iterator, List, NamedTuple, Sequence, Tuple, Union

from mercury.export import prometheus_names, series
from mercury.export.series import NANOSECONDS, Counter, Gauge, Histogram, Labels

COUNTER = "counter"
GAUGE = "gauge"
HISTOGRAM = "histogram"

Figures = Union[Counter, Gauge, Histogram]

OCTAVES = range(16, 37)
"""Of the classic bounds: 2 ** 16 ns to 2 ** 36 ns."""

BOUNDS = tuple((1 << octave) / NANOSECONDS for octave in OCTAVES)
"""The same in seconds."""


class Metric(NamedTuple):
    """One series; its labels are those that are written."""

    labels: Labels
    figures: Figures


class Family(NamedTuple):
    """All series of one name."""

    name: str
    type: str
    help: str
    metrics: Dict[Labels, Metric]


class Families(NamedTuple):
    """Sorted by name. `left_out` counts the series whose name and labels another one has already."""

    found: List[Family]
    left_out: int


def families(snapshot: Any) -> Families:
    """What is to be told of a snapshot."""
    found: Dict[str, Family] = {}
    left_out = 0
    for name, kind, figures in _named(snapshot):
        # OpenMetrics calls a counter by its name without the ending, which another family must not have.
        key = name[: -len("_total")] if kind == COUNTER else name
        family = found.setdefault(key, Family(name, kind, _help(figures.name), {}))
        labels = prometheus_names.label_pairs(figures.labels)
        if family.type != kind or labels in family.metrics:
            left_out += 1
        else:
            family.metrics[labels] = Metric(labels, figures)
    return Families([found[name] for name in sorted(found)], left_out)


def _named(snapshot: Any) -> Iterator[Tuple[str, str, Figures]]:
    for counter in series.counters(snapshot):
        yield prometheus_names.counter_name(counter.name), COUNTER, counter
    for gauge in series.gauges(snapshot):
        yield prometheus_names.gauge_name(gauge.name), GAUGE, gauge
    for histogram in series.histograms(snapshot):
        yield prometheus_names.histogram_name(histogram.name), HISTOGRAM, histogram


def _help(name: str) -> str:
    return series.about(name).description or f"{series.plain_text(name)}, as Mercury has counted it."


def classic_counts(histogram: Histogram) -> List[int]:
    """How many times are at most each of BOUNDS."""
    counts, total, done = [], histogram.zero_count, 0
    for octave in OCTAVES:
        # Bucket i ends at the bound that bucket i + 1 begins with.
        end = max((octave << histogram.scale) - histogram.first_index, 0)
        total += sum(histogram.counts[done:end])
        done = max(done, end)
        counts.append(total)
    return counts


class Spans(NamedTuple):
    """Buckets as runs of filled ones: (distance from the run before, length) each, and their counts."""

    runs: List[Tuple[int, int]]
    counts: Sequence[int]


def native_buckets(histogram: Histogram) -> Spans:
    """A histogram's buckets of seconds, by Prometheus's indexes, which are greater by 1 than OpenTelemetry's."""
    index = histogram.first_index + histogram.seconds_shift() + 1
    runs: List[Tuple[int, int]] = []
    end = 0
    for at, count in enumerate(histogram.counts, index):
        if not count:
            continue
        if runs and at == end:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((at - end, 1))
        end = at + 1
    return Spans(runs, [count for count in histogram.counts if count])
