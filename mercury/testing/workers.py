"""Test processes that Django's parallel runner starts anew: they begin to watch before they run anything."""

from typing import Any, Callable, Tuple

from mercury.testing import unittest_cases, watch


def start_worker(folder: str, root: str, setup: Callable[..., Any], arguments: Tuple[Any, ...]) -> None:
    """What the parallel runner calls first in a process that was spawned; `setup` is what it would have called."""
    setup(*arguments)
    watch.start(folder, root)
    unittest_cases.watch_cases()


def watched(suite_class: Any, folder: str, root: str) -> Any:
    """The class of a parallel suite whose spawned workers watch. Forked ones do so because their parent does."""
    arguments = (folder, root, suite_class.process_setup, suite_class.process_setup_args)
    members = {"process_setup": start_worker, "process_setup_args": arguments}
    return type("MercuryParallelTestSuite", (suite_class,), members)
