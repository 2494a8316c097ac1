"""What a loop runs over, as its source says: rows, a constant, or what came from outside.

    for key in list(Task.objects.values_list("project_id", flat=True))     rows
    for code in settings.LANGUAGES                                         a constant
    for project in Project.objects.order_by("-pk")[:2]                     rows, at most 2
    for key in keys                                  whatever `keys` was made of, here or by the caller

A loop's variable often tells: an instance of a model is a row. Keys, tuples and names do not, and
whether they grow with the data is decided by where they came from. The interpreter
keeps the iterator of a running `for` to itself, so the source of the function is read
and followed, and where a name has a value in the running frame, the value is looked at. Nothing is run.

Reading is done once for each place that repeats a query, and of a file no more than the one
class or function that the place is in.
"""

import ast
from types import FrameType, FunctionType, ModuleType
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from mercury.capture import rows, syntax
from mercury.capture.bytecode import Loop
from mercury.capture.local_variables import locals_of

ROWS = "rows"
CONSTANT = "constant"
INPUT = "input"
ADDRESS = "address"
"""What a request's address names: it comes from outside as well, and is a handful."""
ANSWERS = "answers"
"""A `while` that asks the database whether to go on."""
WHILE = "while"
"""Another `while`, of which nothing is known."""
UNKNOWN = "unknown"


class Origin(NamedTuple):
    """Where elements come from.

    `bound` is the most of them that there can be; 0: nothing says so. `is_stepped`: numbers at
    which the parts of something begin. `is_grouped`: lists, one for each key of a row. `power`: how many
    lists of rows the elements are the product of. `is_page`: the bound is the size of a page.
    """

    kind: str
    bound: int = 0
    is_stepped: bool = False
    is_grouped: bool = False
    power: int = 1
    is_page: bool = False


_ROWS = Origin(ROWS)
_CONSTANT = Origin(CONSTANT)
_INPUT = Origin(INPUT)
_ADDRESS = Origin(ADDRESS)
_UNKNOWN = Origin(UNKNOWN)

_FOLLOWED = (ROWS, INPUT, ADDRESS)
"""What stays what it is where it is taken apart or handed on."""

_MAX_STEPS = 400
_MAX_DEPTH = 24

_PASSING = frozenset(
    (
        "list",
        "tuple",
        "set",
        "frozenset",
        "sorted",
        "reversed",
        "enumerate",
        "iter",
        "aiter",
        "dict",
        "chain",
        "from_iterable",
        "tee",
        "cycle",
        "deque",
        "OrderedDict",
        "defaultdict",
        "Counter",
        "groupby",
        "product",
        "combinations",
        "permutations",
        "pairwise",
        "batched",
        "chunked",
        "tqdm",
        "track",
        "progressbar",
        "unique",
        "dropwhile",
        "takewhile",
        "filterfalse",
        "accumulate",
        "zip_longest",
        "fromkeys",
        "gather",
        "as_completed",
        "wait",
    )
)
"""Functions that give the elements of their arguments."""
_APPLYING = frozenset(("map", "filter", "reduce", "starmap", "imap", "imap_unordered"))
"""Functions whose first argument is applied to the elements of the others."""
_OF_ROWS = frozenset(
    (
        "all",
        "filter",
        "exclude",
        "values_list",
        "iterator",
        "aiterator",
        "order_by",
        "select_related",
        "prefetch_related",
        "only",
        "defer",
        "annotate",
        "distinct",
        "raw",
        "fetchall",
        "fetchmany",
        "in_bulk",
        "ain_bulk",
        "select_for_update",
        "using",
        "get_queryset",
        "union",
        "intersection",
        "get_descendants",
        "get_children",
        "get_ancestors",
    )
)
_OF_RECEIVER = frozenset(
    (
        "items",
        "keys",
        "values",
        "copy",
        "elements",
        "most_common",
        "split",
        "rsplit",
        "splitlines",
        "strip",
        "tolist",
    )
)
_MANAGERS = frozenset(("objects", "_default_manager", "_base_manager", "all_objects"))
_FROM_OUTSIDE = frozenset(
    (
        "POST",
        "FILES",
        "body",
        "data",
        "json",
        "loads",
        "reader",
        "DictReader",
        "open",
        "readlines",
        "read",
        "validated_data",
        "cleaned_data",
        "argv",
        "stdin",
        "initial_data",
        "input",
        "json_body",
    )
)
_OF_ADDRESS = frozenset(("GET", "query_params"))
_GROWING = frozenset(
    (
        "append",
        "add",
        "extend",
        "update",
        "insert",
        "appendleft",
        "extendleft",
        "setdefault",
        "push",
        "put",
        "put_nowait",
    )
)
_TAKING = frozenset(
    (
        "pop",
        "popleft",
        "popitem",
        "get",
        "get_nowait",
    )
)
_ENDLESS = frozenset(("count", "cycle", "repeat"))


