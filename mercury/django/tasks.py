"""Tasks of django.tasks (Django 6.0 and newer) as units of work, whatever backend runs them."""

from typing import Any

from mercury.django.task_units import TaskUnits

_units = TaskUnits()


def watch() -> None:
    """Connects to the signals, if this Django has tasks. Safe to call again."""
    try:
        from django.tasks import signals
    except ImportError:
        return
    signals.task_started.connect(_on_started, dispatch_uid="mercury")
    signals.task_finished.connect(_on_finished, dispatch_uid="mercury")


def _on_started(task_result: Any, **kwargs: Any) -> None:
    _units.open(task_result.id, str(task_result.task.module_path))


def _on_finished(task_result: Any, **kwargs: Any) -> None:
    _units.close(task_result.id, has_failed=task_result.status != "SUCCESSFUL")
