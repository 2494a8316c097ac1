"""Which units are to be traced in full next, because a light one sent one statement again and again.

Light capture cannot tell an N+1 from anything else that repeats; it only sees that the question is worth asking.
So no N+1 of a page that is visited again is lost to the dice.
"""

import threading
from collections import OrderedDict
from typing import Dict

MOST_REPEATS = 4
"""A unit that sends one statement more often than this is suspect."""

MAX_NAMES = 256
INTERVAL_NS = 60 * 10**9
"""How long a name that was traced for suspicion is left to the dice."""


class Suspicion:
    """Suspect names of units, the oldest first. Any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.pending: Dict[str, None] = {}
        self._rests_until: OrderedDict[str, int] = OrderedDict()

    def consider(self, name: str, repeated: int, now_ns: int) -> None:
        """A light unit has ended: `repeated` is how often its most frequent statement came."""
        if repeated <= MOST_REPEATS or name in self.pending:
            return
        with self._lock:
            if self._rests_until.get(name, now_ns) > now_ns:
                return
            while len(self.pending) >= MAX_NAMES:
                del self.pending[next(iter(self.pending))]
            self.pending[name] = None

    def take(self, name: str, now_ns: int) -> bool:
        """Whether this unit is the one to trace in full. Nearly always nothing is pending, so that costs nothing."""
        if name not in self.pending:
            return False
        with self._lock:
            if name not in self.pending:
                return False
            del self.pending[name]
            self._rests_until[name] = now_ns + INTERVAL_NS
            self._rests_until.move_to_end(name)
            while len(self._rests_until) > MAX_NAMES:
                self._rests_until.popitem(last=False)
            return True