def origin_of_loop(frame: FrameType, loop: Loop) -> Origin:
    """What the loop of a running frame runs over."""
    block = syntax.block_of(frame.f_code)
    if block is None:
        return _UNKNOWN
    node = syntax.loop_node(block, loop)
    if node is None:
        return _UNKNOWN
    reader = _Reader()
    scope = syntax.scope_around(block, node, frame)
    if not isinstance(node, ast.While):
        return reader.of(node.iter, scope)
    found = reader.of_work_list(node, scope)
    if found.kind != UNKNOWN:
        return found
    return Origin(ANSWERS if syntax.stands_in(frame, node.test) else WHILE)


def origin_of_call(frame: FrameType, is_known: bool) -> Origin:
    """What a function that the frame is calling may loop over: `map`, `sorted`, a gathering.

    `is_known`: only if it is one of which it is known that it loops over its arguments.
    """
    block = syntax.block_of(frame.f_code)
    if block is None:
        return _UNKNOWN
    found = [
        _Reader().of_arguments(node, syntax.scope_around(block, node, frame))
        for node in syntax.looping_calls(block, frame, _PASSING | _APPLYING, is_known)
    ]
    return _joined(found) if found else _UNKNOWN


def is_called_with_constants(frame: FrameType) -> bool:
    """Does the call that a frame stands at work on nothing but constants, such as `Form(data=[...]).is_valid()`?"""
    block = syntax.block_of(frame.f_code)
    if block is None:
        return False
    for call in syntax.calls_at(block, frame):
        scope = syntax.scope_around(block, call, frame)
        made = call.func.value if isinstance(call.func, ast.Attribute) else call
        if isinstance(made, ast.Call) and (made.args or made.keywords):
            given = [*made.args, *(each.value for each in made.keywords)]
            return _Reader().of_all(given, scope).kind == CONSTANT
    return False


def _joined(origins: Sequence[Origin]) -> Origin:
    """Of several sources the one that grows most; constants only if all of them are."""
    for kind in (ROWS, INPUT, UNKNOWN, ADDRESS):
        matching = [origin for origin in origins if origin.kind == kind]
        if matching:
            bound = 0 if any(not origin.bound for origin in matching) else max(o.bound for o in matching)
            return Origin(kind, bound, is_grouped=any(origin.is_grouped for origin in matching))
    return _CONSTANT


