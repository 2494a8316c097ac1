"""Rows and sources of rows, told without running a line of the host's code.

A model may define `__getattr__`, properties and metaclasses of its own. So attributes are
read from an object's own dict, through the slots of the built-in types, and classes are
compared by their bases.
"""

import sys
import weakref
from collections import deque
from enum import EnumMeta
from itertools import islice
from types import GetSetDescriptorType
from typing import Any, Dict, Iterator, NamedTuple, Tuple

from mercury.capture.parameters import digest

_slots: Any = type.__dict__
_mro_of = _slots["__mro__"].__get__
_dict_of = _slots["__dict__"].__get__
_name_of = _slots["__name__"].__get__

_SENDING = frozenset(("send", "send_robust", "asend", "asend_robust"))
_CONTAINERS = frozenset(map(id, (list, tuple, set, frozenset, deque)))
_QUEUES = frozenset(("queue", "_queue", "asyncio.queues", "multiprocessing.queues", "multiprocessing.managers"))
_BUILT_IN = frozenset(map(id, (type(None), bool, int, float, str, bytes, list, tuple, set, frozenset, dict)))
_MAX_ELEMENTS = 3
_MAX_HELD = 20
_MAX_CODE_LENGTH = 10
_MAX_CODE_TABLE_FIELDS = 5
_MAX_MODELS = 4096
_MAX_KINDS = 4096


_MODEL, _QUERYSET, _SOURCE, _PAGE, _SIGNAL = 1, 2, 4, 8, 16
_FAMILIES = (
    (_MODEL, "django.db.models", "Model"),
    (_QUERYSET | _SOURCE, "django.db.models.query", "QuerySet"),
    (_QUERYSET | _SOURCE, "django.db.models.query", "RawQuerySet"),
    (_SOURCE, "django.db.models.manager", "BaseManager"),
    (_SOURCE, "django.db.backends.utils", "CursorWrapper"),
    (_PAGE, "django.core.paginator", "Page"),
    (_SIGNAL, "django.dispatch", "Signal"),
)
"""Bits of the classes that extend Django's."""


class _Kind(NamedTuple):
    """What never changes about a class, which is not kept alive: its bits, and the slot of its objects' own dict."""

    reference: Any
    families: int
    slot: Any


_kinds: Dict[int, _Kind] = {}
"""By address of the class."""


def _kind_of(kind: type) -> _Kind:
    known = _kinds.get(id(kind))
    if known is not None and known.reference() is kind:
        return known
    if len(_kinds) >= _MAX_KINDS:
        _kinds.clear()
    found = _kinds[id(kind)] = _Kind(weakref.ref(kind), _families_of(kind), _slot_of(kind))
    return found


def _families_of(kind: type) -> int:
    families = 0
    for bits, module, name in _FAMILIES:
        family = getattr(sys.modules.get(module), name, None)
        if family is not None and any(base is family for base in _mro_of(kind)):
            families |= bits
    return families


def _slot_of(kind: type) -> Any:
    """What gives an object's own dict without running code of the host's; None where nothing does."""
    for base in _mro_of(kind):
        slot = _dict_of(base).get("__dict__")
        if slot is not None:
            return slot if type(slot) is GetSetDescriptorType else None
    return None


def own_dict(value: Any) -> Dict[str, Any]:
    """The attributes that the object itself holds; empty where it has no dict of its own."""
    slot = _kind_of(type(value)).slot
    found = {} if slot is None else slot.__get__(value)
    return found if type(found) is dict else {}


def class_attribute(kind: type, name: str) -> Any:
    """What a class or one of its bases holds under this name, not bound; None where there is nothing."""
    for base in _mro_of(kind):
        held = _dict_of(base)
        if name in held:
            return held[name]
    return None


def is_instance(value: Any) -> bool:
    """Is this an instance of a model?"""
    return bool(_kind_of(type(value)).families & _MODEL)


def is_model(value: Any) -> bool:
    return isinstance(value, type) and bool(_kind_of(value).families & _MODEL)


def is_row(value: Any) -> bool:
    """Is this an instance of a model that came out of the database or went in?"""
    if not is_instance(value):
        return False
    state = own_dict(value).get("_state")
    return state is not None and own_dict(state).get("adding", True) is False


def row_within(value: Any) -> Any:
    """The row itself, or the one that an object around it holds, such as a form; None where there is none."""
    if is_instance(value):
        return value if is_row(value) else None
    if type(value) in (str, int, dict, list, tuple):
        return None
    for held in list(islice(own_dict(value).values(), _MAX_HELD)):
        if id(type(held)) not in _BUILT_IN and is_row(held):
            return held
    return None


def is_queryset(value: Any) -> bool:
    return bool(_kind_of(type(value)).families & _QUERYSET)


