"""The series of a snapshot as every door tells them: names, labels and figures, checked once, here.

A snapshot is what `mercury.Segment.snapshot()` gives. Its histograms count times in nanoseconds, in the
buckets of OpenTelemetry: at scale s, bucket i holds the times above 2 ** (i / 2 ** s), up to 2 ** ((i + 1) / 2 ** s).

Receivers want seconds. Bounds and sums are divided by 10 ** 9, exactly; but exponential buckets of seconds are
no exponential buckets of nanoseconds. So where a receiver takes only those, each bucket becomes the nearest one of
seconds with its count unchanged, and every bound is told 1.6 % too high at scale 3: see `seconds_shift`.
"""

from typing import Any, Iterator, NamedTuple, Optional, Tuple

from mercury.telemetry.series import INSTRUMENTS

NANOSECONDS = 10**9

LOSSES = "mercury.segment.losses"
LOSS_KIND = "mercury.loss.kind"

Labels = Tuple[Tuple[str, str], ...]


class Counter(NamedTuple):
    """What only grows."""

    name: str
    labels: Labels
    value: int


class Gauge(NamedTuple):
    """What may shrink again."""

    name: str
    labels: Labels
    value: int


class Histogram(NamedTuple):
    """Times in nanoseconds."""

    name: str
    labels: Labels
    count: int  # type: ignore[assignment]  # the field, not the method of tuples
    sum: int
    least: Optional[int]
    """None where there is none."""
    most: Optional[int]
    scale: int
    zero_count: int
    """Times below the first bucket that the histogram could have, told as 0."""
    zero_index: int
    """Of that first bucket: what is counted in `zero_count` is at most its lower bound."""
    first_index: int
    counts: Tuple[int, ...]
    """From `first_index` on."""

    def seconds(self) -> float:
        """The sum, as the nearest double."""
        return self.sum / NANOSECONDS

    def seconds_shift(self) -> int:
        """What to add to an index to have that of the nearest bucket of seconds, from -2,000 to 2,000."""
        # 2 ** 30 ns are 1.073741824 s, and log2(10 ** 9) is 29.897352854.
        return -round(29.897352853986263 * 2.0**self.scale)


class About(NamedTuple):
    """What a series counts; both are empty where it is not one of Mercury's own."""

    unit: str
    """In UCUM's words."""
    description: str


def about(name: str) -> About:
    """What Mercury says of a series of its own."""
    instrument = INSTRUMENTS.get(name)
    return About("", "") if instrument is None else About(instrument.unit, instrument.description)


def plain_text(value: str) -> str:
    """A name or label that any receiver can take: what is not printable comes as a backslash escape."""
    if value.isprintable():
        return value
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in value)


def counters(snapshot: Any) -> Iterator[Counter]:
    """The counters of a snapshot, in its order."""
    for (name, labels), value in snapshot.counters():
        yield Counter(name, _pairs(labels), value)


def histograms(snapshot: Any) -> Iterator[Histogram]:
    """The histograms of a snapshot, in its order."""
    for (name, labels), value in snapshot.histograms():
        yield _histogram(name, _pairs(labels), value)


def _pairs(labels: Any) -> Labels:
    return tuple(sorted(dict(labels).items()))


def gauges(snapshot: Any) -> Iterator[Gauge]:
    """What a snapshot says to be missing from it, by kind: each is 0 where nothing is."""
    for kind, value in snapshot.losses._asdict().items():
        yield Gauge(LOSSES, ((LOSS_KIND, kind),), value)


def _histogram(name: str, labels: Labels, value: Any) -> Histogram:
    filled = [at for at, count in enumerate(value.counts) if count] or [0, -1]
    first, end = filled[0], filled[-1] + 1
    return Histogram(
        name,
        labels,
        value.count,
        value.sum,
        value.min,
        value.max,
        value.scale,
        value.zero_count,
        value.zero_index,
        value.first_index + first,
        tuple(value.counts[first:end]),
    )
