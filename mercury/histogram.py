"""Numbers, such as times, as their distribution: quantiles, counts and an exact sum in bounded memory.

    times = mercury.Histogram()
    times.record(duration_ns)               # one number
    times.record_many(durations)            # a numpy array, array.array or memoryview, where it lies
    times.quantile(0.99)                    # at most 1.1 % off
    total.merge(times)                      # exact, whatever the order

Numbers are counted in the buckets of OpenTelemetry's exponential and Prometheus's native histograms.
"""

import os
import sys
import threading
from array import array
from collections import deque
from contextlib import ExitStack
from itertools import count
from math import inf
from operator import index
from typing import Any, Deque, Iterator, NamedTuple, Optional, Tuple, Type, TypeVar, Union

from mercury.core import backend
from mercury.core.records import (
    HISTOGRAM_MAX_BYTES,
    HISTOGRAM_MAX_SCALE,
    HISTOGRAM_MIN_SCALE,
    HISTOGRAM_UNIT_BITS,
    Figures,
)
from mercury.errors import InvalidArgumentError

Number = Union[int, float]

_Any = TypeVar("_Any", bound="Histogram")

_LARGEST = (1 << 63) - 1
_LARGEST_FLOAT = sys.float_info.max
_LARGEST_SUM = 1 << 128
_BLOCK = 256
"""So many numbers of `record` cross to the core at once: one by one, crossing would cost more than counting."""

_NUMBERS = "a histogram records integers of 63 bits and floats from 0 on, neither NaN nor infinity"

_LOCKS = tuple(threading.RLock() for _ in range(8))
"""Shared by all histograms, so that a fork can wait until no call is in the middle of one."""

_next_lock = count()

_NATIVE_ORDER = "@=<" if sys.byteorder == "little" else "@=>!"
"""Marks of this machine's byte order before a buffer's format: others would be other numbers."""


def _hold_all() -> None:
    for lock in _LOCKS:
        lock.acquire()


def _release_all() -> None:
    for lock in reversed(_LOCKS):
        lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_hold_all, after_in_parent=_release_all, after_in_child=_release_all)


class Buckets(NamedTuple):
    """The counts of buckets from index `offset` on, the first and the last of them not empty.

    Bucket i holds the numbers above base ** i, up to and with base ** (i + 1), where base is
    2 ** (2 ** -scale). Prometheus calls it bucket i + 1.
    """

    offset: int
    counts: "array[int]"