def is_source(value: Any) -> bool:
    """Does iterating this give rows of the database: a queryset, a manager, a cursor?"""
    return bool(_kind_of(type(value)).families & _SOURCE)


def is_page(value: Any) -> bool:
    return bool(_kind_of(type(value)).families & _PAGE)


def is_many(value: Any) -> bool:
    """Is this many rows at once, such as a page or a part of a list of rows?"""
    if is_queryset(value) or is_page(value):
        return True
    return id(type(value)) in _CONTAINERS and any(is_instance(element) for element in first_elements(value))


def bound_of(value: Any) -> int:
    """The most rows that a sliced queryset or a page can give; 0 where it says nothing."""
    if is_page(value):
        size = own_dict(own_dict(value).get("paginator")).get("per_page")
        return size if type(size) is int else 0
    query = own_dict(value).get("_query") if is_queryset(value) else None
    held = own_dict(query)
    low, high = held.get("low_mark", 0), held.get("high_mark")
    return high - low if type(low) is int and type(high) is int else 0


def is_enum(value: Any) -> bool:
    return isinstance(value, type) and EnumMeta in _mro_of(type(value))


def is_container(value: Any) -> bool:
    """A built-in container, whose elements can be looked at without running anything of the host's."""
    return id(type(value)) in _CONTAINERS or type(value) is dict


def is_sending(owner: Any, method: str) -> bool:
    """Does this method of a signal of Django's ask its receivers, which code has registered?"""
    return method in _SENDING and bool(_kind_of(type(owner)).families & _SIGNAL)


def is_queue(value: Any) -> bool:
    """Is this a queue through which threads, tasks or processes hand work to each other?"""
    return any(_dict_of(base).get("__module__") in _QUEUES for base in _mro_of(type(value)))


def is_keyed_by_rows(value: Any) -> bool:
    """Is this a dict whose keys are rows or numbers, as the keys of rows are?"""
    if type(value) is not dict:
        return False
    return any(type(key) is int or is_instance(key) for _, key in zip(range(1), value))


def first_elements(value: Any) -> Iterator[Any]:
    """A few elements of a built-in container; of a dict its values."""
    elements = value.values() if type(value) is dict else value
    for _, element in zip(range(_MAX_ELEMENTS), elements):
        yield element


def holds_rows(value: Any) -> bool:
    """Is this a built-in container of rows, or of objects or containers around rows, which do not all share one?"""
    around = []
    for element in first_elements(value):
        row = row_within(element)
        if row is not None and row is element:
            return True
        if is_container(element) and any(is_row(inner) for inner in first_elements(element)):
            return True
        if row is not None:
            around.append(row)
    return len(around) == 1 or any(row is not around[0] for row in around)


def with_article(name: str) -> str:
    """ "a Book", "an Author"; U is left with "a", as in "a User"."""
    return f"{'an' if name[:1] in 'AEIO' else 'a'} {name}"


def model_name(model: type) -> str:
    name = _name_of(model)
    return name if type(name) is str else ""


def meta_of(model: type) -> Any:
    return class_attribute(model, "_meta")


def table_of(model: type) -> str:
    table = own_dict(meta_of(model)).get("db_table", "")
    return table if type(table) is str else ""


def key_of(instance: Any) -> int:
    """A keyed digest of which row this is; 0 where its key is of a type that nobody may look into."""
    key = own_dict(meta_of(type(instance))).get("pk")
    name = own_dict(key).get("attname")
    value = own_dict(instance).get(name) if type(name) is str else None
    return 0 if value is None else digest((table_of(type(instance)), value))


def is_code_table(model: type) -> bool:
    """Is this a table of codes - languages, currencies, flags - that the application's own vocabulary bounds?

    Such a model points at no other one and is known by a unique code of a few characters.
    """
    known = _code_tables.get(id(model))
    if known is not None and known[0]() is model:
        return known[1]
    if len(_code_tables) >= _MAX_MODELS:
        _code_tables.clear()
    found = _has_code(model)
    _code_tables[id(model)] = (weakref.ref(model), found)
    return found


_code_tables: Dict[int, Tuple[Any, bool]] = {}
"""By address of the model, which is not kept alive."""


def _has_code(model: type) -> bool:
    fields = own_dict(meta_of(model)).get("local_fields")
    held = [own_dict(field) for field in fields] if type(fields) is list else []
    if not held or len(held) > _MAX_CODE_TABLE_FIELDS or any(field.get("remote_field") for field in held):
        return False
    return any(_is_code(field) for field in held)


def _is_code(field: Dict[str, Any]) -> bool:
    length = field.get("max_length")
    is_unique = field.get("_unique") is True or field.get("primary_key") is True
    return is_unique and type(length) is int and 0 < length <= _MAX_CODE_LENGTH
