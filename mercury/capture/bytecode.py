"""Loops as a code object shows them: the `for` line around an instruction, and its variables.

A backward jump closes a loop; its body is what can get to that jump without passing the
jump's target. The bytes between the two do not tell: compilers put the handlers of
exceptions behind everything else.
No source file is needed, so this works for installed, generated and deleted code alike.
"""

import dis
from bisect import bisect_left
from types import CodeType
from typing import Dict, FrozenSet, Iterator, List, NamedTuple, Optional, Set, Tuple

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


def _jump_bytes() -> int:
    """How many bytes of code one step of a jump's argument stands for: CPython counts instructions since 3.10."""
    read = list(dis.get_instructions(compile("for _ in ():\n    pass", "", "exec")))
    jump = next(index for index, each in enumerate(read) if each.opname == "FOR_ITER")
    return int((read[jump].argval - read[jump + 1].offset) // (read[jump].arg or 1))


_JUMP_BYTES = _jump_bytes()
_ABSOLUTE = frozenset(dis.hasjabs)
_JUMPS_BACK = frozenset(
    number for name, number in dis.opmap.items() if "JUMP_BACKWARD" in name or name == "END_ASYNC_FOR"
)
_OPEN_RANGES = frozenset(number for name, number in dis.opmap.items() if name.startswith("SETUP_"))


class _Instructions:
    """The instructions of one function: their offsets, their names, and the index that each jump leads to.

    Read from the bytes: `dis` makes an object of each instruction with all that can be told of it, which takes
    ten times as long, and a suite of tests meets much code.
    """

    __slots__ = ("_code", "_read", "names", "offsets", "targets")

    def __init__(self, code: CodeType) -> None:
        read = code.co_code
        self._code = code
        self._read = read
        # Cache entries are no instructions.
        self.offsets = [offset for offset in range(0, len(read), 2) if read[offset] != _CACHE]
        self.names = [dis.opname[read[offset]] for offset in self.offsets]
        jumps = [index for index, offset in enumerate(self.offsets) if read[offset] in _JUMPS]
        targets = [(index, self.index_at(self._target(index))) for index in jumps]
        self.targets = {index: target for index, target in targets if target is not None}

    def index_at(self, offset: int) -> Optional[int]:
        """The index of the instruction at this offset, or None."""
        index = bisect_left(self.offsets, offset)
        return index if index < len(self.offsets) and self.offsets[index] == offset else None

    def _target(self, index: int) -> int:
        """The offset that an instruction jumps to."""
        operation, distance = self._read[self.offsets[index]], self._argument(index) * _JUMP_BYTES
        if operation in _ABSOLUTE:
            return distance
        following = self.offsets[index + 1] if index + 1 < len(self.offsets) else len(self._read)
        return following - distance if operation in _JUMPS_BACK else following + distance

    def _argument(self, index: int) -> int:
        """An instruction's argument with the bytes that prefixes put in front of it."""
        argument, shift = self._read[self.offsets[index] + 1], 8
        while index and self.names[index - 1] == "EXTENDED_ARG":
            index -= 1
            argument |= self._read[self.offsets[index] + 1] << shift
            shift += 8
        return argument

    def opens_range(self, index: int) -> bool:
        """Do the exceptions of what follows go to a handler from here on? So it is before CPython 3.11, and in PyPy."""
        return self._read[self.offsets[index]] in _OPEN_RANGES

    def stored(self, index: int) -> List[str]:
        """The variables that an instruction stores in, or the one that it stores in before it loads another."""
        name, argument = self.names[index], self._argument(index)
        if name in _DOUBLE_STORES:
            slots = (argument >> 4,) if "LOAD" in name else (argument >> 4, argument & 15)
            return [_variable(self._code, name, slot) for slot in slots]
        return [_variable(self._code, name, argument)]


def _variable(code: CodeType, instruction: str, number: int) -> str:
    """The name of the variable with this number, as this instruction counts."""
    if instruction in ("STORE_NAME", "STORE_GLOBAL"):
        return code.co_names[number]
    # Since CPython 3.11 cells and others are counted together.
    find = getattr(code, "_varname_from_oparg", None)
    if find is not None:
        return str(find(number))
    return (code.co_cellvars + code.co_freevars if instruction == "STORE_DEREF" else code.co_varnames)[number]


@once_for_code(_MAX_CODES)
def _loops(code: CodeType) -> List[Loop]:
    if not may_loop(code):
        # Reading all instructions would be the most that is done for a function.
        return []
    instructions = _Instructions(code)
    offsets, names = instructions.offsets, instructions.names
    jumps = _jumps_to(code, instructions)
    bodies: Dict[int, Set[int]] = {}
    for index, head in instructions.targets.items():
        if head <= index and names[index] != _WAITING and names[head] != _WAITED:
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
    for index, target in instructions.targets.items():
        jumps.setdefault(target, []).append(index)
    for start, end, handler in _protected(code, instructions):
        jumps.setdefault(handler, []).extend(range(start, end))
    return jumps


def _protected(code: CodeType, instructions: _Instructions) -> Iterator[Tuple[int, int, int]]:
    """The ranges of instructions whose exceptions go to a handler, as (first, end, handler)."""
    offsets = instructions.offsets
    for start, end, target in _exception_table(code):
        handler = instructions.index_at(target)
        first, last = bisect_left(offsets, start), bisect_left(offsets, end)
        if handler is not None and first < last:
            yield first, last, handler
    for index, handler in instructions.targets.items():
        if instructions.opens_range(index):
            yield index, handler, handler


def _exception_table(code: CodeType) -> Iterator[Tuple[int, int, int]]:
    """The offsets at which a range begins and ends and at which its handler begins, as CPython notes them since 3.11.

    Objects/exception_handling_notes.txt of CPython has the format.
    """
    numbers = _six_bits_each(getattr(code, "co_exceptiontable", b""))
    for start, length, handler, _ in zip(numbers, numbers, numbers, numbers):
        yield 2 * start, 2 * (start + length), 2 * handler


def _six_bits_each(table: bytes) -> Iterator[int]:
    """Numbers of which each byte has six bits, and one that says whether another byte follows."""
    number = 0
    for byte in table:
        number = number << 6 | byte & 63
        if not byte & 64:
            yield number
            number = 0


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
    is_test = instructions.names[head - 1] == "NOP" or instructions.targets.get(head - 1, -1) > head
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
        name = names[index]
        if name in _STORES or name in _DOUBLE_STORES:
            found += instructions.stored(index)
            if "LOAD" in name:
                break
        elif index > head and name not in passed:
            break
        elif not found:
            before.append(instructions.offsets[index])
    return tuple(found), frozenset(before)
