"""Where a project lies in its repository: services that show code want paths relative to that root."""

import os
import posixpath
from pathlib import Path
from typing import Dict, Iterable, Mapping, Tuple
from urllib.parse import quote

from mercury.testing.suite import SuiteFinding
from mercury.testing.verdict import SuiteVerdict

Place = Tuple[str, int]

UNKNOWN = "unknown"
"""Stands where nothing that is known lies in the repository; some services refuse a result without a file."""


class Repository:
    """The repository around a project's root: the nearest folder with a .git, or GITHUB_WORKSPACE around it."""

    def __init__(self, root: Path, environment: Mapping[str, str] = os.environ) -> None:
        inside = Path(os.path.abspath(root))
        self.root = _top(inside, environment)
        self._prefix = inside.relative_to(self.root).as_posix()
        self._paths: Dict[str, str] = {}

    def path(self, file: str) -> str:
        """The path of a file below the repository's root; empty where it has none there, as those of libraries."""
        if file not in self._paths:
            path = posixpath.normpath(posixpath.join(self._prefix, file))
            is_inside = bool(file) and not path.startswith(("../", "/"))
            self._paths[file] = path if is_inside and os.path.isfile(os.path.join(self.root, path)) else ""
        return self._paths[file]

    def place(self, finding: SuiteFinding, verdict: SuiteVerdict) -> Place:
        """The first that lies in the repository of: the line that sent the queries, the loop, a test that found it."""
        cause = finding.cause
        tests = (verdict.suite.tests.get(name) for name in finding.tests)
        places = [(cause.file, cause.line), (cause.loop_file, cause.loop_line)]
        return self.first([*places, *((test.file, test.line) for test in tests if test is not None)])

    def first(self, places: Iterable[Place]) -> Place:
        """The first that lies in the repository, from there; UNKNOWN where none does."""
        for file, line in places:
            path = self.path(file)
            if path:
                return path, max(1, line)
        return UNKNOWN, 1


def _top(root: Path, environment: Mapping[str, str]) -> Path:
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            return folder
    workspace = environment.get("GITHUB_WORKSPACE")
    named = Path(os.path.abspath(workspace)) if workspace else root
    return named if named == root or named in root.parents else root


def uri(path: str) -> str:
    """A relative reference to a path, with all percent-encoded that is not plain."""
    try:
        return quote(path.encode("utf-8", "surrogateescape"), safe="/")
    except UnicodeEncodeError:
        return quote(path.encode("utf-8", "surrogatepass"), safe="/")
