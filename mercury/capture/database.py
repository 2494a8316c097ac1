"""Queries that Django sends, seen through its own hook: `connection.execute_wrappers`.

The wrapper belongs to one connection, and connections belong to one thread and come late, so
it is put on each when it is created and on those that exist when a unit of work starts. It
stays there: without an open unit it costs one look at a context variable.
"""

import logging
import sys
from threading import get_ident
from time import perf_counter_ns
from typing import Any, Callable, List, Optional, Tuple

from mercury.capture import provenance
from mercury.capture.frames import NOT_MEASURED, Lane
from mercury.capture.parameters import NOT_COMPARED, digest
from mercury.capture.statements import cache_for, caches
from mercury.core.records import EVENT_FAILED, EVENT_MANY, TRACE_MAX_LANES
from mercury.trace import BLOCK_SIZE, MAX_SIGHTINGS, Trace, current, process

logger = logging.getLogger("mercury")

_current = current.get
_getframe = sys._getframe

Execute = Callable[[Any, Any, bool, Any], Any]
Sent = Tuple[Lane, Tuple[int, int, int, int, int, int], int]


def watch_query(execute: Execute, sql: Any, params: Any, many: bool, context: Any) -> Any:
    """The execute wrapper: runs the query and notes it in the open unit of work."""
    trace = _current()
    if trace is None or trace.closed:
        if process.open_count:
            process.unattributed += 1
        return execute(sql, params, many, context)
    if trace.parent is not None:
        return _watch_nested(trace, execute, sql, params, many, context)
    sent = _note_sent(trace, sql, params, many, context, _getframe(1))
    started = perf_counter_ns()
    try:
        result = execute(sql, params, many, context)
    except BaseException:
        _note_answered(trace, sent, started, perf_counter_ns(), EVENT_FAILED)
        raise
    _note_answered(trace, sent, started, perf_counter_ns(), 0)
    return result


def _watch_nested(trace: Trace, execute: Execute, sql: Any, params: Any, many: bool, context: Any) -> Any:
    """The same for a unit inside another: each of them sees the query, with its own call path."""
    frame = _getframe(2)
    notes: List[Tuple[Trace, Optional[Sent]]] = []
    unit: Optional[Trace] = trace
    while unit is not None:
        if not unit.closed:
            notes.append((unit, _note_sent(unit, sql, params, many, context, frame)))
        unit = unit.parent
    started = perf_counter_ns()
    flags = EVENT_FAILED
    try:
        result = execute(sql, params, many, context)
        flags = 0
        return result
    finally:
        ended = perf_counter_ns()
        for unit, sent in notes:
            _note_answered(unit, sent, started, ended, flags)


def _note_sent(trace: Trace, sql: Any, params: Any, many: bool, context: Any, frame: Any) -> Optional[Sent]:
    """Everything about a query that is known before it runs; None if Mercury failed.

    The walk comes before the query, so that frames of the query before it are let go in
    time: one of them may hold a cursor that this query must not find open.
    """
    try:
        connection = context["connection"]
        statements = caches.get(connection.vendor) or cache_for(connection.vendor)
        statement = statements.texts.get(sql) if type(sql) is str else None
        if statement is None:
            statement = statements.find(sql)
        fingerprint, _, _, flags = statement
        thread = get_ident()
        lane = trace.lanes.get(thread) or trace.lane(thread, Lane)
        # An executor's call path says nothing while its worker serves many callers.
        path, shared = lane.walk(frame, trace.paths) if lane.number < TRACE_MAX_LANES else NOT_MEASURED
        parameters = NOT_COMPARED if flags or many else digest(params)
        if path >= 0:
            seen = trace.seen.get(path, 0)
            if seen < 2:
                trace.seen[path] = seen + 1
                if seen or fingerprint in trace.statements:
                    _sight(trace, lane, path, shared, frame, params)
        trace.statements[fingerprint] = statement
        database = trace.databases.get(connection.alias, -1)
        if database < 0:
            database = trace.database(connection.alias)
        number = min(lane.number, TRACE_MAX_LANES - 1)
        return lane, (fingerprint, path, shared, parameters, number, database), flags | (EVENT_MANY if many else 0)
    except Exception:
        _note_fault(trace)
        return None


def _sight(trace: Trace, lane: Lane, path: int, shared: int, frame: Any, params: Any) -> None:
    """Looks, while the frames live, at what stands behind a query that comes again."""
    if path not in trace.sightings and len(trace.sightings) < MAX_SIGHTINGS:
        trace.sightings[path] = provenance.look(frame, lane.shared_frame(shared), params)


def _note_answered(trace: Trace, sent: Optional[Sent], started: int, ended: int, failed: int) -> None:
    if sent is None:
        return
    try:
        lane, known, flags = sent
        lane.events.append((*known, started, ended - started, flags | failed))
        if len(lane.events) >= BLOCK_SIZE:
            trace.flush(lane.events)
    except Exception:
        _note_fault(trace)


def _note_fault(trace: Trace) -> None:
    trace.faults += 1
    if trace.faults == 1:
        logger.exception("Mercury could not record a query. The application is not affected.")


_is_installed = False


def install() -> bool:
    """Watches every database connection of Django, now and later; False where Django is not in use.

    Safe to call again: at the start of each unit it finds the connections of this thread
    that were made before Mercury was there.
    """
    global _is_installed
    if "django" not in sys.modules:
        return False
    try:
        from django.conf import settings

        if not settings.configured:
            return False
        from django.db import connections
        from django.db.backends.signals import connection_created
    except ImportError:
        return False
    if not _is_installed:
        connection_created.connect(_on_connection_created, dispatch_uid="mercury")
        _is_installed = True
    for connection in connections.all(initialized_only=True):
        watch_connection(connection)
    return True


def watch_connection(connection: Any) -> None:
    """Puts the wrapper on one connection, once."""
    if watch_query not in connection.execute_wrappers:
        # In front: whoever is inside `with connection.execute_wrapper(...)` pops the last.
        connection.execute_wrappers.insert(0, watch_query)


def _on_connection_created(sender: Any, connection: Any, **kwargs: Any) -> None:
    watch_connection(connection)
