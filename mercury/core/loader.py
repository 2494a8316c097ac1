"""Chooses the backend, once, at first use: the C library, or its twin with the reason why.

    asked for the twin? -> cffi usable here? -> library found and whole? -> loads?
        -> same header hash? -> every function there? -> native

It is looked for beside the package's modules, in the program itself, and in the archive
or memory that the package comes from, which has it extracted into a private cache.

Each "no" is a reason and, where the person can do something, a hint. The twin then
serves, and one RuntimeWarning says so. Nothing here raises.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # type checkers know it by its name; to import typing takes longer than all else here
if TYPE_CHECKING:
    from threading import RLock
    from types import ModuleType
    from typing import Any, NoReturn, Optional, Tuple
else:
    from _thread import RLock  # the same; to import threading takes as long as all else here

PURE_VARIABLE = "DJANGO_MERCURY_PURE_PYTHON"
SUPPRESS_VARIABLE = "DJANGO_MERCURY_SUPPRESS_WARNING"

_PROGRAM = "the library linked into the program"


class Loaded:
    """The backend that serves this process. Never changed once it is made.

    `library` keeps the C library referenced for as long as anything may call it.
    """

    def __init__(
        self,
        name: str,
        reason: str,
        module: ModuleType,
        path: Optional[str] = None,
        library: Any = None,
        hint: str = "",
    ) -> None:
        self.name = name
        self.reason = reason
        self.module = module
        self.path = path
        self.library = library
        self.hint = hint


class Refused(Exception):
    """Why the library does not serve; `hint` is what a person can do about it, or empty."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


_loaded: Optional[Loaded] = None
_lock = RLock()


def _renew_lock() -> None:
    # A thread that was loading at the fork does not exist in the child.
    global _lock
    _lock = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


def load() -> Loaded:
    """The backend; the first call chooses it."""
    global _loaded
    if _loaded is None:
        with _lock:
            if _loaded is None:
                _loaded = _choose()
    return _loaded


def is_set(variable: str) -> bool:
    """Whether an environment variable says yes: 1, true or yes in any case."""
    return os.environ.get(variable, "").strip().lower() in ("1", "true", "yes")


def _choose() -> Loaded:
    if is_set(PURE_VARIABLE):
        return _twin(f"{PURE_VARIABLE} is set")
    try:
        return _native()
    except Refused as refused:
        loaded = _twin(refused.reason, refused.hint)
    except Exception as error:
        # A fault in Mercury itself must not be the host's; its type is enough to find it.
        loaded = _twin(f"loading the C library failed with {type(error).__name__}")
    if not is_set(SUPPRESS_VARIABLE):
        _warn(loaded)
    return loaded


def _twin(reason: str, hint: str = "") -> Loaded:
    from mercury.core import pure

    return Loaded("pure", reason, pure, hint=hint)


def _native() -> Loaded:
    """The C library after all checks. Raises Refused."""
    path = library_path()
    _require_backend_of_cffi(path)
    from mercury.core import _ffi

    library, origin = _open(_ffi.ffi, path)
    _shake_hands(_ffi, library, origin)
    from mercury.core import native

    native.attach(library)
    return Loaded("native", f"{origin} is loaded", native, origin if origin != _PROGRAM else None, library)


def library_path() -> str:
    """Where the library lies when it is installed: beside the package's modules.

    No folder of that name need exist: the modules may come from an archive. Empty where
    they come from memory.
    """
    # Importers that read no files give no __file__.
    file: Optional[str] = globals().get("__file__")
    return "" if file is None else os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(file))), _file_name())


def _file_name() -> str:
    return {"win32": "libmercury.dll", "darwin": "libmercury.dylib"}.get(sys.platform, "libmercury.so")


def _is_in_a_folder(path: str) -> bool:
    """Whether the package lies in files, not in an archive or in memory."""
    return os.path.isdir(os.path.dirname(path))


def _require_backend_of_cffi(path: str) -> None:
    """Raises Refused where `_cffi_backend` cannot be imported, or must not be."""
    if _would_turn_the_gil_on():
        raise Refused("cffi before 2.0 would turn the GIL on", _hints().upgrade_cffi())
    try:
        import _cffi_backend  # noqa: F401 - is it there?
    except ModuleNotFoundError:
        if _is_in_a_folder(path) and not os.path.exists(path):
            raise Refused("the C library is not installed, nor is cffi", _hints().install_library()) from None
        raise Refused("cffi is not installed", _hints().install_cffi()) from None
    except ImportError as error:
        if "subinterpreter" in str(error):
            raise Refused("cffi does not run in isolated subinterpreters") from None
        raise Refused("the installed cffi cannot be imported", _hints().reinstall_cffi()) from None


