"""How many rows a test makes: what `--mercury-growth` runs twice, with so many and with twice as many.

A test tells it by taking the fixture `mercury_size`, a case of unittest by an attribute of that name.
"""

import functools
from typing import Any, Iterable, List, NamedTuple, Tuple

ROWS = 10
ATTRIBUTE = "mercury_size"

_FIRST = "first_by_mercury"


class Size(NamedTuple):
    """`rows` is 0 where a test does not say. A further size is for growth alone: all else is judged at the first."""

    rows: int = 0
    is_further: bool = False


def pair(rows: int) -> Tuple[int, int]:
    """The sizes of a test that makes so many rows where growth is not asked for."""
    return rows, 2 * rows


def of_case(case: Any) -> Size:
    """The size of a class of unittest's cases."""
    return Size(checked(getattr(case, ATTRIBUTE, 0)), hasattr(case, _FIRST))


def checked(rows: Any) -> int:
    """The number, or 0 where it is no whole number from 1 on."""
    return rows if type(rows) is int and rows > 0 else 0


def rows_of(setting: str) -> int:
    """The number that pytest's setting `mercury_size` is. Raises ValueError."""
    try:
        rows = int(setting)
    except ValueError:
        rows = 0
    if rows < 1:
        raise ValueError("the setting mercury_size is no whole number from 1 on")
    return rows


def first(case: Any) -> Any:
    """The class as it is written, of itself or of its copy at the further size."""
    return getattr(case, _FIRST, case)


@functools.lru_cache(maxsize=None)
def further(case: Any) -> Any:
    """The class at its further size. Its cases can be sent to other processes that can import the class itself."""
    rows = pair(getattr(case, ATTRIBUTE))[1]

    def reduce(self: Any, protocol: Any) -> Tuple[Any, ...]:
        _, _, *state = super(made, self).__reduce_ex__(2)
        return (_anew, (case,), *state)

    members = {
        ATTRIBUTE: rows,
        _FIRST: case,
        "__module__": case.__module__,
        "__qualname__": f"{case.__qualname__}[{rows}]",
        "__doc__": case.__doc__,
        "__reduce_ex__": reduce,
    }
    made: Any = type(case)(f"{case.__name__}[{rows}]", (case,), members)
    return made


def with_further(cases: Iterable[Any]) -> List[Any]:
    """The cases, and those that have a size once more at the further one."""
    listed = list(cases)
    sized = [(case.__class__, case) for case in listed if of_case(case.__class__).rows]
    return listed + [further(kind)(case._testMethodName) for kind, case in sized]


def _anew(case: Any) -> Any:
    made = further(case)
    return made.__new__(made)
