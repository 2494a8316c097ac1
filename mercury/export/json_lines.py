"""Series and reports as JSON lines: one object a line, ASCII alone. json_lines.schema.json proves each of them.

Integers are exact, and may be more than a reader's doubles hold. The version is that of the lines; a report within one
brings its own, see docs/report-schema.md.
"""

import json
import time
from datetime import datetime, timezone
from typing import Any, Dict, Iterable, Iterator, Optional, Union

from mercury.core.pure.exponential_buckets import bound
from mercury.export import series
from mercury.export.series import Counter, Gauge, Histogram
from mercury.report import Report
from mercury.report.document import document

SCHEMA_VERSION = "1.0"


def of_snapshot(snapshot: Any) -> Iterator[str]:
    """A line for each series, without an end of line."""
    started, now = _when(snapshot.created_ns), _when(time.time_ns())
    times = {"start_time": started, "time": now}
    for counter in series.counters(snapshot):
        yield _line("counter", {**times, **_named(counter), "value": counter.value})
    for gauge in series.gauges(snapshot):
        yield _line("gauge", {"time": now, **_named(gauge), "value": gauge.value})
    for histogram in series.histograms(snapshot):
        yield _line("histogram", {**times, **_named(histogram), **_figures(histogram)})


def of_report(report: Report) -> str:
    """The line of a report."""
    return _line("report", {"time": _when(time.time_ns()), "report": document(report)})


def of_exemplars(exemplars: Iterable[Any]) -> Iterator[str]:
    """A line for each of what `mercury.telemetry.slowest()` gives."""
    for exemplar in exemplars:
        labels = {series.plain_text(name): series.plain_text(value) for name, value in exemplar.attributes}
        fields = {
            "time": _when(int(exemplar.seconds_since_epoch * 10**9)),
            "name": exemplar.name,
            "labels": labels,
            "unit": "ns",
            "value": exemplar.value_ns,
            "fingerprint": f"{exemplar.fingerprint & 0xFFFFFFFFFFFFFFFF:016x}",
            "unit_of_work": series.plain_text(exemplar.unit),
            "file": exemplar.file,
            "line": exemplar.line,
        }
        yield _line("exemplar", fields)


def _line(kind: str, fields: Dict[str, Any]) -> str:
    return json.dumps({"schema_version": SCHEMA_VERSION, "type": kind, **fields}, allow_nan=False)


def _named(one: Union[Counter, Gauge, Histogram]) -> Dict[str, Any]:
    labels = {series.plain_text(name): series.plain_text(value) for name, value in one.labels}
    return {"name": series.plain_text(one.name), "labels": labels}


def _figures(histogram: Histogram) -> Dict[str, Any]:
    return {
        "unit": "ns",
        "count": histogram.count,
        "sum": histogram.sum,
        "min": histogram.least,
        "max": histogram.most,
        "scale": histogram.scale,
        "zero_threshold": bound(histogram.zero_index, histogram.scale),
        "zero_count": histogram.zero_count,
        "first_index": histogram.first_index,
        "buckets": histogram.counts,
    }


def _when(nanoseconds: int) -> Optional[str]:
    """RFC 3339, in UTC; None for 0, which is no time."""
    if not nanoseconds:
        return None
    moment = datetime.fromtimestamp(nanoseconds // 10**9, timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanoseconds % 10**9 // 1000:06d}Z"