def _would_turn_the_gil_on() -> bool:
    # Importing an extension module that does not declare otherwise enables the GIL for
    # the whole process, so the version must be known without importing it.
    is_gil_enabled = getattr(sys, "_is_gil_enabled", None)
    if is_gil_enabled is None or is_gil_enabled():
        return False
    from importlib import metadata, util

    try:
        return int(metadata.version("cffi").split(".")[0]) < 2
    except (metadata.PackageNotFoundError, ValueError):
        # There, but of unknown version: better the twin than a GIL nobody asked for.
        return util.find_spec("_cffi_backend") is not None


def _open(ffi: Any, path: str) -> Tuple[Any, str]:
    """The opened library and what to call it. Raises Refused."""
    if os.path.lexists(path):
        return _open_file(ffi, path), path
    program = _open_program(ffi)
    if program is not None:
        return program, _PROGRAM
    packed = None if _is_in_a_folder(path) else _read_packed()
    if packed is None:
        raise Refused("the C library is not installed", _hints().install_library())
    path = _extract(packed)
    return _open_file(ffi, path), path


def _open_file(ffi: Any, path: str) -> Any:
    """The library in a file, once it is known to be whole. Raises Refused."""
    from mercury.core import library_file

    fault = library_file.problem(path)
    if fault is not None:
        raise Refused(f"the library {path} {fault}", _hints().install_library())
    try:
        # NODELETE: unloading while handles live crashes the interpreter's exit.
        return ffi.dlopen(path, ffi.RTLD_NOW | getattr(ffi, "RTLD_NODELETE", 0))
    except OSError as error:
        raise Refused(f"the system cannot load the library: {error}", _hints().install_library()) from None


def _open_program(ffi: Any) -> Any:
    """The program itself, where Mercury's core is linked into it, else None."""
    try:
        program = ffi.dlopen(None, ffi.RTLD_NOW)
        _symbol(ffi, program, "mercury_abi_header_hash")
    except (OSError, LookupError):
        return None
    return program


def _read_packed() -> Optional[bytes]:
    """The library in the archive or memory that the package was imported from, or None."""
    from importlib import resources

    package = __name__.partition(".")[0]
    try:
        # What files() of Python 3.10 gives for an importer with the interface of 3.7 has nothing in it.
        if sys.version_info >= (3, 11):
            return resources.files(package).joinpath(_file_name()).read_bytes()
        return resources.read_binary(package, _file_name())
    except Exception:
        # Whatever an importer raises that knows no resources, or not this one.
        return None


def _extract(packed: bytes) -> str:
    """The path of a file with the packed library in it. Raises Refused."""
    from mercury.core import library_cache

    reason = "the library lies in an archive and cannot be extracted"
    try:
        return library_cache.extract(packed, os.path.splitext(_file_name())[1])
    except library_cache.NotPrivate as error:
        raise Refused(f"{reason}: {error}", _hints().keep_cache_private(error.folder)) from None
    except OSError as error:
        raise Refused(f"{reason}: {error.strerror}: {error.filename}", _hints().move_cache()) from None


def _symbol(ffi: Any, library: Any, name: str) -> Any:
    """A function of the library. Raises LookupError."""
    try:
        return getattr(library, name)
    except (AttributeError, ffi.error):
        # Which of the two it is depends on the interpreter.
        raise LookupError(name) from None


def _shake_hands(module: Any, library: Any, origin: str) -> None:
    """Raises Refused unless the library was built from the header that `module` describes."""
    ffi = module.ffi
    try:
        answer = _symbol(ffi, library, "mercury_abi_header_hash")()
    except LookupError:
        _refuse_stranger(f"{origin} is a foreign library: it has no header hash")
    if not answer or ffi.string(answer, 64) != module.HEADER_HASH.encode("ascii"):
        _refuse_stranger(f"{origin} is a stale library: it was built from another header")
    for name in module.SYMBOLS:
        try:
            _symbol(ffi, library, name)
        except LookupError:
            _refuse_stranger(f"{origin} lacks the function {name}")


def _refuse_stranger(reason: str) -> NoReturn:
    raise Refused(reason, _hints().install_library())


def _hints() -> Any:
    # Only a refusal needs them, and what they import takes longer than all else here.
    from mercury.core import hints

    return hints


def _warn(loaded: Loaded) -> None:
    """Says once, at the line outside Mercury that came here, that the twin serves."""
    text = f"Mercury runs in pure Python: {loaded.reason}."
    if loaded.hint:
        text += f" {loaded.hint}"
    text += f" (Set {SUPPRESS_VARIABLE}=1 to silence this, {PURE_VARIABLE}=1 to choose it.)"
    import warnings

    frame: Any = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "mercury":
        frame = frame.f_back
    try:
        warnings.warn_explicit(text, RuntimeWarning, frame.f_code.co_filename, frame.f_lineno)
    except Exception:
        # Under -W error the warning is an exception, and loading promised not to raise one.
        try:
            print(text, file=sys.stderr)
        except Exception:
            return
