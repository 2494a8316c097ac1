"""Families as Prometheus's protobuf messages, io.prometheus.client.MetricFamily: the only form with native histograms.

They are encoded here by hand. No package on PyPI that is looked after has this schema (prometheus-client writes text
alone; prometheus-metrics-proto is of 2020 and has no native histograms), a schema of our own would bring
protobuf's compiler and run time along, and what is needed of the encoding are three of its six kinds of fields.

Field numbers are those of github.com/prometheus/client_model, io/prometheus/client/metrics.proto.
"""

import struct
from typing import Iterable, Iterator, List

from mercury.core.pure.exponential_buckets import bound
from mercury.export.prometheus_families import BOUNDS, HISTOGRAM, Family, Metric, classic_counts, native_buckets
from mercury.export.series import Counter, Histogram

_TYPES = {"counter": 0, "gauge": 1, "histogram": 4}
_VARINT, _FIXED64, _BYTES = 0, 1, 2


def delimited(families: Iterable[Family]) -> bytes:
    """The messages one after another, each behind its length."""
    return b"".join(_varint(len(message)) + message for message in map(_family, families))


def _family(family: Family) -> bytes:
    fields = [_text(1, family.name), _text(2, family.help)]
    fields.append(_unsigned(3, _TYPES[family.type]))
    fields.extend(_bytes(4, _metric(metric)) for metric in family.metrics.values())
    if family.type == HISTOGRAM:
        fields.append(_text(5, "seconds"))
    return b"".join(fields)


def _metric(metric: Metric) -> bytes:
    labels = b"".join(_bytes(1, _text(1, name) + _text(2, value)) for name, value in metric.labels)
    if isinstance(metric.figures, Histogram):
        return labels + _bytes(7, b"".join(_histogram(metric.figures)))
    return labels + _bytes(3 if isinstance(metric.figures, Counter) else 2, _double(1, metric.figures.value))


def _histogram(histogram: Histogram) -> Iterator[bytes]:
    yield _unsigned(1, histogram.count)
    yield _double(2, histogram.seconds())
    for upper, count in zip(_UPPER_BOUNDS, classic_counts(histogram)):
        yield _bytes(3, _unsigned(1, count) + upper)
    yield _signed(5, histogram.scale)
    # Moved like the buckets, which it must not overlap.
    yield _double(6, bound(histogram.zero_index + histogram.seconds_shift(), histogram.scale))
    yield _unsigned(7, histogram.zero_count)
    spans = native_buckets(histogram)
    for distance, length in spans.runs:
        yield _bytes(12, _signed(1, distance) + _unsigned(2, length))
    if spans.counts:
        yield _bytes(13, b"".join(map(_zigzag, _differences(spans.counts))))


def _differences(counts: Iterable[int]) -> List[int]:
    found, before = [], 0
    for count in counts:
        found.append(count - before)
        before = count
    return found


_SHORT = tuple(bytes((number,)) for number in range(0x80))
"""Nearly all numbers are one of these."""


def _varint(number: int) -> bytes:
    if number < 0x80:
        return _SHORT[number]
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _zigzag(number: int) -> bytes:
    return _varint(number << 1 if number >= 0 else (-number << 1) - 1)


def _unsigned(field: int, number: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(number)


def _signed(field: int, number: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _zigzag(number)


def _double(field: int, number: float) -> bytes:
    return _varint(field << 3 | _FIXED64) + struct.pack("<d", number)


def _bytes(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | _BYTES) + _varint(len(data)) + data


def _text(field: int, text: str) -> bytes:
    return _bytes(field, text.encode("utf-8"))


_UPPER_BOUNDS = tuple(_double(2, upper) for upper in BOUNDS)
