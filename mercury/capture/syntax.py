"""The source of a running function as a syntax tree, and where in it a frame stands.

Of a file no more is parsed than the outermost function that holds the line, or what stands there without one, and a
bounded number of those is kept: each node is an object more for every full collection of the host's.
"""

import ast
import functools
import tokenize
from collections import deque
from itertools import islice
from types import CodeType, FrameType
from typing import Any, Container, Deque, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from mercury.capture.bytecode import Loop, line_at
from mercury.capture.code import is_library
from mercury.capture.code_memory import once_for_code

_MAX_CODES = 256
_MAX_BLOCKS = 64
_TRIES = 8
_MAX_FILE_LINES = 20_000
_MAX_WHOLE_FILE = 2_000

Node = Any
"""A node of a syntax tree; the classes have no attributes in common that a checker could know."""


class Block(NamedTuple):
    """One function or method, or one statement of a file's outermost level, parsed."""

    tree: ast.AST
    parents: Dict[Node, Node]
    calls: List[Node]
    """All of them, as `ast.walk` meets them."""
    acts: Dict[Node, List[Node]]
    """What `acts_of` has found, by function."""
    loops: Dict[Tuple[int, Tuple[str, ...]], Node]
    """What `loop_node` has found, by line and variables."""
    chains: Dict[Tuple[int, str], str]
    """What `chain_behind` has found, by line and name."""


class Scope(NamedTuple):
    """Where names are looked up: the syntax of a function, and the frame that runs it, if one does."""

    block: Block
    node: Node
    frame: Optional[FrameType]
    names: Dict[str, Any]


@once_for_code(_MAX_CODES)
def block_of(code: CodeType) -> Optional[Block]:
    """The source around a function of the application; None where there is none that can be read."""
    return None if is_library(code.co_filename) else _parsed(code.co_filename, code.co_firstlineno)


def _parsed(filename: str, line: int) -> Optional[Block]:
    try:
        with tokenize.open(filename) as file:
            lines = file.read().splitlines(keepends=True)
    except (OSError, SyntaxError, UnicodeError):
        return None
    if not 0 < line <= len(lines) <= _MAX_FILE_LINES:
        return None
    start, end = _outermost(lines, line)
    method = _method(lines, start, end, line)
    block = None if method is None else _block(method)
    block = block or _block("\n" * start + "".join(lines[start:end]))
    if block is None and len(lines) <= _MAX_WHOLE_FILE:
        # What looks like the beginning of a statement may be within a text.
        block = _block("".join(lines))
    return block


@functools.lru_cache(maxsize=_MAX_BLOCKS)
def _block(source: str) -> Optional[Block]:
    """The functions inside one share its block."""
    tree = _tree(source)
    if tree is None:
        return None
    block = Block(tree, {}, [], {}, {}, {})
    waiting: Deque[Node] = deque([tree])
    while waiting:
        node = waiting.popleft()
        if isinstance(node, ast.Call):
            block.calls.append(node)
        for child in ast.iter_child_nodes(node):
            block.parents[child] = node
            waiting.append(child)
    return block


def _tree(source: str) -> Optional[ast.AST]:
    for _ in range(_TRIES):
        try:
            return ast.parse(source)
        except SystemError:
            # Two threads that parse at once disturb each other in some releases of CPython: python/cpython#106905.
            continue
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    # As where there is no source: of the loop only what its variables hold is known.
    return None


def _outermost(lines: List[str], line: int) -> Tuple[int, int]:
    """The lines, counted from 0, of the outermost statement that holds a line counted from 1."""
    start = line - 1
    while start > 0 and not _begins(lines[start]):
        start -= 1
    begun, end = start, start + 1
    # A decorator is a part of what follows it.
    while end < len(lines) and (not _begins(lines[end]) or lines[begun].startswith("@")):
        begun = end if _begins(lines[end]) else begun
        end += 1
    return start, end


def _begins(line: str) -> bool:
    return line[:1] not in _IN_STATEMENTS


