"""Ignores around a block or a function: `with mercury.ignore("n_plus_one", reason="three rows at most"):`.

It holds for what the block calls, for tasks that it starts, and for units of work that open
inside it, such as a test client's request. A finding is ignored if all of its queries ran inside.
"""

import functools
import inspect
import sys
from types import TracebackType
from typing import Any, Callable, List, Optional, Type, TypeVar, cast

from mercury.suppression.rule import make
from mercury.trace import current, ignoring

Function = TypeVar("Function", bound=Callable[..., Any])


class Ignore:
    """See `ignore`. May be entered again, also while it is entered."""

    def __init__(self, kinds: Any, reason: Any, owner: Any, until: Any, where: str) -> None:
        self._rule = make(kinds, reason, owner, until, where)
        self._tokens: List[Any] = []

    def __enter__(self) -> None:
        self._tokens.append(ignoring.set((*ignoring.get(), self._rule)))
        trace = current.get()
        while trace is not None:
            # The quick way past `ignoring` is closed for the rest of the unit.
            trace.is_apart = True
            trace = trace.parent

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        try:
            ignoring.reset(self._tokens.pop())
        except ValueError:
            # Left in another context than it was entered in, as test fixtures do.
            ignoring.set(tuple(rule for rule in ignoring.get() if rule is not self._rule))

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.__exit__(kind, error, traceback)

    def __call__(self, function: Function) -> Function:
        """The function, with its findings ignored at each call."""
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError("a generator runs after its call has returned: put `with mercury.ignore(...)` inside it")
        return cast(
            Function, self._coroutine(function) if inspect.iscoroutinefunction(function) else self._plain(function)
        )

    def _plain(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def ignored(*args: Any, **kwargs: Any) -> Any:
            with self._again():
                return function(*args, **kwargs)

        return ignored

    def _coroutine(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        async def ignored(*args: Any, **kwargs: Any) -> Any:
            with self._again():
                return await function(*args, **kwargs)

        return ignored

    def _again(self) -> "Ignore":
        """The same for one call: threads and tasks may be inside at once."""
        rule = self._rule
        return Ignore(rule.kinds, rule.reason, rule.owner, rule.until, rule.where)


def ignore(*kinds: str, reason: str, owner: str = "", until: Any = None) -> Ignore:
    """Ignores findings of these kinds in a block or, as a decorator, in a function.

    `until` is the last day on which it holds, a date or a text as "2027-01-31". Raises
    ValueError for an unknown kind, no kind, an empty reason or a day that is none.
    """
    frame = sys._getframe(1)
    return Ignore(kinds, reason, owner, until, f"{frame.f_code.co_filename}:{frame.f_lineno}")
