"""The side of `mercury run` that lives in each Python process of the command.

Until the process loads Django it costs one look per import and one small file. It starts
no thread, forks nothing, and whatever fails in it is counted and swallowed.
"""

import atexit
import os
import sys
from types import ModuleType
from typing import Any, Optional

from mercury._outbox import Outbox
from mercury._version import __version__
from mercury.commands.run.import_hooks import ImportHooks
from mercury.commands.run.record_kinds import FAULT, STARTED

_outbox: Optional[Outbox] = None
_units: Any = None
"""mercury.commands.run.units, once this process has loaded Django's database layer."""


def start(folder: str) -> None:
    """Called once, when the interpreter starts."""
    global _outbox
    _outbox = Outbox(folder)
    _outbox.append(f'{{"{STARTED}": "{__version__}"}}\n')
    atexit.register(finish)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_renew)
    ImportHooks(
        {
            "django.db": _watch_database,
            "django.core.handlers.base": _watch_requests,
            "celery.signals": _watch_celery,
            "django.tasks.signals": _watch_tasks,
            "_pytest.runner": _watch_pytest,
            "unittest.case": _watch_unittest,
            "multiprocessing.util": _watch_exits,
        },
        note_fault,
    ).install()


def finish() -> None:
    """Hands over what is open. Safe to call again."""
    try:
        if _units is not None:
            _units.finish()
    except Exception as error:
        note_fault(error)


def note_fault(error: Exception) -> None:
    """Tells the parent of a fault inside Mercury by its type; the host never hears of it."""
    try:
        if _outbox is not None:
            _outbox.append(f'{{"{FAULT}": "{type(error).__name__}"}}\n')
    except Exception:
        # The folder may be gone because `mercury run` has ended.
        pass


def _renew() -> None:
    """After a fork: what is open belongs to the parent process."""
    try:
        if _outbox is not None:
            _outbox.renew()
            _outbox.append(f'{{"{STARTED}": "{__version__}"}}\n')
        if _units is not None:
            _units.renew()
    except Exception as error:
        note_fault(error)


def _watch_database(module: ModuleType) -> None:
    global _units
    from mercury.commands.run import units

    assert _outbox is not None
    units.start(_outbox)
    _units = units


def _watch_requests(module: ModuleType) -> None:
    from mercury.django import any_request

    any_request.watch(module.BaseHandler, note_fault)


def _watch_celery(module: ModuleType) -> None:
    from mercury.django import celery_tasks

    celery_tasks.watch()
    # A process of a worker's pool leaves without atexit.
    module.worker_process_shutdown.connect(_on_worker_exit, weak=False, dispatch_uid="mercury run")


def _on_worker_exit(**kwargs: Any) -> None:
    finish()


def _watch_tasks(module: ModuleType) -> None:
    from mercury.django import tasks

    tasks.watch()


def _watch_pytest(module: ModuleType) -> None:
    protocol = module.runtestprotocol

    def runtestprotocol(item: Any, *args: Any, **kwargs: Any) -> Any:
        if _units is None:
            return protocol(item, *args, **kwargs)
        # The parameters of a test, behind the bracket, are literals.
        return _units.run_unit(f"test {item.nodeid.partition('[')[0]}", protocol, item, *args, **kwargs)

    module.runtestprotocol = runtestprotocol  # type: ignore[attr-defined]


def _watch_unittest(module: ModuleType) -> None:
    run = module.TestCase.run

    def watched_run(self: Any, *args: Any, **kwargs: Any) -> Any:
        if _units is None or "_pytest.runner" in sys.modules:
            return run(self, *args, **kwargs)
        return _units.run_unit(f"test {self.id()}", run, self, *args, **kwargs)

    module.TestCase.run = watched_run


def _watch_exits(module: ModuleType) -> None:
    # A child of multiprocessing leaves without atexit, and forgets its parent's finalizers.
    module.register_after_fork(finish, lambda _: module.Finalize(None, finish, exitpriority=0))
