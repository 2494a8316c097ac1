"""What an interpreter written in Python is at: the template node, the field, the lookup.

`{{ book.author }} {{ book.editor }}` runs two queries from one call path, because the
loop that calls both is the template engine's. Frames of such interpreters carry the
element they work on, which makes them two places again, and gives a template its line.
"""

from types import FrameType, MemberDescriptorType
from typing import Any, Callable, Dict, Hashable, List, NamedTuple, Optional, Sequence, Tuple

from mercury.capture.local_variables import locals_of
from mercury.capture.rows import class_attribute, own_dict
from mercury.trace import PathTable

MAX_OWNERS = 4096
"""Elements that a unit finds without making them again."""


class TemplateElement(NamedTuple):
    """A node of a Django template."""

    file: str
    line: int
    contents: str
    position: Optional[Tuple[int, int]]


class CompiledTemplate(NamedTuple):
    """A Jinja2 template. `lines` has the lines of the template and of its code, as "1=12&3=17", in order."""

    file: str
    lines: str

    def line_of(self, code_line: int) -> int:
        """The template's line that a line of its code was made from."""
        pairs = [pair.split("=") for pair in self.lines.split("&") if pair]
        passed = [int(template) for template, code in pairs if int(code) <= code_line]
        return passed[-1] if passed else 1


class NamedElement(NamedTuple):
    """A lookup, a serializer field, a form field, a view or a resolver of GraphQL, by name.

    `module` is that of the class `owner`, where the element is declared in one.
    """

    kind: str
    owner: str
    name: str
    module: str = ""


ElementReader = Callable[[FrameType], Hashable]


def _template_node(frame: FrameType) -> Hashable:
    node: Any = frame.f_locals["self"]
    token = node.token
    return TemplateElement(str(node.origin.name), int(token.lineno), str(token.contents), token.position)


def _template_lookup(frame: FrameType) -> Hashable:
    variables = frame.f_locals
    return NamedElement("lookup", str(variables["self"].var), str(variables.get("bit", "")))


def _compiled_template(frame: FrameType) -> Hashable:
    names = frame.f_globals
    is_template = "__jinja_template__" in names
    return CompiledTemplate(frame.f_code.co_filename, str(names["debug_info"])) if is_template else None


def _serializer_field(frame: FrameType) -> Hashable:
    variables = frame.f_locals
    field = variables.get("field")
    name = "" if field is None else str(field.field_name)
    owner = type(variables["self"])
    return NamedElement("serializer", owner.__name__, name, owner.__module__)


def _view(frame: FrameType) -> Hashable:
    owner = type(locals_of(frame, ("self",))[0])
    return NamedElement("view", owner.__name__, "", owner.__module__)


def _serializer_attribute(frame: FrameType) -> Hashable:
    variables = frame.f_locals
    return NamedElement("attribute", ".".join(map(str, variables["attrs"])), str(variables.get("attr", "")))


def _form_field(frame: FrameType) -> Hashable:
    variables = frame.f_locals
    return NamedElement("form", type(variables["self"]).__name__, str(variables.get("name", "")))


def _resolver(frame: FrameType) -> Hashable:
    parent, name = _resolved_field(frame)
    owner = _class_of(parent)
    if owner is None:
        return NamedElement("resolver", str(parent.name), name)
    return NamedElement("resolver", owner.__name__, name, owner.__module__)


def _resolved_field(frame: FrameType) -> Tuple[Any, str]:
    """The type of GraphQL and the name of its field; graphql-core 3.2 and 3.3 hold the name's node differently."""
    parent, nodes, details = locals_of(frame, ("parent_type", "field_nodes", "field_details_list"))
    node = nodes[0] if details is None else details[0].node
    return parent, str(node.name.value)


def _class_of(parent: Any) -> Optional[type]:
    """The class that graphene or strawberry made a type of."""
    definition = (getattr(parent, "extensions", None) or {}).get("strawberry-definition")
    found = getattr(parent, "graphene_type", None) or getattr(definition, "origin", None)
    return found if isinstance(found, type) else None


