"""Gives a library that lies in an archive a file of its own, because systems load libraries from files only.

Whoever may change that file chooses the code that this process runs. So before each
use it is proven again, and the twin serves where the proof fails:

    every folder above     owned by this user or root; nobody else may write, or it is sticky
    mercury-native/        this user's alone: 0700
    libmercury-HASH.so     a regular file of this user's, byte for byte the archive's

The file is written under a random name and renamed, so that nobody meets half of it,
and is named after its content, so that releases do not disturb each other.
"""

import hashlib
import os
import secrets
import stat
import sys
from contextlib import suppress
from typing import Iterator

FOLDER = "mercury-native"


class NotPrivate(Exception):
    """Why a folder cannot be trusted, in words that follow its name."""

    def __init__(self, folder: str, fault: str) -> None:
        super().__init__(f"{folder} {fault}")
        self.folder = folder


def extract(data: bytes, suffix: str) -> str:
    """The path of a file that holds `data` and that only this user can change.

    Raises NotPrivate, and OSError where the folder cannot be made or the file not be written.
    """
    folder = _private_folder()
    path = os.path.join(folder, f"libmercury-{hashlib.sha256(data).hexdigest()}{suffix}")
    if not _holds(path, data):
        _write(path, data)
        if not _holds(path, data):
            raise NotPrivate(path, "is changed by somebody")
    return path


def _private_folder() -> str:
    """The cache's folder, made where it is missing. Raises NotPrivate, OSError."""
    base = _base()
    if not hasattr(os, "geteuid"):
        raise NotPrivate(base, "cannot be proven private on this system")
    # Links are resolved once: what is proven and what is used are then the same folders.
    base = os.path.realpath(base)
    folder = os.path.join(base, FOLDER)
    for each in (base, folder):
        with suppress(FileExistsError):
            os.mkdir(each, 0o700)
    for each in _upwards(base):
        _require_safe(each)
    status = os.lstat(folder)
    if not stat.S_ISDIR(status.st_mode):
        raise NotPrivate(folder, "is no folder")
    if status.st_uid != os.geteuid():
        raise NotPrivate(folder, f"belongs to user {status.st_uid}")
    if status.st_mode & 0o077:
        raise NotPrivate(folder, "is open to other users")
    return folder


def _base() -> str:
    """Where this user's programs keep what can be made again. Raises NotPrivate where there is no such place."""
    configured = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(configured):
        return configured
    home = os.path.expanduser("~")
    if not os.path.isabs(home):
        raise NotPrivate(home, "is no home folder")
    return os.path.join(home, *(("Library", "Caches") if sys.platform == "darwin" else (".cache",)))


def _upwards(folder: str) -> Iterator[str]:
    """The folder and all above it."""
    above = os.path.dirname(folder)
    yield folder
    while above != folder:
        yield above
        folder, above = above, os.path.dirname(above)


def _require_safe(folder: str) -> None:
    """Raises NotPrivate where another user than root could put something else in a name's place."""
    status = os.lstat(folder)
    if status.st_uid not in (0, os.geteuid()):
        raise NotPrivate(folder, f"belongs to user {status.st_uid}")
    if status.st_mode & 0o022 and not status.st_mode & stat.S_ISVTX:
        raise NotPrivate(folder, "can be changed by other users")


def _holds(path: str, data: bytes) -> bool:
    """Whether the file is this user's and has exactly this content."""
    try:
        # A FIFO would block, a link lead elsewhere.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        is_ours = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o022
        return is_ours and status.st_size == len(data) and file.read() == data


def _write(path: str, data: bytes) -> None:
    """Puts a new file in the place of whatever is there. Raises OSError."""
    temporary = f"{path}.{secrets.token_hex(8)}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
