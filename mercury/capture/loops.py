"""The loops around a query that comes again, and what each of them runs over.

All frames of the call path are looked at, the outermost first, because only the core can say
later which of them turned. What is kept of a loop are names, numbers and keyed digests.
"""

import functools
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from types import CodeType, FrameType
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from mercury.capture import iterables, rows
from mercury.capture.bytecode import Loop, line_at, loops_around, may_loop, stable_offset
from mercury.capture.code import is_library
from mercury.capture.code_memory import once_for_place
from mercury.capture.local_variables import locals_of
from mercury.capture.parameters import basic, digest

_MAX_FRAMES = 64
_MAX_ELEMENTS = 12
_LIMIT_OF_GET = 21
_MAX_NAMES = 100
_MAX_PLACES = 8192
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
    `is_around`: nothing speaks for rows but a row that an object in the loop's variable holds.
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
    is_around: bool = False

    @property
    def stands(self) -> bool:
        """Did all looks find one element, and more than one look any?"""
        return bool(self.element) and len(self.elements) > 1

    def with_elements(self, elements: Sequence[Tuple[int, int]]) -> "LoopSource":
        """The same after looks that found all these elements."""
        is_same = all(element == self.element for element, _ in elements)
        return self._replace(elements=tuple(elements), element=self.element if is_same else 0)

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


class _OfFrame(NamedTuple):
    """The loops of one frame, the innermost first.

    `origin` is where the elements come from of the loop that one activation runs no more than once, and `start` its
    first instruction; see `_runs_once`.
    """

    loops: List[LoopSource]
    origin: Optional[iterables.Origin] = None
    start: int = -1


_NO_LOOPS = _OfFrame([])


class Seen:
    """What the last look found at the frames of one stack, the outermost first.

    `still` is how many of them have not moved since: what they said then, they would say again. The next one has
    moved and is still the same activation. Whoever changes the stack keeps it.
    """

    __slots__ = ("_frames", "_width", "still")

    def __init__(self) -> None:
        self.still = 0
        self._frames: List[_OfFrame] = []
        self._width: Optional[Tuple[bool, bool]] = None

    def of_still(self, width: Width) -> List[_OfFrame]:
        """What the frames say that have not moved; it may depend on how wide the statement is."""
        return self._frames[: self.still] if self._width == (width.is_wide, width.is_page) else []

    def of_activation(self, depth: int) -> _OfFrame:
        """What the frame at this depth said if it is the same activation."""
        return self._frames[depth] if depth <= self.still and depth < len(self._frames) else _NO_LOOPS

    def keep(self, frames: List[_OfFrame], width: Width) -> None:
        self._frames = frames
        self._width = width.is_wide, width.is_page
        # The innermost frame may next have another one between it and the operation.
        self.still = max(0, len(frames) - 1)


def look(frames: Sequence[Any], root: Root, calling: Optional[FrameType], width: Width, seen: Seen) -> List[LoopSource]:
    """The loops around the operation, which is the last of `frames`; the innermost of each frame first.

    `calling` may be at a call that loops, where its code has no loop.
    """
    last = len(frames) - 1
    if last > _MAX_FRAMES:
        # Of the innermost ones alone; they have other places in the path each time.
        seen.keep([], width)
        seen = Seen()
    first = max(0, last - _MAX_FRAMES)
    known = seen.of_still(width)
    found = [loop for of_frame in known for loop in of_frame.loops]
    for depth in range(first + len(known), last):
        frame = frames[depth]
        of_frame = _NO_LOOPS
        if isinstance(frame, FrameType):
            place = _place(frame.f_code, frame.f_lasti)
            if place is not None:
                inner = frames[depth + 1] if depth + 1 < last else None
                of_frame = _of_frame(depth, frame, place, root, inner, width, seen.of_activation(depth))
                found += of_frame.loops
            if frame is calling and not of_frame.loops:
                found += _of_call(depth, frame, False)
        known.append(of_frame)
    seen.keep(known, width)
    return found


def look_at_callers(frames: Sequence[FrameType], root: Root, first_depth: int) -> List[LoopSource]:
    """The loops around work that is being handed over; `first_depth` is the index of the first frame in the path."""
    found: List[LoopSource] = []
    for index, frame in enumerate(frames[-_MAX_FRAMES:], max(0, len(frames) - _MAX_FRAMES)):
        place = _place(frame.f_code, frame.f_lasti)
        if place is not None:
            inner = frames[index + 1] if index + 1 < len(frames) else None
            found += _of_frame(first_depth + index, frame, place, root, inner, Width(), _NO_LOOPS).loops
    if frames:
        # `gather`, `map` and their like hand over many things at one instruction.
        found += _of_call(first_depth + len(frames) - 1, frames[-1], True)
    return found


class _Around(NamedTuple):
    """What the code alone says of a loop around an instruction.

    `may_tell`: a variable of it may hold a row, or its source be read. `is_of_template`: see `_is_of_template`.
    """

    loop: Loop
    may_tell: bool
    is_of_template: bool


