"""Where the application declares what a library runs: a view's queryset, a serializer's field, a resolver."""

import ast
import re
import sys
import tokenize
from functools import lru_cache
from typing import Any, Dict, NamedTuple, Optional, Tuple

from mercury.capture.code import is_library
from mercury.capture.elements import NamedElement

_MAX_FILES = 64


class Declaration(NamedTuple):
    file: str
    line: int
    name: str


_OF_VIEWS = ("queryset", "get_queryset", "list_display", "model", "serializer_class")
"""What of a view says most about the rows that it shows, the best first."""


def find(element: NamedElement) -> Optional[Declaration]:
    """The line that declares an element; None where its class is a library's or has no source."""
    file = getattr(sys.modules.get(element.module), "__file__", None)
    if not isinstance(file, str) or is_library(file):
        return None
    members = _classes(file).get(element.owner)
    if members is None:
        return None
    names = _names_of(element)
    return next((members[name] for name in (*names, "") if name in members), None)


def _names_of(element: NamedElement) -> Tuple[str, ...]:
    """The members that may declare an element, the best first."""
    if element.kind == "view":
        return _OF_VIEWS
    if element.kind == "resolver":
        # GraphQL writes taskCount for task_count.
        name = re.sub(r"(?<!^)([A-Z])", r"_\1", element.name).lower()
        return (f"resolve_{name}", name, "fields", "")
    return (element.name, "fields", "")


@lru_cache(_MAX_FILES)
def _classes(file: str) -> Dict[str, Dict[str, Declaration]]:
    """The members of each class of a file by name; "" is the class itself."""
    try:
        with tokenize.open(file) as source:
            tree = ast.parse(source.read())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    return {node.name: _members(file, node) for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


def _members(file: str, node: ast.ClassDef) -> Dict[str, Declaration]:
    found = {"": Declaration(file, node.lineno, node.name)}
    for inner in node.body:
        for name in _names(inner):
            found.setdefault(name, Declaration(file, inner.lineno, f"{node.name}.{name}"))
    for inner in node.body:
        if isinstance(inner, ast.ClassDef) and inner.name == "Meta":
            for name, place in _members(file, inner).items():
                found.setdefault(name, place)
    return found


def _names(node: Any) -> Any:
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return [node.name] if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else []
