"""What stands behind a query that comes again: the model, the field, and the row.

Looked up once per call path, at its second query, while the frames are alive. What is
kept are names, never an instance, a queryset or a value.
"""

import os
import sys
from inspect import CO_OPTIMIZED
from types import FrameType
from typing import Any, Callable, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from mercury.capture import bytecode
from mercury.capture.code import PLUMBING, kinds
from mercury.capture.parameters import basic

_MAX_FRAMES = 60

_count_references: Optional[Callable[[Any], int]] = getattr(sys, "getrefcount", None)
_OWN_REFERENCES = 3
"""Who holds a frame's dict of local variables: the frame, our variable, and the call that counts."""


class Sighting(NamedTuple):
    """Who asked for the rows. Empty strings where the frames do not tell.

    `kind` is how the ORM was entered: "forward" and "reverse_one" (an attribute that holds one
    related object), "many" (a related manager), "deferred" (a column left out),
    "queryset" (a manager or queryset of the model itself), "instance" (save, refresh) or "raw".
    """

    kind: str
    model: str
    field: str
    related_model: str
    method: str
    is_filtered: bool
    row: str
    table: str


RAW = Sighting("raw", "", "", "", "", False, "", "")


def look(frame: FrameType, loop_frame: Optional[FrameType], parameters: Any) -> Sighting:
    """The sighting for a query that `frame` is about to send.

    `loop_frame` is the innermost activation shared with the thread's query before: where
    the loop is, if there is one.
    """
    sighting = RAW
    for candidate in _plumbing(frame):
        found = _sighting_of(candidate)
        if found is not None:
            # The outermost one is what the application called.
            sighting = found
    if sighting.row or loop_frame is None:
        return sighting
    return _with_row_of_loop(sighting, loop_frame, parameters)


def _plumbing(frame: FrameType) -> Iterator[FrameType]:
    current: Optional[FrameType] = frame
    for _ in range(_MAX_FRAMES):
        if current is None or not kinds.get(id(current.f_code), 0) & PLUMBING:
            return
        yield current
        current = current.f_back


def _sighting_of(frame: FrameType) -> Optional[Sighting]:
    code = frame.f_code
    file = os.path.basename(code.co_filename)
    variables = frame.f_locals
    owner = variables.get("self")
    if owner is None:
        return None
    if code.co_name == "__get__":
        return _from_descriptor(owner, variables.get("instance"))
    if file == "related_descriptors.py" and code.co_name in ("count", "exists"):
        return _from_many_manager(owner, code.co_name)
    if file == "query.py" and hasattr(owner, "_hints") and hasattr(owner, "model"):
        return _from_queryset(owner, code.co_name)
    if file == "base.py" and _is_instance(owner):
        return Sighting("instance", _name(type(owner)), "", "", code.co_name, False, "", _table(type(owner)))
    return None


def _from_descriptor(descriptor: Any, instance: Any) -> Optional[Sighting]:
    """`book.author`, `user.profile`, a deferred column, a generic foreign key."""
    if instance is None or not _is_instance(instance):
        return None
    model = type(instance)
    row = f"a {_name(model)}"
    if hasattr(descriptor, "related") and hasattr(descriptor.related, "get_accessor_name"):
        relation = descriptor.related
        accessor, related = str(relation.get_accessor_name()), _name(relation.related_model)
        return Sighting("reverse_one", _name(model), accessor, related, "", False, row, _table(model))
    field = getattr(descriptor, "field", descriptor)
    name = getattr(field, "name", "")
    if not name:
        return None
    related_model = getattr(field, "related_model", None)
    if getattr(field, "is_relation", False) and type(descriptor).__name__ != "ForeignKeyDeferredAttribute":
        related = "" if related_model is None else _name(related_model)
        kind = "generic" if related_model is None else "forward"
        return Sighting(kind, _name(model), str(name), related, "", False, row, _table(model))
    return Sighting("deferred", _name(model), str(name), "", "", False, row, _table(model))


def _from_many_manager(manager: Any, method: str) -> Optional[Sighting]:
    """A many-to-many relation's manager, which counts in the table between without a queryset of the relation."""
    instance, name = getattr(manager, "instance", None), getattr(manager, "prefetch_cache_name", "")
    if not name or not _is_instance(instance):
        return None
    owner = type(instance)
    return Sighting("many", _name(owner), name, _name(manager.model), method, False, f"a {_name(owner)}", _table(owner))


