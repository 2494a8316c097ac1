"""What the doors cost: processor time and bytes of each form over a segment with many series, and of a span.

    python benchmarks/export.py [SERIES]

Half of the series are counters and half histograms with times in 40 buckets. The best of five rounds, in this process.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Dict

import mercury
from mercury.export import json_lines, prometheus
from mercury.export.source import Source

ROUNDS = 5
SPANS = 500
TIMES = [1000 << (number // 2) for number in range(40)]


def fill(path: Path, series_count: int) -> None:
    with mercury.Segment(path, file_bytes=64 << 20) as segment:
        for number in range(series_count // 2):
            route = f"/shop/{number}/<int:pk>/"
            segment.counter("mercury.queries", **{"http.route": route}).add(7)
            histogram = segment.histogram("http.server.request.duration", **{"http.route": route})
            segment.record([(histogram, time) for time in TIMES])


def measured(function: Callable[[], Any]) -> "tuple[float, Any]":
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time()
        result = function()
        best = min(best, time.process_time() - started)
    return best * 1000, result


def print_spans() -> None:
    """What a unit's close costs more for each query, before any exporter of the user's."""
    from opentelemetry.sdk.trace import TracerProvider

    from mercury import _monitor
    from mercury.capture.sent_queries import SentQuery
    from mercury.export import otlp_spans

    with mercury.monitor("unit") as watch:
        pass
    query = SentQuery("select id from book where id = ?", "SELECT book", "default", "sqlite", 1, 1, False)
    report = watch.report._replace(queries=(query,) * SPANS)
    otlp_spans.install(TracerProvider())
    milliseconds, _ = measured(lambda: _monitor.outer_listeners[-1](report))
    print(f"  {'spans':<12} {milliseconds / SPANS * 1000:8.1f} us for each query")
    otlp_spans.uninstall()


def main() -> None:
    series_count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder) / "metrics", series_count)
        source = Source(Path(folder) / "metrics")
        milliseconds, snapshot = measured(source.snapshot)
        print(f"{mercury.backend}, {series_count} series, {sum(1 for _ in snapshot.histograms())} of them histograms")
        print(f"  {'snapshot':<12} {milliseconds:8.1f} ms")
        forms: Dict[str, Callable[[], bytes]] = {
            "text": lambda: prometheus.expose(snapshot, prometheus.TEXT),
            "OpenMetrics": lambda: prometheus.expose(snapshot, prometheus.OPENMETRICS),
            "protobuf": lambda: prometheus.expose(snapshot, prometheus.PROTOBUF),
            "JSON lines": lambda: "\n".join(json_lines.of_snapshot(snapshot)).encode(),
        }
        for name, form in forms.items():
            milliseconds, body = measured(form)
            print(f"  {name:<12} {milliseconds:8.1f} ms {len(body):12,} bytes")
        source.close()
    print_spans()


if __name__ == "__main__":
    main()
