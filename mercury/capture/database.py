"""Queries that Django sends, seen through its own hook: `connection.execute_wrappers`.

The wrapper belongs to one connection, and connections belong to one thread and come late, so
it is put on each when it is created and on those that exist when a unit of work starts. It
stays there: without an open unit it costs one look at a context variable.
"""

import functools
import sys
import weakref
from threading import get_ident, local
from time import perf_counter_ns
from typing import Any, Callable, List, Optional, Tuple

from mercury.capture import eager_loads, provenance, spawning
from mercury.capture.frames import Lane, Route, make_lane
from mercury.capture.loops import Root, Width
from mercury.capture.parameters import NOT_COMPARED, digest
from mercury.capture.sent_queries import note_summary, vendors
from mercury.capture.statements import Statement, cache_for
from mercury.capture.ways import ways
from mercury.core.records import EVENT_FAILED, EVENT_MANY, TRACE_MAX_GROUPS
from mercury.trace import BLOCK_INTEGERS, EVENT_INTEGERS, MAX_SIGHTINGS, Trace, current, process

_current = current.get
_getframe = sys._getframe

Execute = Callable[[Any, Any, bool, Any], Any]

MAX_ROUTES = 4096
"""Texts whose ways one thread may remember in one unit."""

_START, _DURATION, _FLAGS = 6, 7, 8
"""Places within an event, whose integers come in the order of mercury.core.records.Event."""

Noted = Tuple[List[int], int]
"""A list with the integers of events, and where in it one event begins."""


def watch_query(execute: Execute, sql: Any, params: Any, many: bool, context: Any) -> Any:
    """The execute wrapper: runs the query and notes it in the open unit of work."""
    trace = _current()
    if trace is None or trace.is_apart:
        return _watch_apart(trace, execute, sql, params, many, context)
    events, at = _note(trace, sql, params, many, context, 2)
    events[at + _START] = started = perf_counter_ns()
    try:
        return execute(sql, params, many, context)
    except BaseException:
        events[at + _FLAGS] |= EVENT_FAILED
        raise
    finally:
        events[at + _DURATION] = perf_counter_ns() - started


def _watch_apart(trace: Optional[Trace], execute: Execute, sql: Any, params: Any, many: bool, context: Any) -> Any:
    """The same where there is no open unit, a light one, or one inside another: each sees the query in its own way."""
    if trace is not None and trace.is_light and trace.parent is None:
        light: Any = trace
        return light.watch(execute, sql, params, many, context)
    entered = perf_counter_ns()
    innermost: Optional[Trace] = None
    noted: List[Noted] = []
    lights: List[Any] = []
    is_left_out = trace is not None and trace.is_left_out
    while trace is not None:
        if not trace.closed:
            events, at = _note(trace, sql, params, many, context, 3)
            trace.note_ignored(*events[at : at + 2])
            noted.append((events, at))
            innermost = innermost or trace
        elif trace.is_light:
            lights.append(trace)
        trace = trace.parent
    if not noted and process.open_count and not is_left_out and not lights:
        process.unattributed += 1
    started = perf_counter_ns()
    flags = EVENT_FAILED
    try:
        result = execute(sql, params, many, context)
        flags = 0
        return result
    finally:
        duration = perf_counter_ns() - started
        for events, at in noted:
            events[at + _START] = started
            events[at + _DURATION] = duration
            events[at + _FLAGS] |= flags
        for light in lights:
            light.note(sql, context, duration, flags != 0)
        if innermost is not None:
            innermost.own_ns += started - entered


def _note(trace: Trace, sql: Any, params: Any, many: bool, context: Any, above: int) -> Noted:
    """The event of a query that the frame `above` levels above this one is about to send. Never raises.

    The walk comes before the query, so that frames of the query before it are let go in
    time: one of them may hold a cursor that this query must not find open.
    """
    try:
        thread = get_ident()
        lane = trace.lanes.get(thread) or trace.lane(thread, make_lane)
        route = lane.routes.get(sql) if type(sql) is str else None
        if route is None or route.alias is not context["connection"].alias:
            route = _find_route(trace, lane, sql, context["connection"])
        flags = route.flags
        if lane.is_busy:
            return _note_within(lane, route, flags)
        lane.is_busy = True
        if len(lane.events) >= BLOCK_INTEGERS:
            trace.flush(lane)
        path, shared = lane.walk(route, trace.paths, above + 1)
        if path == route.looked_path:
            route.turns = turns = route.turns + 1
        else:
            turns = lane.change_path(route, path)
        if not turns & (turns - 1) or turns == 3:
            # A text's first query is passed over: most never come again.
            if route.is_repeated:
                _sight(trace, lane, route, path, shared, _getframe(above), params)
            route.is_repeated = True
        if many:
            flags |= EVENT_MANY
        parameters = NOT_COMPARED if flags or route.variant is None else digest(params, route.variant)
        # While the lane is busy, nobody else adds to this list.
        events = lane.events
        at = len(events)
        events += (route.fingerprint, path, shared, parameters, lane.number, route.database, 0, 0, flags)
        lane.is_busy = False
        return events, at
    except BaseException as error:
        _lose_track(trace)
        if not isinstance(error, Exception):
            raise
        trace.note_fault()
        return [0] * EVENT_INTEGERS, 0


