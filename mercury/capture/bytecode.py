"""Loops as a code object shows them: the `for` line around an instruction, and its variables.

A backward jump closes a loop; its body is what can get to that jump without passing the
jump's target. The bytes between the two do not tell: compilers put the handlers of
exceptions behind everything else.
No source file is needed, so this works for installed, generated and deleted code alike.
"""

import dis
from types import CodeType
from typing import Dict, FrozenSet, Iterator, List, NamedTuple, Optional, Set, Tuple

from mercury.capture.code_memory import once_for_code, once_for_place

_MAX_CODES = 1024
_MAX_PLACES = 8192
_STORES = frozenset(("STORE_FAST", "STORE_NAME", "STORE_DEREF", "STORE_GLOBAL"))
_DOUBLE_STORES = frozenset(("STORE_FAST_STORE_FAST", "STORE_FAST_LOAD_FAST"))
_PASSED_BEFORE_STORES = frozenset(("UNPACK_SEQUENCE", "UNPACK_EX", "NOP", "CACHE", "EXTENDED_ARG"))
_PASSED_BY_ASYNC_FOR = frozenset(
    ("GET_ANEXT", "LOAD_CONST", "SEND", "YIELD_VALUE", "RESUME", "YIELD_FROM", "POP_BLOCK", "END_SEND")
)
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


_BACKWARD = bytes(number for name, number in dis.opmap.items() if "JUMP_BACKWARD" in name and name != _WAITING)
_MAY_LOOP = _BACKWARD or bytes((*dis.hasjrel, *dis.hasjabs))
"""Before CPython 3.11, and in PyPy, the target alone tells a jump backward from one forward."""


@once_for_code(_MAX_CODES)
def _loops(code: CodeType) -> List[Loop]:
    operations = code.co_code[::2]
    if len(operations.translate(None, _MAY_LOOP)) == len(operations):
        # Most functions: reading all of their instructions would be the most that is done for them.
        return []
    instructions = list(dis.get_instructions(code))
    indexes = {instruction.offset: index for index, instruction in enumerate(instructions)}
    sources = _sources(code, instructions, indexes)
    bodies: Dict[int, Set[int]] = {}
    for index, instruction in enumerate(instructions):
        head = _target(instruction, indexes)
        if head is not None and head <= index and _is_loop(instruction, instructions[head]):
            body = _body(head, index, sources)
            # A loop begins at its head. What can be come to otherwise is a handler of exceptions that goes on above.
            if head == 0 or 0 not in body:
                bodies.setdefault(head, {head}).update(body)
    return [
        Loop(
            frozenset(instructions[index].offset for index in body),
            _head_line(code, instructions, _without_prefix(instructions, head)),
            *_variables(instructions, _without_prefix(instructions, head)),
            min(instructions[index].offset for index in body),
        )
        for head, body in bodies.items()
    ]


def _without_prefix(instructions: List[dis.Instruction], head: int) -> int:
    """The index of the instruction itself: where a loop is long, the jump back ends at a prefix of it."""
    index = head
    while instructions[index].opname == "EXTENDED_ARG" and index + 1 < len(instructions):
        index += 1
    return index if instructions[index].opname == "FOR_ITER" else head


def _is_loop(jump: dis.Instruction, head: dis.Instruction) -> bool:
    return jump.opname != _WAITING and head.opname != _WAITED


def _target(instruction: dis.Instruction, indexes: Dict[int, int]) -> Optional[int]:
    """The index of the instruction that this one jumps to, or None."""
    if instruction.opcode in dis.hasjrel or instruction.opcode in dis.hasjabs:
        return indexes.get(instruction.argval)
    return None


def _sources(code: CodeType, instructions: List[dis.Instruction], indexes: Dict[int, int]) -> List[List[int]]:
    """For each instruction those that may run right before it."""
    sources: List[List[int]] = [[] for _ in instructions]
    for index, instruction in enumerate(instructions):
        target = _target(instruction, indexes)
        if target is not None:
            sources[target].append(index)
        if instruction.opname not in _NEVER_GO_ON and index + 1 < len(instructions):
            sources[index + 1].append(index)
    for start, end, handler in _protected(code, instructions, indexes):
        sources[handler].extend(range(start, end))
    return sources


def _protected(
    code: CodeType, instructions: List[dis.Instruction], indexes: Dict[int, int]
) -> Iterator[Tuple[int, int, int]]:
    """The ranges of instructions whose exceptions go to a handler, as (first, end, handler)."""
    for entry in getattr(dis.Bytecode(code), "exception_entries", ()):
        handler = indexes.get(entry.target)
        if handler is not None:
            inside = [index for offset, index in indexes.items() if entry.start <= offset < entry.end]
            if inside:
                yield min(inside), max(inside) + 1, handler
    # Before CPython 3.11, and in PyPy, an instruction opens the range.
    for index, instruction in enumerate(instructions):
        handler = _target(instruction, indexes)
        if instruction.opname.startswith("SETUP_") and handler is not None:
            yield index, handler, handler


def _body(head: int, jump: int, sources: List[List[int]]) -> Set[int]:
    """All instructions that can get to the one at `jump` without passing `head`."""
    body = {head, jump}
    waiting = [jump]
    while waiting:
        index = waiting.pop()
        if index != head:
            fresh = [source for source in sources[index] if source not in body]
            body.update(fresh)
            waiting.extend(fresh)
    return body


def _is_for(instructions: List[dis.Instruction], head: int) -> bool:
    if instructions[head].opname == "SETUP_FINALLY" and head + 1 < len(instructions):
        head += 1
    return instructions[head].opname in ("FOR_ITER", "GET_ANEXT")


def _head_line(code: CodeType, instructions: List[dis.Instruction], head: int) -> int:
    first = instructions[head]
    if _is_for(instructions, head) or head == 0:
        return line_at(code, first.offset)
    # `while` tests once before the loop and again at its end: the line is the first test's.
    # All that is left of `while True` is an instruction that does nothing.
    before = instructions[head - 1]
    is_jump = before.opcode in dis.hasjrel or before.opcode in dis.hasjabs
    is_test = before.opname == "NOP" or (is_jump and isinstance(before.argval, int) and before.argval > first.offset)
    return line_at(code, before.offset if is_test else first.offset)


def _variables(instructions: List[dis.Instruction], head: int) -> Tuple[Tuple[str, ...], FrozenSet[int]]:
    """The names stored right behind the head of a `for`, also from unpacking, and the offsets before the first."""
    names: List[str] = []
    before: List[int] = []
    if not _is_for(instructions, head):
        return (), frozenset()
    passed = _PASSED_BEFORE_STORES
    if instructions[head].opname != "FOR_ITER":
        passed |= _PASSED_BY_ASYNC_FOR | {_WAITING}
    for index in range(head, len(instructions)):
        instruction = instructions[index]
        if instruction.opname in _STORES:
            names.append(str(instruction.argval))
        elif instruction.opname in _DOUBLE_STORES:
            stored = instruction.argval if isinstance(instruction.argval, tuple) else ()
            names.extend(str(name) for name in (stored[:1] if "LOAD" in instruction.opname else stored))
            if "LOAD" in instruction.opname:
                break
        elif index > head and instruction.opname not in passed:
            break
        elif not names:
            before.append(instruction.offset)
    return tuple(names), frozenset(before)
