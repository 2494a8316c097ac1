"""How a unit is to be captured: in full, lightly or not at all.

The switch comes first, then the breaker, then suspicion, then the dice of `sample_rate`.
"""

import os
import random
from typing import Optional

from mercury.telemetry.breaker import Breaker
from mercury.telemetry.recorder import FULL, LIGHT
from mercury.telemetry.suspicion import Suspicion
from mercury.telemetry.switch import AUTO, Switch

SLOW_MS = {"request": 1000.0, "task": 60_000.0, "command": 60_000.0, "test": 1000.0, "block": 1000.0}
"""Units that take longer are kept, where `max_response_time_ms` is not set."""

# The host may have seeded the module's own generator, and counts on its numbers. To ask the system each time lets go of
# the interpreter's lock, which another thread then has for some milliseconds.
_dice = random.Random()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_dice.seed)


class Sampling:
    """Any thread may use it."""

    def __init__(self, switch: Switch, breaker: Breaker, suspicion: Suspicion) -> None:
        self._switch = switch
        self._breaker = breaker
        self._suspicion = suspicion

    def decide(self, name: Optional[str], rate: float, now_ns: int) -> str:
        """FULL, LIGHT or OFF. `name` is that of the unit, None where nobody knows it yet."""
        word = self._switch.word(now_ns)
        if word != AUTO:
            return word
        state = self._breaker.state(now_ns)
        if state != FULL:
            return state
        is_suspect = name is not None and self._suspicion.take(name, now_ns)
        return FULL if is_suspect or rate >= 1 or _dice.random() < rate else LIGHT

    def wants_in_full(self, name: str, now_ns: int) -> bool:
        """Whether a unit that began lightly is to be traced in full after all, now that its name is known."""
        if not self._suspicion.pending or self._switch.word(now_ns) != AUTO or self._breaker.state(now_ns) != FULL:
            return False
        return self._suspicion.take(name, now_ns)

    def is_metered(self, now_ns: int) -> bool:
        """Whether the breaker has a say: it has none where somebody has switched."""
        return self._switch.word(now_ns) == AUTO

    def keeps(self, workload: str, elapsed_ms: float, limit_ms: Optional[float]) -> bool:
        """Whether a light unit is worth a report for having been slow."""
        return elapsed_ms > (SLOW_MS[workload] if limit_ms is None else limit_ms)
