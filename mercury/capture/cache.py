"""Hits and misses of Django's caches, counted in the open unit of work.

Django has no hook for them, so `get`, `get_many` and `get_or_set` of each cache object are
wrapped when it is made. They may call each other: only the outer call counts.
"""

import functools
from contextvars import ContextVar
from typing import Any, Callable, Iterable, List, Optional

from mercury.trace import current, tell_fault

_MISSING = object()
_TOLD = [True]

_inside: "ContextVar[Optional[List[bool]]]" = ContextVar("mercury_cache", default=None)
"""None outside of a counted call. Inside, a list that is empty until the call has missed or hit.

Greenlets have contexts of their own, and only sometimes thread-local values of their own.
"""

_is_installed = False


def install() -> bool:
    """Watches every cache of Django, now and later; False where there is nothing to watch."""
    global _is_installed
    if _is_installed:
        return True
    try:
        from django.core.cache import CacheHandler, caches
    except ImportError:
        return False
    create: Any = getattr(CacheHandler, "create_connection", None)
    if create is None or not hasattr(caches, "all"):
        return False

    @functools.wraps(create)
    def create_connection(self: Any, alias: str) -> Any:
        return watch_cache(create(self, alias))

    CacheHandler.create_connection = create_connection
    for existing in caches.all(initialized_only=True):
        watch_cache(existing)
    _is_installed = True
    return True


def watch_cache(cache: Any) -> Any:
    """Wraps one cache object and returns it; one that takes no attributes stays as it is."""
    try:
        if "get" not in vars(cache):
            cache.get = _counting_get(cache.get)
            cache.get_many = _counting_get_many(cache.get_many)
            cache.get_or_set = _counting_get_or_set(cache.get_or_set)
    except (AttributeError, TypeError):
        pass
    return cache


def _counting_get(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def get(key: Any, default: Any = None, *args: Any, **kwargs: Any) -> Any:
        outer = _inside.get()
        if current.get() is None or outer:
            return original(key, default, *args, **kwargs)
        _inside.set(_TOLD)
        try:
            value = original(key, _MISSING, *args, **kwargs)
        finally:
            _inside.set(outer)
        missed = value is _MISSING
        if outer is None:
            _count(not missed, missed)
        else:
            outer.append(missed)
        return default if missed else value

    return get


def _counting_get_many(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def get_many(keys: Iterable[Any], *args: Any, **kwargs: Any) -> Any:
        outer = _inside.get()
        if current.get() is None or outer is not None:
            return original(keys, *args, **kwargs)
        wanted = list(keys)
        _inside.set(_TOLD)
        try:
            found = original(wanted, *args, **kwargs)
        finally:
            _inside.set(None)
        _count(len(found), len(set(wanted)) - len(found))
        return found

    return get_many


def _counting_get_or_set(original: Callable[..., Any]) -> Callable[..., Any]:
    """Counts its first `get`: a second one fetches what it has just stored."""

    @functools.wraps(original)
    def get_or_set(key: Any, default: Any, *args: Any, **kwargs: Any) -> Any:
        if current.get() is None or _inside.get() is not None:
            return original(key, default, *args, **kwargs)
        missed: List[bool] = []

        def outside() -> Any:
            """The application's own function, whose use of caches counts for itself."""
            _inside.set(None)
            try:
                return default()
            finally:
                _inside.set(missed)

        _inside.set(missed)
        try:
            return original(key, outside if callable(default) else default, *args, **kwargs)
        finally:
            _inside.set(None)
            if missed:
                _count(not missed[0], missed[0])

    return get_or_set


def _count(hits: int, misses: int) -> None:
    try:
        unit = current.get()
        while unit is not None:
            unit.cache_hits += hits
            unit.cache_misses += misses
            unit = unit.parent
    except Exception:
        tell_fault("Mercury could not count a cache's hits and misses.")
