"""Mercury's own share of the time of units, and the circuit breaker that turns capture down where it is too much.

    full --share > limit--> light --share > limit--> off
      ^---- cool-down ----'   ^------ cool-down ------'

The share is judged over a window of WINDOW_UNITS units, each in the state that the breaker is in.
After a cool-down it tries the next state up; each time that fails the cool-down doubles, up to an hour.
"""

import logging
import threading
from typing import Callable

from mercury.telemetry.recorder import FULL, LIGHT, OFF

logger = logging.getLogger("mercury")

WINDOW_UNITS = 100
COOL_DOWN_NS = 60 * 10**9
LONGEST_COOL_DOWN_NS = 3600 * 10**9

_STATES = (OFF, LIGHT, FULL)


class Breaker:
    """Any thread may use it; a window that two threads add to at once may lose one unit's figures."""

    def __init__(self, announce: Callable[[str], None]) -> None:
        """`announce` is called with the new state at each turn."""
        self._announce = announce
        self._lock = threading.RLock()
        self._level = 2
        self._cool_down_ns = COOL_DOWN_NS
        self._rests_until_ns = 0
        self._unit_count = 0
        self._own_ns = 0
        self._elapsed_ns = 0

    def state(self, now_ns: int) -> str:
        """FULL, LIGHT or OFF; comes up by one after the cool-down."""
        if self._level < 2 and now_ns >= self._rests_until_ns:
            with self._lock:
                if self._level < 2 and now_ns >= self._rests_until_ns:
                    self._turn(self._level + 1)
                    self._rests_until_ns = now_ns + self._cool_down_ns
        return _STATES[self._level]

    def add(self, capture: str, own_ns: int, elapsed_ns: int, limit: float, now_ns: int) -> None:
        """A unit that was captured like this has ended; `limit` is the largest share, from 0 to 1."""
        if capture != _STATES[self._level] and self._level < 2:
            return
        self._own_ns += own_ns
        self._elapsed_ns += elapsed_ns
        self._unit_count += 1
        if self._unit_count >= WINDOW_UNITS:
            self._judge(limit, now_ns)

    def _judge(self, limit: float, now_ns: int) -> None:
        with self._lock:
            if self._unit_count < WINDOW_UNITS:
                return
            share = self._own_ns / max(self._elapsed_ns, 1)
            self._forget()
            if share > limit and self._level > 0:
                self._turn(self._level - 1)
                self._rests_until_ns = now_ns + self._cool_down_ns
                logger.warning(
                    "Mercury takes %.1f %% of the time of units, more than max_overhead allows: capture is %s for %d s",
                    100 * share,
                    _STATES[self._level],
                    self._cool_down_ns // 10**9,
                )
                self._cool_down_ns = min(2 * self._cool_down_ns, LONGEST_COOL_DOWN_NS)
            elif share <= limit and self._level == 2:
                self._cool_down_ns = COOL_DOWN_NS

    def _turn(self, level: int) -> None:
        self._level = level
        self._forget()
        self._announce(_STATES[level])

    def _forget(self) -> None:
        self._unit_count = self._own_ns = self._elapsed_ns = 0
