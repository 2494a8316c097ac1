"""The telemetry of this process: made when the first unit opens while `metrics` is on, and anew in a forked child."""

import logging
import os
import sys
import threading
from pathlib import Path
from typing import Optional, Union

from mercury.settings import Settings
from mercury.telemetry import series
from mercury.telemetry.breaker import Breaker
from mercury.telemetry.recorder import LIGHT, OFF, Ended, Recorder
from mercury.telemetry.sampling import Sampling
from mercury.telemetry.sink import Sink, open_sink, segment_path
from mercury.telemetry.suspicion import Suspicion
from mercury.telemetry.switch import Switch

logger = logging.getLogger("mercury")


class Telemetry:
    """One process's own measurements. Any thread may use it."""

    def __init__(self, recorder: Recorder, switch: Switch) -> None:
        self.recorder = recorder
        self.suspicion = Suspicion()
        self.breaker = Breaker(self._announce)
        self.sampling = Sampling(switch, self.breaker, self.suspicion)
        self.full_query_ns = 0.0
        """Mercury's own work at one query of a full trace, as the last unit that was metered had it."""
        self._full_count = 0

    def _announce(self, state: str) -> None:
        self.recorder.count_later(series.TURNS, (("mercury.capture", state),))

    def count_left_out(self, workload: str) -> None:
        """A unit that nobody looks at, because the switch or the breaker says so."""
        attributes = (("mercury.workload", workload), ("mercury.capture", OFF))
        self.recorder.count_later(series.UNITS, attributes)

    def next_is_metered(self) -> bool:
        """Whether the queries of this full trace are to be timed: the first one's, and each 16th's."""
        self._full_count += 1
        return self._full_count % 16 == 1

    def end(self, ended: Ended, limit: float, repeated: int, now_ns: int) -> None:
        """A unit has ended; `limit` is the setting max_overhead. Never raises."""
        self.recorder.record_unit(ended)
        if ended.capture == LIGHT:
            self.suspicion.consider(ended.name, repeated, now_ns)
        if self.sampling.is_metered(now_ns):
            # Opening and closing lie around the unit's own time.
            self.breaker.add(ended.capture, ended.own_ns, ended.elapsed_ns + ended.own_ns, limit, now_ns)


class _Process:
    """`asked` is the value of the setting that `telemetry` was made for; None: for none yet."""

    def __init__(self) -> None:
        self.telemetry: Optional[Telemetry] = None
        self.renew()

    def renew(self) -> None:
        if self.telemetry is not None:
            # Units that the parent had open are its own to count.
            self.telemetry.recorder.is_usable = False
        self.lock = threading.RLock()
        self.is_opening = False
        self.asked: Union[None, bool, str] = None
        self.telemetry = None


_process = _Process()
if hasattr(os, "register_at_fork"):
    # A child writes to a slot of its own, and its parent's units are none of its.
    os.register_at_fork(after_in_child=_process.renew)


def telemetry_for(chosen: Settings) -> Optional[Telemetry]:
    """The telemetry by these settings; None where it is off or cannot be had, which is logged once."""
    if not chosen.metrics or not chosen.enabled:
        return None
    if chosen.metrics != _process.asked:
        _open(chosen.metrics)
    telemetry = _process.telemetry
    return telemetry if telemetry is not None and telemetry.recorder.is_usable else None


def _open(metrics: Union[bool, str]) -> None:
    with _process.lock:
        # Other threads wait, so that no unit of theirs is missed; who is called from here must not come here again.
        if metrics == _process.asked or _process.is_opening:
            return
        close()
        _process.is_opening = True
        try:
            path = segment_path(metrics, _project())
            sink = open_sink(path)
            if sink is not None:
                _process.telemetry = Telemetry(Recorder(sink), Switch(path))
        except Exception as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            logger.error("Mercury's metrics are off in this process: %s", reason or type(error).__name__)
        finally:
            _process.asked = metrics
            _process.is_opening = False


def segment_of(chosen: Settings) -> Optional[Path]:
    """The file that processes with these settings write to; None where metrics are off. Raises OSError."""
    return segment_path(chosen.metrics, _project()) if chosen.metrics and chosen.enabled else None


def use(sink: Sink, switch: Switch, metrics: Union[bool, str]) -> Telemetry:
    """Has this process write to a sink of the caller's wherever the setting `metrics` has this value."""
    with _process.lock:
        close()
        _process.asked = metrics
        _process.telemetry = Telemetry(Recorder(sink), switch)
        return _process.telemetry


def close() -> None:
    """Lets go of all; the next unit opens it again."""
    with _process.lock:
        telemetry, _process.telemetry, _process.asked = _process.telemetry, None, None
        if telemetry is not None:
            telemetry.recorder.close()


def current() -> Optional[Telemetry]:
    """That of this process, if a unit has opened one."""
    return _process.telemetry


def _project() -> str:
    """What tells the projects of one user apart: the module of Django's settings, else the program."""
    return os.environ.get("DJANGO_SETTINGS_MODULE") or os.path.basename(sys.argv[0] if sys.argv else "") or "python"
