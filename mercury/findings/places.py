"""Call paths as a person reads them: the line that sends the query, and the loop around it."""

from typing import Any, List, NamedTuple, Optional

from mercury.capture import bytecode
from mercury.capture.code import is_library
from mercury.capture.elements import CompiledTemplate, NamedElement, TemplateElement
from mercury.capture.spawning import from_nowhere
from mercury.findings import declarations
from mercury.trace import PathEntry


class Place(NamedTuple):
    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


NOWHERE = Place("", 0, "")


def trigger(path: List[PathEntry]) -> Place:
    """The innermost line of the application or its templates; of a library only where there is no such line.

    Outside of a request's handler stands middleware, which serves all views alike. Where nothing else is
    the application's, a declaration of its view or serializer is. Whoever executes GraphQL stands outside of its
    resolvers.
    """
    callers = path[:-1] or path
    for entry in reversed(_inside_handler(callers)):
        place = _own_place(entry) or _resolver_place(entry)
        if place is not None:
            return place
    return _declared(callers) or _outside(callers) or _code_place(callers[-1])


def _inside_handler(path: List[PathEntry]) -> List[PathEntry]:
    """The entries further in than the handler that calls the view; all where there is none."""
    for index in range(len(path) - 1, -1, -1):
        code = path[index].code
        if code.co_name in _HANDLERS and code.co_filename.replace("\\", "/").endswith("django/core/handlers/base.py"):
            return path[index + 1 :]
    return path


_HANDLERS = ("_get_response", "_get_response_async")


def _outside(path: List[PathEntry]) -> Optional[Place]:
    return next((place for place in map(_own_place, reversed(path)) if place is not None), None)


def _declared(path: List[PathEntry]) -> Optional[Place]:
    for entry in reversed(path):
        if isinstance(entry.element, NamedElement) and entry.element.module:
            place = declarations.find(entry.element)
            if place is not None:
                return Place(place.file, place.line, place.name)
    return None


def resolver(path: List[PathEntry]) -> str:
    """The innermost resolver of GraphQL on a call path, as `Type.field`; empty where there is none."""
    names = [_resolver_name(entry.element) for entry in reversed(path) if _is_resolver(entry.element)]
    return names[0] if names else ""


def _is_resolver(element: Any) -> bool:
    return isinstance(element, NamedElement) and element.kind == "resolver"


def _resolver_name(element: NamedElement) -> str:
    return f"{element.owner}.{element.name}"


def _resolver_place(entry: PathEntry) -> Optional[Place]:
    """The line that declares the resolver which this frame calls."""
    if not _is_resolver(entry.element) or not entry.element.module:
        return None
    place = declarations.find(entry.element)
    return None if place is None else Place(place.file, place.line, _resolver_name(entry.element))


def is_own(entry: PathEntry) -> bool:
    """Is this frame the application's or one of its templates?"""
    return isinstance(entry.element, TemplateElement) or not _is_library(entry)


def is_below(path: List[PathEntry], file: str, function: str) -> bool:
    """Is a function of this library's file on the call path, further in than all code of the application?"""
    for entry in reversed(path[:-1]):
        if entry.code.co_name == function and entry.code.co_filename.replace("\\", "/").endswith(file):
            return True
        if is_own(entry):
            return False
    return False


def loop(path: List[PathEntry], depth: int) -> Place:
    """The loop that the frame at `depth` runs; -1 means the core could not locate it."""
    if depth < 0 or depth >= len(path):
        return _enclosing_loop(path)
    for entry in reversed(_inside_handler(path[: depth + 1])):
        place = _own_loop(entry) or _resolver_place(entry)
        if place is not None:
            return place
    if path[depth].code is from_nowhere.__code__:
        # Nobody knows who reads a streamed body; it is made by a loop of its own.
        return _enclosing_loop(path)
    return _declared(path[: depth + 1]) or _loop_place(path[depth])


def loop_at(path: List[PathEntry], depth: int, line: int) -> Place:
    """The loop whose head is at `line` of the frame at `depth`; of a library's, the application's line around it."""
    found = loop(path, depth)
    is_own = depth < len(path) and _own_loop(path[depth]) == found and found.file == path[depth].code.co_filename
    return found._replace(line=_line(path[depth], line)) if is_own else found


def short(file: str) -> str:
    """A file's last two names, for use inside a sentence."""
    return "/".join(file.replace("\\", "/").rsplit("/", 2)[-2:])


def _own_place(entry: PathEntry) -> Optional[Place]:
    if isinstance(entry.element, TemplateElement):
        return Place(entry.element.file, entry.element.line, entry.element.contents)
    return None if _is_library(entry) else _code_place(entry)


def _own_loop(entry: PathEntry) -> Optional[Place]:
    if isinstance(entry.element, TemplateElement):
        return Place(entry.element.file, entry.element.line, entry.element.contents)
    return None if _is_library(entry) else _loop_place(entry)


def _is_library(entry: PathEntry) -> bool:
    return is_library(entry.code.co_filename) and not isinstance(entry.element, CompiledTemplate)


def _code_place(entry: PathEntry) -> Place:
    line = bytecode.line_at(entry.code, entry.offset)
    return Place(entry.code.co_filename, _line(entry, line), entry.code.co_name)


def _line(entry: PathEntry, line: int) -> int:
    return entry.element.line_of(line) if isinstance(entry.element, CompiledTemplate) else line


def _loop_place(entry: PathEntry) -> Place:
    line = bytecode.loop_line(entry.code, entry.offset)
    place = _code_place(entry)
    # No loop in the bytecode: something written in C, such as map() or sorted(), loops at this line.
    return place if line is None else place._replace(line=_line(entry, line))


def _enclosing_loop(path: List[PathEntry]) -> Place:
    for entry in reversed(path):
        if is_own(entry) and bytecode.loop_line(entry.code, entry.offset) is not None:
            return _loop_place(entry)
    return NOWHERE
