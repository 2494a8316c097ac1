"""`mercury export FILE`: what the processes that share a segment have counted, in the form that another system takes.

For OpenTelemetry it is the process beside the workers that sends it, once or again and again; the SDK's own
exporter is told by OTEL_EXPORTER_OTLP_ENDPOINT and its like where to.
"""

import signal
import sys
import threading
from functools import lru_cache
from typing import Any, Callable, Dict, Optional

from mercury.export.source import Source
from mercury.report.pen import printable
from mercury.segment.file import UnusableError

DONE, FAILED, UNREADABLE = 0, 1, 2

FORMS = ("prometheus", "openmetrics", "json", "otlp")


def run(path: str, form: str, every: Optional[int]) -> int:
    """Exit code 0, 1 where the receiver did not take it, 2 where there is no segment to be read.

    `every` is in seconds: it goes on, whatever fails, until SIGINT or SIGTERM; the last round's code counts.
    """
    source = Source(path)
    tell = _tellers[form]
    code = _once(source, path, tell)
    if every is not None:
        ended = _ended_by_signals()
        while not ended.wait(min(every, threading.TIMEOUT_MAX)):
            code = _once(source, path, tell)
    return code


def _once(source: Source, path: str, tell: Callable[[Any], bool]) -> int:
    try:
        found = source.snapshot()
    except UnusableError as error:
        return _complain(printable(str(error)))
    except OSError as error:
        return _complain(f"{printable(path)}: {error.strerror or type(error).__name__}")
    if found is None:
        return _complain(f"{printable(path)}: there is no such file")
    return DONE if tell(found) else FAILED


def _complain(why: str) -> int:
    print(f"mercury export: {why}", file=sys.stderr)
    return UNREADABLE


def _ended_by_signals() -> threading.Event:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *ignored: ended.set())
    return ended


def _print_prometheus(snapshot: Any) -> bool:
    from mercury.export import prometheus

    return _print(prometheus.expose(snapshot, prometheus.TEXT))


def _print_openmetrics(snapshot: Any) -> bool:
    from mercury.export import prometheus

    return _print(prometheus.expose(snapshot, prometheus.OPENMETRICS))


def _print_json(snapshot: Any) -> bool:
    from mercury.export import json_lines

    return _print("".join(f"{line}\n" for line in json_lines.of_snapshot(snapshot)).encode("ascii"))


def _print(data: bytes) -> bool:
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    return True


def _send_otlp(snapshot: Any) -> bool:
    try:
        from mercury.export.otlp_metrics import send
    except ImportError:
        print("mercury export: OpenTelemetry is missing: pip install 'mercury-native[opentelemetry]'", file=sys.stderr)
        return False
    return send(snapshot, _exporter())


@lru_cache(maxsize=None)
def _exporter() -> Any:
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

    return OTLPMetricExporter()


_tellers: Dict[str, Callable[[Any], bool]] = {
    "prometheus": _print_prometheus,
    "openmetrics": _print_openmetrics,
    "json": _print_json,
    "otlp": _send_otlp,
}
