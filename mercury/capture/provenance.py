"""What stands behind a query that comes again: the model, the field, the row, and the loops around it.

Looked up at a few queries of each call path, while the frames are alive. What is kept are
names and keyed digests, never an instance, a queryset or a value.
"""

import os
from types import CodeType, FrameType
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from mercury.capture import bytecode, loops, rows
from mercury.capture.code import PLUMBING, kinds
from mercury.capture.code_memory import once_for_code
from mercury.capture.frames import Lane
from mercury.capture.iterables import ROWS
from mercury.capture.local_variables import locals_of
from mercury.capture.loops import LoopSource
from mercury.capture.parameters import basic
from mercury.trace import PathTable

_MAX_FRAMES = 60
_MAX_CODES = 4096


class Relation(NamedTuple):
    """An attribute of a model, with the model's table."""

    model: str
    field: str
    table: str


class Sighting(NamedTuple):
    """Who asked for the rows. Empty strings where the frames do not tell.

    `kind` is how the ORM was entered: "forward" and "reverse_one" (an attribute that holds one related object),
    "generic" (one of any model), "many" (a related manager), "deferred" (a column left out), "prefetch" (of rows in
    hand), "queryset" (a manager or queryset of the model itself), "instance" (save, delete, refresh), "content_type",
    "cache" (a table of Django's cache) or "raw". `method` is the ORM's, `row` the instance behind the query, in
    words. `related_model` is the model that is read or written where it is not `model`. `relation` leads from the row
    to `model`, though the query did not go that way. `looks` counts how often the frames were looked at, `spawn` is
    the path of whoever had another thread or task do this. `is_of_codes`: it reads a table of codes, see
    rows.is_code_table. `is_wide`: it carried lists of values. `element` is a keyed digest of the instance that is
    written, or a hash of the one whose related manager is asked, SEVERAL after another one. `owner` is a keyed
    digest of the row that the first look found behind the query.
    """

    kind: str
    model: str
    field: str
    related_model: str
    method: str
    is_filtered: bool
    row: str
    table: str
    is_code: bool = False
    relation: "Optional[Relation]" = None
    loops: Tuple[LoopSource, ...] = ()
    looks: int = 1
    spawn: int = -1
    is_of_codes: bool = False
    is_wide: bool = False
    element: int = 0
    owner: int = 0

    def holder_among(self, spawned: Sequence[LoopSource] = ()) -> Optional[LoopSource]:
        """The loop, of these and its own, whose variable held the row behind the query; None where none did."""
        if not self.owner:
            return None
        for loop in (*self.loops, *spawned):
            if any(element == self.owner for element, _ in loop.elements):
                return loop
        return None

    @property
    def stands(self) -> bool:
        """Did each look find the related manager of one and the same instance? Then that is no row of a loop."""
        return self.looks > 1 and self.may_stand

    @property
    def may_stand(self) -> bool:
        """Did no look find the related manager of another instance than the first did?"""
        return self.kind == "many" and self.element not in (0, SEVERAL)

    @property
    def is_settled(self) -> bool:
        """Can another look tell nothing more that counts?

        So it is where the row is known and one loop alone is around, over rows, and was seen to turn. A second
        loop would have been seen: the same call path always stands in the same loops.
        """
        if not self.row or self.kind == "instance" or self.spawn >= 0:
            return False
        known = [loop for loop in self.loops if loop.kind != loops.LIBRARY]
        return len(known) == 1 and known[0].kind == ROWS and not known[0].element and len(known[0].elements) > 1


SEVERAL = -1

RAW = Sighting("raw", "", "", "", "", False, "", "")