class _Place(NamedTuple):
    """An instruction in loops, the innermost first."""

    offset: int
    loops: Tuple[_Around, ...]
    is_of_library: bool


@once_for_place(_MAX_PLACES)
def _place(code: CodeType, offset: int) -> Optional[_Place]:
    """The place of an instruction; None where no loop is around."""
    around = loops_around(code, offset) if may_loop(code) else ()
    if not around:
        return None
    is_of_library = is_library(code.co_filename)
    loops = [_Around(loop, _may_tell(code, loop, is_of_library), _is_of_template(code, loop)) for loop in around]
    return _Place(stable_offset(code, offset), tuple(loops), is_of_library)


def _may_tell(code: CodeType, loop: Loop, is_of_library: bool) -> bool:
    return not is_of_library or (bool(loop.variables) and not _is_over_nodes(code, loop))


def _of_frame(
    depth: int, frame: FrameType, place: _Place, root: Root, inner: Any, width: Width, before: _OfFrame
) -> _OfFrame:
    """`before` is what an earlier look at the same activation found."""
    around = _turning(frame, place, root, inner)
    if not around:
        return _NO_LOOPS
    telling = [each for each in around if each.may_tell]
    if not telling:
        return _OfFrame([_of_nothing(depth, each.loop.line, each.loop.start) for each in around])
    held = _held(frame, telling, before.origin is None)
    found: List[LoopSource] = []
    once = _NO_LOOPS
    for each in around:
        loop = each.loop
        if not each.may_tell:
            found.append(_of_nothing(depth, loop.line, loop.start))
            continue
        origin = (before.origin if loop.start == before.start else None) or _origin(frame, place, each, held)
        # Of a library's own loops, such as those over a formset's forms, such a row says more than nothing.
        is_foreign = place.is_of_library and not each.is_of_template
        found.append(_source(depth, loop, [held[name] for name in loop.variables], origin, width, is_foreign))
        if _runs_once(each, around):
            once = _OfFrame(found, origin, loop.start)
    return once if once.loops else _OfFrame(found)


def _turning(frame: FrameType, place: _Place, root: Root, inner: Any) -> Sequence[_Around]:
    """The loops that work on an element in this frame, of those that the unit has begun."""
    offset, around, _ = place
    if frame is root.frame:
        opened = stable_offset(frame.f_code, root.offset)
        around = tuple([each for each in around if opened not in each.loop.offsets])
    working = [each for each in around if offset not in each.loop.head]
    return working if len(working) < len(around) and _fetches(inner) else around


def _runs_once(known: _Around, around: Sequence[_Around]) -> bool:
    """Is this a loop over elements that one activation of the frame begins no more than once?

    A `while` has none, and a loop within another one begins anew at each turn. Compilers put the handlers of
    exceptions behind everything else, and a jump back from there looks like a loop around the template's one.
    """
    return bool(known.loop.variables) and (known is around[-1] or known.is_of_template)


@functools.lru_cache(maxsize=_MAX_PLACES)
def _of_nothing(depth: int, line: int, head: int) -> LoopSource:
    """A library's loop that has no variables, or none that could hold a row."""
    return LoopSource(depth, line, LIBRARY, "", "", "", 0, 0, (), 1, False, head)


def _held(frame: FrameType, around: List[_Around], is_first: bool) -> Dict[str, Any]:
    """What the variables hold that tell of these loops, read at once."""
    names = [name for each in around for name in each.loop.variables]
    if is_first and any(each.is_of_template for each in around):
        names += ("values", "context")
    return dict(zip(names, locals_of(frame, names))) if names else {}


def _origin(frame: FrameType, place: _Place, known: _Around, held: Dict[str, Any]) -> iterables.Origin:
    """Where the elements of a loop come from."""
    if not place.is_of_library:
        return iterables.origin_of_loop(frame, known.loop)
    if any(type(held[name]) is dict for name in known.loop.variables) and _is_constant_for_library(frame):
        # Values, such as the items that a serializer gets, come from where the application called.
        return iterables.Origin(iterables.CONSTANT)
    if known.is_of_template:
        return _of_template(held.get("values"), held.get("context"))
    return _OF_LIBRARY


_OF_LIBRARY = iterables.Origin(LIBRARY)
"""Of other loops of libraries the variable has to tell."""


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


def _source(
    depth: int, loop: Loop, held: List[Any], origin: iterables.Origin, width: Width, is_of_library: bool
) -> LoopSource:
    is_told = origin.kind in _TOLD or (origin.kind in _WHILE and width.is_page)
    row = None if is_told else _row(loop.variables, held, origin.kind)
    is_page = origin.is_page and row is not None
    if row is None:
        kind, words = _values(loop, held, origin, width)
        row = _Row(kind, words, "", "", _element(held))
    kind, words, model, table, element, is_around = row
    bound, power = origin.bound, origin.power
    is_around = is_around and origin.kind not in _WORDS and not is_of_library
    return LoopSource(
        depth, loop.line, kind, words, model, table, bound, element, (), power, is_page, loop.start, is_around
    )


