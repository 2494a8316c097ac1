"""Many statements in one call, from buffers as Arrow lays out strings.

    mercury.fingerprint_batch(column)            # a pyarrow array of strings or binaries
    mercury.fingerprint_batch(data, offsets)     # any two buffers, of numpy for example

Nothing is copied on the way in. With the C library the interpreter's lock is released while
a batch is worked on, so threads with a batch each run side by side.
"""

import sys
from array import array
from contextlib import ExitStack, contextmanager
from typing import Any, Iterator, NamedTuple, Optional

from mercury.core import backend
from mercury.errors import InvalidArgumentError
from mercury.query import dialect_number

_OFFSET_FORMATS = frozenset("ilq")
_NATIVE_ORDER = "@=<" if sys.byteorder == "little" else "@=>!"
"""Marks of this machine's byte order before a buffer's format: others would be other numbers."""

_ARROW_ARRAYS = (("StringArray", 4), ("BinaryArray", 4), ("LargeStringArray", 8), ("LargeBinaryArray", 8))
"""The classes of pyarrow that lie in memory as this module reads it, with the width of their offsets."""


class Texts(NamedTuple):
    """Texts as Arrow lays out a large_string: text i is data[offsets[i]] up to data[offsets[i + 1]]."""

    data: bytearray
    """UTF-8 where the statements were UTF-8."""
    offsets: "array[int]"
    """Signed 64-bit integers, one more than texts."""


def fingerprint_batch(data: Any, offsets: Any = None, dialect: str = "generic") -> "array[int]":
    """The fingerprints of many statements as an array of unsigned 64-bit integers; 0 stands for a null.

    `data` is a pyarrow array of (large) strings or binaries; or a buffer of bytes, and
    `offsets` a flat buffer of signed 32-bit or 64-bit integers: statement i is
    data[offsets[i]] up to data[offsets[i + 1]]. The result is a buffer that
    numpy.frombuffer and pyarrow.py_buffer take as it is.

    Raises TypeError where an argument is no buffer, InvalidArgumentError where one has the
    wrong layout (with the row as `position` where an offset is wrong), UnknownDialectError;
    without the C library LimitExceededError for a statement over 50 MB.
    """
    with _arguments(data, offsets, dialect) as rows:
        result: array[int] = backend().module.fingerprint_batch(*rows)
    return result


def normalize_batch(data: Any, offsets: Any = None, dialect: str = "generic") -> Texts:
    """The canonical texts of many statements, in the layout that this function takes; a null's text is empty.

    Row i of the result belongs to row i of the input, so an Arrow array's own validity
    bitmap says which texts stand for nulls. Bytes that are no UTF-8 stay as they are.
    Takes and raises what `fingerprint_batch` does.
    """
    with _arguments(data, offsets, dialect) as rows:
        return Texts(*backend().module.normalize_batch(*rows))


class _Rows(NamedTuple):
    """What both backends take."""

    data: memoryview
    offsets: memoryview
    dialect: int
    validity: Optional[memoryview]
    validity_start: int


@contextmanager
def _arguments(data: Any, offsets: Any, dialect: str) -> Iterator[_Rows]:
    """Lends the buffers to the backend, and says in words what it finds wrong with a row."""
    number = dialect_number(dialect)
    with ExitStack() as views:
        try:
            yield (
                _buffer_rows(data, offsets, number, views) if offsets is not None else _arrow_rows(data, number, views)
            )
        except InvalidArgumentError as error:
            if error.position < 0:
                raise
            message = f"the offsets of row {error.position} are negative, run backward or pass the end of the data"
            raise InvalidArgumentError(message, error.position) from None


def _buffer_rows(data: Any, offsets: Any, dialect: int, views: ExitStack) -> _Rows:
    if _is_arrow(data, "Array"):
        raise TypeError("an Arrow array has offsets of its own: leave `offsets` out")
    return _Rows(_byte_view(data, views), _offset_view(offsets, views), dialect, None, 0)


def _byte_view(data: Any, views: ExitStack) -> memoryview:
    view = _view("data", data, views)
    if view.itemsize != 1:
        raise InvalidArgumentError("data must be a buffer of single bytes")
    return view


def _offset_view(offsets: Any, views: ExitStack) -> memoryview:
    """The offsets as they are; the backend checks their values."""
    view = _view("offsets", offsets, views)
    if view.format.lstrip(_NATIVE_ORDER) not in _OFFSET_FORMATS or view.itemsize not in (4, 8):
        raise InvalidArgumentError("offsets must be signed 32-bit or 64-bit integers in this machine's byte order")
    return view


def _view(name: str, value: Any, views: ExitStack) -> memoryview:
    try:
        view = views.enter_context(memoryview(value))
    except TypeError:
        raise TypeError(f"{name} must be a buffer, not {type(value).__name__}") from None
    except (BufferError, ValueError):
        raise InvalidArgumentError(f"the buffer of {name} cannot be read") from None
    if view.ndim != 1 or not view.c_contiguous:
        raise InvalidArgumentError(f"{name} must be a contiguous buffer of one dimension")
    return view


def _is_arrow(value: Any, name: str) -> bool:
    """Whether `value` is an object of a class of pyarrow. Whoever has one has imported pyarrow."""
    class_ = getattr(sys.modules.get("pyarrow"), name, None)
    return isinstance(class_, type) and isinstance(value, class_)


def _arrow_rows(array_: Any, dialect: int, views: ExitStack) -> _Rows:
    """The rows of a pyarrow array, which may be a slice and may be one that was put together wrongly."""
    width = _arrow_offset_width(array_)
    validity, offsets, data = (_arrow_view(buffer, views) for buffer in array_.buffers())
    start, count = array_.offset, len(array_)
    end = start + count + 1 if count else start
    if start < 0 or (count and end * width > len(offsets)):
        raise InvalidArgumentError("the offsets of the Arrow array are fewer than its rows")
    if array_.buffers()[0] is None:
        bitmap = None
    elif start + count > 8 * len(validity):
        raise InvalidArgumentError("the validity bitmap of the Arrow array is shorter than its rows")
    else:
        bitmap = validity
    bounds = views.enter_context(offsets[start * width : end * width])
    bounds = views.enter_context(bounds.cast("i") if width == 4 else bounds.cast("q"))
    return _Rows(data, bounds, dialect, bitmap, start)


def _arrow_offset_width(array_: Any) -> int:
    for name, width in _ARROW_ARRAYS:
        if _is_arrow(array_, name):
            return width
    if _is_arrow(array_, "ChunkedArray"):
        raise TypeError("a chunked array has buffers for each of its chunks: pass its chunks one by one")
    if _is_arrow(array_, "Array"):
        raise TypeError("the Arrow array must be of strings or binaries: cast it to pyarrow.large_string()")
    raise TypeError(f"offsets are missing: only an Arrow array has its own, not {type(array_).__name__}")


def _arrow_view(buffer: Any, views: ExitStack) -> memoryview:
    """The bytes of one of an Arrow array's buffers, which it may have none of."""
    view = _view("the Arrow array", b"" if buffer is None else buffer, views)
    return views.enter_context(view.cast("B"))
