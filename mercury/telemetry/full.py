"""What a unit that is traced in full adds to the series: the same figures that light capture takes.

The trace hands its events over as it lets go of them, see `Trace.tap`.
"""

from typing import Any, List, Sequence

from mercury.core.records import EVENT_FAILED
from mercury.findings import places
from mercury.telemetry.exemplars import NOWHERE, Site
from mercury.telemetry.light import BLOCK_INTEGERS
from mercury.telemetry.recorder import Recorder
from mercury.trace import EVENT_INTEGERS, Trace

_FINGERPRINT, _PATH, _DATABASE, _DURATION, _FLAGS = 0, 1, 5, 7, 8
"""Places within an event; see mercury.core.records.Event."""


class FullTally:
    """The events of one trace; its lock guards this too."""

    def __init__(self, trace: Trace, recorder: Recorder) -> None:
        self._recorder = recorder
        self._name = trace.name
        self._paths = trace.paths
        self._path_of: List[int] = []
        self.events: List[int] = []

    def begin_with(self, events: List[int]) -> None:
        """Events that light capture took before the trace was opened."""
        self.events += events
        self._path_of += [-1] * (len(events) // 2)

    def meet(self, statement: Any, sql: Any, connection: Any) -> None:
        """A statement that the trace is about to record, one of whose texts is `sql`."""
        self._recorder.statements.meet(statement, sql, connection)

    def take(self, trace: Trace, values: Sequence[int]) -> None:
        """The integers of events of the trace."""
        aliases = list(trace.databases)
        key = self._recorder.statements.key
        for start in range(0, len(values), EVENT_INTEGERS):
            event = values[start : start + EVENT_INTEGERS]
            alias = aliases[event[_DATABASE]] if event[_DATABASE] < len(aliases) else ""
            has_failed = 1 if event[_FLAGS] & EVENT_FAILED else 0
            self.events += (key(event[_FINGERPRINT], alias) + has_failed, max(event[_DURATION], 0))
            self._path_of.append(event[_PATH])
        if len(self.events) >= BLOCK_INTEGERS:
            self._recorder.record_queries(self._name, self.events, self.site)
            self.events, self._path_of = [], []

    def site(self, index: int) -> Site:
        """The line that sent the query; it is looked for only where somebody wants to keep it."""
        path = self._path_of[index] if index < len(self._path_of) else -1
        if path < 0 or path >= len(self._paths):
            return NOWHERE
        place = places.trigger(self._paths[path])
        return Site(place.file, place.line)
