"""The processes of Django's parallel runner: they watch before they run anything, and one that dies holds up nobody.

Django's runner waits for ever for the tests of a process that has ended itself. So a thread looks at the records: where
a test began in a process that is no more, and nobody else is at work, the run ends, and the test has failed.
"""

import os
import threading
from pathlib import Path
from typing import Any, Callable, List, Set, Tuple

from mercury.testing import records, unittest_cases, watch

_SECONDS_BETWEEN_LOOKS = 0.5
_IDLE_LOOKS = 6
"""Looks in a row at which nobody is seen at work, before the run is ended."""


def start_worker(folder: str, root: str, setup: Callable[..., Any], arguments: Tuple[Any, ...]) -> None:
    """What the parallel runner calls first in a process that was spawned; `setup` is what it would have called."""
    setup(*arguments)
    watch.start(folder, root)
    unittest_cases.watch_cases()


def watched(suite_class: Any, folder: str, root: str) -> Any:
    """The class of a parallel suite whose spawned workers watch. Forked ones do so because their parent does."""

    def run(self: Any, result: Any) -> Any:
        lookout = _Lookout(Path(folder), result)
        lookout.start()
        try:
            suite_class.run(self, result)
        finally:
            lookout.stop()
        for name in sorted(lookout.lost):
            _fail(self, result, name)
        return result

    arguments = (folder, root, suite_class.process_setup, suite_class.process_setup_args)
    members = {"process_setup": start_worker, "process_setup_args": arguments, "run": run}
    return type("MercuryParallelTestSuite", (suite_class,), members)


class _Lookout(threading.Thread):
    """Looks for tests whose process is no more. `lost` has their names."""

    def __init__(self, folder: Path, result: Any) -> None:
        super().__init__(name="mercury-lookout", daemon=True)
        self._folder = folder
        self._result = result
        self._ended = threading.Event()
        self.lost: Set[str] = set()

    def run(self) -> None:
        idle = 0
        while not self._ended.wait(_SECONDS_BETWEEN_LOOKS):
            running, self.lost = _open_tests(self._folder)
            idle = 0 if running or not self.lost else idle + 1
            if idle >= _IDLE_LOOKS:
                self._result.shouldStop = True
                return

    def stop(self) -> None:
        self._ended.set()
        self.join()


def _open_tests(folder: Path) -> Tuple[Set[str], Set[str]]:
    """The tests that have begun and not ended: in processes that live, if any is in one that does not."""
    files = list(folder.glob("*.jsonl"))
    living = [path for path in files if _lives(int(path.stem))]
    lost = _open_in([path for path in files if path not in living])
    # Most runs lose none, and have no need to read what the others write.
    return (_open_in(living) if lost else set()), lost


def _open_in(files: List[Path]) -> Set[str]:
    return {name for path in files for name in records.open_tests(path)}


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _fail(suite: Any, result: Any, name: str) -> None:
    error = RuntimeError(f"the process that ran {name} has ended before the test did")
    for test in (test for subsuite in suite.subsuites for test in subsuite):
        if test.id() == name:
            result.startTest(test)
            result.addError(test, (RuntimeError, error, None))
            result.stopTest(test)
