"""What the sources say at a line: its text, and the function around it. Both stay where lines move."""

import ast
import linecache
import warnings
from pathlib import Path
from typing import Dict, List, NamedTuple, Tuple

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class _Definition(NamedTuple):
    first: int
    last: int
    name: str


class Sources:
    """The files below a project's root, as they are on disk; what cannot be read says nothing."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: Dict[str, Tuple[List[str], List[_Definition]]] = {}

    def text(self, file: str, line: int) -> str:
        """The line without its white space."""
        lines, _ = self._file(file)
        return "".join(lines[line - 1].split()) if 0 < line <= len(lines) else ""

    def function(self, file: str, line: int) -> str:
        """The function around a line, with what is around that: `Page.get`. Empty where there is none."""
        _, definitions = self._file(file)
        return ".".join(each.name for each in definitions if each.first <= line <= each.last)

    def _file(self, file: str) -> Tuple[List[str], List[_Definition]]:
        if file not in self._files:
            lines = _lines(str(self._root / file))
            self._files[file] = lines, _definitions(lines) if file.endswith(".py") else []
        return self._files[file]


def _lines(path: str) -> List[str]:
    try:
        linecache.checkcache(path)
        return linecache.getlines(path)
    except ValueError:
        return []


def _definitions(lines: List[str]) -> List[_Definition]:
    """Outer ones first, for they begin first."""
    try:
        with warnings.catch_warnings():
            # Of the sources, their own run has warned.
            warnings.simplefilter("ignore")
            nodes = ast.walk(ast.parse("".join(lines)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return sorted(
        _Definition(node.lineno, node.end_lineno or node.lineno, node.name)
        for node in nodes
        if isinstance(node, _DEFINITIONS)
    )