_READERS: Dict[Tuple[str, str], ElementReader] = {
    ("contrib/admin/options.py", "changelist_view"): _view,
    ("views/generic/base.py", "dispatch"): _view,
    ("rest_framework/views.py", "dispatch"): _view,
    ("django/template/base.py", "render_annotated"): _template_node,
    ("django/template/base.py", "_resolve_lookup"): _template_lookup,
    ("django/forms/forms.py", "_clean_fields"): _form_field,
    ("graphql/execution/execute.py", "execute_field"): _resolver,
    ("graphql/execution/executor.py", "execute_field"): _resolver,
    ("rest_framework/serializers.py", "to_representation"): _serializer_field,
    ("rest_framework/serializers.py", "to_internal_value"): _serializer_field,
    ("rest_framework/fields.py", "get_attribute"): _serializer_attribute,
}


_COMPILED = ("root", "macro")
"""Functions of the code that Jinja2 makes of a template, beside those of its blocks."""


readers: Dict[int, ElementReader] = {}
"""By address of the code object; mercury.capture.code keeps those alive."""


def element_of(frame: FrameType) -> Any:
    """The element that a frame of an interpreter is at; None for any other frame."""
    reader = readers.get(id(frame.f_code))
    if reader is None:
        return None
    try:
        return reader(frame)
    except Exception:
        # Another version of the library names its variables differently: the frame
        # then stands for itself, which can only make two places look like one.
        return None


def _node_key(frame: FrameType) -> Tuple[Any, Any]:
    node = frame.f_locals["self"]
    return id(node), node


def _lookup_key(frame: FrameType) -> Tuple[Any, Any]:
    variables = frame.f_locals
    variable = variables["self"]
    return (id(variable), _text(variables.get("bit", ""))), variable


def _code_key(frame: FrameType) -> Tuple[Any, Any]:
    code = frame.f_code
    return id(code), code


def _field_key(frame: FrameType) -> Tuple[Any, Any]:
    variables = frame.f_locals
    kind, field = type(variables["self"]), variables.get("field")
    return (id(kind), "" if field is None else _text(field.field_name)), kind


def _attribute_key(frame: FrameType) -> Tuple[Any, Any]:
    variables = frame.f_locals
    return (".".join(variables["attrs"]), _text(variables.get("attr", ""))), None


def _resolver_key(frame: FrameType) -> Tuple[Any, Any]:
    parent, name = _resolved_field(frame)
    return (id(parent), name), parent


def _text(value: Any) -> str:
    # A key is hashed, which only a plain text may be: others may run code of the host's.
    if type(value) is not str:
        raise TypeError
    return value


_KEYS: Dict[ElementReader, Callable[[FrameType], Tuple[Any, Any]]] = {
    _template_node: _node_key,
    _template_lookup: _lookup_key,
    _compiled_template: _code_key,
    _serializer_field: _field_key,
    _serializer_attribute: _attribute_key,
    _resolver: _resolver_key,
}
"""For readers whose elements come most: what tells an element without making it, and the object whose address is in
that, which the table keeps alive. None of these refers to anything that is rendered."""


def number_of(frame: FrameType, table: PathTable) -> int:
    """The table's number for the element that a frame is at; 0 for a frame that is at none."""
    reader = readers.get(id(frame.f_code))
    if reader is None:
        return 0
    find_key = _KEYS.get(reader)
    if find_key is None:
        return _number_of_element(frame, table)
    try:
        key, owner = find_key(frame)
    except Exception:
        return _number_of_element(frame, table)
    known = table.owners.get(key)
    if known is not None:
        return known[0]
    number = _number_of_element(frame, table)
    if len(table.owners) < MAX_OWNERS:
        table.owners[key] = number, owner
    return number


class Mark(NamedTuple):
    """What a frame was at, in a form that tells quickly whether another frame of the same code is at it as well.

    `is_at` answers from `owner` and `name`. Its no may be a mistake, as where a template was compiled again; only the
    `number` decides then.
    """

    number: int
    is_at: "Callable[[FrameType, Mark], bool]"
    owner: Any
    name: str