def look(
    frame: FrameType,
    lane: Lane,
    shared: int,
    table: PathTable,
    root: loops.Root,
    parameters: Any,
    width: loops.Width,
    known: Optional[Sighting],
) -> Sighting:
    """The sighting for a query that `frame` is about to send, together with what is `known` of its call path.

    `shared` is how many of the lane's outermost activations are those of the thread's query before, `table` has the
    lane's paths, `root` is where the unit was opened, `width` what the statement has carried.
    """
    stack, loop_frame = lane.stack(), lane.shared_frame(shared)
    calling = loop_frame if lane.stands_again(shared, table) else None
    around = loops.look(stack, root, calling, width, lane.seen)
    if known is not None and known.row and known.kind != "instance":
        # The operation is the same, and what is known of it is as good as it gets.
        element = SEVERAL if known.kind == "many" and _sighted(frame).element != known.element else known.element
        return known._replace(loops=loops.merged(known.loops, around), looks=known.looks + 1, element=element)
    spawn = -1 if lane.spawn is None else lane.spawn.index
    sighting = _sighted(frame)
    if not sighting.row and loop_frame is not None:
        sighting = _with_row_of_loop(sighting, loop_frame, parameters)
    if known is None:
        return sighting._replace(is_wide=width.is_wide, spawn=spawn, loops=loops.merged((), around))
    return _merged(known, sighting._replace(is_wide=width.is_wide, spawn=spawn), around)


def _sighted(frame: FrameType) -> Sighting:
    """What the outermost frame of the ORM says that says anything: it is what the application called."""
    outer = []
    for candidate in _plumbing(frame):
        read = _reader_for(candidate.f_code)
        if read in _FINAL:
            found = read(candidate)
            if found is not None:
                return found
        elif read is not None:
            outer.append((read, candidate))
    for read, candidate in reversed(outer):
        found = read(candidate)
        if found is not None:
            return found
    return RAW


def _merged(known: Sighting, seen: Sighting, around: Sequence[LoopSource]) -> Sighting:
    """What two looks at one call path say together. One that names a row is best."""
    best = seen if seen.row and not known.row else known
    element = known.element if seen.element == known.element else SEVERAL
    return best._replace(loops=loops.merged(known.loops, around), looks=known.looks + 1, element=element)


def _plumbing(frame: FrameType) -> Iterator[FrameType]:
    current: Optional[FrameType] = frame
    for _ in range(_MAX_FRAMES):
        if current is None or not kinds.get(id(current.f_code), 0) & PLUMBING:
            return
        yield current
        current = current.f_back


_Reader = Callable[[FrameType], Optional[Sighting]]


@once_for_code(_MAX_CODES)
def _reader_for(code: CodeType) -> Optional[_Reader]:
    """What reads a frame of the ORM's that runs this code; None where it says nothing."""
    folder, file = os.path.split(code.co_filename)
    if code.co_name == "prefetch_one_level":
        return _read_prefetch
    if file == "models.py" and os.path.basename(folder) == "contenttypes":
        return _read_content_type
    if file == "db.py" and os.path.basename(os.path.dirname(folder)) == "cache":
        return _read_cache
    if code.co_name == "__get__":
        return _read_descriptor
    if file == "related_descriptors.py" and code.co_name in _MANY_METHODS:
        return _read_many_manager
    if file == "related.py" and code.co_name == "validate":
        return _read_key
    return _READERS.get(file)


def _read_prefetch(frame: FrameType) -> Optional[Sighting]:
    return _from_prefetch(*locals_of(frame, ("instances", "lookup")))


def _read_content_type(frame: FrameType) -> Optional[Sighting]:
    """A manager's method; what else that file has is a model and a generic key."""
    (owner,) = locals_of(frame, ("self",))
    method = frame.f_code.co_name
    if rows.is_source(owner):
        return Sighting("content_type", "ContentType", "", "", method, False, "", "")
    return None


def _read_cache(frame: FrameType) -> Optional[Sighting]:
    """A method of the cache that is a table."""
    return Sighting("cache", "cache", frame.f_code.co_name, "cached value", "", False, "", "")


def _read_descriptor(frame: FrameType) -> Optional[Sighting]:
    owner, instance = locals_of(frame, ("self", "instance"))
    found = None if owner is None else _from_descriptor(owner, instance)
    return None if found is None else found._replace(owner=rows.key_of(instance))