class Histogram:
    """A distribution of numbers from 0 on, integers of 63 bits and floats. Takes about 9 KiB.

    `scale`, from -10 to 8, says how fine the buckets are: 2 ** scale for a factor of two. A
    histogram whose numbers would take more than 1,024 buckets lowers its scale until they do
    not. Nothing depends on the order in which numbers are recorded and histograms merged.

    Any number of threads may use one histogram, and a process may fork meanwhile. Figures that
    are read one after the other may belong to different moments; those of a copy
    (copy.copy(histogram)) belong to one.

    Raises InvalidArgumentError for a scale that there is not, TypeError for one that is no integer.
    """

    __slots__ = ("_core", "_doubles", "_integers", "_is_settling", "_lock_number")
    __hash__ = None  # type: ignore[assignment]  # it changes

    def __init__(self, scale: int = 5) -> None:
        scale = index(scale)
        if not HISTOGRAM_MIN_SCALE <= scale <= HISTOGRAM_MAX_SCALE:
            raise InvalidArgumentError(f"scale must be from {HISTOGRAM_MIN_SCALE} to {HISTOGRAM_MAX_SCALE}")
        self._start(backend().module.Histogram(scale))

    def _start(self, core: Any) -> None:
        self._core = core
        self._lock_number = next(_next_lock) % len(_LOCKS)
        self._integers: Deque[int] = deque()
        self._doubles: Deque[float] = deque()
        self._is_settling = False

    def record(self, value: Number) -> None:
        """Records one number; of other types than int and float, what __index__ or __float__ say.

        Raises InvalidArgumentError for a number that is negative, NaN, infinite or an integer
        of more than 63 bits, TypeError for what is no number.
        """
        kind = type(value)
        if kind is int and 0 <= value <= _LARGEST:
            self._integers.append(value)  # type: ignore[arg-type]  # its kind is int
        elif kind is float and 0 <= value < inf:
            self._doubles.append(value)
        else:
            self.record(_plain_number(value))
            return
        if len(self._integers) + len(self._doubles) >= _BLOCK:
            self._settle()

    def record_many(self, values: Any) -> None:
        """Records all numbers of a flat buffer of 64-bit integers or doubles, or none. Copies nothing.

        With the C library the interpreter's lock is released meanwhile. Raises
        InvalidArgumentError with the index of the first number that `record` would refuse as
        its `position`, or where the buffer has another layout; TypeError where it is no buffer.
        """
        with ExitStack() as views, self._lock:
            view = _number_view(values, views)
            record = self._core.record_doubles if view.format == "d" else self._core.record_integers
            try:
                record(view)
            except InvalidArgumentError as error:
                message = f"value {error.position} is negative, infinite or not a number"
                raise InvalidArgumentError(message, error.position) from None

    def merge(self, other: "Histogram") -> None:
        """Adds all that `other` counts. The scale is then the lower one, or one still lower.

        Exact: count, sum, minimum, maximum and buckets are those of all numbers recorded in one
        histogram. Raises LimitExceededError where that were more than 2 ** 63 - 1 numbers.
        """
        if not isinstance(other, Histogram):
            raise TypeError(f"a histogram merges histograms, not {type(other).__name__}")
        self._settle()
        other._settle()
        # In one order, whoever merges whom: two threads could wait for each other.
        first, second = sorted((self._lock_number, other._lock_number))
        with _LOCKS[first], _LOCKS[second]:
            self._core.merge(other._core)

    def quantile(self, q: float) -> Optional[float]:
        """An estimate of the number that a share of `q` is not above: 0.5 for the median. None where there is none.

        It is off by at most (base - 1) / (base + 1) of that number, where base is 2 ** (2 ** -scale): 0.14 % at
        scale 8, 1.1 % at 5, 4.4 % at 3; subnormal floats apart. It is never below `min` or above `max`, which
        `q` 0 and 1 give as the nearest floats. Raises InvalidArgumentError unless q is from 0 to 1.
        """
        share = float(q)
        if not 0 <= share <= 1:
            raise InvalidArgumentError("a quantile is asked for by a share from 0 to 1")
        with self._settled() as core:
            value: float = core.quantile(share)
        return None if value != value else value

    @property
    def count(self) -> int:
        """How many numbers were recorded."""
        return self._figures().count

    @property
    def zero_count(self) -> int:
        """How many of them were 0: those are in no bucket."""
        return self._figures().zero_count

    @property
    def sum(self) -> Number:
        """The sum of all numbers, without any rounding on the way.

        An int where it is whole and below 2 ** 128, otherwise the nearest float.
        """
        return _number(self._figures().sum)

    @property
    def min(self) -> Optional[Number]:
        """The least number, exactly; an int where it is whole and below 2 ** 128. None where there is none."""
        figures = self._figures()
        return _number(_units(figures.minimum_exponent, figures.minimum_significand)) if figures.count else None

    @property
    def max(self) -> Optional[Number]:
        """The greatest number, as `min` has the least one."""
        figures = self._figures()
        return _number(_units(figures.maximum_exponent, figures.maximum_significand)) if figures.count else None

    @property
    def scale(self) -> int:
        """The scale now: at most that which was asked for."""
        return self._figures().scale

    def buckets(self) -> Buckets:
        """The counts by bucket, for exporters. For those of a lower scale, merge into a Histogram of that scale."""
        with self._settled() as core:
            return Buckets(core.figures().first_bucket, core.buckets())

    def to_bytes(self) -> bytes:
        """The histogram as docs/histogram-spec.md has it; at most 8,568 bytes, and the same for the same contents."""
        with self._settled() as core:
            encoded: bytes = core.encode()
        return encoded

    @classmethod
    def from_bytes(cls: Type[_Any], data: Any) -> _Any:
        """A histogram from what `to_bytes` gave, on any machine.

        The bytes may come from anywhere: raises MalformedDataError with the position of the
        first that cannot be right, TypeError where `data` is no buffer.
        """
        try:
            with memoryview(data) as view:
                encoded = view[: HISTOGRAM_MAX_BYTES + 1].tobytes()  # where more begins, it is refused
        except TypeError:
            raise TypeError(f"data must be bytes, not {type(data).__name__}") from None
        self = cls.__new__(cls)
        self._start(backend().module.Histogram.decode(encoded))
        return self

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same: figures, buckets and scale."""
        if not isinstance(other, Histogram):
            return NotImplemented
        return self.to_bytes() == other.to_bytes()

    def __reduce__(self) -> Tuple[Any, ...]:
        return type(self).from_bytes, (self.to_bytes(),)

    def __repr__(self) -> str:
        found = type(self).from_bytes(self.to_bytes())
        range_ = f", min={found.min}, max={found.max}" if found.count else ""
        return f"<{type(self).__name__} scale={found.scale}, count={found.count}{range_}>"

    @property
    def _lock(self) -> Any:
        return _LOCKS[self._lock_number]

    def _settle(self) -> None:
        """Takes to the core what `record` has kept back."""
        with self._lock:
            # A signal handler or a finalizer may record while the twin is at work below.
            if self._is_settling:
                return
            self._is_settling = True
            try:
                if self._integers:
                    self._core.record_integers(array("q", _drained(self._integers)))
                if self._doubles:
                    self._core.record_doubles(array("d", _drained(self._doubles)))
            finally:
                self._is_settling = False

    def _settled(self) -> "_Settled":
        return _Settled(self)

    def _figures(self) -> Figures:
        with self._settled() as core:
            figures: Figures = core.figures()
        return figures


class _Settled:
    """The core's histogram with all that was recorded, under the lock."""

    def __init__(self, owner: Histogram) -> None:
        self._owner = owner

    def __enter__(self) -> Any:
        self._owner._lock.acquire()
        self._owner._settle()
        return self._owner._core

    def __exit__(self, *exception: object) -> None:
        self._owner._lock.release()


