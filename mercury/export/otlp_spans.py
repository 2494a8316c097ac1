"""A span for each unit of work and for each of its queries, through the tracer that the user has configured.

    install()                       # after trace.set_tracer_provider(...)

Spans are made when a unit closes, with the times that its queries had: they go through the user's own sampler,
limits, processors and exporters. A unit's span has the span around it as its parent, if there is one; where that
is not sampled, or the sampler drops the unit's own, nothing is made for its queries.

Attributes are those of OpenTelemetry's conventions for databases. `db.query.text` is canonical text and
`db.query.summary` that of this text, so that both are without literals; `db.namespace` is Django's alias. What kind of
error a query ended with is not kept: `error.type` is "_OTHER".

The package is the extra `opentelemetry`.
"""

import time
from functools import lru_cache
from typing import Any, Callable, Dict, Optional

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer

from mercury import _monitor
from mercury._version import __version__
from mercury.capture.sent_queries import SentQuery
from mercury.core.records import DIALECTS
from mercury.export.faults import Faults
from mercury.export.series import plain_text
from mercury.query import analyze
from mercury.report import Report
from mercury.trace import process

MAX_QUERIES = 1000

faults = Faults("OpenTelemetry's spans")

_DIALECTS = {"microsoft": "mssql"}
_SYSTEMS = {"microsoft": "microsoft.sql_server", "mssql": "microsoft.sql_server", "oracle": "oracle.db"}
_KNOWN = ("mysql", "postgresql", "sqlite")

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
    attributes = {
        "db.system.name": query.vendor if query.vendor in _KNOWN else _SYSTEMS.get(query.vendor, "other_sql"),
        "db.namespace": plain_text(query.database),
        "db.query.text": plain_text(query.sql),
    }
    summary = _summary(query.sql, query.vendor)
    if summary:
        attributes["db.query.summary"] = summary
    if query.has_failed:
        attributes["error.type"] = "_OTHER"
    return attributes


@lru_cache(maxsize=512)
def _summary(sql: str, vendor: str) -> str:
    dialect = _DIALECTS.get(vendor, vendor)
    return plain_text(analyze(sql, dialect if dialect in DIALECTS else "generic").summary)