_TOLD = (iterables.CONSTANT, iterables.ADDRESS)
_WHILE = (iterables.WHILE, iterables.ANSWERS)


class _Row(NamedTuple):
    """What one turn of a loop works on, in the fields of a LoopSource."""

    kind: str
    words: str
    model: str
    table: str
    element: int
    is_around: bool = False


def _values(loop: Loop, held: List[Any], origin: iterables.Origin, width: Width) -> Tuple[str, str]:
    """The kind of a loop whose variables hold no row, and words for what they hold."""
    if origin.kind in _TOLD:
        return origin.kind, ""
    if origin.kind in _WHILE and width.is_page:
        return CHUNKS, ""
    is_part = origin.is_stepped or any(id(type(value)) in _LISTS for value in held)
    if not origin.is_grouped and (any(map(rows.is_many, held)) or (width.is_wide and is_part)):
        return CHUNKS, ""
    words = _WORDS.get(origin.kind, "")
    return origin.kind, f"`{loop.variables[0]}`, {words}" if words and loop.variables else words


def _row(names: Tuple[str, ...], held: List[Any], kind: str) -> Optional[_Row]:
    """The first variable that holds a row, or what is made of one."""
    for name, value in zip(names, held):
        instance = rows.row_within(value)
        if instance is not None:
            model = type(instance)
            label = rows.model_name(model)
            words = f"`{name}`, {rows.with_article(label)}" if instance is value else f"the {label} of `{name}`"
            found = iterables.ROWS if not rows.is_code_table(model) else CODES
            return _Row(found, words, label, rows.table_of(model), rows.key_of(instance), instance is not value)
        if type(value) is dict and kind == iterables.ROWS:
            return _Row(kind, f"`{name}`, a row of values", "", "", digest(tuple(value.values())))
    return None


def _is_of_template(code: CodeType, loop: Loop) -> bool:
    """Is this the loop of a template's `for`?"""
    return "item" in loop.variables and _is_of_engine(code, ("defaulttags.py",))


def _is_over_nodes(code: CodeType, loop: Loop) -> bool:
    """Is this a loop of the template engine over the nodes that it renders?"""
    return loop.variables == ("node",) and _is_of_engine(code, ("base.py", "defaulttags.py"))


def _is_of_engine(code: CodeType, files: Tuple[str, ...]) -> bool:
    if code.co_name != "render":
        return False
    folder, _, file = code.co_filename.replace("\\", "/").rpartition("/")
    return file in files and folder.endswith("django/template")


def _of_template(values: Any, context: Any) -> iterables.Origin:
    """Of a template's `for` the iterated object is at hand."""
    if not rows.is_source(values) and not rows.is_page(values):
        return _OF_LIBRARY
    page = values if rows.is_page(values) else _page_of(values, context)
    bound = rows.bound_of(values if page is None else page)
    return iterables.Origin(iterables.ROWS, bound, is_page=page is not None)


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


def merged(known: Tuple[LoopSource, ...], seen: Sequence[LoopSource]) -> Tuple[LoopSource, ...]:
    """What two looks at one call path say together; `element` is then 0 where it has changed."""
    if not known and not any(loop.element for loop in seen):
        return tuple(seen)
    earlier = {(loop.depth, loop.line, loop.head): loop for loop in known}
    found = []
    around = 0
    for loop in _from_outside(seen):
        found.append(_merged(earlier.pop((loop.depth, loop.line, loop.head), None), loop, around))
        if loop.element:
            around = hash((around, loop.element))
    return (*_from_outside(found), *earlier.values())


def _from_outside(seen: Sequence[LoopSource]) -> List[LoopSource]:
    """The loops of each frame the other way round; those of one frame stand together."""
    found: List[LoopSource] = []
    start = 0
    for index, loop in enumerate(seen):
        if loop.depth != seen[start].depth:
            start = index
        found.insert(start, loop)
    return found


def _merged(before: Optional[LoopSource], now: LoopSource, around: int) -> LoopSource:
    """`around` stands for the elements of the loops around this one."""
    elements = () if before is None else before.elements
    if now.element and len(elements) < _MAX_ELEMENTS:
        elements = (*elements, (now.element, around))
    if before is None:
        best, element = now, now.element
    else:
        best = before if _STRENGTH[before.kind] > _STRENGTH[now.kind] else now
        element = now.element if now.element == before.element else 0
    if best.element == element and best.elements == elements:
        return best
    depth, line, kind, row, model, table, bound, _, _, power, is_page, head, is_around = best
    return LoopSource(depth, line, kind, row, model, table, bound, element, elements, power, is_page, head, is_around)


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
