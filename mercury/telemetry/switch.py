"""The hot switch: one word in a small file beside the segment turns capture up or down in all workers of a host.

Each process looks at the file at most once in INTERVAL_NS. `mercury switch` writes it.
"""

import logging
import os
import stat
import tempfile
from pathlib import Path
from typing import Optional, Tuple

from mercury.telemetry.recorder import FULL, LIGHT, OFF

logger = logging.getLogger("mercury")

AUTO = "auto"
WORDS = (OFF, LIGHT, FULL, AUTO)
"""AUTO leaves it to `sample_rate` and the breaker, as where there is no file."""

INTERVAL_NS = 10**9
_LONGEST = 16

_Stamp = Optional[Tuple[int, int, int]]


def control_file(segment: Path) -> Path:
    """The file that controls the processes which write to this segment."""
    return segment.with_name(segment.name + ".switch")


class Switch:
    """The word that holds for this process. Any thread may use it."""

    def __init__(self, segment: Path) -> None:
        self._path = control_file(segment)
        self._looked_ns: Optional[int] = None
        self._stamp: _Stamp = None
        self._word = AUTO
        self._told: Optional[str] = None

    def word(self, now_ns: int) -> str:
        """One of WORDS. Never raises."""
        if self._looked_ns is None or now_ns - self._looked_ns >= INTERVAL_NS:
            self._looked_ns = now_ns
            self._look()
        return self._word

    def _look(self) -> None:
        try:
            stamp = _stamp(self._path)
            if stamp == self._stamp:
                return
            word = AUTO if stamp is None else read(self._path)
        except (OSError, ValueError) as error:
            # Without a stamp it is read again at the next look: what failed may have passed.
            stamp, word = None, AUTO
            self._tell(error)
        else:
            self._told = None
        self._stamp = stamp
        if word != self._word:
            logger.warning("Mercury's capture was switched from %s to %s.", self._word, word)
            self._word = word

    def _tell(self, error: Exception) -> None:
        """Says once of a control file that it is of no use, and why."""
        why = (isinstance(error, OSError) and error.strerror) or str(error)
        if why != self._told:
            self._told = why
            logger.warning("Mercury's control file %s is of no use: %s. Capture is as without it.", self._path, why)


def _stamp(path: Path) -> _Stamp:
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def read(path: Path) -> str:
    """The word in a control file. Raises OSError, and ValueError where it is none."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is no regular file")
        word = os.read(descriptor, _LONGEST).decode("ascii", "replace").strip()
    finally:
        os.close(descriptor)
    if word not in WORDS:
        raise ValueError("it holds no word that Mercury knows")
    return word


def write(path: Path, word: str) -> None:
    """Puts the word there at once and whole; readable by whoever may read the folder. Raises OSError."""
    descriptor, made = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{word}\n")
        # The workers may run as another user of the folder's group.
        os.chmod(made, 0o644)
        os.replace(made, path)
    except BaseException:
        os.unlink(made)
        raise
