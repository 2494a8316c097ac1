"""Where the processor time of a suite goes: Mercury's share, function by function, and the garbage collector's.

A plugin of pytest. It looks at the stack each few milliseconds of processor time. A sample is Mercury's where one of
its functions runs, or what that function has called of the standard library; the query that Mercury's wrapper sends on
is Django's. Collections are timed apart: whoever happens to run when one is due has it in its samples.
"""

import gc
import json
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any, Dict, List, Optional, Set

OUTPUT = "MERCURY_PROFILE"
"""The variable of the environment that names the file for the figures."""

_INTERVAL_SECONDS = 0.002
_PACKAGE = str(Path(__file__).resolve().parents[2] / "mercury") + os.sep
_LIBRARY = os.path.dirname(os.__file__) + os.sep
_INSTALLED = os.path.join(_LIBRARY, "site-packages") + os.sep


class Profile:
    """Samples of one process, and its collections."""

    def __init__(self) -> None:
        self.samples = 0
        self.of_mercury = 0
        self.functions: Counter[str] = Counter()
        self.collections = [0, 0, 0]
        self.collecting_ns = 0
        self._collection_began = 0

    def take(self, signal_number: int, frame: Optional[FrameType]) -> None:
        self.samples += 1
        functions = mercury_functions(frame)
        self.of_mercury += bool(functions)
        self.functions.update(functions)

    def collect(self, phase: str, about: Dict[str, int]) -> None:
        if phase == "start":
            self._collection_began = time.process_time_ns()
            return
        self.collections[about["generation"]] += 1
        self.collecting_ns += time.process_time_ns() - self._collection_began

    def figures(self) -> Dict[str, Any]:
        return {
            "samples": self.samples,
            "of_mercury": self.of_mercury,
            "functions": self.functions.most_common(),
            "collections": self.collections,
            "collecting_s": self.collecting_ns / 1e9,
            "cpu_s": time.process_time(),
        }


def mercury_functions(frame: Optional[FrameType]) -> Set[str]:
    """The functions of Mercury that run at the inner end of a stack; none where somebody else's code runs."""
    found: List[str] = []
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(_PACKAGE):
            found.append(f"{name[len(_PACKAGE) :]}:{frame.f_code.co_name}")
        elif name.startswith(_INSTALLED) or not name.startswith((_LIBRARY, "<")):
            break
        frame = frame.f_back
    return set(found)


_profile = Profile()


def pytest_configure(config: Any) -> None:
    gc.callbacks.append(_profile.collect)
    signal.signal(signal.SIGPROF, _profile.take)
    signal.setitimer(signal.ITIMER_PROF, _INTERVAL_SECONDS, _INTERVAL_SECONDS)


def pytest_unconfigure(config: Any) -> None:
    signal.setitimer(signal.ITIMER_PROF, 0)
    gc.callbacks.remove(_profile.collect)
    Path(os.environ[OUTPUT]).write_text(json.dumps(_profile.figures()), encoding="utf-8")


if not hasattr(signal, "setitimer"):
    sys.exit("profiling needs signal.setitimer, which this system has not")
