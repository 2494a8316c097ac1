"""Management commands as units of work, from a shell and by `call_command`.

Django has no hook around a command, so BaseCommand.execute is wrapped. A command that runs within a
unit, such as a test or a request, is part of that one. Django's own commands are none: `migrate` sends the same
statement for each table, and nobody could mend it.
"""

import functools
import sys
from typing import Any, Dict, Optional

from django.core.management.base import BaseCommand

from mercury._monitor import Unit, failure_of, open_parent, open_unit

WITHOUT_END = frozenset(
    (
        "celery",
        "process_tasks",
        "qcluster",
        "rqworker",
        "run_huey",
        "rundramatiq",
        "runserver",
        "runserver_plus",
        "runworker",
        "test",
    )
)
"""Commands that only serve requests, tasks or tests, which are units of their own."""

_SHELLS = ("shell", "shell_plus")


def watch() -> None:
    """Makes every command from now on a unit. Safe to call again."""
    execute = BaseCommand.execute
    if hasattr(execute, "__wrapped__") and execute.__module__ == __name__:
        return

    @functools.wraps(execute, assigned=("__name__", "__qualname__", "__doc__"))
    def watched(self: Any, *args: Any, **options: Any) -> Any:
        unit = _open(self, options)
        failure = None
        try:
            output = execute(self, *args, **options)
        finally:
            if unit is not None:
                failure = failure_of(unit.close())
        if failure is not None:
            raise failure
        return output

    BaseCommand.execute = watched


def _open(command: Any, options: Dict[str, Any]) -> Optional[Unit]:
    module = type(command).__module__
    name = module.rpartition(".")[2]
    if not _is_the_project_s(module, name, options) or open_parent("command") is not None:
        return None
    unit = open_unit(f"command {name}", sys._getframe(1), "command")
    if unit is not None:
        unit.trace.is_background = True
    return unit


def _is_the_project_s(module: str, name: str, options: Dict[str, Any]) -> bool:
    if name in _SHELLS:
        # Without one it is a prompt, which waits for people.
        return bool(options.get("command"))
    return name not in WITHOUT_END and not module.startswith("django.")
