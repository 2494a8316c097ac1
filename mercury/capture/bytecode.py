"""Loops as a code object shows them: the `for` line around an instruction, and its variables.

A backward jump closes a loop; what lies between its target and the jump is the loop's body.
No source file is needed, so this works for installed, generated and deleted code alike.
"""

import dis
from types import CodeType
from typing import Dict, List, NamedTuple, Optional, Tuple

_MAX_CACHED = 1024
_STORES = frozenset(("STORE_FAST", "STORE_NAME", "STORE_DEREF", "STORE_GLOBAL"))
_DOUBLE_STORES = frozenset(("STORE_FAST_STORE_FAST", "STORE_FAST_LOAD_FAST"))


class Loop(NamedTuple):
    """A loop of one code object. `first` and `last` are bytecode offsets, both inside it."""

    first: int
    last: int
    line: int
    variables: Tuple[str, ...]


# CPython 3.11 splits a call into PRECALL and CALL, and runs it at the one or at the other
# depending on how far the code has been specialized.
_PRECALL = dis.opmap.get("PRECALL", -1)
_PRECALL_BYTES = 4

_cache: Dict[int, Tuple[CodeType, List[Loop]]] = {}


def stable_offset(code: CodeType, offset: int) -> int:
    """The offset that stands for the instruction, however the interpreter has specialized it."""
    if _PRECALL >= 0 and offset >= 0 and code.co_code[offset] == _PRECALL:
        return offset + _PRECALL_BYTES
    return offset


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


def _innermost(code: CodeType, offset: int) -> Optional[Loop]:
    around = [loop for loop in _loops(code) if loop.first <= offset <= loop.last]
    return min(around, key=lambda loop: loop.last - loop.first) if around else None


def _loops(code: CodeType) -> List[Loop]:
    known = _cache.get(id(code))
    if known is not None and known[0] is code:
        return known[1]
    if len(_cache) >= _MAX_CACHED:
        _cache.clear()
    loops = _find_loops(code)
    _cache[id(code)] = (code, loops)
    return loops


def _find_loops(code: CodeType) -> List[Loop]:
    instructions = list(dis.get_instructions(code))
    positions = {instruction.offset: index for index, instruction in enumerate(instructions)}
    ends: Dict[int, int] = {}
    for instruction in instructions:
        target = instruction.argval
        if _jumps(instruction) and isinstance(target, int) and target <= instruction.offset and target in positions:
            ends[target] = max(ends.get(target, 0), instruction.offset)
    loops = []
    for first, last in ends.items():
        index = positions[first]
        loops.append(Loop(first, last, _head_line(code, instructions, index), _variables(instructions, index)))
    return loops


def _jumps(instruction: dis.Instruction) -> bool:
    return instruction.opcode in dis.hasjrel or instruction.opcode in dis.hasjabs


def _head_line(code: CodeType, instructions: List[dis.Instruction], index: int) -> int:
    first = instructions[index]
    if first.opname == "FOR_ITER" or index == 0:
        return line_at(code, first.offset)
    # `while` tests once before the loop and again at its end: the line is the first test's.
    before = instructions[index - 1]
    tests = _jumps(before) and isinstance(before.argval, int) and before.argval > first.offset
    return line_at(code, before.offset if tests else first.offset)


def _variables(instructions: List[dis.Instruction], index: int) -> Tuple[str, ...]:
    """The names stored right behind FOR_ITER, also from unpacking."""
    names: List[str] = []
    if instructions[index].opname != "FOR_ITER":
        return ()
    for instruction in instructions[index + 1 :]:
        if instruction.opname in _STORES:
            names.append(str(instruction.argval))
        elif instruction.opname in _DOUBLE_STORES:
            stored = instruction.argval if isinstance(instruction.argval, tuple) else ()
            names.extend(str(name) for name in (stored[:1] if "LOAD" in instruction.opname else stored))
            if "LOAD" in instruction.opname:
                break
        elif instruction.opname not in ("UNPACK_SEQUENCE", "UNPACK_EX", "NOP", "CACHE", "EXTENDED_ARG"):
            break
    return tuple(names)
