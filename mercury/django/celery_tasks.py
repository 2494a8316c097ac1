"""Celery's tasks as units of work, in workers and eager, by Celery's own signals."""

import sys
from typing import Any

from mercury.django.task_units import TaskUnits

_units = TaskUnits()


def watch() -> None:
    """Connects to the signals, if this process has loaded Celery. Safe to call again."""
    if "celery" not in sys.modules:
        return
    from celery import signals

    signals.task_prerun.connect(_on_prerun, weak=False, dispatch_uid="mercury")
    signals.task_postrun.connect(_on_postrun, weak=False, dispatch_uid="mercury")


def _on_prerun(task_id: str, task: Any, **kwargs: Any) -> None:
    _units.open(task_id, str(task.name))


def _on_postrun(task_id: str, state: Any = None, **kwargs: Any) -> None:
    _units.close(task_id, has_failed=state != "SUCCESS")
