"""What both backends ask of their callers' numbers, so that they refuse the same things.

Everything that crosses to the core is 64-bit integers in a flat buffer. A wrong width
would be read as other numbers instead of failing, so it is refused here.
"""

from __future__ import annotations

from mercury.errors import MercuryError, from_code

INVALID_ARGUMENT = -1
INVALID_ARGUMENT_TEXT = "an argument is out of range"

TYPE_CHECKING = False  # type checkers know it by its name; to import typing takes longer than all else here
if TYPE_CHECKING:
    from array import array
    from typing import Sequence, Union

    Integers = Union["array[int]", memoryview]
    """A flat buffer of signed 64-bit integers: array("q") or memoryview.cast("q")."""

    Doubles = Union["array[float]", memoryview]
    """A flat buffer of doubles."""
else:
    Integers = Doubles = memoryview


def integers(values: Integers, width: int = 1) -> memoryview:
    """`values` as a flat view of whole records of `width` integers each."""
    view = _flat(values, "q")
    if len(view) % width:
        view.release()
        raise _refusal()
    return view


def doubles(values: Doubles) -> memoryview:
    """`values` as a flat view of doubles."""
    return _flat(values, "d")


def path_integers(path: Sequence[Sequence[int]]) -> array[int]:
    """The entries of one call path, one after the other."""
    from array import array

    flat = array("q")
    for entry in path:
        if len(entry) != 3:
            raise _refusal()
        try:
            flat.extend(entry)
        except (OverflowError, TypeError):
            raise _refusal() from None
    return flat


def _flat(values: Union[Integers, Doubles], form: str) -> memoryview:
    try:
        view = memoryview(values)
    except TypeError:
        raise _refusal() from None
    if view.format != form or view.ndim != 1 or not view.contiguous:
        view.release()
        raise _refusal()
    return view


def _refusal() -> MercuryError:
    return from_code(INVALID_ARGUMENT, INVALID_ARGUMENT_TEXT)
