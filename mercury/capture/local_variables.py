"""Local variables of a running frame, read without changing how long they live."""

import sys
from inspect import CO_OPTIMIZED
from types import FrameType
from typing import Any, Callable, Iterable, List, Optional

_count_references: Optional[Callable[[Any], int]] = getattr(sys, "getrefcount", None)
_OWN_REFERENCES = 3
"""Who holds a frame's dict of local variables: the frame, our variable, and the call that counts."""


def locals_of(frame: FrameType, names: Iterable[str]) -> List[Any]:
    """Some local variables of a frame, in this order; None for those that are not set.

    Before Python 3.13, asking for them makes a function's frame keep all of them in a dict
    of its own, also after the function has let them go. So that dict is emptied again,
    unless somebody else holds it: `locals()` gives the same one. Nor where a debugger or profiler
    may be in the frame: Python writes the dict back into the function when that returns.
    """
    variables = frame.f_locals
    found = [variables.get(name) for name in names]
    is_copy = bool(frame.f_code.co_flags & CO_OPTIMIZED) and type(variables) is dict and not _is_traced(frame)
    if is_copy and _count_references is not None and _count_references(variables) <= _OWN_REFERENCES:
        variables.clear()
    return found


def _is_traced(frame: FrameType) -> bool:
    return frame.f_trace is not None or sys.gettrace() is not None or sys.getprofile() is not None
