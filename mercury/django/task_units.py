"""Units of work for tasks: one signal opens them, another one closes them.

A task that runs at once within a unit, such as a test or a request, is part of that one. A receiver cannot make
its task fail, so that the mode "raise" warns here.
"""

import os
import sys
from types import FrameType
from typing import Dict, Optional

from mercury._monitor import Unit, open_parent, open_unit
from mercury.trace import tell_fault

_DISPATCHERS = ("django/dispatch/dispatcher.py", "celery/utils/dispatch/signal.py")


class TaskUnits:
    """The open units of one kind of tasks, by the task's own id. Any thread may use it."""

    def __init__(self) -> None:
        self._units: Dict[str, Unit] = {}

    def open(self, key: str, name: str) -> None:
        """Called by a receiver of the signal before the task runs, in the task's thread. Never raises."""
        try:
            if open_parent("task") is not None:
                return
            unit = open_unit(f"task {name}", _sender(sys._getframe(2)), "task")
            if unit is not None:
                self._units[key] = unit
        except Exception:
            tell_fault("Mercury could not open the unit of a task.")

    def close(self, key: str, has_failed: bool) -> None:
        """Called by a receiver of the signal after it. Never raises."""
        unit = self._units.pop(key, None)
        if unit is not None:
            unit.is_cut_short = has_failed
            unit.close()


def _sender(frame: Optional[FrameType]) -> Optional[FrameType]:
    """The frame that runs the task: it sends the signal, and outlives it."""
    while frame is not None and frame.f_code.co_filename.replace(os.sep, "/").endswith(_DISPATCHERS):
        frame = frame.f_back
    return frame
