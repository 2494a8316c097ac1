"""The loops around a query that comes again, and what each of them runs over.

All frames of the call path are looked at, the outermost first, because only the core can say
later which of them turned. What is kept of a loop are names, numbers and keyed digests.
"""

from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from itertools import groupby
from types import FrameType
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

from mercury.capture import iterables, rows
from mercury.capture.bytecode import Loop, line_at, loops_around, stable_offset
from mercury.capture.code import is_library
from mercury.capture.local_variables import locals_of
from mercury.capture.parameters import basic, digest

_MAX_FRAMES = 64
_MAX_ELEMENTS = 12
_LIMIT_OF_GET = 21
_MAX_NAMES = 100
_LISTS = frozenset(map(id, (list, tuple, set, frozenset, range, slice)))
_SUSPENDABLE = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR

CHUNKS = "chunks"
"""Runs over rows, but each turn has many of them."""
LIBRARY = "library"
"""A library's loop of which nothing is known: mostly over the nodes of a template, fields, columns."""
CODES = "codes"
"""Runs over the rows of a table that does not grow; see rows.is_code_table."""


class LoopSource(NamedTuple):
    """One loop: the frame that runs it, as an index into the call path, its line, and what it runs over.

    `kind` is one of mercury.capture.iterables or of this module. `row` names what a turn
    works on, `element` is a keyed digest of it (0: not known), `bound` the most turns
    that there can be (0: not known). `elements` has one of each look so far, with a hash of
    those that the loops around it were at. `power`: see iterables.Origin. `is_page`: the bound is the
    size of a page, not where a queryset happens to be sliced. `head` tells loops on one line apart.
    """

    depth: int
    line: int
    kind: str
    row: str = ""
    model: str = ""
    table: str = ""
    bound: int = 0
    element: int = 0
    elements: Tuple[Tuple[int, int], ...] = ()
    power: int = 1
    is_page: bool = False
    head: int = 0

    @property
    def comes_back(self) -> bool:
        """Was an element seen while the loops around were at several? Then the loop began anew over the same ones."""
        seen = set(self.elements)
        return len({element for element, _ in seen}) < len(seen)


class Width(NamedTuple):
    """How much one statement carries: lists of values that it was given, and the number of its LIMIT (0: none)."""

    is_wide: bool = False
    limit: int = 0

    @property
    def is_page(self) -> bool:
        """Does it bring several rows and no more? `get()` asks for 21 to tell one from several."""
        return self.limit > 1 and self.limit != _LIMIT_OF_GET


class Root(NamedTuple):
    """The frame that opened the unit, and the instruction at which it did: a loop around that is none of the unit's."""

    frame: Optional[FrameType]
    offset: int


def look(frames: Sequence[Any], root: Root, loop_frame: Optional[FrameType], width: Width) -> List[LoopSource]:
    """The loops around the operation, which is the last of `frames`; the innermost of each frame first."""
    found: List[LoopSource] = []
    last = len(frames) - 1
    for depth in range(max(0, last - _MAX_FRAMES), last):
        frame = frames[depth]
        if isinstance(frame, FrameType):
            inner = frames[depth + 1] if depth + 1 < last else None
            found += _of_frame(depth, frame, root, inner, width)
            if frame is loop_frame and (not found or found[-1].depth != depth):
                found += _of_call(depth, frame, False)
    return found


def look_at_callers(frames: Sequence[FrameType], root: Root, first_depth: int) -> List[LoopSource]:
    """The loops around work that is being handed over; `first_depth` is the index of the first frame in the path."""
    found: List[LoopSource] = []
    for index, frame in enumerate(frames[-_MAX_FRAMES:], max(0, len(frames) - _MAX_FRAMES)):
        inner = frames[index + 1] if index + 1 < len(frames) else None
        found += _of_frame(first_depth + index, frame, root, inner, Width())
    if frames:
        # `gather`, `map` and their like hand over many things at one instruction.
        found += _of_call(first_depth + len(frames) - 1, frames[-1], True)
    return found


def _of_frame(depth: int, frame: FrameType, root: Root, inner: Any, width: Width) -> List[LoopSource]:
    offset = frame.f_lasti
    around = loops_around(frame.f_code, offset)
    if around and frame is root.frame:
        opened = stable_offset(frame.f_code, root.offset)
        around = [loop for loop in around if opened not in loop.offsets]
    return [_source(depth, frame, loop, width) for loop in around if offset not in loop.head or not _fetches(inner)]


def _fetches(inner: Any) -> bool:
    """Does what a frame calls from a loop's head give the loop its next element, instead of working on one?"""
    return not isinstance(inner, FrameType) or bool(inner.f_code.co_flags & _SUSPENDABLE)


def _of_call(depth: int, frame: FrameType, is_known: bool) -> List[LoopSource]:
    origin = iterables.origin_of_call(frame, is_known)
    if origin.kind == iterables.UNKNOWN:
        return []
    row = _WORDS.get(origin.kind, "")
    return [LoopSource(depth, line_at(frame.f_code, frame.f_lasti), origin.kind, row, bound=origin.bound)]


_WORDS = {iterables.ROWS: "a value of rows", iterables.INPUT: "a value that came from outside"}


