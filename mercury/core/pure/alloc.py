"""The allocator hook of alloc.c. The twin has none: the interpreter owns its memory.

The module stands here because the list of modules is one list for both backends.
"""

from typing import NoReturn

from mercury.core.pure.error import UNSUPPORTED, failure


def set_allocator(allocator: object) -> NoReturn:
    """Always raises UnsupportedError: no Python code decides how objects are allocated."""
    raise failure(UNSUPPORTED)
