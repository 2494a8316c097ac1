"""Django's system checks of Mercury: ways in which a project would see less than it believes, and what it sets wrongly.

`manage.py check` and `runserver` run them once the app is installed, `mercury doctor` always.
docs/checks.md tells each of them.
"""

from typing import Any, Callable, List, Optional, Sequence, Tuple

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.db import connections
from django.utils.module_loading import import_string

from mercury import settings as mercury_settings
from mercury.capture import database
from mercury.core import backend
from mercury.core.loader import PURE_VARIABLE, is_set
from mercury.django.middleware import MercuryMiddleware

Check = Callable[..., List[checks.CheckMessage]]

APP = "mercury.django"
MIDDLEWARE = "mercury.django.middleware.MercuryMiddleware"

_SENDS_NO_QUERIES = (
    "django.middleware.clickjacking.",
    "django.middleware.common.",
    "django.middleware.gzip.",
    "django.middleware.http.",
    "django.middleware.security.",
)
"""Where in MIDDLEWARE these stand makes no difference to what is seen."""


def check_middleware(app_configs: Any, **kwargs: Any) -> List[checks.CheckMessage]:
    """mercury.W001 to W003: the middleware is missing, not outside of what may query, or there twice."""
    paths = list(settings.MIDDLEWARE or ())
    ours = [index for index, path in enumerate(paths) if _is_ours(path)]
    if not ours:
        return [
            checks.Warning(
                "MIDDLEWARE lacks Mercury's: the queries of requests belong to no unit of work.",
                hint=f'Put "{MIDDLEWARE}" first in MIDDLEWARE.',
                id="mercury.W001",
            )
        ]
    messages = []
    outside = [path for path in paths[: ours[0]] if not path.startswith(_SENDS_NO_QUERIES)]
    if outside:
        messages.append(
            checks.Warning(
                f"Queries of {', '.join(outside)} are not seen: in MIDDLEWARE it stands before Mercury's.",
                hint=f'Put "{paths[ours[0]]}" first in MIDDLEWARE.',
                id="mercury.W002",
            )
        )
    if len(ours) > 1:
        messages.append(
            checks.Warning(
                "Mercury's middleware is in MIDDLEWARE more than once: each request is reported as often.",
                hint=f'Leave the first "{paths[ours[0]]}" only.',
                id="mercury.W003",
            )
        )
    return messages


def check_backend(app_configs: Any, **kwargs: Any) -> List[checks.CheckMessage]:
    """mercury.W004: the twin serves, and nobody asked for it."""
    loaded = backend()
    if loaded.name == "native" or is_set(PURE_VARIABLE):
        return []
    text = f"The C library does not serve, its slower twin in Python does: {loaded.reason}."
    return [checks.Warning(text, hint=loaded.hint or None, id="mercury.W004")]


def check_databases(app_configs: Any, **kwargs: Any) -> List[checks.CheckMessage]:
    """mercury.W005: queries of a database pass Mercury by. Connects to none."""
    return [
        checks.Warning(
            f'Queries of the database "{alias}" are not seen: {obstacle}.',
            hint="A database backend must be built on django.db.backends.base and keep its execute_wrappers.",
            id="mercury.W005",
        )
        for alias in connections
        for obstacle in (_obstacle(alias),)
        if obstacle is not None
    ]


def check_app(app_configs: Any, **kwargs: Any) -> List[checks.CheckMessage]:
    """mercury.W006: the app is not installed, so that neither these checks nor management commands are seen."""
    if apps.is_installed(APP):
        return []
    return [
        checks.Warning(
            "INSTALLED_APPS lacks Mercury's app: only requests are watched, and `manage.py check` runs no check of it.",
            hint=f'Add "{APP}" to INSTALLED_APPS.',
            id="mercury.W006",
        )
    ]


def check_settings(app_configs: Any, **kwargs: Any) -> List[checks.CheckMessage]:
    """mercury.E001 to E005 and W020: what of the settings is not used; mercury.I001: Mercury is off."""
    loaded = mercury_settings.load()
    messages = [_problem_message(problem) for problem in loaded.problems]
    if not loaded.settings.enabled:
        messages.append(
            checks.Info(f"Mercury is off: `enabled` is false in {loaded.origins['enabled']}.", id="mercury.I001")
        )
    return messages


CHECKS: Tuple[Check, ...] = (check_middleware, check_backend, check_databases, check_app, check_settings)
"""All of Mercury's checks; what stands here is registered."""


def register() -> None:
    """Has Django run the checks. Safe to call again."""
    for check in CHECKS:
        checks.register(check)


def run() -> List[checks.CheckMessage]:
    """What all of them say now, without what SILENCED_SYSTEM_CHECKS silences."""
    return [message for check in CHECKS for message in check(None) if not message.is_silenced()]


def _is_ours(path: str) -> bool:
    try:
        found = import_string(path)
    except Exception:
        # Django says it when it loads the middleware.
        return False
    return isinstance(found, type) and issubclass(found, MercuryMiddleware)


def _obstacle(alias: str) -> Optional[str]:
    """Why queries of this database pass Mercury by, or None."""
    try:
        connection = connections[alias]
    except Exception:
        # A backend that cannot be loaded is for Django to tell.
        return None
    wrappers: Optional[Sequence[Any]] = getattr(connection, "execute_wrappers", None)
    if wrappers is None:
        return f"its backend, {type(connection).__module__}, has no execute_wrappers"
    is_open = getattr(connection, "connection", None) is not None
    if is_open and mercury_settings.active().enabled and database.watch_query not in wrappers:
        return "its connection has lost Mercury's execute wrapper"
    return None


def _problem_message(problem: mercury_settings.Problem) -> checks.CheckMessage:
    kind = checks.Error if problem.id.startswith("mercury.E") else checks.Warning
    return kind(f"{problem.source}: {problem.text}", hint=problem.hint or None, id=problem.id)