_IN_STATEMENTS = ("", " ", "\t", "\n", "\r", "\f", "#", ")", "]", "}", "'", '"')
"""What a line may begin with that begins no statement."""
_DEFINITIONS = ("def ", "async def ", "@")


def _method(lines: List[str], start: int, end: int, line: int) -> Optional[str]:
    """The outermost function that holds a line, each of its characters where the file has it; None without one.

    It is looked for within the statement from `start` to `end`, counted from 0.
    """
    head = _head_of_method(lines, start, line)
    if head is None:
        return None
    depth, begun, behind = _indentation(lines[head]), head, head + 1
    while behind < end:
        text = lines[behind].lstrip()
        if _begins(text) and _indentation(lines[behind]) <= depth:
            if not lines[begun].lstrip().startswith("@"):
                break
            begun = behind
        behind += 1
    return "\n" * (head - 1) + "class _:\n" + "".join(lines[head:behind])


def _head_of_method(lines: List[str], start: int, line: int) -> Optional[int]:
    head = None
    depth = len(lines[line - 1])
    for index in range(line - 1, start, -1):
        text = lines[index].lstrip()
        if _begins(text) and _indentation(lines[index]) < depth:
            depth = _indentation(lines[index])
            if text.startswith(_DEFINITIONS):
                head = index
    return head if depth and not lines[start].startswith(_DEFINITIONS) else None


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def ancestors(block: Block, node: Node) -> Iterator[Node]:
    current = block.parents.get(node)
    while current is not None:
        yield current
        current = block.parents.get(current)


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def loop_node(block: Block, loop: Loop) -> Node:
    """The `for`, `while` or comprehension that compiled to this loop, or None."""
    key = (loop.line, loop.variables)
    if key not in block.loops:
        found = [node for node in ast.walk(block.tree) if _is_node_of(block, node, loop)]
        # The walk goes from the outside in, and the smallest that fits is meant.
        block.loops[key] = found[-1] if found else None
    return block.loops[key]


def _is_node_of(block: Block, node: Node, loop: Loop) -> bool:
    if isinstance(node, ast.While):
        return not loop.variables and _first_line(node) <= loop.line <= _last_line_of_head(node)
    if isinstance(node, (ast.For, ast.AsyncFor)):
        return _binds(node, loop) and _first_line(node) <= loop.line <= _last_line(node.iter)
    if isinstance(node, ast.comprehension):
        around = block.parents[node]
        return _binds(node, loop) and _first_line(around) <= loop.line <= _last_line(around)
    return False


def _last_line_of_head(node: ast.While) -> int:
    """Before CPython 3.10, and in PyPy, `while True` leaves no instruction: its loop begins at its first statement."""
    return _first_line(node.body[0]) if isinstance(node.test, ast.Constant) else _last_line(node.test)


def _binds(node: Node, loop: Loop) -> bool:
    return bool(set(names_in(node.target)) & set(loop.variables))


def names_in(target: Node) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name):
            yield node.id


def _first_line(node: Node) -> int:
    return int(getattr(node, "lineno", 0))


def _last_line(node: Node) -> int:
    return int(getattr(node, "end_lineno", None) or _first_line(node))


def scope_around(block: Block, node: Node, frame: Optional[FrameType]) -> Scope:
    """The scope of a node that the frame runs.

    A comprehension's first iterable belongs to the function around it, which before CPython
    3.12 is the caller's frame, but for a generator's, whose caller is whoever pulls it.
    """
    function = next((each for each in ancestors(block, node) if isinstance(each, FUNCTIONS)), block.tree)
    names: Dict[str, Any] = {} if frame is None else frame.f_globals
    if frame is not None and frame.f_code.co_name.startswith("<") and frame.f_code.co_name != "<module>":
        outer = frame.f_back
        is_own = isinstance(function, ast.Lambda) and frame.f_code.co_name == "<lambda>"
        if not is_own:
            frame = outer if outer is not None and outer.f_code.co_name == _name_of(function) else None
    return Scope(block, function, frame, names)


