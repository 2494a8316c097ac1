"""The file of a segment: found or made, proven, mapped, and read without trusting its size.

    open, or create with O_EXCL -> ours, regular, one link, private? -> empty? -> whole? -> map
                                            |                             |         |
                                            no: refused                   |         no: set aside, start again
                                                      under the folder's lock: reserve all of it, write the header

A file is private (0600), and its disk space is reserved before it is mapped: a sparse one would kill
its writer with SIGBUS on a full disk. A file that is no segment at all is left as it is.
"""

import contextlib
import errno
import logging
import mmap
import os
import random
import stat
import time
from typing import Any, Callable, List, Optional, Tuple

from mercury.core import backend
from mercury.core.records import (
    SEGMENT_FOREIGN,
    SEGMENT_HEADER_BYTES,
    SEGMENT_OTHER_SIZE,
    SEGMENT_OTHER_VERSION,
    SEGMENT_SLOT_BYTES,
    SEGMENT_VERSION,
    SEGMENT_WHOLE,
    SegmentLayout,
)
from mercury.segment.liveness import FOLDING, Locks

logger = logging.getLogger("mercury")

DEFAULT_BYTES = SEGMENT_HEADER_BYTES + 128 * SEGMENT_SLOT_BYTES
MIN_BYTES = SEGMENT_HEADER_BYTES + SEGMENT_SLOT_BYTES

_BEGINNING = b"\x89MRSEG\x1a\n" + SEGMENT_VERSION.to_bytes(8, "little")
_ZEROS = bytes(1 << 16)
_OPEN = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
_OPEN |= getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)
_TRIES = 3
_WAITS = 100
_WAIT_SECONDS = 0.002

_random = random.SystemRandom()
_kept_open: List[Any] = []


class UnusableError(Exception):
    """Why a file cannot be used, in words for a person."""


class SegmentFile:
    """An open segment. `memory` is its mapping; copies for readers come from the file itself."""

    def __init__(self, descriptor: int, locks: Locks, layout: SegmentLayout, is_writable: bool = True) -> None:
        self.descriptor = descriptor
        self.locks = locks
        self.layout = layout
        self.slot_words = layout.slot_bytes // 8
        access = mmap.ACCESS_WRITE if is_writable else mmap.ACCESS_READ
        self._mapping = mmap.mmap(descriptor, layout.file_bytes, access=access)
        self.memory = backend().module.SegmentMemory(self._mapping)

    def place_of_slot(self, slot: int) -> int:
        return SEGMENT_HEADER_BYTES // 8 + slot * self.slot_words

    def require_whole(self) -> None:
        """Raises UnusableError where somebody cut the file: to touch its mapping would end the process."""
        if not self._is_open():
            raise UnusableError("somebody closed its descriptor, and with it gave back this process's slots")
        if os.fstat(self.descriptor).st_size < self.layout.file_bytes:
            raise UnusableError("somebody cut the file")

    def _is_open(self) -> bool:
        """False where the host closed the descriptor; its number may be another file's then."""
        try:
            status = os.fstat(self.descriptor)
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == self.locks.file

    def is_removed(self) -> bool:
        """Whether the file has no name any more: whoever opens its path makes another one."""
        return os.fstat(self.descriptor).st_nlink == 0

    def generation(self) -> int:
        """Of the retired slots that count now."""
        generation: int = self.memory.layout().generation
        return generation

    def read(self, place: int, word_count: int) -> bytes:
        """A copy of words; less of it where the file was cut."""
        if hasattr(os, "pread"):
            return os.pread(self.descriptor, word_count * 8, place * 8)
        return self._mapping[place * 8 : (place + word_count) * 8]

    def borrow(self, place: int, word_count: int) -> memoryview:
        """The words where they lie. The caller releases them, and holds the lock of their slot."""
        with memoryview(self._mapping) as view:
            return view[place * 8 : (place + word_count) * 8]

    def close(self, is_used: Callable[[], bool] = lambda: False) -> None:
        """Gives everything back, and with it all locks.

        Whoever asks after `is_used` is told no finds the memory detached. Where somebody got in before, the mapping
        stays: to take it from under a thread that is in the library would end the process.
        """
        self.memory.detach()
        if is_used():
            return
        # PyPy crashes where a mapping is closed before what borrowed it.
        self.memory.close()
        is_open = self._is_open()
        if is_open:
            self.locks.give_back_all()
        if not is_open or not self.locks.survive_close:
            # The mapping has a descriptor of its own, and its number may be another file's too. And where locks are
            # the process's, closing any descriptor would take those of its other users of the file.
            _kept_open.append(self)
            return
        with contextlib.suppress(BufferError):
            self._mapping.close()
        os.close(self.descriptor)


def open_segment(path: str, file_bytes: int) -> SegmentFile:
    """The segment at `path`; a new one where there is none, or none of this version. Raises UnusableError."""
    try:
        for _ in range(_TRIES):
            found = _open_once(path, file_bytes)
            if found is not None:
                return found
    except OSError as error:
        raise UnusableError(f"{path}: {error.strerror or type(error).__name__}") from None
    raise UnusableError(f"{path}: another process keeps replacing it")


def _open_once(path: str, file_bytes: int) -> Optional[SegmentFile]:
    """None where a file was set aside, or vanished meanwhile."""
    _require_safe_folder(os.path.dirname(os.path.abspath(path)))
    descriptor = _open_or_create(path)
    if descriptor is None:
        return None
    try:
        _require_private(path, os.fstat(descriptor))
        opened = _prove(path, descriptor, file_bytes)
    except BaseException:
        os.close(descriptor)
        raise
    if opened is None:
        os.close(descriptor)
    return opened