def _drained(pending: "Deque[Any]") -> Iterator[Any]:
    """Takes out what is there now."""
    for _ in range(len(pending)):
        yield pending.popleft()


def _plain_number(value: Any) -> Number:
    """`value` as an int or float that can be recorded, of no other class."""
    number: Number
    try:
        # Before Python 3.10 index() gives a bool, or what else is derived from int, as it is.
        number = int(index(value))
    except TypeError:
        number = _plain_float(value)
    if not 0 <= number <= (_LARGEST if type(number) is int else _LARGEST_FLOAT):
        raise InvalidArgumentError(_NUMBERS)
    return number


def _plain_float(value: Any) -> float:
    try:
        # Not float(), which reads texts.
        number = float(type(value).__float__(value))
    except (AttributeError, TypeError):
        raise TypeError(f"a histogram records numbers, not {type(value).__name__}") from None
    except OverflowError:
        return inf
    return number


def _number_view(values: Any, views: ExitStack) -> Any:
    """`values` as a memoryview of format q or d."""
    view: Any
    try:
        view = views.enter_context(memoryview(values))
    except TypeError:
        raise TypeError(f"values must be a buffer of numbers, not {type(values).__name__}") from None
    except (BufferError, ValueError):
        raise InvalidArgumentError("the buffer of values cannot be read") from None
    if view.ndim != 1 or not view.c_contiguous:
        raise InvalidArgumentError("values must be a contiguous buffer of one dimension")
    kind = view.format.lstrip(_NATIVE_ORDER)
    if kind not in ("l", "q", "d") or view.itemsize != 8:
        raise InvalidArgumentError("values must be signed 64-bit integers or doubles in this machine's byte order")
    if view.format in ("q", "d"):
        return view
    octets = views.enter_context(view.cast("B"))
    return views.enter_context(octets.cast("d" if kind == "d" else "q"))


def _units(exponent: int, significand: int) -> int:
    """An exact value in units of sums."""
    return significand << (exponent - 63 + HISTOGRAM_UNIT_BITS)


def _number(units: int) -> Number:
    ones, rest = divmod(units, 1 << HISTOGRAM_UNIT_BITS)
    if not rest and ones < _LARGEST_SUM:
        return ones
    try:
        return units / (1 << HISTOGRAM_UNIT_BITS)
    except OverflowError:
        return inf
