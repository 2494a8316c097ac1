"""Every request as a unit of work, without an edit of MIDDLEWARE: under `mercury run`, and in tests.

Where the project has Mercury's middleware, that one watches, and this only keeps the request
apart from the unit around it: that of the process, or of the test that makes it.
"""

import functools
from typing import Any, Callable

from asgiref.sync import iscoroutinefunction

from mercury.trace import current

Respond = Callable[[Any], Any]


def watch(handler: Any, note_fault: Callable[[Exception], None]) -> None:
    """Has each handler of this class put Mercury outside of the middleware that it loads."""
    load = handler.load_middleware
    if hasattr(load, "is_watched_by_mercury"):
        return

    @functools.wraps(load)
    def load_middleware(self: Any, *args: Any, **kwargs: Any) -> None:
        load(self, *args, **kwargs)
        try:
            self._middleware_chain = watched(self._middleware_chain)
        except Exception as error:
            note_fault(error)

    load_middleware.is_watched_by_mercury = True  # type: ignore[attr-defined]
    handler.load_middleware = load_middleware


def watched(chain: Respond) -> Respond:
    """A handler's middleware with Mercury's outside, unless the project has it, run in no unit of work."""
    if chain is None:
        raise TypeError("no middleware chain")
    if not _is_watched_already():
        from mercury.django import middleware

        chain = middleware.MercuryMiddleware(chain)
    return _apart(chain)


def _is_watched_already() -> bool:
    from django.conf import settings
    from django.utils.module_loading import import_string

    from mercury.django.middleware import MercuryMiddleware

    classes = [import_string(path) for path in settings.MIDDLEWARE]
    return any(isinstance(each, type) and issubclass(each, MercuryMiddleware) for each in classes)


def _apart(chain: Respond) -> Respond:
    """The same chain, run in no unit of work."""
    if iscoroutinefunction(chain):

        async def respond_async(request: Any) -> Any:
            token = current.set(None)
            try:
                return await chain(request)
            finally:
                current.reset(token)

        return respond_async

    def respond(request: Any) -> Any:
        token = current.set(None)
        try:
            return chain(request)
        finally:
            current.reset(token)

    return respond
