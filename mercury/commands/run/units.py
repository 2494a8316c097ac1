"""Units of work in a process of `mercury run` that uses Django's database layer.

What the process does outside of any request or test is a unit as well: the command or
script itself. It ends with the process.
"""

import os
import sys
import threading
import warnings
from typing import Any, Callable, Dict, List, Optional

from django.db.backends.signals import connection_created

from mercury import _modes, _monitor
from mercury._memory import traced_peak_bytes
from mercury._monitor import Unit, open_unit
from mercury._outbox import Outbox
from mercury._version import __version__
from mercury.capture import database
from mercury.commands.run.child import note_fault
from mercury.commands.run.record_kinds import COUNTS_VARIABLE, ENDED, MAX_OUTBOX_BYTES, STARTED, WATCHING
from mercury.commands.run.tally import Tally, lines
from mercury.core import Loaded, backend
from mercury.report import Report
from mercury.trace import Evidence, current, process


class _State:
    """What this process holds; a fork begins with a new one."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.lock = threading.RLock()
        self.tally = Tally()
        self.name = own_name(sys.argv)
        self.own: Optional[Unit] = None
        self.row_counts = _row_counts()


def _row_counts() -> Optional[Any]:
    """Where rows are to be counted."""
    if not os.environ.get(COUNTS_VARIABLE):
        return None
    from mercury.commands.run import row_counts

    return row_counts.install()


_state: Optional[_State] = None


def start(outbox: Outbox) -> None:
    """Begins to watch this process."""
    global _state
    loaded = _backend()
    _state = _State(outbox)
    # All of it is told at the end.
    _modes.logs_reports = False
    _monitor.outer_listeners.append(_hand_over)
    if _state.row_counts is not None:
        _monitor.witnesses.append(_hand_over_rows)
    # Mercury's own receiver is connected only once the settings are read.
    connection_created.connect(_on_connection_created, dispatch_uid="mercury run")
    outbox.append(lines([{WATCHING: loaded.name, "reason": loaded.reason}]))
    _open_own()


def renew() -> None:
    """After a fork: the units that are open here are the parent's."""
    global _state
    if _state is None:
        return
    own, loaded = _state.own, backend()
    _state = _State(_state.outbox)
    if own is not None and not own.trace.closed:
        # Its lock may be held by a thread that does not exist here.
        own.trace.closed = own.trace.is_apart = True
        process.open_count -= 1
    _state.outbox.append(lines([{WATCHING: loaded.name, "reason": loaded.reason}]))
    _open_own()


def finish() -> None:
    """Closes the unit of the process itself and says that nothing is left."""
    if _state is None or _state.own is None:
        return
    own, _state.own = _state.own, None
    own.close()
    with _state.lock:
        if _state.row_counts is not None:
            _write(_state, _counted(_state, _state.row_counts))
        _state.outbox.append(lines([{ENDED: True}]))


def _counted(state: _State, row_counts: Any) -> List[Dict[str, Any]]:
    """What is known of a process at its end: the rows that no unit has read, and the most that it held."""
    records = state.tally.add_rows(state.name, row_counts.take_outside())
    peak = traced_peak_bytes() if os.environ[COUNTS_VARIABLE] == "memory" else None
    return records if peak is None else records + state.tally.add_peak(state.name, peak)


def run_unit(name: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Calls the function as a unit that is no part of the one around it."""
    token = current.set(None)
    unit = open_unit(name, sys._getframe(), "test")
    try:
        return function(*args, **kwargs)
    finally:
        if unit is not None:
            unit.close()
        current.reset(token)


def own_name(arguments: Any) -> str:
    """What runs in this process: program and management command, without arguments, which may hold anything."""
    program = str(arguments[0]) if arguments else ""
    folder, name = os.path.split(program)
    if name == "__main__.py":
        name = os.path.basename(folder)
    if program in ("-c", "", "-"):
        return "python"
    is_django = name in ("manage.py", "django-admin", "django-admin.py", "django")
    if is_django and len(arguments) > 1 and str(arguments[1]).isidentifier():
        return f"{name} {arguments[1]}"
    return name


def _backend() -> Loaded:
    # `mercury run` tells which backend served; the host's standard error is left alone.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return backend()


def _open_own() -> None:
    assert _state is not None
    _state.own = open_unit(_state.name, None, "command")
    if _state.own is not None:
        _state.own.trace.is_background = True


def _on_connection_created(sender: Any, connection: Any, **kwargs: Any) -> None:
    database.watch_connection(connection)


def _hand_over(report: Report) -> None:
    """Writes what a finished unit adds. Never raises."""
    state = _state
    if state is None:
        return
    try:
        if report.name == state.name and _is_empty(report):
            return
        with state.lock:
            _write(state, state.tally.add_report(report))
    except Exception as error:
        note_fault(error)


def _hand_over_rows(report: Report, evidence: Evidence) -> None:
    """Writes the rows that a finished unit has read. Never raises."""
    state = _state
    if state is None or state.row_counts is None:
        return
    try:
        count = state.row_counts.take(evidence.table)
        if count:
            with state.lock:
                _write(state, state.tally.add_rows(report.name, count))
    except Exception as error:
        note_fault(error)


def _is_empty(report: Report) -> bool:
    return not (report.metrics.query_count or report.metrics.transaction_count or report.notes)


def _write(state: _State, records: Any) -> None:
    text = lines(records)
    if state.outbox.byte_count + len(text) <= MAX_OUTBOX_BYTES:
        state.outbox.append(text)
        return
    loaded = backend()
    heads = [{STARTED: __version__}, {WATCHING: loaded.name, "reason": loaded.reason}]
    state.outbox.replace(lines([*heads, *state.tally.records()]))