def _read_many_manager(frame: FrameType) -> Optional[Sighting]:
    (owner,) = locals_of(frame, ("self",))
    return None if owner is None else _from_many_manager(owner, frame.f_code.co_name)


def _read_queryset(frame: FrameType) -> Optional[Sighting]:
    (owner,) = locals_of(frame, ("self",))
    if not rows.is_queryset(owner) or _is_raw(owner):
        return None
    return _from_queryset(owner, frame.f_code.co_name)


def _read_instance(frame: FrameType) -> Optional[Sighting]:
    (owner,) = locals_of(frame, ("self",))
    if not rows.is_instance(owner):
        return None
    element = rows.key_of(owner) if rows.is_row(owner) else 0
    name, method = _name(type(owner)), frame.f_code.co_name
    return Sighting("instance", name, "", "", method, False, "", _table(type(owner)), element=element)


def _read_key(frame: FrameType) -> Optional[Sighting]:
    (owner,) = locals_of(frame, ("self",))
    return None if owner is None else _from_key(owner)


_READERS: Dict[str, _Reader] = {"query.py": _read_queryset, "base.py": _read_instance}
_FINAL = (_read_content_type, _read_key)
"""What these say holds whatever is around them."""


_READING = ("count", "exists")
_MANY_METHODS = (*_READING, "add", "remove", "set", "clear")


def _is_raw(queryset: Any) -> bool:
    return not hasattr(queryset, "_hints")


def _from_prefetch(instances: Any, lookup: Any) -> Optional[Sighting]:
    """`prefetch_related_objects([row], "relation")`."""
    if type(instances) is not list or not instances or not rows.is_instance(instances[0]):
        return None
    owner = type(instances[0])
    name = rows.own_dict(lookup).get("prefetch_to", "")
    if type(name) is not str or not name:
        return None
    field = name.rpartition("__")[2]
    found = Sighting("prefetch", _name(owner), field, "", "", False, "", rows.table_of(owner))
    if len(instances) > 1:
        return found
    return found._replace(row=rows.with_article(_name(owner)), owner=rows.key_of(instances[0]))


def _from_descriptor(descriptor: Any, instance: Any) -> Optional[Sighting]:
    """`book.author`, `user.profile`, a deferred column, a generic foreign key."""
    if not rows.is_instance(instance):
        return None
    model = type(instance)
    row, is_code = rows.with_article(_name(model)), rows.is_code_table(model)
    if hasattr(descriptor, "related") and hasattr(descriptor.related, "get_accessor_name"):
        relation = descriptor.related
        accessor, related = str(relation.get_accessor_name()), _name(relation.related_model)
        return Sighting("reverse_one", _name(model), accessor, related, "", False, row, _table(model), is_code)
    field = getattr(descriptor, "field", descriptor)
    name = getattr(field, "name", "")
    if not name:
        return None
    related_model = getattr(field, "related_model", None)
    if getattr(field, "is_relation", False) and type(descriptor).__name__ != "ForeignKeyDeferredAttribute":
        related = "" if related_model is None else _name(related_model)
        kind = "generic" if related_model is None else "forward"
        return Sighting(kind, _name(model), str(name), related, "", False, row, _table(model), is_code)
    return Sighting("deferred", _name(model), str(name), "", "", False, row, _table(model), is_code)


def _from_key(field: Any) -> Optional[Sighting]:
    """A foreign key that proves whether its row is there."""
    model: Any = getattr(field, "model", None)
    related: Any = getattr(field, "related_model", None)
    if not rows.is_model(model) or not rows.is_model(related):
        return None
    name = str(getattr(field, "name", ""))
    return Sighting("key_check", _name(model), name, _name(related), "validate", False, "", _table(model))


