"""What an interpreter written in Python is at: the template node, the field, the lookup.

`{{ book.author }} {{ book.editor }}` runs two queries from one call path, because the
loop that calls both is the template engine's. Frames of such interpreters carry the
element they work on, which makes them two places again, and gives a template its line.
"""

from types import FrameType
from typing import Any, Callable, Dict, Hashable, NamedTuple, Optional, Tuple


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
    """A lookup, a serializer field or a form field, by name."""

    kind: str
    owner: str
    name: str


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
    return NamedElement("serializer", type(variables["self"]).__name__, name)


def _serializer_attribute(frame: FrameType) -> Hashable:
    variables = frame.f_locals
    return NamedElement("attribute", ".".join(map(str, variables["attrs"])), str(variables.get("attr", "")))


def _form_field(frame: FrameType) -> Hashable:
    variables = frame.f_locals
    return NamedElement("form", type(variables["self"]).__name__, str(variables.get("name", "")))


_READERS: Dict[Tuple[str, str], ElementReader] = {
    ("django/template/base.py", "render_annotated"): _template_node,
    ("django/template/base.py", "_resolve_lookup"): _template_lookup,
    ("django/forms/forms.py", "_clean_fields"): _form_field,
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
