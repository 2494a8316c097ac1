"""The exceptions that Mercury raises to its callers.

One class for each error code of the core, so that a caller can catch what it can
mend. No message quotes SQL: what was passed in may be secret.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers know it by its name; to import typing takes longer than all else here
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Type


class MercuryError(Exception):
    """Base of all of Mercury's exceptions.

    `code` is the core's negative error code, `position` what the core says about
    where (a byte, a row, a bound; -1 where it says nothing).
    """

    code: int = 0

    def __init__(self, message: str, position: int = -1) -> None:
        super().__init__(message)
        self.position = position


class InvalidArgumentError(MercuryError, ValueError):
    """An argument is outside what the function states."""

    code = -1


class OutOfMemoryError(MercuryError, MemoryError):
    """The allocator said no."""

    code = -2


class BufferTooSmallError(MercuryError, ValueError):
    """A buffer is too small; `position` holds the capacity that is needed."""

    code = -3


class UnknownDialectError(MercuryError, ValueError):
    """No SQL dialect has this name."""

    code = -4


class LimitExceededError(MercuryError, ValueError):
    """A stated bound was passed; `position` holds the bound."""

    code = -5


class UnsupportedError(MercuryError, OSError):
    """This platform cannot tell."""

    code = -6


class MalformedDataError(MercuryError, ValueError):
    """Bytes from outside have not the form that is specified; `position` is the first byte that shows it."""

    code = -7


class MonitoringError(MercuryError, RuntimeError):
    """A monitor was started twice, or stopped before it was started."""


class FindingsError(MercuryError, AssertionError):
    """A unit of work whose workload is to raise had findings, or passed a limit. `report` is its report."""

    report: Any = None


class StaleIgnoreError(MercuryError, AssertionError):
    """An ignore is broken, has expired or was of no use, and `stale_ignores` is "fail"."""


class BaselineError(MercuryError, ValueError):
    """A baseline cannot be read or written; the message says why, and what to do."""


class BudgetError(MercuryError, ValueError):
    """A budget that limits nothing as it is written; the message says why."""


class GrowthError(MercuryError, ValueError):
    """Runs at two sizes would prove nothing; the message says why."""


_BY_CODE: Dict[int, Type[MercuryError]] = {
    error.code: error
    for error in (
        InvalidArgumentError,
        OutOfMemoryError,
        BufferTooSmallError,
        UnknownDialectError,
        LimitExceededError,
        UnsupportedError,
        MalformedDataError,
    )
}


def from_code(code: int, message: str, position: int = -1, hint: Optional[str] = None) -> MercuryError:
    """The exception for one of the core's error codes, to be raised by the caller."""
    text = message if hint is None else f"{message}: {hint}"
    return _BY_CODE.get(code, MercuryError)(text, position)