def mark_of(frame: FrameType, table: PathTable) -> Optional[Mark]:
    """The mark of the element that a frame is at; None for a frame that is at none."""
    number = number_of(frame, table)
    if not number:
        return None
    reader = readers[id(frame.f_code)]
    compare = _COMPARISONS.get(reader)
    try:
        key, owner = _KEYS[reader](frame)
    except Exception:
        # Nothing is lost: what is never taken for the same at a glance is told by its number.
        compare = None
    if compare is None:
        return Mark(number, _never, None, "")
    return Mark(number, compare, owner, key[1] if type(key) is tuple else "")


def _is_at_node(frame: FrameType, mark: Mark) -> bool:
    return frame.f_locals.get("self") is mark.owner


def _is_at_lookup(frame: FrameType, mark: Mark) -> bool:
    variables = frame.f_locals
    return variables.get("self") is mark.owner and variables.get("bit", "") is mark.name


def _is_at_field(frame: FrameType, mark: Mark) -> bool:
    variables = frame.f_locals
    if type(variables.get("self")) is not mark.owner:
        return False
    field = variables.get("field")
    if field is None:
        return not mark.name
    try:
        return bool(_text(field.field_name) == mark.name)
    except Exception:
        # Nothing is lost by a no: the number decides.
        return False


def _is_at_attribute(frame: FrameType, mark: Mark) -> bool:
    variables = frame.f_locals
    names, name = variables.get("attrs"), variables.get("attr")
    # One name is its own path.
    return type(names) is list and len(names) == 1 and names[0] is name and type(name) is str and name == mark.name


def _is_at_code(frame: FrameType, mark: Mark) -> bool:
    return True


def _never(frame: FrameType, mark: Mark) -> bool:
    return False


_COMPARISONS: Dict[ElementReader, Callable[[FrameType, Mark], bool]] = {
    _template_node: _is_at_node,
    _template_lookup: _is_at_lookup,
    _compiled_template: _is_at_code,
    _serializer_field: _is_at_field,
    _serializer_attribute: _is_at_attribute,
}


def marks_of(frames: Sequence[FrameType], table: PathTable) -> List[Optional[Mark]]:
    """The marks of some frames, the innermost first, but of none whose element follows from the one inside of it.

    That one then has no number: it follows from this very variable, and another node may have one of the same name.
    """
    marks: List[Optional[Mark]] = []
    inner: Optional[Mark] = None
    place = -1
    for frame in frames:
        # Most are no interpreter's.
        mark = mark_of(frame, table) if id(frame.f_code) in readers else None
        if mark is not None and inner is not None and _is_variable_of(inner, mark):
            marks[place] = inner._replace(number=_NO_NUMBER)
            marks.append(None)
        else:
            marks.append(mark)
        if mark is not None:
            inner, place = mark, len(marks) - 1
    return marks


_NO_NUMBER = -1


def _is_variable_of(lookup: Mark, node: Mark) -> bool:
    """Is it the variable of this `{{ node }}`? It is no other node's."""
    if lookup.is_at is not _is_at_lookup or node.is_at is not _is_at_node:
        return False
    expression = own_dict(node.owner).get("filter_expression")
    slot = class_attribute(type(expression), "var")
    if type(slot) is not MemberDescriptorType:
        return own_dict(expression).get("var") is lookup.owner
    try:
        return slot.__get__(expression) is lookup.owner
    except AttributeError:
        # A slot that is not set holds no variable.
        return False


def _number_of_element(frame: FrameType, table: PathTable) -> int:
    element = element_of(frame)
    return 0 if element is None else table.element_number(element)


def reader_for(filename: str, function: str) -> Optional[ElementReader]:
    """The reader for frames of this function, or None where frames stand for themselves.

    `filename` uses forward slashes; the package's place on disk does not matter.
    """
    if (function in _COMPILED or function.startswith("block_")) and not filename.endswith(".py"):
        return _compiled_template
    parts = filename.rsplit("/", 3)
    for length in (2, 3):
        reader = _READERS.get(("/".join(parts[-length:]), function))
        if reader is not None:
            return reader
    return None