def _require_safe_folder(folder: str) -> None:
    """Makes the last folder of the path where it is missing; raises where others could put their files in it."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder, 0o700)
    if hasattr(os, "geteuid"):
        status = os.stat(folder)
        others_write = status.st_mode & 0o022 and not status.st_mode & stat.S_ISVTX
        if others_write or status.st_uid not in (0, os.geteuid()):
            raise UnusableError(f"{folder}: other users may write to this folder")


def _open_or_create(path: str) -> Optional[int]:
    try:
        descriptor = os.open(path, _OPEN | os.O_CREAT | os.O_EXCL, 0o600)
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, 0o600)
        return descriptor
    except FileExistsError:
        pass
    try:
        return os.open(path, _OPEN)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):
            raise UnusableError(f"{path}: it is a symbolic link") from None
        raise


def _require_private(path: str, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UnusableError(f"{path}: it is no regular file")
    if hasattr(os, "geteuid"):
        if status.st_uid != os.geteuid():
            raise UnusableError(f"{path}: it is another user's")
        if status.st_mode & 0o077:
            raise UnusableError(f"{path}: other users may open it; its mode must be 0600")
        if status.st_nlink > 1:
            raise UnusableError(f"{path}: it has other names too (hard links)")


def _prove(path: str, descriptor: int, file_bytes: int) -> Optional[SegmentFile]:
    """The segment in a private file; None where it was set aside."""
    locks = Locks(descriptor)
    layout = _layout(descriptor)
    if layout.state != SEGMENT_WHOLE:
        # Whoever makes or replaces a file holds the lock: what looks wrong may only be unfinished.
        _take_with_patience(path, locks)
        try:
            layout = _layout(descriptor)
            if layout.state == SEGMENT_FOREIGN and os.fstat(descriptor).st_size == 0:
                layout = _initialize(path, descriptor, file_bytes)
            elif layout.state == SEGMENT_FOREIGN:
                raise UnusableError(f"{path}: it is no segment, and is left as it is")
            elif layout.state != SEGMENT_WHOLE:
                _set_aside(path, descriptor, layout)
                return None
        finally:
            locks.give_back(FOLDING)
    return SegmentFile(descriptor, locks, layout)


def _layout(descriptor: int) -> SegmentLayout:
    size = os.fstat(descriptor).st_size
    os.lseek(descriptor, 0, os.SEEK_SET)
    header = os.read(descriptor, SEGMENT_HEADER_BYTES)
    layout: SegmentLayout = backend().module.inspect_segment(header, max(size, len(header)))
    return layout


def _take_with_patience(path: str, locks: Locks) -> None:
    for _ in range(_WAITS):
        if locks.take(FOLDING):
            return
        time.sleep(_WAIT_SECONDS)
    raise UnusableError(f"{path}: another process does not finish making it")


def _initialize(path: str, descriptor: int, file_bytes: int) -> SegmentLayout:
    """Reserves the disk space and writes the header. A crash halfway leaves what is set aside next time."""
    try:
        os.write(descriptor, _BEGINNING)
        _reserve(descriptor, file_bytes)
    except OSError:
        os.ftruncate(descriptor, 0)
        raise
    with mmap.mmap(descriptor, file_bytes) as mapping:
        memory = backend().module.SegmentMemory(mapping)
        try:
            memory.format(SEGMENT_SLOT_BYTES, random_identity(), time.time_ns())
        finally:
            memory.close()
    return _layout(descriptor)


def _reserve(descriptor: int, file_bytes: int) -> None:
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(descriptor, 0, file_bytes)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS):
                raise
        else:
            return
    os.lseek(descriptor, len(_BEGINNING), os.SEEK_SET)
    left = file_bytes - len(_BEGINNING)
    while left > 0:
        left -= os.write(descriptor, _ZEROS[:left])


def _set_aside(path: str, descriptor: int, layout: SegmentLayout) -> None:
    """Renames a file that cannot be used, unless another process has done so."""
    mine = os.fstat(descriptor)
    with contextlib.suppress(FileNotFoundError):
        there = os.lstat(path)
        if (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino):
            name = f"{path}.aside-{_random.getrandbits(64):016x}"
            os.rename(path, name)
            logger.warning("Mercury set a segment aside as %s: %s", name, fault_of(layout))


def fault_of(layout: SegmentLayout) -> str:
    """What is wrong with a file that is not WHOLE, in words."""
    if layout.state == SEGMENT_FOREIGN:
        return "it is no segment"
    if layout.state == SEGMENT_OTHER_VERSION:
        return f"its format has version {layout.version}, not {SEGMENT_VERSION}"
    return "its size is not the one it says" if layout.state == SEGMENT_OTHER_SIZE else "its header is damaged"


def random_identity() -> Tuple[int, int]:
    """128 random bits as two signed words."""
    return _random.getrandbits(64) - (1 << 63), _random.getrandbits(64) - (1 << 63)


def open_to_read(path: str) -> SegmentFile:
    """The segment at `path`, which is never changed through it. Raises UnusableError."""
    flags: Any = (_OPEN & ~os.O_RDWR) | os.O_RDONLY
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        raise UnusableError(f"{path}: {error.strerror or type(error).__name__}") from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnusableError(f"{path}: it is no regular file")
        layout = _layout(descriptor)
        if layout.state != SEGMENT_WHOLE:
            raise UnusableError(f"{path}: {fault_of(layout)}")
        return SegmentFile(descriptor, Locks(descriptor), layout, is_writable=False)
    except OSError as error:
        os.close(descriptor)
        raise UnusableError(f"{path}: {error.strerror or type(error).__name__}") from None
    except UnusableError:
        os.close(descriptor)
        raise