def _from_many_manager(manager: Any, method: str) -> Optional[Sighting]:
    """A related manager's own method, which may work without a queryset of the relation."""
    held = rows.own_dict(manager)
    instance = held.get("instance")
    if not rows.is_instance(instance):
        return None
    name = held.get("prefetch_cache_name") or _remote_name(held.get("field"))
    model: Any = held.get("model")
    if not name or not rows.is_model(model):
        return None
    # A table between is written itself; the other rows are written where the key is theirs.
    owner = type(instance)
    is_between = held.get("through") is not None
    if not is_between:
        written = Sighting("queryset", _name(model), "", "", method, False, "", _table(model))
        return None if method in _READING else written
    row, is_code = rows.with_article(_name(owner)), rows.is_code_table(owner)
    found = Sighting("many", _name(owner), str(name), _name(model), method, False, row, _table(owner), is_code)
    return _of_instance(found, instance)


def _remote_name(field: Any) -> str:
    remote = getattr(field, "remote_field", None)
    return "" if remote is None else str(remote.get_accessor_name() or "")


def _from_queryset(queryset: Any, method: str) -> Sighting:
    """A queryset: of a related manager, which leaves the instance as a hint, or of a model's own manager."""
    model = queryset.model
    instance = queryset._hints.get("instance")
    if not rows.is_instance(instance):
        is_of_codes = rows.is_code_table(model)
        return Sighting("queryset", _name(model), "", "", method, False, "", _table(model), is_of_codes=is_of_codes)
    owner = type(instance)
    name = _accessor(queryset, instance)
    filtered = _condition_count(queryset) > 1
    row, is_code = rows.with_article(_name(owner)), rows.is_code_table(owner)
    found = Sighting("many", _name(owner), name, _name(model), method, filtered, row, _table(owner), is_code)
    return _of_instance(found, instance)


def _of_instance(found: Sighting, instance: Any) -> Sighting:
    """The same with what stands for one instance: not for its row alone, which may be loaded again and again."""
    owner = rows.key_of(instance)
    return found._replace(element=hash((id(instance), owner)), owner=owner)


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
    names = bytecode.loop_variables(loop_frame.f_code, loop_frame.f_lasti)
    for name, held in zip(names, locals_of(loop_frame, names)):
        if rows.is_instance(held):
            if _shares_value(rows.own_dict(held).values(), values):
                model = type(held)
                row, is_code = f"`{name}`, {rows.with_article(_name(model))}", rows.is_code_table(model)
                return _related(sighting, model)._replace(row=row, is_code=is_code, owner=rows.key_of(held))
        elif type(held) is dict and _shares_value(held.values(), values):
            return sighting._replace(row=f"`{name}`, a row of values")
    return sighting


def _related(sighting: Sighting, owner: Any) -> Sighting:
    """The same with the relation of `owner` that leads to the sighted model, where there is exactly one."""
    if sighting.kind != "queryset":
        return sighting
    generic = _only_name(field for field in owner._meta.private_fields if _leads_to(field, sighting.model))
    if generic:
        # Its manager leaves no trace of the relation in the queryset.
        related = sighting._replace(related_model=sighting.model, kind="many", table=_table(owner))
        return related._replace(model=_name(owner), field=generic)
    name = _only_name(relation for relation in owner._meta.related_objects if _leads_to(relation, sighting.model))
    return sighting._replace(relation=Relation(_name(owner), name, _table(owner)) if name else None)


def _leads_to(relation: Any, model: str) -> bool:
    related = relation.related_model
    return related is not None and not isinstance(related, str) and _name(related) == model


def _only_name(relations: Iterable[Any]) -> str:
    """The attribute of the only one of these relations; empty where there are several, or none."""
    names = [str(each.get_accessor_name() if hasattr(each, "get_accessor_name") else each.name) for each in relations]
    return names[0] if len(names) == 1 else ""


def _plain_values(parameters: Any) -> List[Any]:
    items = parameters.values() if type(parameters) is dict else parameters
    if type(parameters) not in (tuple, list, dict):
        return []
    return [value for value in map(basic, items) if type(value) in (int, str)]


def _shares_value(held: Any, values: List[Any]) -> bool:
    # Exact types only: comparing them runs no code of the host.
    return any(value == other for value in held if type(value) in (int, str) for other in values)


_name = rows.model_name
_table = rows.table_of
