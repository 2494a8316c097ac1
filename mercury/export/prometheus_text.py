"""Families as text: Prometheus's format 0.0.4, and OpenMetrics 1.0.

Numbers are written with all their digits: counts as integers, sums of nanoseconds as decimal fractions of a second.
"""

from itertools import chain
from typing import Iterable, Iterator, List

from mercury.export.prometheus_families import BOUNDS, COUNTER, HISTOGRAM, Family, classic_counts
from mercury.export.series import NANOSECONDS, Histogram, Labels

_LABEL_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_HELP_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n"})
_QUOTED_HELP_ESCAPES = _LABEL_ESCAPES

_BOUNDS = tuple(map(repr, BOUNDS))


def text(families: Iterable[Family]) -> bytes:
    """Version 0.0.4, which has no units, and for which `_total` is part of a counter's name."""
    lines = chain.from_iterable(
        (
            f"# HELP {family.name} {family.help.translate(_HELP_ESCAPES)}",
            f"# TYPE {family.name} {family.type}",
            *_samples(family),
        )
        for family in families
    )
    return _joined(lines)


def openmetrics(families: Iterable[Family]) -> bytes:
    """OpenMetrics 1.0."""
    lines: List[str] = []
    for family in families:
        name = family.name[: -len("_total")] if family.type == COUNTER else family.name
        lines.append(f"# TYPE {name} {family.type}")
        if family.type == HISTOGRAM:
            lines.append(f"# UNIT {name} seconds")
        lines.append(f"# HELP {name} {family.help.translate(_QUOTED_HELP_ESCAPES)}")
        lines.extend(_samples(family))
    return _joined([*lines, "# EOF"])


def _joined(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def _samples(family: Family) -> Iterator[str]:
    for labels, figures in family.metrics.values():
        if isinstance(figures, Histogram):
            yield from _histogram(family.name, labels, figures)
        else:
            yield f"{family.name}{_braces(labels)} {figures.value}"


def _histogram(name: str, labels: Labels, histogram: Histogram) -> Iterator[str]:
    pairs = _pairs(labels)
    begin = f"{name}_bucket{{{pairs}," if pairs else f"{name}_bucket{{"
    for bound, count in zip(_BOUNDS, classic_counts(histogram)):
        yield f'{begin}le="{bound}"}} {count}'
    yield f'{begin}le="+Inf"}} {histogram.count}'
    yield f"{name}_sum{_braces(labels)} {_seconds(histogram.sum)}"
    yield f"{name}_count{_braces(labels)} {histogram.count}"


def _braces(labels: Labels) -> str:
    return f"{{{_pairs(labels)}}}" if labels else ""


def _pairs(labels: Labels) -> str:
    return ",".join(f'{name}="{value.translate(_LABEL_ESCAPES)}"' for name, value in labels)


def _seconds(nanoseconds: int) -> str:
    whole, rest = divmod(nanoseconds, NANOSECONDS)
    return f"{whole}.{rest:09d}"
