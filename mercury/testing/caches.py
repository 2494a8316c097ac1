"""Caches that keep nothing while the tests run, so that queries come again which they would save elsewhere."""

from typing import List

from mercury._settings_sources import django_settings

_KEEPS_NOTHING = "django.core.cache.backends.dummy.DummyCache"


def notices() -> List[str]:
    """A sentence where the project's settings have such caches."""
    configured = getattr(django_settings(), "CACHES", None)
    if not isinstance(configured, dict):
        return []
    aliases = sorted(
        str(alias)
        for alias, options in configured.items()
        if isinstance(options, dict) and options.get("BACKEND") == _KEEPS_NOTHING
    )
    if not aliases:
        return []
    return [
        f"CACHES keeps nothing under {', '.join(aliases)} (DummyCache): queries that a cache saves in production are "
        "counted and told here"
    ]