def _name_of(function: Node) -> str:
    if isinstance(function, ast.Lambda):
        return "<lambda>"
    return str(getattr(function, "name", "<module>"))


def _position(frame: FrameType) -> Optional[Tuple[int, int, int, int]]:
    """First and last line and column of the instruction, from CPython 3.11 on."""
    positions = getattr(frame.f_code, "co_positions", None)
    if positions is None or frame.f_lasti < 0:
        return None
    position = next(islice(positions(), frame.f_lasti // 2, None), None)
    return None if position is None or None in position else position


def stands_in(frame: FrameType, node: Node) -> bool:
    """Is the frame at an instruction of this expression? Before CPython 3.11 its lines decide."""
    position = _position(frame)
    first, last = _first_line(node), _last_line(node)
    if position is None:
        return first <= line_at(frame.f_code, frame.f_lasti) <= last
    start, end = (first, node.col_offset), (last, node.end_col_offset)
    return start <= (position[0], position[2]) and (position[1], position[3]) <= end


def looping_calls(block: Block, frame: FrameType, names: Container[str], is_known: bool) -> List[Node]:
    """The call at the frame's instruction; before CPython 3.11 those of its line to functions of these names.

    `is_known`: only to functions of these names.
    """
    position = _position(frame)
    line = line_at(frame.f_code, frame.f_lasti)
    calls = []
    for node in block.calls:
        if not _first_line(node) <= line <= _last_line(node):
            continue
        here = (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset)
        loops = called(node) in names or any(isinstance(each, ast.Starred) for each in node.args)
        if position is None and loops:
            calls.append(node)
        elif here == position and (loops or not is_known):
            return [node]
    return calls


def called(call: Node) -> str:
    function = call.func
    return str(getattr(function, "id", None) or getattr(function, "attr", ""))


def number(node: Node) -> Optional[int]:
    value = getattr(node, "value", None)
    return value if type(value) is int else None


def is_within(block: Block, node: Node, outer: Node) -> bool:
    return node is outer or any(each is outer for each in ancestors(block, node))


_ACTS = (
    *(ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr, ast.For, ast.AsyncFor),
    *(ast.Call, ast.Return, ast.Yield, ast.YieldFrom),
)


def acts_of(block: Block, function: Node) -> List[Node]:
    """Where a function stores, calls, loops, returns and yields, but for the functions inside it."""
    found = block.acts.get(function)
    if found is None:
        found = block.acts[function] = [node for node in _own_nodes(function) if isinstance(node, _ACTS)]
    return found


def _own_nodes(function: Node) -> Iterator[Node]:
    waiting = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(node))


def parameters_of(function: Node) -> List[str]:
    given = function.args
    return [each.arg for each in [*getattr(given, "posonlyargs", ()), *given.args, *given.kwonlyargs]]


def assigned(node: Node, name: str) -> Optional[Node]:
    """The expression that this node stores in the name, or None."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, (ast.Tuple, ast.List)) and isinstance(node.value, (ast.Tuple, ast.List)):
                for inner, value in zip(target.elts, node.value.elts):
                    if isinstance(inner, ast.Name) and inner.id == name:
                        return value
            elif any(isinstance(each, ast.Name) and each.id == name for each in _targets(target)):
                return node.value
    if isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)):
        return node.value if isinstance(node.target, ast.Name) and node.target.id == name else None
    return None


def _targets(target: Node) -> Sequence[Node]:
    return target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]


def grows(node: Node, name: str, methods: Container[str]) -> bool:
    """`name.append(...)`, `name[key] = ...`, `name[key].append(...)`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in methods:
        return _root_name(node.func.value) == name
    if isinstance(node, (ast.Assign, ast.AugAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(isinstance(each, ast.Subscript) and _root_name(each) == name for each in targets)
    return False


def _root_name(node: Node) -> str:
    while isinstance(node, (ast.Subscript, ast.Attribute, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return str(getattr(node, "id", ""))


def function_node(block: Block, code: CodeType) -> Node:
    for node in ast.walk(block.tree):
        if isinstance(node, FUNCTIONS) and _name_of(node) == code.co_name:
            decorators = getattr(node, "decorator_list", ())
            if code.co_firstlineno in [_first_line(node), *map(_first_line, decorators)]:
                return node
    return None


def calls_at(block: Block, frame: FrameType) -> List[Node]:
    """The call that the frame stands at, where the interpreter tells: from CPython 3.11 on."""
    position = _position(frame)
    return [n for n in block.calls if (n.lineno, n.end_lineno, n.col_offset, n.end_col_offset) == position]


def calls_of(block: Block, caller: FrameType, name: str) -> List[Node]:
    """The call that the caller's frame stands at; before CPython 3.11 the calls of its line that fit the name."""
    position = _position(caller)
    line = line_at(caller.f_code, caller.f_lasti)
    calls = [node for node in block.calls if _first_line(node) <= line <= _last_line(node)]
    if position is not None:
        return [n for n in calls if (n.lineno, n.end_lineno, n.col_offset, n.end_col_offset) == position]
    return [node for node in calls if called(node) == name]


def argument_for(call: Node, name: str, code: CodeType) -> Optional[Node]:
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    names = code.co_varnames[: code.co_argcount]
    if any(isinstance(each, ast.Starred) for each in call.args) or name not in names:
        return None
    place = names.index(name)
    if names[0] in ("self", "cls") and isinstance(call.func, ast.Attribute):
        place -= 1
    return call.args[place] if 0 <= place < len(call.args) else None


_KEPT = frozenset(("filter", "exclude", "order_by", "select_related", "only", "defer", "annotate", "distinct"))
"""Methods that a prefetch's own queryset can carry."""


_unparse: Any = getattr(ast, "unparse", None)
"""From Python 3.9 on."""


def chain_behind(code: CodeType, line: int, name: str) -> str:
    """The calls behind `.name` on this line, such as `.filter(stars=5)`, as far as a queryset elsewhere can have them.

    Empty where there are none, or where they use the variable of a loop, which is not known elsewhere.
    """
    block = None if _unparse is None else block_of(code)
    if block is None:
        return ""
    found = block.chains.get((line, name))
    if found is None:
        found = block.chains[line, name] = _find_chain(block, line, name)
    return found


def _find_chain(block: Block, line: int, name: str) -> str:
    for node in ast.walk(block.tree):
        if isinstance(node, ast.Attribute) and node.attr == name:
            calls = _kept_calls(block, node)
            if calls and _first_line(node) <= line <= _last_line(calls[-1]):
                return "" if _use_loops(block, node, calls) else "".join(map(_call_text, calls))
    return ""


def _kept_calls(block: Block, node: Node) -> List[Node]:
    """The calls of a chain behind an attribute that a prefetch's queryset can carry."""
    calls: List[Node] = []
    last = node
    while True:
        method: Node = block.parents.get(last)
        call: Node = block.parents.get(method)
        is_call = isinstance(method, ast.Attribute) and isinstance(call, ast.Call) and call.func is method
        if not is_call or method.attr not in (*_KEPT, "all"):
            return calls
        if method.attr != "all":
            calls.append(call)
        last = call


def _call_text(call: Node) -> str:
    arguments = ", ".join(map(_unparse, [*call.args, *call.keywords]))
    return f".{call.func.attr}({arguments})"


def _use_loops(block: Block, node: Node, calls: Sequence[Node]) -> bool:
    """Do the arguments of these calls use a variable of a loop around them?"""
    used = {name for call in calls for each in [*call.args, *call.keywords] for name in names_in(each)}
    for around in ancestors(block, node):
        for loop in [around, *getattr(around, "generators", ())]:
            if hasattr(loop, "target") and hasattr(loop, "iter") and used & set(names_in(loop.target)):
                return True
    return False
