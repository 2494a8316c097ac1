"""What was found of code objects, so that it is looked for once.

It is kept by address: hashing a code object walks its bytecode. The entry keeps the object alive, so the
address is no other's. Starting over at the limit is cheaper than tracking age.
"""

import functools
from types import CodeType
from typing import Callable, Dict, Tuple, TypeVar

Found = TypeVar("Found")


def once_for_code(limit: int) -> Callable[[Callable[[CodeType], Found]], Callable[[CodeType], Found]]:
    """Has a function that asks a code object alone remember its answers for at most `limit` of them."""

    def remember(find: Callable[[CodeType], Found]) -> Callable[[CodeType], Found]:
        known: Dict[int, Tuple[CodeType, Found]] = {}

        @functools.wraps(find)
        def remembered(code: CodeType) -> Found:
            entry = known.get(id(code))
            if entry is None:
                if len(known) >= limit:
                    known.clear()
                entry = known[id(code)] = code, find(code)
            return entry[1]

        return remembered

    return remember


def once_for_place(limit: int) -> Callable[[Callable[[CodeType, int], Found]], Callable[[CodeType, int], Found]]:
    """The same for a function that asks an instruction of a code object, which is told by its offset."""

    def remember(find: Callable[[CodeType, int], Found]) -> Callable[[CodeType, int], Found]:
        known: Dict[Tuple[int, int], Tuple[CodeType, Found]] = {}

        @functools.wraps(find)
        def remembered(code: CodeType, offset: int) -> Found:
            entry = known.get((id(code), offset))
            if entry is None:
                if len(known) >= limit:
                    known.clear()
                entry = known[id(code), offset] = code, find(code, offset)
            return entry[1]

        return remembered

    return remember