class _Reader:
    """Follows one expression to its sources, within a bound on the steps that it takes."""

    def __init__(self) -> None:
        self._steps = 0
        self._depth = 0
        self._following: List[Tuple[syntax.Node, str]] = []

    def of(self, node: syntax.Node, scope: syntax.Scope) -> Origin:
        self._steps += 1
        if self._steps > _MAX_STEPS or self._depth > _MAX_DEPTH:
            return _UNKNOWN
        read = _READERS.get(type(node))
        if read is None:
            return _UNKNOWN
        self._depth += 1
        try:
            return read(self, node, scope)
        finally:
            self._depth -= 1

    def of_all(self, nodes: Sequence[syntax.Node], scope: syntax.Scope) -> Origin:
        return _joined([self.of(node, scope) for node in nodes])

    # A literal has as many elements as the source shows, whatever they are.

    def _of_literal(self, node: syntax.Node, scope: syntax.Scope) -> Origin:
        return _CONSTANT

    def _of_display(self, node: syntax.Node, scope: syntax.Scope) -> Origin:
        starred = [each.value for each in node.elts if isinstance(each, ast.Starred)]
        return self.of_all(starred, scope)

    def _of_mapping(self, node: syntax.Node, scope: syntax.Scope) -> Origin:
        return self.of_all([value for key, value in zip(node.keys, node.values) if key is None], scope)

    def _of_comprehension(self, node: syntax.Node, scope: syntax.Scope) -> Origin:
        return self.of_all([each.iter for each in node.generators], scope)

    def _of_operands(self, node: syntax.Node, scope: syntax.Scope) -> Origin:
        return self.of_all([node.left, node.right], scope)

    def _of_operand(self, node: syntax.Node, scope: syntax.Scope) -> Origin:
        return self.of(node.operand, scope)

    def _of_alternatives(self, node: syntax.Node, scope: syntax.Scope) -> Origin:
        return self.of_all(node.values, scope)

    def _of_branches(self, node: syntax.Node, scope: syntax.Scope) -> Origin:
        return self.of_all([node.body, node.orelse], scope)

    def _of_inner(self, node: syntax.Node, scope: syntax.Scope) -> Origin:
        return self.of(node.value, scope)

    def _of_subscript(self, node: syntax.Node, scope: syntax.Scope) -> Origin:
        found = self.of(node.value, scope)
        part = node.slice
        if not isinstance(part, ast.Slice):
            return found if found.kind in _FOLLOWED else _UNKNOWN
        upper, lower = syntax.number(part.upper), syntax.number(part.lower) if part.lower is not None else 0
        if part.step is None and upper is not None and lower is not None and upper > lower >= 0:
            return found._replace(bound=min(found.bound or upper - lower, upper - lower))
        return found

    # Calls

    def _of_call(self, node: syntax.Node, scope: syntax.Scope) -> Origin:
        name = syntax.called(node)
        if isinstance(node.func, ast.Attribute):
            return self._of_attribute_call(node, name, scope)
        if name in _FROM_OUTSIDE:
            return _INPUT
        if name in _PASSING | _APPLYING or name in ("range", "zip", "islice", "len", "int", "min", "max", "round"):
            return self.of_arguments(node, scope)
        return self._of_function(node, scope)

    def _of_attribute_call(self, node: syntax.Node, name: str, scope: syntax.Scope) -> Origin:
        receiver = node.func.value
        if name == "getlist":
            return _ADDRESS if self.of(receiver, scope).kind == ADDRESS else _INPUT
        if name in _FROM_OUTSIDE:
            return _INPUT
        if name == "none" and not node.args:
            return _CONSTANT
        if name in _OF_ROWS and self.of(receiver, scope).kind != CONSTANT:
            return _ROWS._replace(bound=self.of(receiver, scope).bound)
        if name in _OF_RECEIVER or name == "get":
            return self._of_container(node, name, scope)
        if name == "range" or name in _PASSING | _APPLYING:
            return self.of_arguments(node, scope)
        return self._of_method(node, scope)

    def _of_container(self, node: syntax.Node, name: str, scope: syntax.Scope) -> Origin:
        """What a method of a built-in container gives is of what the container was made of."""
        held = _value(node.func.value, scope)
        if name == "get" and held is not None and type(held) is not dict:
            return self._of_method(node, scope)
        found = self.of(node.func.value, scope)
        is_grouped = name in ("items", "values") and rows.is_keyed_by_rows(held)
        return found._replace(is_grouped=found.is_grouped or is_grouped)

    def of_arguments(self, node: syntax.Node, scope: syntax.Scope) -> Origin:
        """What a call loops over, if it loops over its arguments."""
        name = syntax.called(node)
        arguments = node.args[1:] if name in _APPLYING else node.args
        if name in ("gather", "wait", "as_completed"):
            # As many awaitables as the source shows, unless one stands for many.
            is_list = name != "gather"
            arguments = arguments if is_list else [each for each in arguments if isinstance(each, ast.Starred)]
        found = [self.of(each, scope) for each in arguments if not self._is_function(each, scope)]
        if name == "islice" and len(node.args) == 2 and syntax.number(node.args[1]) is not None:
            return found[0]._replace(bound=syntax.number(node.args[1]) or 0) if found else _UNKNOWN
        if name in ("zip", "map") and len(found) > 1:
            return self._of_shortest(arguments, found)
        is_stepped = name == "range" and len(node.args) == 3 and syntax.number(node.args[2]) != 1
        power = sum(origin.kind == ROWS for origin in found) if name == "product" else 1
        return _joined(found)._replace(is_stepped=is_stepped, power=max(power, 1))

    def _of_shortest(self, arguments: Sequence[syntax.Node], found: Sequence[Origin]) -> Origin:
        """Several sources side by side give as many elements as the shortest has."""
        ending = [
            origin
            for node, origin in zip(arguments, found)
            if not (isinstance(node, ast.Call) and syntax.called(node) in _ENDLESS)
        ]
        return _CONSTANT if _CONSTANT in ending else _joined(ending)

    def _is_function(self, node: syntax.Node, scope: syntax.Scope) -> bool:
        return isinstance(node, ast.Lambda) or isinstance(_value(node, scope), FunctionType)

    def _of_method(self, node: syntax.Node, scope: syntax.Scope) -> Origin:
        receiver = _value(node.func.value, scope)
        if rows.is_sending(receiver, node.func.attr):
            return _CONSTANT
        found = self.of_all(node.args, scope) if node.args else _UNKNOWN
        if found.kind in _FOLLOWED:
            return found
        if rows.is_source(receiver) or rows.is_model(receiver):
            return _ROWS
        kind = receiver if isinstance(receiver, type) else type(receiver)
        method = None if receiver is None else rows.class_attribute(kind, node.func.attr)
        if isinstance(receiver, ModuleType):
            method = vars(receiver).get(node.func.attr)
        method = getattr(method, "__func__", method) if type(method) in (staticmethod, classmethod) else method
        if type(method) is FunctionType:
            return self._of_results(method)
        return _ROWS if self.of(node.func.value, scope).kind == ROWS else _UNKNOWN

    def _of_function(self, node: syntax.Node, scope: syntax.Scope) -> Origin:
        given = [each.value if isinstance(each, ast.keyword) else each for each in [*node.args, *node.keywords]]
        found = self.of_all(given, scope) if given else _UNKNOWN
        if found.kind in _FOLLOWED:
            return found
        function = _value(node.func, scope)
        function = rows.own_dict(function).get("__wrapped__", function)
        return self._of_results(function) if type(function) is FunctionType else _UNKNOWN

    def _of_results(self, function: FunctionType) -> Origin:
        """What a function of the application returns or yields."""
        block = syntax.block_of(function.__code__)
        node = None if block is None else syntax.function_node(block, function.__code__)
        if block is None or node is None:
            return _UNKNOWN
        scope = syntax.Scope(block, node, None, function.__globals__)
        if isinstance(node, ast.Lambda):
            return self.of(node.body, scope)
        found = []
        for inner in syntax.acts_of(block, node):
            if isinstance(inner, (ast.Return, ast.YieldFrom)) and inner.value is not None:
                found.append(self.of(inner.value, scope))
            elif isinstance(inner, ast.Yield):
                found.append(self._of_turns(inner, scope))
        return _joined(found) if found else _UNKNOWN

    def _of_turns(self, node: syntax.Node, scope: syntax.Scope) -> Origin:
        """How often a statement may run in one run of its function: as often as the loops around it turn."""
        found = []
        for around in syntax.ancestors(scope.block, node):
            if around is scope.node:
                break
            if isinstance(around, (ast.For, ast.AsyncFor)):
                found.append(self.of(around.iter, scope))
            elif isinstance(around, ast.While):
                found.append(self.of_work_list(around, scope))
            elif isinstance(around, syntax.COMPREHENSIONS):
                found.append(self._of_comprehension(around, scope))
        return _joined(found)

    def of_work_list(self, node: syntax.Node, scope: syntax.Scope) -> Origin:
        """`while keys: key = keys.pop()` runs over `keys`; of another `while` nothing is known."""
        tested = set(syntax.names_in(node.test))
        for inner in ast.walk(node):
            if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and inner.func.attr in _TAKING:
                taken = inner.func.value
                if rows.is_queue(_value(taken, scope)):
                    # What others put in.
                    return _INPUT
                if isinstance(taken, ast.Name) and (taken.id in tested or not tested):
                    return self.of(taken, scope)
        return _UNKNOWN

    # Names

    def _of_attribute(self, node: syntax.Node, scope: syntax.Scope) -> Origin:
        if node.attr in _MANAGERS:
            return _ROWS
        if node.attr in _FROM_OUTSIDE or rows.is_queue(_value(node.value, scope)):
            return _INPUT
        if node.attr in _OF_ADDRESS:
            return _ADDRESS
        if node.attr.isupper():
            return _CONSTANT
        value = _value(node, scope)
        is_of_class = isinstance(_value(node.value, scope), (type, ModuleType))
        found = _of_value(value, is_of_class)
        if found is not None:
            return found
        return self.of(node.value, scope) if node.attr == "object_list" else _UNKNOWN

    def _of_name(self, node: syntax.Node, scope: syntax.Scope) -> Origin:
        name = node.id
        for around in syntax.ancestors(scope.block, node):
            if around is scope.node:
                break
            for loop in [around, *getattr(around, "generators", ())]:
                iterated = getattr(loop, "iter", None)
                if (
                    iterated is not None
                    and name in syntax.names_in(loop.target)
                    and not syntax.is_within(scope.block, node, iterated)
                ):
                    return self._of_element(self.of(iterated, scope))
        return self._of_variable(name, scope)

    def _of_element(self, of_all: Origin) -> Origin:
        """An element of rows may hold as many rows again; an element of a constant is no more than a constant."""
        return of_all._replace(bound=0)

    def _of_variable(self, name: str, scope: syntax.Scope) -> Origin:
        if (scope.node, name) in self._following:
            # What is made of the variable itself adds no other source to it.
            return _CONSTANT
        self._following.append((scope.node, name))
        try:
            return self._of_free_variable(name, scope)
        finally:
            self._following.pop()

    def _of_free_variable(self, name: str, scope: syntax.Scope) -> Origin:
        while True:
            found = self._of_local(name, scope)
            if found is not None:
                return found
            function = scope.node
            outer = next(
                (each for each in syntax.ancestors(scope.block, function) if isinstance(each, syntax.FUNCTIONS)), None
            )
            if outer is None:
                break
            scope = scope._replace(node=outer, frame=None)
        if name in scope.names:
            return _of_value(scope.names[name], True) or _UNKNOWN
        return _CONSTANT if name.isupper() else _UNKNOWN

    def _of_local(self, name: str, scope: syntax.Scope) -> Optional[Origin]:
        """What a name of this function holds; None where the name is none of its own."""
        if scope.frame is not None:
            found = _of_value(_local(scope.frame, name), False)
            if found is not None and (found.kind == CONSTANT or found.bound):
                return found
            sources = self._sources(name, scope)
            if found is not None:
                bounds = [each.bound for each in sources or () if each.kind == ROWS]
                return found._replace(bound=max(bounds)) if len(bounds) == 1 else found
        else:
            sources = self._sources(name, scope)
        if sources is not None:
            return _joined(sources)
        if isinstance(scope.node, syntax.FUNCTIONS) and name in syntax.parameters_of(scope.node):
            return self._of_parameter(name, scope)
        return None

    def _sources(self, name: str, scope: syntax.Scope) -> Optional[List[Origin]]:
        """What is put into a variable: by assignments, and by growing what it holds. None: no assignment."""
        assigned, grown = [], []
        for node in syntax.acts_of(scope.block, scope.node):
            value = syntax.assigned(node, name)
            if value is not None:
                assigned.append(self.of(value, scope))
            elif isinstance(node, (ast.For, ast.AsyncFor)) and name in syntax.names_in(node.target):
                assigned.append(self._of_element(self.of(node.iter, scope)))
            elif syntax.grows(node, name, _GROWING):
                grown.append(self._of_turns(node, scope))
                arguments = getattr(node, "args", ())
                if arguments and syntax.called(node) in ("extend", "update", "extendleft"):
                    grown.append(self.of(arguments[0], scope))
        if not assigned:
            return None
        return assigned + grown

    def _of_parameter(self, name: str, scope: syntax.Scope) -> Origin:
        """What the caller gave, as far as the running frames tell."""
        frame = scope.frame
        caller = None if frame is None else frame.f_back
        if frame is None or caller is None:
            return _UNKNOWN
        block = syntax.block_of(caller.f_code)
        if block is None:
            return _UNKNOWN
        for call in syntax.calls_of(block, caller, frame.f_code.co_name):
            argument = syntax.argument_for(call, name, frame.f_code)
            if argument is not None:
                return self.of(argument, syntax.scope_around(block, call, caller))
        return _UNKNOWN


