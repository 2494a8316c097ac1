"""Are the parameters of two queries the same? Answered without keeping them.

Only values of known types are looked at, through their serialized form: no `__hash__`,
`__eq__` or `__str__` of the host's classes ever runs. The digest is keyed
with random bytes of this process and is dropped when the unit of work closes.
"""

import datetime
import decimal
import marshal
import os
import uuid
from typing import Any, Callable, Dict, Tuple

NOT_COMPARED = 0

# Version 2 knows no back references, so equal values always have equal bytes.
_MARSHAL_VERSION = 2
_dumps = marshal.dumps
_MAX_BYTES = 64 * 1024
_KEY = os.urandom(16)


def _aware_or_naive(value: Any) -> str:
    # A time zone is the host's code unless it is the standard library's own UTC offset.
    zone = value.tzinfo
    if zone is not None and type(zone) is not datetime.timezone:
        raise ValueError
    return str(value.isoformat())


_BY_TYPE: Dict[type, Callable[[Any], Any]] = {
    datetime.datetime: _aware_or_naive,
    datetime.time: _aware_or_naive,
    datetime.date: lambda value: value.isoformat(),
    datetime.timedelta: lambda value: (value.days, value.seconds, value.microseconds),
    decimal.Decimal: lambda value: value.as_tuple().__repr__(),
    uuid.UUID: lambda value: value.bytes,
}


# By address: hashing a type may run its metaclass, which is the host's code.
_READERS = {id(kind): reader for kind, reader in _BY_TYPE.items()}
_EXACT = frozenset(map(id, (bool, int, float, str, bytes, type(None))))
_BUFFERS = frozenset(map(id, (bytearray, memoryview)))
_DEEPEST = 8

# The base types' own methods: what a subclass overrides is never called.
_CONVERTERS: Tuple[Tuple[type, Callable[[Any], Any]], ...] = (
    (int, lambda value: int.__add__(value, 0)),
    (float, lambda value: float.__add__(value, 0.0)),
    (str, lambda value: str.__add__(value, "")),
)


def digest(parameters: Any, variant: int = 0) -> int:
    """A keyed 64-bit digest of the parameters of one query, or NOT_COMPARED.

    `variant` stands for what the text itself holds; see mercury.capture.statements.
    """
    data = _dumps(parameters, _MARSHAL_VERSION) if _is_plain(parameters) else _serialize_items(parameters)
    if not data or len(data) > _MAX_BYTES:
        return NOT_COMPARED
    return hash(_KEY + data) ^ variant or 1


def _is_plain(parameters: Any) -> bool:
    """Whether they hold built-in values only: of anything else marshal asks a buffer, which may be the host's code."""
    kind = type(parameters)
    if kind is not tuple and kind is not list:
        return id(kind) in _EXACT
    for value in parameters:
        kind = type(value)
        # Most are one of these, and each query pays for asking further.
        if kind is not int and kind is not str and id(kind) not in _EXACT:
            return False
    return True


def _serialize_items(parameters: Any) -> bytes:
    try:
        kind = type(parameters)
        if kind is dict:
            plain: Any = {name: _plain(value, _DEEPEST) for name, value in parameters.items() if type(name) is str}
        elif kind is tuple or kind is list:
            plain = _plain(parameters, _DEEPEST)
        else:
            return b""
        return marshal.dumps(plain, _MARSHAL_VERSION)
    except (ValueError, TypeError):
        return b""


def _plain(value: Any, depth: int) -> Any:
    """The value in built-in types. Raises ValueError where that would be for the host's code to say."""
    kind = type(value)
    if depth and (kind is tuple or kind is list):
        return kind(_plain(item, depth - 1) for item in value)
    if id(kind) in _BUFFERS:
        return bytes(value)
    reader = _READERS.get(id(kind))
    if reader is not None:
        return kind.__name__, reader(value)
    plain = basic(value)
    if id(type(plain)) not in _EXACT:
        raise ValueError
    return plain


def basic(value: Any) -> Any:
    """The value as the built-in type that it extends, such as a driver's own kind of int; else the value itself."""
    kind = type(value)
    if id(kind) in _EXACT:
        return value
    for base, convert in _CONVERTERS:
        if issubclass(kind, base):
            return convert(value)
    return value
