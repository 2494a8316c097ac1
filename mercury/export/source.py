"""Snapshots of the segment at a path, for doors that are asked again and again."""

import os
import threading
import weakref
from functools import lru_cache
from typing import Optional, Tuple, Union

from mercury.segment.file import SegmentFile, open_to_read
from mercury.segment.snapshot import Snapshot, take


class Source:
    """Reads a segment that others write. Any thread may use it.

    The file stays open while it is the one at the path: where locks belong to a process, closing
    it would cost a writer in this process his.
    """

    def __init__(self, path: Union[str, "os.PathLike[str]"]) -> None:
        self._path = os.fspath(path)
        self._begin()
        _sources.add(self)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._file: Optional[SegmentFile] = None
        self._identity: Optional[Tuple[int, int]] = None

    def snapshot(self) -> Optional[Snapshot]:
        """What the segment holds, None where there is no file. Raises UnusableError or OSError if it cannot be read."""
        with self._lock:
            try:
                status = os.stat(self._path)
            except FileNotFoundError:
                self._let_go()
                return None
            if self._identity != (status.st_dev, status.st_ino):
                self._let_go()
                self._file = open_to_read(self._path)
                self._identity = (status.st_dev, status.st_ino)
            return take(self._file)

    def close(self) -> None:
        """Lets go of the file; the next snapshot opens it again."""
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        file, self._file, self._identity = self._file, None, None
        if file is not None:
            file.close()


_sources: "weakref.WeakSet[Source]" = weakref.WeakSet()


def _begin_again_in_child() -> None:
    """A thread that the child does not have may hold a lock."""
    for source in list(_sources):
        source._begin()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_again_in_child)


@lru_cache(maxsize=8)
def source_at(path: str) -> Source:
    """The one source of this process for a path."""
    return Source(path)