def _source(depth: int, frame: FrameType, loop: Loop, width: Width) -> LoopSource:
    held = locals_of(frame, loop.variables)
    is_own = not is_library(frame.f_code.co_filename)
    origin = iterables.origin_of_loop(frame, loop) if is_own else _of_library(frame, loop, held)
    unknown = LoopSource(depth, loop.line, origin.kind, "", "", "", origin.bound, _element(held), (), origin.power)
    unknown = unknown._replace(head=min(loop.offsets))
    if origin.kind in (iterables.CONSTANT, iterables.ADDRESS):
        return unknown
    if origin.kind in (iterables.WHILE, iterables.ANSWERS) and width.is_page:
        return unknown._replace(kind=CHUNKS)
    for name, value in zip(loop.variables, held):
        found = _row(name, value, origin.kind)
        if found is not None:
            found = found._replace(depth=depth, line=loop.line, bound=origin.bound)
            return found._replace(power=origin.power, is_page=origin.is_page, head=unknown.head)
    is_part = origin.is_stepped or any(id(type(value)) in _LISTS for value in held)
    if not origin.is_grouped and (any(rows.is_many(value) for value in held) or (width.is_wide and is_part)):
        return unknown._replace(kind=CHUNKS)
    row = _WORDS.get(origin.kind, "")
    named = f"`{loop.variables[0]}`, {row}" if row and loop.variables else row
    return unknown._replace(row=named)


def _row(name: str, value: Any, kind: str) -> Optional[LoopSource]:
    """A loop whose variable holds a row, or what is made of one."""
    instance = rows.row_within(value)
    if instance is not None:
        model = type(instance)
        label = rows.model_name(model)
        words = f"`{name}`, a {label}" if instance is value else f"the {label} of `{name}`"
        found = iterables.ROWS if not rows.is_code_table(model) else CODES
        return LoopSource(0, 0, found, words, label, rows.table_of(model), element=rows.key_of(instance))
    if type(value) is dict and kind == iterables.ROWS:
        return LoopSource(0, 0, kind, f"`{name}`, a row of values", element=digest(tuple(value.values())))
    return None


def _of_library(frame: FrameType, loop: Loop, held: List[Any]) -> iterables.Origin:
    """Of a template's `for` the iterated object is at hand; of other loops of libraries the variable has to tell.

    Values, such as the items that a serializer gets, come from where the application called.
    """
    if any(type(value) is dict for value in held) and _is_constant_for_library(frame):
        return iterables.Origin(iterables.CONSTANT)
    code = frame.f_code
    if (
        "item" in loop.variables
        and code.co_name == "render"
        and code.co_filename.replace("\\", "/").endswith("django/template/defaulttags.py")
    ):
        values, context = locals_of(frame, ("values", "context"))
        if rows.is_source(values) or rows.is_page(values):
            page = values if rows.is_page(values) else _page_of(values, context)
            bound = rows.bound_of(values if page is None else page)
            return iterables.Origin(iterables.ROWS, bound, is_page=page is not None)
    return iterables.Origin(LIBRARY)


def _page_of(values: Any, context: Any) -> Any:
    """The page whose rows these are, if the template has it as well; Django's list views give both."""
    layers = rows.own_dict(context).get("dicts")
    for layer in layers if type(layers) is list else ():
        # Django's layers are of a class of its own.
        for held in list(dict.values(layer))[:_MAX_NAMES] if isinstance(layer, dict) else ():
            if rows.is_page(held) and rows.own_dict(held).get("object_list") is values:
                return held
    return None


def _is_constant_for_library(frame: FrameType) -> bool:
    caller: Optional[FrameType] = frame.f_back
    for _ in range(_MAX_FRAMES):
        if caller is None:
            return False
        if not is_library(caller.f_code.co_filename):
            return iterables.is_called_with_constants(caller)
        caller = caller.f_back
    return False


def _element(held: List[Any]) -> int:
    plain = tuple(map(basic, held))
    if not plain or any(type(value) not in (int, str) for value in plain):
        return 0
    return digest(plain)


def merged(known: Tuple[LoopSource, ...], seen: List[LoopSource]) -> Tuple[LoopSource, ...]:
    """What two looks at one call path say together; `element` is then 0 where it has changed."""
    earlier = {(loop.depth, loop.line, loop.head): loop for loop in known}
    found = []
    around = 0
    for loop in _from_outside(seen):
        before = earlier.pop((loop.depth, loop.line, loop.head), None)
        elements = () if before is None else before.elements
        if loop.element and len(elements) < _MAX_ELEMENTS:
            elements = (*elements, (loop.element, around))
        found.append((loop if before is None else _merged(before, loop))._replace(elements=elements))
        around = hash((around, loop.element))
    return (*_from_outside(found), *earlier.values())


def _from_outside(seen: List[LoopSource]) -> List[LoopSource]:
    """The loops of each frame the other way round; those of one frame stand together."""
    frames = [list(loops) for _, loops in groupby(seen, key=lambda loop: loop.depth)]
    return [loop for loops in frames for loop in reversed(loops)]


def _merged(before: LoopSource, now: LoopSource) -> LoopSource:
    best = before if _STRENGTH[before.kind] > _STRENGTH[now.kind] else now
    return best._replace(element=now.element if now.element == before.element else 0)


_STRENGTH = {
    LIBRARY: 0,
    iterables.UNKNOWN: 0,
    iterables.WHILE: 0,
    iterables.ANSWERS: 0,
    iterables.CONSTANT: 1,
    iterables.ADDRESS: 1,
    iterables.INPUT: 2,
    iterables.ROWS: 3,
    CODES: 4,
    CHUNKS: 5,
}
