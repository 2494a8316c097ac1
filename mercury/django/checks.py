"""Django's system checks of Mercury, by `manage.py check` and at the start of `runserver`."""

from typing import Any, List

from django.core import checks

from mercury import settings

OFF = "mercury.I001"


def check_settings(app_configs: Any, **kwargs: Any) -> List[checks.CheckMessage]:
    """mercury.E001 to E003 and W020: what of the settings is not used; mercury.I001: Mercury is off."""
    loaded = settings.load()
    messages = [_message(problem) for problem in loaded.problems]
    if not loaded.settings.enabled:
        messages.append(checks.Info(f"Mercury is off: `enabled` is false in {loaded.origins['enabled']}.", id=OFF))
    return messages


def _message(problem: settings.Problem) -> checks.CheckMessage:
    kind = checks.Error if problem.id.startswith("mercury.E") else checks.Warning
    return kind(f"{problem.source}: {problem.text}", hint=problem.hint or None, id=problem.id)