def _from_queryset(queryset: Any, method: str) -> Sighting:
    """A queryset: of a related manager, which leaves the instance as a hint, or of a model's own manager."""
    model = queryset.model
    instance = queryset._hints.get("instance")
    if instance is None or not _is_instance(instance):
        return Sighting("queryset", _name(model), "", "", method, False, "", _table(model))
    owner = type(instance)
    name = _accessor(queryset, instance)
    filtered = _condition_count(queryset) > 1
    return Sighting("many", _name(owner), name, _name(model), method, filtered, f"a {_name(owner)}", _table(owner))


def _accessor(queryset: Any, instance: Any) -> str:
    """The attribute of `instance` whose related manager made the queryset, or an empty string."""
    for field in queryset._known_related_objects:
        remote = getattr(field, "remote_field", None)
        if remote is not None:
            return str(remote.get_accessor_name() or "")
    tables = set(queryset.query.alias_map)
    for accessor, through in _many_relations(type(instance), queryset.model):
        if through in tables:
            return accessor
    return ""


def _many_relations(owner: Any, model: Any) -> Iterator[Tuple[str, str]]:
    meta = owner._meta
    for field in meta.many_to_many:
        if field.related_model is model:
            yield str(field.name), field.remote_field.through._meta.db_table
    for relation in meta.related_objects:
        if relation.many_to_many and relation.related_model is model:
            yield str(relation.get_accessor_name() or ""), relation.through._meta.db_table
    for field in meta.private_fields:
        if getattr(field, "related_model", None) is model:
            yield str(field.name), model._meta.db_table


def _condition_count(queryset: Any) -> int:
    return len(queryset.query.where.children)


def _with_row_of_loop(sighting: Sighting, loop_frame: FrameType, parameters: Any) -> Sighting:
    """Adds the row that the loop holds in its variable, if it gave a parameter of the query."""
    values = _plain_values(parameters)
    for name, held in _locals(loop_frame, bytecode.loop_variables(loop_frame.f_code, loop_frame.f_lasti)):
        if _is_instance(held):
            if _shares_value(vars(held).values(), values):
                return _related(sighting, type(held))._replace(row=f"`{name}`, a {_name(type(held))}")
        elif type(held) is dict and _shares_value(held.values(), values):
            return sighting._replace(row=f"`{name}`, a row of values")
    return sighting


def _locals(frame: FrameType, names: Iterable[str]) -> List[Tuple[str, Any]]:
    """Some local variables of a frame, in this order.

    Before Python 3.13, asking for them makes a function's frame keep all of them in a dict
    of its own, also after the function has let them go. So that dict is emptied again,
    unless somebody else holds it: `locals()` gives the same one.
    """
    variables = frame.f_locals
    found = [(name, variables.get(name)) for name in names]
    is_copy = bool(frame.f_code.co_flags & CO_OPTIMIZED) and type(variables) is dict
    if is_copy and _count_references is not None and _count_references(variables) <= _OWN_REFERENCES:
        variables.clear()
    return found


def _related(sighting: Sighting, owner: Any) -> Sighting:
    """The same query seen as a relation of `owner`, where exactly one leads to the sighted model."""
    if sighting.kind != "queryset":
        return sighting
    names = [
        str(relation.get_accessor_name() or "")
        for relation in owner._meta.related_objects
        if _name(relation.related_model) == sighting.model
    ]
    names += [
        str(field.name)
        for field in owner._meta.private_fields
        if field.is_relation and field.related_model is not None and _name(field.related_model) == sighting.model
    ]
    if len(names) != 1 or not names[0]:
        return sighting
    return sighting._replace(
        kind="many", model=_name(owner), field=names[0], related_model=sighting.model, table=_table(owner)
    )


def _plain_values(parameters: Any) -> List[Any]:
    items = parameters.values() if type(parameters) is dict else parameters
    if type(parameters) not in (tuple, list, dict):
        return []
    return [value for value in map(basic, items) if type(value) in (int, str)]


def _shares_value(held: Any, values: List[Any]) -> bool:
    # Exact types only: comparing them runs no code of the host.
    return any(value == other for value in held if type(value) in (int, str) for other in values)


def _is_instance(value: Any) -> bool:
    return hasattr(type(value), "_meta") and hasattr(value, "_state")


def _name(model: Any) -> str:
    return str(model.__name__)


def _table(model: Any) -> str:
    return str(model._meta.db_table)
