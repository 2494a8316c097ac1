"""Memory: that of the process, which belongs to no single unit, and what one block allocates, for those who ask."""

import threading
import time
from importlib import import_module
from typing import Any, NamedTuple, Optional

from mercury.core import backend
from mercury.errors import UnsupportedError
from mercury.trace import tell_fault

INTERVAL_NS = 100_000_000
"""How old a reading of the process's memory may be: the system takes its time."""


class Reading(NamedTuple):
    """The resident memory of the process in MiB, and when it was read; None where nothing tells."""

    megabytes: Optional[float]
    read_ns: int


class ResidentMemory:
    """The resident memory of this process, read once in an interval. Any thread may use it."""

    def __init__(self) -> None:
        self._last: Optional[Reading] = None

    def reading(self, oldest_ns: Optional[int] = None) -> Reading:
        """The last reading, or a new one where that is older than `oldest_ns` or INTERVAL_NS. Never raises."""
        now_ns = time.perf_counter_ns()
        last = self._last
        if last is None or now_ns - last.read_ns >= (INTERVAL_NS if oldest_ns is None else oldest_ns):
            last = self._last = Reading(_resident_mb(), now_ns)
        return last


def change(before: Reading, after: Reading) -> Optional[float]:
    """By how many MiB the process has grown; None where there was no second reading."""
    if before.read_ns == after.read_ns or before.megabytes is None or after.megabytes is None:
        return None
    return after.megabytes - before.megabytes


def _resident_mb() -> Optional[float]:
    try:
        return float(backend().module.memory().resident_bytes) / 2**20
    except UnsupportedError:
        return None
    except Exception:
        tell_fault("Mercury could not read the memory of the process.")
        return None


class _Tracing:
    """How many blocks need Python's allocations traced, and whether Mercury began to."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.open_count = 0
        self.is_ours = False


_tracing = _Tracing()


def _tracemalloc() -> Any:
    """None on PyPy, which has none."""
    try:
        return import_module("tracemalloc")
    except ImportError:
        return None


def traced_peak_bytes() -> Optional[int]:
    """The most that Python has held since its allocations are traced; None where they are not."""
    module = _tracemalloc()
    return int(module.get_traced_memory()[1]) if module is not None and module.is_tracing() else None


class TracedMemory:
    """What Python allocates from the making of this object on and still holds at `stop`, in all threads."""

    def __init__(self) -> None:
        self._module: Any = None
        self._before = 0
        try:
            self._module = _tracemalloc()
            if self._module is None:
                return
            with _tracing.lock:
                _tracing.open_count += 1
                if not self._module.is_tracing():
                    self._module.start(1)
                    _tracing.is_ours = True
            self._before = self._module.get_traced_memory()[0]
        except Exception:
            tell_fault("Mercury could not trace memory.")

    def stop(self) -> Optional[float]:
        """In MiB; None where nothing tells. Tracing that somebody else began goes on. May be called again."""
        module, self._module = self._module, None
        if module is None:
            return None
        # Somebody else may have stopped it.
        held = module.get_traced_memory()[0] - self._before if module.is_tracing() else None
        with _tracing.lock:
            _tracing.open_count -= 1
            if _tracing.is_ours and _tracing.open_count == 0:
                module.stop()
                _tracing.is_ours = False
        return None if held is None else held / 2**20
