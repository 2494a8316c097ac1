"""Loops as a code object shows them: the `for` line around an instruction, and its variables.

A backward jump closes a loop; its body is what can get to that jump without passing the
jump's target. The bytes between the two do not tell: compilers put the handlers of
exceptions behind everything else.
No source file is needed, so this works for installed, generated and deleted code alike.
"""

import dis
from bisect import bisect_left
from types import CodeType
from typing import Any, Dict, FrozenSet, Iterator, List, NamedTuple, Optional, Set, Tuple

from mercury.capture.code_memory import once_for_code, once_for_place

_MAX_CODES = 4096
_MAX_PLACES = 8192
_STORES = frozenset(("STORE_FAST", "STORE_NAME", "STORE_DEREF", "STORE_GLOBAL"))
_DOUBLE_STORES = frozenset(("STORE_FAST_STORE_FAST", "STORE_FAST_LOAD_FAST"))
_PASSED_BEFORE_STORES = frozenset(("UNPACK_SEQUENCE", "UNPACK_EX", "NOP", "CACHE", "EXTENDED_ARG"))
_PASSED_BY_ASYNC_FOR = frozenset(
    ("GET_ANEXT", "LOAD_CONST", "SEND", "YIELD_VALUE", "RESUME", "YIELD_FROM", "POP_BLOCK", "END_SEND")
)
_OPEN_ASYNC_FOR = ("SETUP_FINALLY", "SETUP_EXCEPT")
"""What stands in front of it before CPython 3.11, and in PyPy."""
_WAITING = "JUMP_BACKWARD_NO_INTERRUPT"
"""Comes back to an `await` or `yield from` that is not done yet; no loop of the program's."""
_WAITED = "END_SEND"
"""Where a jump ends that leaves an `await` or `yield from`; CPython 3.12 has it jump backward."""
_NEVER_GO_ON = frozenset(
    ("RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE", "JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_ABSOLUTE")
)


class Loop(NamedTuple):
    """A loop of one code object, as the offsets of its instructions.

    `head` are those that fetch the next element: there the body has not begun, and the
    variables are still those of the turn before. `start` is the first offset.
    """

    offsets: FrozenSet[int]
    line: int
    variables: Tuple[str, ...]
    head: FrozenSet[int]
    start: int


# CPython 3.11 splits a call into PRECALL and CALL, and runs it at the one or at the other
# depending on how far the code has been specialized.
_PRECALL = dis.opmap.get("PRECALL", -1)
_PRECALL_BYTES = 4
# From 3.11 on, a frame that waits for a Python function stands at the end of the call's
# cache entries, but at the call itself where C called that function.
_CACHE = dis.opmap.get("CACHE", -1)


def stable_offset(code: CodeType, offset: int) -> int:
    """The offset that stands for the instruction, however the interpreter has specialized it."""
    if offset < 0 or _CACHE < 0:
        return offset
    instructions = code.co_code
    while offset and instructions[offset] == _CACHE:
        offset -= 2
    return offset + _PRECALL_BYTES if instructions[offset] == _PRECALL else offset


@once_for_place(_MAX_PLACES)
def line_at(code: CodeType, offset: int) -> int:
    """The source line of the instruction at `offset`; the function's first line where none is recorded."""
    line = code.co_firstlineno
    for start, number in dis.findlinestarts(code):
        if start > offset:
            break
        if number is not None:
            line = number
    return line


def loop_line(code: CodeType, offset: int) -> Optional[int]:
    """The line of the innermost `for` or `while` around the instruction, or None."""
    loop = _innermost(code, offset)
    return None if loop is None else loop.line


def loop_variables(code: CodeType, offset: int) -> Tuple[str, ...]:
    """The names that the innermost loop around the instruction binds at each turn."""
    loop = _innermost(code, offset)
    return () if loop is None else loop.variables


@once_for_place(_MAX_PLACES)
def loops_around(code: CodeType, offset: int) -> List[Loop]:
    """The loops around the instruction, the innermost first."""
    instruction = stable_offset(code, offset)
    loops = [loop for loop in _loops(code) if instruction in loop.offsets]
    loops.sort(key=lambda loop: len(loop.offsets))
    return loops


def _innermost(code: CodeType, offset: int) -> Optional[Loop]:
    around = loops_around(code, offset)
    return around[0] if around else None


_JUMPS = frozenset((*dis.hasjrel, *dis.hasjabs))
_BACKWARD = bytes(number for name, number in dis.opmap.items() if "JUMP_BACKWARD" in name and name != _WAITING)
_MAY_LOOP = _BACKWARD or bytes(_JUMPS)
"""Before CPython 3.11, and in PyPy, the target alone tells a jump backward from one forward."""


@once_for_code(_MAX_CODES)
def may_loop(code: CodeType) -> bool:
    """Does a jump backward stand in the code? Most code has none."""
    operations = code.co_code[::2]
    return len(operations.translate(None, _MAY_LOOP)) < len(operations)


