"""A situation: how it comes about, which backend must serve in it, and what must be said."""

from typing import Callable, Dict, List, NamedTuple, Optional

NATIVE = "native"
PURE = "pure"
REFUSED = "refused"
"""Nothing is installed, and the installer says why: what was asked for cannot be had."""


class Home(NamedTuple):
    """What Mercury runs in: an interpreter, or a program that prints the probe's answer by itself."""

    command: List[str]
    variables: Dict[str, str]
    is_program: bool = False


class Situation(NamedTuple):
    """`message` must be in the reason or the hint, `output` in what was printed on the way, each of its parts."""

    group: str
    name: str
    backend: str
    message: str
    output: List[str]
    is_short: bool
    make: Callable[..., Optional[Home]]


class Absent(Exception):
    """What this machine lacks to try a situation, in words for the table."""


SITUATIONS: List[Situation] = []


def situation(
    group: str, name: str, backend: str, message: str = "", output: "str | List[str]" = "", short: bool = False
) -> "Callable[[Callable[..., Optional[Home]]], Callable[..., Optional[Home]]]":
    """Adds the function that makes a situation to the table; it takes a Place and gives a Home, or None if REFUSED."""

    def add(make: Callable[..., Optional[Home]]) -> Callable[..., Optional[Home]]:
        if any((group, name) == (each.group, each.name) for each in SITUATIONS):
            raise ValueError(f"two situations are called {group}: {name}")
        parts = [output] if isinstance(output, str) else output
        SITUATIONS.append(Situation(group, name, backend, message, [part for part in parts if part], short, make))
        return make

    return add
