"""What each error code means; the twin of error.c.

The texts are constant: no message quotes input, which may be secret.
"""

from typing import Dict

from mercury.errors import MercuryError, from_code

OK = 0
INVALID_ARGUMENT = -1
OUT_OF_MEMORY = -2
BUFFER_TOO_SMALL = -3
UNKNOWN_DIALECT = -4
LIMIT_EXCEEDED = -5
UNSUPPORTED = -6
MALFORMED_DATA = -7

MESSAGES: Dict[int, str] = {
    OK: "no error",
    INVALID_ARGUMENT: "an argument is out of range",
    OUT_OF_MEMORY: "out of memory",
    BUFFER_TOO_SMALL: "a buffer is too small",
    UNKNOWN_DIALECT: "unknown SQL dialect",
    LIMIT_EXCEEDED: "a limit was exceeded",
    UNSUPPORTED: "this platform does not support it",
    MALFORMED_DATA: "the data has not the specified form",
}


def failure(code: int, position: int = -1) -> MercuryError:
    """The exception that the native backend raises for the same code and position."""
    return from_code(code, MESSAGES.get(code, "unknown error"), position)
