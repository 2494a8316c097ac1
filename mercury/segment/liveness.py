"""Who lives: byte-range locks far behind the end of the file, which the kernel drops with their owner.

    byte 2^30            whoever folds
    byte 2^30 + 1 + n    the owner of slot n

Process ids and start times decide nothing: they fail between containers. What cannot be
asked counts as alive.

Three kinds of locks serve, the first that the system has:

    open file description locks    Linux: they belong to the descriptor and its copies
    POSIX record locks             they belong to the process, which loses all of them when it
                                   closes any descriptor of the file: so none is closed
    msvcrt.locking                 Windows
"""

import errno
import os
import struct
import sys
from typing import Any, Dict, Optional, Tuple

FOLDING = -1
"""The number of the lock of whoever folds; slots have theirs from 0."""

_FIRST_BYTE = (1 << 30) + 1

_held: Dict[Tuple[int, int, int], object] = {}
"""By device, inode and number, the locks that this process holds: a kernel may grant a process its own again."""


def _forget_all() -> None:
    _held.clear()  # they are the parent's


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)


class Locks:
    """The locks of one open file."""

    def __init__(self, descriptor: int) -> None:
        status = os.fstat(descriptor)
        self.file = (status.st_dev, status.st_ino)
        self._kernel = _kernel_locks(descriptor)
        self._taken: Dict[int, object] = {}
        self.survive_close = self._kernel.survive_close

    def take(self, number: int) -> bool:
        """Takes a lock if nobody has it; never waits."""
        token, name = object(), (*self.file, number)
        if _held.setdefault(name, token) is not token:
            return False
        try:
            if self._kernel.take(_FIRST_BYTE + number):
                self._taken[number] = token
                return True
        except BaseException:
            _held.pop(name, None)
            raise
        _held.pop(name, None)
        return False

    def give_back(self, number: int) -> None:
        """Gives back a lock that was taken here. In the child of a fork nothing was: it would be the parent's."""
        token, name = self._taken.pop(number, None), (*self.file, number)
        if token is None or _held.get(name) is not token:
            return
        # The kernel first: a thread that took the lock in between would be granted what is dropped a moment later.
        try:
            self._kernel.give_back(_FIRST_BYTE + number)
        finally:
            _held.pop(name, None)

    def give_back_all(self) -> None:
        for number in list(self._taken):
            self.give_back(number)

    def is_held(self, number: int) -> bool:
        """Whether anybody holds the lock; True where that cannot be told."""
        return (*self.file, number) in _held or self._kernel.is_held(_FIRST_BYTE + number)


_IS_BSD = sys.platform.startswith(("darwin", "freebsd", "netbsd", "openbsd", "dragonfly"))


def pack_flock(kind: int, byte: int, is_bsd: bool = _IS_BSD) -> bytes:
    """The system's `struct flock` for a lock of one byte: macOS and the BSDs have the kind behind the place."""
    if is_bsd:
        return struct.pack("@qqihhi0q", byte, 1, 0, kind, os.SEEK_SET, 0)
    return struct.pack("@hhqqi0q", kind, os.SEEK_SET, byte, 1, 0)


def flock_kind(record: bytes, is_bsd: bool = _IS_BSD) -> int:
    """The kind in a `struct flock`."""
    kind: int = struct.unpack_from("@qqih" if is_bsd else "@h", record)[-1]
    return kind


class _PosixLocks:
    """fcntl's locks, of the file description where the system has them and else of the process."""

    def __init__(self, descriptor: int) -> None:
        import fcntl

        self._fcntl: Any = fcntl.fcntl
        self._descriptor = descriptor
        self._read, self._write, self._none = fcntl.F_RDLCK, fcntl.F_WRLCK, fcntl.F_UNLCK
        self._get, self._set = fcntl.F_GETLK, fcntl.F_SETLK
        self.survive_close = False
        if sys.platform.startswith("linux"):
            # Python names them from 3.9 on; the numbers are those of every Linux.
            process, self._get, self._set = (self._get, self._set), 36, 37
            self.survive_close = self._ask(_FIRST_BYTE) is not None
            if not self.survive_close:
                self._get, self._set = process

    def take(self, byte: int) -> bool:
        try:
            self._fcntl(self._descriptor, self._set, pack_flock(self._write, byte))
        except OSError:
            return False
        return True

    def give_back(self, byte: int) -> None:
        self._fcntl(self._descriptor, self._set, pack_flock(self._none, byte))

    def is_held(self, byte: int) -> bool:
        kind = self._ask(byte)
        return kind is None or kind != self._none

    def _ask(self, byte: int) -> Optional[int]:
        """The kind of lock that is in the way of one on this byte; None where the system does not say."""
        try:
            answer = self._fcntl(self._descriptor, self._get, pack_flock(self._write, byte))
        except OSError:
            return None
        return flock_kind(answer)


class _WindowsLocks:
    """The C runtime's locks, which say only by being taken whether anybody has one."""

    survive_close = True

    def __init__(self, descriptor: int) -> None:
        import msvcrt

        self._locking: Any = getattr(msvcrt, "locking")  # noqa: B009 - the name exists on Windows only
        self._take, self._release = 2, 0  # LK_NBLCK, LK_UNLCK
        self._descriptor = descriptor

    def take(self, byte: int) -> bool:
        try:
            self._call(byte, self._take)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EDEADLK):
                return False
            raise
        return True

    def give_back(self, byte: int) -> None:
        self._call(byte, self._release)

    def is_held(self, byte: int) -> bool:
        try:
            if not self.take(byte):
                return True
            self.give_back(byte)
        except OSError:
            return True
        return False

    def _call(self, byte: int, mode: int) -> None:
        os.lseek(self._descriptor, byte, os.SEEK_SET)
        self._locking(self._descriptor, mode, 1)


def _kernel_locks(descriptor: int) -> Any:
    return _WindowsLocks(descriptor) if sys.platform == "win32" else _PosixLocks(descriptor)
