"""What a person can do when the C library does not serve, for this platform.

Each function gives one or two sentences that end in a command line, or say why
there is none.
"""

import os
import shlex
import shutil
import sys
from importlib.util import find_spec
from typing import List, Optional, Tuple

_PACKAGE_MANAGERS: List[Tuple[str, str]] = [
    ("apt-get", "apt-get install gcc make"),
    ("dnf", "dnf install gcc make"),
    ("yum", "yum install gcc make"),
    ("apk", "apk add gcc make musl-dev"),
    ("pacman", "pacman -S gcc make"),
    ("zypper", "zypper install gcc make"),
    ("pkg", "pkg install gcc gmake"),
]


def install_cffi() -> str:
    """For a machine that has the library and lacks cffi."""
    if _is_packed():
        return "It is an extension module, which no archive can hold: put it into the program's folder or environment."
    return f"Install cffi: {_pip('install cffi')}"


def reinstall_cffi() -> str:
    """For a cffi that is there and does not work."""
    return f"Install cffi again: {_pip('install --force-reinstall cffi')}"


def upgrade_cffi() -> str:
    """For a free-threaded interpreter with a cffi made for the GIL."""
    if sys.version_info < (3, 14):
        return "No cffi supports a free-threaded Python before 3.14."
    return f"Upgrade cffi: {_pip('install --upgrade cffi>=2')}"


def install_library() -> str:
    """For a machine that lacks the library, or has one that must not be used."""
    if _is_packed():
        return "Build the program or archive again, where `python -m mercury doctor` says that the backend is native."
    checkout = _checkout()
    if checkout:
        cffi = "" if _has_cffi() else f" && {_pip('install cffi')}"
        return f"{_compiler()} Build it: make -C {_quoted(checkout)} library{cffi}"
    if sys.version_info < (3, 9):
        install = "install --force-reinstall --no-cache-dir --only-binary mercury-native mercury-native"
        return f"It builds from source on Python 3.9 or newer only; install a wheel: {_pip(install)}"
    # pip keeps the pure wheel that it built without a compiler, hence --no-cache-dir.
    install = "install --force-reinstall --no-cache-dir --no-binary mercury-native mercury-native"
    if sys.implementation.name == "cpython":
        install += " cffi"
    return f"{_compiler()} Install again: {_pip(install)}"


def keep_cache_private(folder: str) -> str:
    """For a library in an archive, and a cache that other users might write to."""
    if sys.platform == "win32":
        return "Install mercury-native into a folder, not into an archive."
    return f"Close it to others (chmod go-rwx {_quoted(folder)}), or {_OTHER_CACHE}"


def move_cache() -> str:
    """For a library in an archive, and a cache that cannot be written."""
    return f"You can {_OTHER_CACHE}"


_OTHER_CACHE = "choose a folder of your own: export XDG_CACHE_HOME=FOLDER"


def _pip(arguments: str) -> str:
    quoted = " ".join(f'"{word}"' if ">" in word else word for word in arguments.split(" "))
    return f"{_interpreter()} -m pip {quoted}"


def _interpreter() -> str:
    """This interpreter as a shell calls it, or `python` where a program embeds it."""
    name = os.path.basename(sys.executable or "").lower()
    return _quoted(sys.executable) if name.startswith(("python", "pypy")) else "python"


def _quoted(path: str) -> str:
    if sys.platform == "win32":
        return f'"{path}"' if " " in path else path
    return shlex.quote(path)


def _has_cffi() -> bool:
    try:
        return find_spec("_cffi_backend") is not None
    except ImportError:
        return False


def _root() -> Optional[str]:
    """The folder above the package, which need not exist, or None where the package comes from memory."""
    file: Optional[str] = globals().get("__file__")
    return None if file is None else os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(file))))


def _is_packed() -> bool:
    """Whether the package is part of a program or an archive, which pip cannot mend."""
    root = _root()
    return bool(getattr(sys, "frozen", False)) or root is None or not os.path.isdir(root)


def _checkout() -> str:
    """The folder of the source checkout that this package runs from, or an empty string."""
    root = _root() or ""
    header = os.path.join(root, "mercury_native", "mercury.h")
    return root if os.path.exists(header) and os.path.exists(os.path.join(root, "Makefile")) else ""


def _compiler() -> str:
    """Where a C compiler and make come from on this platform."""
    if sys.platform == "darwin":
        return "It needs Apple's command line tools (xcode-select --install)."
    if sys.platform == "win32":
        return "It needs gcc and make from MSYS2 (pacman -S mingw-w64-ucrt-x86_64-gcc make) on PATH."
    for program, line in _PACKAGE_MANAGERS:
        if shutil.which(program):
            return f"It needs a C compiler and make ({line})."
    return "It needs a C compiler and make."
