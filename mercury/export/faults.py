"""What a door could not tell: counted always, logged once a process. No host sees an exception of it.

The log says what kind of error it was and never its text, which may hold an address with a password.
"""

import logging
import os
import threading

logger = logging.getLogger("mercury")


class Faults:
    """The faults of one door. Any thread may use it."""

    def __init__(self, door: str) -> None:
        self.count = 0
        self._door = door
        self._begin()
        if hasattr(os, "register_at_fork"):
            # A thread that the child does not have may hold the lock.
            os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._lock = threading.Lock()

    def note(self, why: str, count: int = 1) -> None:
        """Counts `count` faults; the first ones are logged, with the reason."""
        with self._lock:
            is_first = self.count == 0
            self.count += count
        if is_first:
            logger.warning(
                "Mercury could not tell all to %s: %s. The application is not affected. "
                "Later faults are counted and not logged.",
                self._door,
                why,
            )

    def note_error(self, error: BaseException) -> None:
        """The same for an exception."""
        self.note(type(error).__name__)
