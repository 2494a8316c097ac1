"""The queries of a unit one by one, where somebody wants them: see `process.kept_events` of mercury.trace."""

from typing import Any, Dict, NamedTuple, Tuple

from mercury.capture.statements import MAX_ENTRIES, UNREADABLE, summary_of
from mercury.core.records import EVENT_FAILED, EVENT_TRANSACTION, Event
from mercury.trace import EVENT_INTEGERS, Evidence

vendors: Dict[str, str] = {}
"""What Django calls the system behind each alias that was met."""


summaries: Dict[int, str] = {}
"""By fingerprint, while somebody wants queries."""


class SentQuery(NamedTuple):
    """One query. Its time is that of time.perf_counter_ns; `vendor` is empty where it is not known."""

    sql: str
    """Canonical: no literal is in it."""
    summary: str
    """As `mercury.analyze` has it; empty where the query was no text."""
    database: str
    vendor: str
    start_ns: int
    duration_ns: int
    has_failed: bool


def note_summary(fingerprint: int, sql: Any, vendor: str) -> None:
    """Keeps what a statement does, one of whose texts is `sql`."""
    if fingerprint not in summaries:
        if len(summaries) >= MAX_ENTRIES:
            summaries.clear()
        summaries[fingerprint] = summary_of(sql, vendor)


def sent_queries(evidence: Evidence) -> Tuple[SentQuery, ...]:
    """The queries that a trace has kept, without transaction control, in the order of their starts."""
    events = map(Event._make, zip(*[iter(evidence.kept)] * EVENT_INTEGERS))
    queries = (_query(evidence, event) for event in events if not event.flags & EVENT_TRANSACTION)
    return tuple(sorted(queries, key=lambda query: query.start_ns))


def _query(evidence: Evidence, event: Event) -> SentQuery:
    alias = evidence.databases[event.database]
    return SentQuery(
        evidence.statements.get(event.fingerprint, UNREADABLE).canonical,
        summaries.get(event.fingerprint, ""),
        alias,
        vendors.get(alias, ""),
        event.start_ns,
        max(event.duration_ns, 0),
        event.flags & EVENT_FAILED != 0,
    )
