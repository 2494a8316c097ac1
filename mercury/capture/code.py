"""What kind of code a frame runs: the ORM's plumbing, an interpreter's loop, or the program itself.

The answer is a few bits per code object, found by address: hashing a code object walks
its bytecode, which costs more than everything else here together.
"""

import functools
import os
import sys
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from types import CodeType, FrameType
from typing import Dict, List, Optional, Tuple

from mercury.capture.elements import ElementReader, reader_for, readers

PLUMBING = 1
"""The ORM and its database layer: what it does for one call is one operation."""
GENERATOR = 2
"""A generator or coroutine: its caller may change while it lives."""
ELEMENT = 4
"""An interpreter that is at an element; see mercury.capture.elements."""
CUT = 8
"""An executor's worker: what lies outside of it did not cause the query."""
RAW = 16
"""A database cursor's own method: an operation that must not be held."""
SPAWNER = 128
"""The machinery of threads, pools and event loops, which hands work over."""
TASK = 256
"""Beside CUT: what a task may do, as an event loop's step of it, or a part of a streamed body."""
SAVE = 32
"""A model's own `save`: an operation also where a related manager saves one row after the other."""
ONE_BY_ONE = 64
"""A related manager's method that may do so."""

_MAX_CODES = 16384
_PROMPTS = ("<string>", "<stdin>", "<console>", "<python-input-", "<ipython-input-")
"""Code that came by `-c`, a pipe or a prompt has no file, and is the user's own all the same."""
_SUSPENDABLE = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR
_CUT_FUNCTIONS = (
    ("concurrent/futures/thread.py", "_worker"),
    ("asgiref/sync.py", "thread_handler"),
    ("asyncio/events.py", "_run"),
    ("asyncio/tasks.py", "__step"),  # PyPy has it in Python, between the event loop and the task
    ("capture/spawning.py", "__call__"),
    ("mercury/django/middleware.py", "__next__"),
    ("mercury/django/middleware.py", "__anext__"),
)
_SPAWNERS = ("/asyncio/", "/asgiref/", "/concurrent/futures/", "/threading.py", "/contextvars.py", "/_contextvars.py")


def _folder_of(code: CodeType, above: int = 0) -> str:
    """The folder of the file that code says it is from, or the one so many above it, with a slash at the end.

    A module's `__file__` need not agree with that: frozen programs cut the paths of code, and
    importers that read no files give no `__file__`.
    """
    name = code.co_filename.replace(os.sep, "/")
    return name.rsplit("/", above + 1)[0] + "/" if name.count("/") > above else _NO_FOLDER


_NO_FOLDER = "\0"
"""What no name begins with."""
_PACKAGE = _folder_of(_folder_of.__code__, above=1)

kinds: Dict[int, int] = {}
"""Bits by address of the code object. `_codes` keeps those objects alive, or an address would be given twice."""
_codes: List[Tuple[CodeType, Optional[ElementReader]]] = []


def classify(code: CodeType) -> int:
    """The bits of a code object met for the first time; remembers them in `kinds`."""
    if len(_codes) >= _MAX_CODES:
        # Only a program that keeps generating code gets here. Forgetting is safe: what
        # a trace still needs, the trace itself keeps alive.
        kinds.clear()
        readers.clear()
        _codes.clear()
    filename = code.co_filename.replace(os.sep, "/")
    kind = GENERATOR if code.co_flags & _SUSPENDABLE else 0
    if is_plumbing(filename) or _is_partial(filename, code.co_name):
        kind |= PLUMBING
        if filename.endswith("django/db/backends/utils.py"):
            kind |= RAW
    if filename.endswith("django/db/models/base.py") and code.co_name == "save":
        kind |= SAVE
    if filename.endswith("django/db/models/fields/related_descriptors.py") and code.co_name in ("add", "_clear"):
        kind |= ONE_BY_ONE
    if _is_cut(filename, code.co_name):
        kind |= CUT
        if code.co_name in ("_run", "__step", "__next__", "__anext__"):
            kind |= TASK
    if any(part in filename for part in _SPAWNERS):
        kind |= SPAWNER
    reader = reader_for(filename, code.co_name)
    if reader is not None:
        kind |= ELEMENT
        readers[id(code)] = reader
    _codes.append((code, reader))
    kinds[id(code)] = kind
    return kind


def kind_of(frame: FrameType) -> int:
    """The bits of a frame's code object."""
    kind = kinds.get(id(frame.f_code), -1)
    return classify(frame.f_code) if kind < 0 else kind


def _is_partial(filename: str, function: str) -> bool:
    # Django calls its execute wrappers through functools.partial, which PyPy has in Python.
    return function == "__call__" and filename == _standard_library() + "functools.py"


def _is_cut(filename: str, function: str) -> bool:
    return any(function == name and filename.endswith("/" + file) for file, name in _CUT_FUNCTIONS)


def is_plumbing(filename: str) -> bool:
    """Is this a file of the ORM, of its database layer, of the cache in the database, or of Mercury itself?"""
    if filename.startswith(_PACKAGE):
        return not filename.startswith(_PACKAGE + "django/middleware")
    django = _django_folder()
    return django is not None and filename.startswith(
        (django + "db/", django + "contrib/contenttypes/", django + "core/cache/backends/db.py")
    )


def is_library(filename: str) -> bool:
    """Is this a file of an installed package, the standard library or generated code, not the user's own?"""
    known = _libraries.get(filename)
    if known is None:
        if len(_libraries) >= _MAX_CODES:
            _libraries.clear()
        known = _libraries[filename] = _is_of_library(filename.replace(os.sep, "/"))
    return known


_libraries: Dict[str, bool] = {}


def _is_of_library(name: str) -> bool:
    if name.startswith(_PROMPTS):
        return False
    if name.startswith(("<", _PACKAGE)):
        return True
    return "/site-packages/" in name or "/dist-packages/" in name or name.startswith(_standard_library())


def _django_folder() -> Optional[str]:
    code = getattr(getattr(sys.modules.get("django"), "setup", None), "__code__", None)
    return _folder_of(code) if isinstance(code, CodeType) else None


def _standard_library() -> str:
    # Of the modules that are there from the start, this one is never built into the interpreter.
    return _folder_of(functools.wraps.__code__)