class _Instructions:
    """The instructions of one function, one list for each thing that is asked of them.

    An object for each would be for the collector to follow, and a suite of tests meets so much code that its full
    collections would come sooner. `targets` has the offset that an instruction jumps to, `stored` what it stores in;
    None for others.
    """

    __slots__ = ("indexes", "names", "offsets", "stored", "targets")

    def __init__(self, code: CodeType) -> None:
        self.offsets: List[int] = []
        self.names: List[str] = []
        self.targets: List[Optional[int]] = []
        self.stored: List[Any] = []
        for instruction in dis.get_instructions(code):
            name, value = instruction.opname, instruction.argval
            self.offsets.append(instruction.offset)
            self.names.append(name)
            self.targets.append(value if instruction.opcode in _JUMPS else None)
            self.stored.append(value if name in _STORES or name in _DOUBLE_STORES else None)
        self.indexes = {offset: index for index, offset in enumerate(self.offsets)}

    def target(self, index: int) -> Optional[int]:
        """The index of the instruction that this one jumps to, or None."""
        target = self.targets[index]
        return None if target is None else self.indexes.get(target)


@once_for_code(_MAX_CODES)
def _loops(code: CodeType) -> List[Loop]:
    if not may_loop(code):
        # Reading all instructions would be the most that is done for a function.
        return []
    instructions = _Instructions(code)
    offsets, names = instructions.offsets, instructions.names
    jumps = _jumps_to(code, instructions)
    bodies: Dict[int, Set[int]] = {}
    for index, name in enumerate(names):
        head = instructions.target(index)
        if head is not None and head <= index and name != _WAITING and names[head] != _WAITED:
            body = _body(head, index, jumps, names)
            # A loop begins at its head. What can be come to otherwise is a handler of exceptions that goes on above.
            if head == 0 or 0 not in body:
                bodies.setdefault(head, {head}).update(body)
    return [
        Loop(
            frozenset(offsets[index] for index in body),
            _head_line(code, instructions, _without_prefix(names, head)),
            *_variables(instructions, _without_prefix(names, head)),
            min(offsets[index] for index in body),
        )
        for head, body in bodies.items()
    ]


def _without_prefix(names: List[str], head: int) -> int:
    """The index of the instruction itself: where a loop is long, the jump back ends at a prefix of it."""
    index = head
    while names[index] == "EXTENDED_ARG" and index + 1 < len(names):
        index += 1
    return index if names[index] == "FOR_ITER" else head


def _jumps_to(code: CodeType, instructions: _Instructions) -> Dict[int, List[int]]:
    """For each instruction those that may run right before it, but for the one in front of it."""
    jumps: Dict[int, List[int]] = {}
    for index in range(len(instructions.names)):
        target = instructions.target(index)
        if target is not None:
            jumps.setdefault(target, []).append(index)
    for start, end, handler in _protected(code, instructions):
        jumps.setdefault(handler, []).extend(range(start, end))
    return jumps


def _protected(code: CodeType, instructions: _Instructions) -> Iterator[Tuple[int, int, int]]:
    """The ranges of instructions whose exceptions go to a handler, as (first, end, handler)."""
    offsets = instructions.offsets
    for entry in getattr(dis.Bytecode(code), "exception_entries", ()):
        handler = instructions.indexes.get(entry.target)
        first, end = bisect_left(offsets, entry.start), bisect_left(offsets, entry.end)
        if handler is not None and first < end:
            yield first, end, handler
    # Before CPython 3.11, and in PyPy, an instruction opens the range.
    for index, name in enumerate(instructions.names):
        handler = instructions.target(index) if name.startswith("SETUP_") else None
        if handler is not None:
            yield index, handler, handler


def _body(head: int, jump: int, jumps: Dict[int, List[int]], names: List[str]) -> Set[int]:
    """All instructions that can get to the one at `jump` without passing `head`."""
    body = {head, jump}
    waiting = [jump]
    while waiting:
        index = waiting.pop()
        if index != head:
            fresh = [source for source in jumps.get(index, ()) if source not in body]
            if index and names[index - 1] not in _NEVER_GO_ON and index - 1 not in body:
                fresh.append(index - 1)
            body.update(fresh)
            waiting.extend(fresh)
    return body


def _is_for(names: List[str], head: int) -> bool:
    if names[head] in _OPEN_ASYNC_FOR and head + 1 < len(names):
        head += 1
    return names[head] in ("FOR_ITER", "GET_ANEXT")


def _head_line(code: CodeType, instructions: _Instructions, head: int) -> int:
    first = instructions.offsets[head]
    if _is_for(instructions.names, head) or head == 0:
        return line_at(code, first)
    # `while` tests once before the loop and again at its end: the line is the first test's.
    # All that is left of `while True` is an instruction that does nothing.
    target = instructions.targets[head - 1]
    is_test = instructions.names[head - 1] == "NOP" or (target is not None and target > first)
    return line_at(code, instructions.offsets[head - 1] if is_test else first)


def _variables(instructions: _Instructions, head: int) -> Tuple[Tuple[str, ...], FrozenSet[int]]:
    """The names stored right behind the head of a `for`, also from unpacking, and the offsets before the first."""
    found: List[str] = []
    before: List[int] = []
    names = instructions.names
    if not _is_for(names, head):
        return (), frozenset()
    passed = _PASSED_BEFORE_STORES
    if names[head] != "FOR_ITER":
        passed |= _PASSED_BY_ASYNC_FOR | {_WAITING}
    for index in range(head, len(names)):
        name, stored = names[index], instructions.stored[index]
        if name in _STORES:
            found.append(str(stored))
        elif name in _DOUBLE_STORES:
            both = stored if isinstance(stored, tuple) else ()
            found.extend(str(each) for each in (both[:1] if "LOAD" in name else both))
            if "LOAD" in name:
                break
        elif index > head and name not in passed:
            break
        elif not found:
            before.append(instructions.offsets[index])
    return tuple(found), frozenset(before)
