"""A span for each unit of work and for each of its queries, through the tracer that the user has configured.

    install()                       # after trace.set_tracer_provider(...)

Spans are made when a unit closes, with the times that its queries had: they go through the user's own sampler,
limits, processors and exporters. A unit's span has the span around it as its parent, if there is one; where that
is not sampled, or the sampler drops the unit's own, nothing is made for its queries.

Attributes are those of OpenTelemetry's conventions for databases, and those of the series
`db.client.operation.duration`. `db.query.text` is canonical text; nothing has a literal. `db.namespace` is Django's
alias. What kind of error a query ended with is not kept: `error.type` is "_OTHER".

The package is the extra `opentelemetry`.
"""

import time
from typing import Any, Callable, Dict, Optional

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer

from mercury import _monitor
from mercury._version import __version__
from mercury.capture.sent_queries import SentQuery
from mercury.export.faults import Faults
from mercury.export.series import plain_text
from mercury.report import Report
from mercury.telemetry import series
from mercury.trace import process

MAX_QUERIES = 1000

faults = Faults("OpenTelemetry's spans")

_listener: Optional[Callable[[Report], None]] = None


def install(tracer_provider: Any = None, max_queries: int = MAX_QUERIES) -> None:
    """Has each unit that closes from now on send its spans, for at most `max_queries` of its queries.

    Without a provider it is the global one. Called again, the last call counts.
    """
    global _listener
    uninstall()
    tracer = trace.get_tracer("mercury", __version__, tracer_provider)
    _listener = _Sender(tracer)
    process.kept_events = max_queries
    _monitor.outer_listeners.append(_listener)


def uninstall() -> None:
    """Ends it. May be called without install."""
    global _listener
    if _listener is not None:
        _monitor.outer_listeners.remove(_listener)
    _listener = None
    process.kept_events = 0


class _Sender:
    """Told of each unit that lies in no other."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def __call__(self, report: Report) -> None:
        try:
            if _is_wanted():
                self._send(report)
        except Exception as error:
            faults.note_error(error)

    def _send(self, report: Report) -> None:
        behind = time.time_ns() - time.perf_counter_ns()
        elapsed = int(report.metrics.response_time_ms * 1e6)
        # It ended a little before it was judged.
        start = min([time.time_ns() - elapsed, *(query.start_ns + behind for query in report.queries[:1])])
        unit = self._tracer.start_span(plain_text(report.name), start_time=start, attributes=_of_unit(report))
        try:
            if unit.is_recording():
                context = trace.set_span_in_context(unit)
                for query in report.queries:
                    self._send_query(query, context, behind)
        finally:
            unit.end(start + elapsed)

    def _send_query(self, query: SentQuery, context: Any, behind: int) -> None:
        attributes = _of_query(query)
        name = attributes.get("db.query.summary") or attributes["db.system.name"]
        start = query.start_ns + behind
        span = self._tracer.start_span(name, context, SpanKind.CLIENT, attributes, start_time=start)
        if query.has_failed:
            span.set_status(StatusCode.ERROR)
        span.end(start + query.duration_ns)


def _is_wanted() -> bool:
    """Not within a span that is not sampled."""
    around: Span = trace.get_current_span()
    return around.is_recording() or not around.get_span_context().is_valid


def _of_unit(report: Report) -> Dict[str, Any]:
    attributes = {
        "mercury.workload": report.workload,
        "mercury.query_count": report.metrics.query_count,
        "mercury.finding_count": len(report.findings),
    }
    missing = report.metrics.query_count - len(report.queries)
    if missing > 0:
        attributes["mercury.unsent_query_count"] = missing
    return attributes


def _of_query(query: SentQuery) -> Dict[str, str]:
    labels = series.of_query(query.vendor, query.database, query.summary, query.has_failed)
    attributes = {name: plain_text(value) for name, value in labels}
    return {**attributes, "db.query.text": plain_text(query.sql)}
