"""Chooses the backend, once, at first use: the C library, or its twin with the reason why.

    asked for the twin? -> cffi usable here? -> file there and whole? -> loads?
        -> same header hash? -> every function there? -> native

Each "no" is a reason and, where the person can do something, a hint. The twin then
serves, and one RuntimeWarning says so. Nothing here raises.
"""

import contextlib
import os
import sys
import threading
import warnings
from types import ModuleType
from typing import Any, NamedTuple, NoReturn, Optional, Tuple

from mercury.core import hints, library_file

PURE_VARIABLE = "DJANGO_MERCURY_PURE_PYTHON"
SUPPRESS_VARIABLE = "DJANGO_MERCURY_SUPPRESS_WARNING"


class Loaded(NamedTuple):
    """The backend that serves this process.

    `library` keeps the C library referenced for as long as anything may call it.
    """

    name: str
    reason: str
    module: ModuleType
    path: Optional[str] = None
    library: Any = None
    hint: str = ""


class Refused(Exception):
    """Why the library does not serve; `hint` is what a person can do about it, or empty."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


_loaded: Optional[Loaded] = None
_lock = threading.RLock()


def _renew_lock() -> None:
    # A thread that was loading at the fork does not exist in the child.
    global _lock
    _lock = threading.RLock()


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
    return Loaded("native", f"{origin} is loaded", native, path if origin == path else None, library)


def library_path() -> str:
    """Where the library lies when it is installed: beside the package's modules."""
    names = {"win32": "libmercury.dll", "darwin": "libmercury.dylib"}
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return os.path.join(package, names.get(sys.platform, "libmercury.so"))


def _require_backend_of_cffi(path: str) -> None:
    """Raises Refused where `_cffi_backend` cannot be imported, or must not be."""
    if _would_turn_the_gil_on():
        raise Refused("cffi before 2.0 would turn the GIL on", hints.upgrade_cffi())
    try:
        import _cffi_backend  # noqa: F401
    except ModuleNotFoundError:
        hint = hints.install_cffi() if os.path.exists(path) else hints.install_library()
        raise Refused("cffi is not installed", hint) from None
    except ImportError as error:
        if "subinterpreter" in str(error):
            raise Refused("cffi does not run in isolated subinterpreters") from None
        raise Refused("the installed cffi cannot be imported", hints.reinstall_cffi()) from None


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
    if not os.path.lexists(path):
        return _open_program(ffi), "the library linked into the program"
    fault = library_file.problem(path)
    if fault is not None:
        raise Refused(f"the library {path} {fault}", hints.install_library())
    try:
        # NODELETE: unloading while handles live crashes the interpreter's exit.
        return ffi.dlopen(path, ffi.RTLD_NOW | getattr(ffi, "RTLD_NODELETE", 0)), path
    except OSError as error:
        raise Refused(f"the system cannot load the library: {error}", hints.install_library()) from None


def _open_program(ffi: Any) -> Any:
    """The program itself, where Mercury's core is linked into it. Raises Refused."""
    try:
        program = ffi.dlopen(None, ffi.RTLD_NOW)
        _symbol(ffi, program, "mercury_abi_header_hash")
    except (OSError, LookupError):
        raise Refused("the C library is not installed", hints.install_library()) from None
    return program


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
    raise Refused(reason, hints.install_library())


def _warn(loaded: Loaded) -> None:
    """Says once, at the line outside Mercury that came here, that the twin serves."""
    text = f"Mercury runs in pure Python: {loaded.reason}."
    if loaded.hint:
        text += f" {loaded.hint}"
    text += f" (Set {SUPPRESS_VARIABLE}=1 to silence this, {PURE_VARIABLE}=1 to choose it.)"
    frame: Any = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "mercury":
        frame = frame.f_back
    try:
        warnings.warn_explicit(text, RuntimeWarning, frame.f_code.co_filename, frame.f_lineno)
    except Exception:
        # Under -W error the warning is an exception, and loading promised not to raise one.
        with contextlib.suppress(Exception):
            print(text, file=sys.stderr)
