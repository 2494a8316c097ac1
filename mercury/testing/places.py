"""Where code stands, told the same on every machine, and whether it is a test's own."""

import os
import re
import sys
from pathlib import Path
from typing import Any, Tuple

_LIBRARIES = re.compile(r".*/(?:site|dist)-packages/")
_TEST_FILE = re.compile(r"(?:^|/)(?:conftest|tests?|test_[^/]*|[^/]*_tests?|factories)\.py$")
_TEST_FOLDER = re.compile(r"(?:^|/)tests?/")


def root_folder(start: Path) -> Path:
    """The nearest folder from here upward that has a folder .mercury, or else this one."""
    start = start.absolute()
    return next((folder for folder in (start, *start.parents) if (folder / ".mercury").is_dir()), start)


def is_configured() -> bool:
    """Has this process loaded Django with a project's settings?"""
    django = sys.modules.get("django.conf")
    return django is not None and bool(django.settings.configured)


class Root:
    """The folder that files are told relative to."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.abspath(folder)
        self._prefix = self.folder.replace(os.sep, "/").rstrip("/") + "/"

    def relative(self, file: str) -> str:
        """A file's name below the root, or below the folder of libraries that it is in; else as it is."""
        name = file.replace(os.sep, "/")
        if _LIBRARIES.match(name):
            return _LIBRARIES.sub("", name)
        if name.startswith(_standard_library()):
            return "python/" + name[len(_standard_library()) :]
        return name[len(self._prefix) :] if name.startswith(self._prefix) else name


def is_of_tests(file: str) -> bool:
    """Is this the name, below the root, of a file that only tests use?"""
    return bool(_TEST_FILE.search(file) or _TEST_FOLDER.search(file))


def definition(function: Any) -> Tuple[str, int]:
    """The file and the first line of a function, below its decorators; ("", 0) where it has none."""
    while True:
        inner = getattr(function, "__wrapped__", None) or getattr(function, "__func__", None)
        if inner is None:
            break
        function = inner
    code = getattr(function, "__code__", None)
    return ("", 0) if code is None else (code.co_filename, code.co_firstlineno)


def _standard_library() -> str:
    return os.path.dirname(os.__file__).replace(os.sep, "/") + "/"
