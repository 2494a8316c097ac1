"""Hits and misses of Django's caches, counted in the open unit of work.

Django has no hook for them, so `get` and `get_many` of each cache object are wrapped when it
is made. A backend's `get_many` may call its own `get`: only the outer call counts.
"""

import functools
import threading
from typing import Any, Callable, Iterable

from mercury.trace import current

_MISSING = object()
_inside = threading.local()
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
    """Wraps one cache object and returns it."""
    if "get" not in vars(cache):
        cache.get = _counting_get(cache.get)
        cache.get_many = _counting_get_many(cache.get_many)
    return cache


def _counting_get(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def get(key: Any, default: Any = None, *args: Any, **kwargs: Any) -> Any:
        if current.get() is None or getattr(_inside, "is_set", False):
            return original(key, default, *args, **kwargs)
        _inside.is_set = True
        try:
            value = original(key, _MISSING, *args, **kwargs)
        finally:
            _inside.is_set = False
        missed = value is _MISSING
        _count(0 if missed else 1, 1 if missed else 0)
        return default if missed else value

    return get


def _counting_get_many(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def get_many(keys: Iterable[Any], *args: Any, **kwargs: Any) -> Any:
        if current.get() is None or getattr(_inside, "is_set", False):
            return original(keys, *args, **kwargs)
        wanted = list(keys)
        _inside.is_set = True
        try:
            found = original(wanted, *args, **kwargs)
        finally:
            _inside.is_set = False
        _count(len(found), len(wanted) - len(found))
        return found

    return get_many


def _count(hits: int, misses: int) -> None:
    unit = current.get()
    while unit is not None:
        unit.cache_hits += hits
        unit.cache_misses += misses
        unit = unit.parent
