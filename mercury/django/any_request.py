"""Every request as a unit of work, without an edit of MIDDLEWARE: under `mercury run`, and in tests.

Where the project has Mercury's middleware, that one watches, and this only keeps the request
apart from the unit around it: that of the process, or of the test that makes it.
"""

import functools
from typing import Any, Callable

from asgiref.sync import iscoroutinefunction

from mercury.trace import current

Respond = Callable[[Any], Any]


_watches = 0
"""How many there are that have not ended."""


def watch(handler: Any, note_fault: Callable[[Exception], None]) -> Callable[[], None]:
    """Has each handler of this class put Mercury outside of the middleware that it loads; gives what ends that.

    Handlers that have loaded theirs meanwhile are then as others are, until somebody watches again.
    """
    global _watches
    _watches += 1
    load = handler.load_middleware
    if not hasattr(load, "is_watched_by_mercury"):
        handler.load_middleware = _watched_load(load, note_fault)
    return functools.partial(_end, handler)


def _end(handler: Any) -> None:
    global _watches
    _watches -= 1
    load = handler.load_middleware
    if not _watches and hasattr(load, "is_watched_by_mercury"):
        handler.load_middleware = load.__wrapped__


def _watched_load(load: Callable[..., None], note_fault: Callable[[Exception], None]) -> Callable[..., None]:
    @functools.wraps(load)
    def load_middleware(self: Any, *args: Any, **kwargs: Any) -> None:
        load(self, *args, **kwargs)
        try:
            self._middleware_chain = watched(self._middleware_chain, _is_watching)
        except Exception as error:
            note_fault(error)

    load_middleware.is_watched_by_mercury = True  # type: ignore[attr-defined]
    return load_middleware


def _is_watching() -> bool:
    return _watches > 0


def _always() -> bool:
    return True


def watched(chain: Respond, is_watching: Callable[[], bool] = _always) -> Respond:
    """A handler's middleware with Mercury's outside, unless the project has it, run in no unit of work.

    Where `is_watching` says no, it is as it was.
    """
    if chain is None:
        raise TypeError("no middleware chain")
    if _is_watched_already():
        return _apart(chain, chain, is_watching)
    from mercury.django import middleware

    return _apart(middleware.MercuryMiddleware(chain), chain, is_watching)


def _is_watched_already() -> bool:
    from django.conf import settings
    from django.utils.module_loading import import_string

    from mercury.django.middleware import MercuryMiddleware

    classes = [import_string(path) for path in settings.MIDDLEWARE]
    return any(isinstance(each, type) and issubclass(each, MercuryMiddleware) for each in classes)


def _apart(chain: Respond, plain: Respond, is_watching: Callable[[], bool]) -> Respond:
    """The same chain, run in no unit of work; `plain` where nobody watches."""
    if iscoroutinefunction(chain):

        async def respond_async(request: Any) -> Any:
            if not is_watching():
                return await plain(request)
            token = current.set(None)
            try:
                return await chain(request)
            finally:
                current.reset(token)

        return respond_async

    def respond(request: Any) -> Any:
        if not is_watching():
            return plain(request)
        token = current.set(None)
        try:
            return chain(request)
        finally:
            current.reset(token)

    return respond