def _note_within(lane: Lane, route: Route, flags: int) -> Noted:
    """The event of a query that a finalizer or signal handler sends while another one is recorded."""
    event = [route.fingerprint, -1, 0, NOT_COMPARED, lane.number, route.database, 0, 0, flags]
    lane.within.append(event)
    return event, 0


def _find_route(trace: Trace, lane: Lane, sql: Any, connection: Any) -> Route:
    """A new route for a text that this lane has not seen on this database."""
    statements = cache_for(connection.vendor)
    statement = statements.find(sql)
    is_repeated = _note_statement(trace, statement)
    if trace.tally is not None:
        trace.tally.meet(statement, sql, connection)
    if process.kept_events:
        note_summary(statement.fingerprint, sql, connection.vendor)
    route = Route(statement, connection.alias, trace.database(connection.alias))
    route.is_repeated = is_repeated
    if type(sql) is str and sql in statements.texts:
        # Other texts hold literals, which are never kept.
        if len(lane.routes) >= MAX_ROUTES:
            lane.routes.clear()
        lane.routes[sql] = route
        route.text = sql
        route.way = ways.get(sql)
    return route


def _note_statement(trace: Trace, statement: Statement) -> bool:
    """Whether the trace has had this statement before. What its texts say of its width comes together."""
    known = trace.statements.get(statement.fingerprint)
    if known is None:
        if len(trace.statements) < TRACE_MAX_GROUPS:
            trace.statements[statement.fingerprint] = statement
        return False
    if known.is_wide < statement.is_wide or known.limit != statement.limit:
        limit = known.limit if known.limit == statement.limit else 0
        is_wide = known.is_wide or statement.is_wide
        trace.statements[statement.fingerprint] = known._replace(is_wide=is_wide, limit=limit)
    return True


def _sight(trace: Trace, lane: Lane, route: Route, path: int, shared: int, frame: Any, params: Any) -> None:
    """Looks, while the frames live, at what stands behind a text that comes again.

    Each call path is looked at when it has sent the statement once, twice, three, four, eight times and so on: the
    first look may be too early to see the loop around it, and a loop in a loop shows by what has changed
    since the last one. It ends where a look can tell nothing more.
    """
    if path < 0:
        return
    key = (path, route.fingerprint)
    known = trace.sightings.get(key)
    if known is None:
        if len(trace.sightings) >= MAX_SIGHTINGS:
            return
    elif known.is_settled:
        return
    statement = trace.statements.get(route.fingerprint)
    width = _PLAIN if statement is None else Width(statement.is_wide, statement.limit)
    root = Root(trace.root, trace.root_offset)
    trace.sightings[key] = provenance.look(frame, lane, shared, trace.paths, root, params, width, known)


_PLAIN = Width()


def _lose_track(trace: Trace) -> None:
    lane = trace.lanes.get(get_ident())
    if lane is not None:
        # The path that it is at may be of the query that is lost.
        lane.lose_track()


_connections: Any = None
"""Django's connections, once they are watched."""

_of_thread = local()
"""Its `connections`, by weak references, once a unit has started there."""


def install() -> bool:
    """Watches every database connection of Django, now and later; False where Django is not in use.

    Safe to call again: at the start of each unit it looks after the connections of this thread. At the first
    it finds those that were made before Mercury was there; of later ones a signal tells.
    """
    if _connections is None and not _install():
        return False
    spawning.install()
    known = getattr(_of_thread, "connections", None)
    if known is None:
        # To ask Django takes longer than most of what else is done when a unit starts.
        known = _of_thread.connections = [weakref.ref(each) for each in _connections.all(initialized_only=True)]
    for reference in known:
        connection = reference()
        if connection is not None:
            watch_connection(connection)
    return True


def _install() -> bool:
    global _connections
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
    connection_created.connect(_on_connection_created, dispatch_uid="mercury")
    _watch_procedures()
    eager_loads.install()
    _connections = connections
    return True


def _watch_procedures() -> None:
    """Stored procedures pass Django's execute wrappers by."""
    from django.db.backends.utils import CursorWrapper

    call = getattr(CursorWrapper, "callproc", None)
    if call is None or hasattr(call, "__wrapped__"):
        return

    @functools.wraps(call)
    def callproc(self: Any, procname: Any, *args: Any, **kwargs: Any) -> Any:
        def execute(sql: Any, params: Any, many: bool, context: Any) -> Any:
            return call(self, procname, *args, **kwargs)

        sql = f"CALL {procname}" if type(procname) is str else None
        return watch_query(execute, sql, args[0] if args else None, False, {"connection": self.db})

    CursorWrapper.callproc = callproc


def watch_connection(connection: Any) -> None:
    """Puts the wrapper on one connection, once."""
    vendors[connection.alias] = connection.vendor
    if watch_query not in connection.execute_wrappers:
        # In front: whoever is inside `with connection.execute_wrapper(...)` pops the last.
        connection.execute_wrappers.insert(0, watch_query)


def _on_connection_created(sender: Any, connection: Any, **kwargs: Any) -> None:
    watch_connection(connection)
    known = getattr(_of_thread, "connections", None)
    if known is not None and all(reference() is not connection for reference in known):
        _of_thread.connections = [reference for reference in known if reference() is not None] + [
            weakref.ref(connection)
        ]