def _of_value(value: Any, is_shared: bool) -> Optional[Origin]:
    """What the value alone says; None where it does not. `is_shared`: held by a module or a class."""
    if value is None:
        return None
    if rows.is_source(value) or rows.is_page(value):
        return Origin(ROWS, rows.bound_of(value))
    if rows.is_model(value):
        return _ROWS
    if rows.is_enum(value):
        return _CONSTANT
    if rows.is_container(value):
        if rows.holds_rows(value):
            return _ROWS
        return _CONSTANT if is_shared else None
    return None


def _value(node: syntax.Node, scope: syntax.Scope) -> Any:
    """The value of a name or of an attribute that an object, class or module itself holds; None where not known."""
    if isinstance(node, ast.Name):
        if scope.frame is not None:
            value = _local(scope.frame, node.id)
            if value is not None:
                return value
        return scope.names.get(node.id)
    if isinstance(node, ast.Attribute):
        base = _value(node.value, scope)
        if base is None:
            return None
        if isinstance(base, ModuleType):
            return vars(base).get(node.attr)
        if isinstance(base, type):
            return rows.class_attribute(base, node.attr)
        found = rows.own_dict(base).get(node.attr)
        return rows.class_attribute(type(base), node.attr) if found is None else found
    return None


def _local(frame: FrameType, name: str) -> Any:
    found = locals_of(frame, (name,))
    return found[0] if found else None


_READERS: Dict[type, Callable[[_Reader, syntax.Node, syntax.Scope], Origin]] = {
    ast.Constant: _Reader._of_literal,
    ast.JoinedStr: _Reader._of_literal,
    ast.Tuple: _Reader._of_display,
    ast.List: _Reader._of_display,
    ast.Set: _Reader._of_display,
    ast.Dict: _Reader._of_mapping,
    ast.ListComp: _Reader._of_comprehension,
    ast.SetComp: _Reader._of_comprehension,
    ast.DictComp: _Reader._of_comprehension,
    ast.GeneratorExp: _Reader._of_comprehension,
    ast.BinOp: _Reader._of_operands,
    ast.UnaryOp: _Reader._of_operand,
    ast.BoolOp: _Reader._of_alternatives,
    ast.IfExp: _Reader._of_branches,
    ast.Await: _Reader._of_inner,
    ast.Starred: _Reader._of_inner,
    ast.NamedExpr: _Reader._of_inner,
    ast.YieldFrom: _Reader._of_inner,
    ast.Subscript: _Reader._of_subscript,
    ast.Call: _Reader._of_call,
    ast.Attribute: _Reader._of_attribute,
    ast.Name: _Reader._of_name,
}
