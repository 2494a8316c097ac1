"""The endpoints of a project, read from Django's URLconf: which of them no test requested, and which have no budget.

Left out are the admin, whose pages Django makes of models by the dozen, what a library brings by a URLconf of its own
(`include("django.contrib.auth.urls")`), and functions of libraries. A library's class is not: `as_view()` makes it the
project's. Several routes to one view under one name, as REST framework makes for formats, are one endpoint.
"""

import sys
from typing import Any, Dict, Iterator, List, NamedTuple, Sequence, Tuple

from mercury._routes import readable
from mercury._settings_sources import django_settings
from mercury.capture.code import is_library
from mercury.testing.budgets import MAX_NAMED, Budget
from mercury.testing.suite import Suite

_LEFT_OUT = ("admin", "djdt", "mercury")
"""App names of URLconfs."""


class Endpoint(NamedTuple):
    """One endpoint, with all routes that lead to it; the first stands for it."""

    routes: Tuple[str, ...]

    @property
    def name(self) -> str:
        return self.routes[0]


def endpoints() -> List[Endpoint]:
    """Those of the URLconf in use, sorted. Raises whatever the project's URLconf raises."""
    from django.urls import get_resolver

    routes: Dict[Tuple[Any, ...], List[str]] = {}
    for route, pattern in _walk(get_resolver(), ("",)):
        key = (id(pattern.callback), pattern.name or route)
        routes.setdefault(key, []).append(readable(route))
    return sorted(Endpoint(tuple(dict.fromkeys(each))) for each in routes.values())


def notices(suite: Suite, budgets: Sequence[Budget]) -> List[str]:
    """Of a run of all tests: endpoints that no test requested; and if views have budgets, endpoints without one.

    Nothing where Django is not in use. Never raises.
    """
    if django_settings() is None:
        return []
    try:
        known = endpoints()
    except Exception as error:
        # Whatever the project's modules raise.
        return [f"the URLconf could not be read for its endpoints: {type(error).__name__}"]
    told = _told(untested(suite, known), "was requested by no test", "were requested by no test")
    if any(budget.kind == "view" for budget in budgets):
        told += _told(unlimited(budgets, known), "has no budget", "have no budget")
    return told


def untested(suite: Suite, known: Sequence[Endpoint]) -> List[str]:
    """The endpoints that no test requested."""
    requested = {view.partition(" ")[2] for view in suite.views()}
    return [endpoint.name for endpoint in known if requested.isdisjoint(endpoint.routes)]


def unlimited(budgets: Sequence[Budget], known: Sequence[Endpoint]) -> List[str]:
    """The endpoints that no budget is for."""
    views = [budget for budget in budgets if budget.kind == "view"]
    return [
        endpoint.name
        for endpoint in known
        if not any(budget.covers_route(route) for budget in views for route in endpoint.routes)
    ]


def _told(names: List[str], one: str, many: str) -> List[str]:
    if not names:
        return []
    listed = ", ".join(names[:MAX_NAMED])
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return [f"1 endpoint {one}: {listed}" if len(names) == 1 else f"{len(names)} endpoints {many}: {listed}{more}"]


def _walk(resolver: Any, starts: Tuple[str, ...]) -> Iterator[Tuple[str, Any]]:
    """Each route as `ResolverMatch.route` has it, with its URLPattern."""
    for pattern in resolver.url_patterns:
        routes = tuple(_join(start, part) for start in starts for part in _parts(pattern.pattern))
        if hasattr(pattern, "url_patterns"):
            if not _is_left_out(pattern):
                yield from _walk(pattern, routes)
        elif not _is_foreign(pattern.callback):
            for route in routes:
                yield route, pattern


def _parts(pattern: Any) -> Tuple[str, ...]:
    """What the pattern adds to a route: one text, or one for each language."""
    from django.conf import settings
    from django.urls.resolvers import LocalePrefixPattern

    if not isinstance(pattern, LocalePrefixPattern):
        return (str(pattern),)
    codes = [settings.LANGUAGE_CODE, *(code for code, _ in settings.LANGUAGES)]
    is_bare = not pattern.prefix_default_language
    return tuple("" if is_bare and code == codes[0] else f"{code}/" for code in dict.fromkeys(codes))


def _join(start: str, part: str) -> str:
    return start + (part[1:] if start and part.startswith("^") else part)


def _is_left_out(resolver: Any) -> bool:
    urlconf = resolver.urlconf_name
    return resolver.app_name in _LEFT_OUT or _is_of_library(getattr(urlconf, "__name__", urlconf))


def _is_foreign(callback: Any) -> bool:
    is_class = hasattr(callback, "view_class") or hasattr(callback, "cls")
    return not is_class and _is_of_library(getattr(callback, "__module__", ""))


def _is_of_library(name: object) -> bool:
    file = getattr(sys.modules.get(str(name)), "__file__", None)
    return file is not None and is_library(file)
