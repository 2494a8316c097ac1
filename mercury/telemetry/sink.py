"""Where figures go: a segment, that is a file which all processes of a host share.

The default file lies in a folder of the user's own, which nobody else may read.
"""

import contextlib
import os
import re
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Iterable, List, Optional, Protocol, Tuple, Union

from mercury.telemetry.series import HISTOGRAM, Attributes

if TYPE_CHECKING:
    from mercury.segment import Counter, Histogram

FILE_NAME = "metrics.segment"


class Sink(Protocol):
    """What a recorder writes to. Any thread may use it; each method may raise."""

    def number(self, kind: str, name: str, attributes: Attributes) -> int:
        """A number for the counter or histogram of this name with these attributes."""

    def record(self, updates: List[int]) -> None:
        """Records updates[1] in the series updates[0], and so on, in one crossing."""

    def close(self) -> None:
        """Lets go of what it holds. May be called again."""


def segment_path(metrics: Union[bool, str], project: str) -> Path:
    """The file that the setting `metrics` names; with True, one for this user and project. Raises OSError."""
    if isinstance(metrics, str):
        path = Path(metrics)
        return path / FILE_NAME if path.is_dir() else path
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", project)[:100] or "project"
    return _own_folder() / f"{name}.segment"


def _own_folder() -> Path:
    """`mercury-UID` below the folder for temporary files, made with mode 0700; refused where others may write to it."""
    owner = os.getuid() if hasattr(os, "getuid") else None
    folder = Path(tempfile.gettempdir()) / (f"mercury-{'user' if owner is None else owner}")
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder, 0o700)
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError("the folder for metrics is none")
    if owner is not None and (found.st_uid != owner or found.st_mode & 0o077):
        raise PermissionError("the folder for metrics belongs to another user, or others may read it")
    return folder


class SegmentSink:
    """Writes to the segment at a path."""

    def __init__(self, path: Path) -> None:
        from mercury.segment import Segment

        self._segment = Segment(path)
        self._series: List[Union[Counter, Histogram]] = []
        self.is_usable = self._segment.problem is None

    def number(self, kind: str, name: str, attributes: Attributes) -> int:
        make = self._segment.histogram if kind == HISTOGRAM else self._segment.counter
        self._series.append(make(name, **dict(attributes)))
        return len(self._series) - 1

    def record(self, updates: List[int]) -> None:
        known = self._series.__getitem__
        values: Iterable[Tuple[Union[Counter, Histogram], int]] = zip(map(known, updates[::2]), updates[1::2])
        self._segment.record(values)

    def close(self) -> None:
        self._segment.close()


def open_sink(path: Path) -> Optional[Sink]:
    """The segment at a path; None where it cannot be used, which the segment has logged."""
    sink = SegmentSink(path)
    return sink if sink.is_usable else None
