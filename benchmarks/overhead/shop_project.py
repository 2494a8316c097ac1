"""The bookshop of examples/ as a Django project for one contender, over a SQLite file.

Contenders differ in their apps and their middleware alone.
"""

import sys
from pathlib import Path
from typing import Any, Dict, NamedTuple, Optional, Tuple

ROOT = Path(__file__).resolve().parent.parent.parent


class Contender(NamedTuple):
    apps: Tuple[str, ...] = ()
    middleware: Tuple[str, ...] = ()
    settings: Dict[str, Any] = {}
    mercury: Optional[Dict[str, Any]] = None
    """Its settings where it writes metrics, beside the database."""


_MERCURY = (("mercury.django",), ("mercury.django.middleware.MercuryMiddleware",))

CONTENDERS = {
    "unmonitored": Contender(),
    "mercury": Contender(*_MERCURY),
    # No request is traced in full, and the circuit breaker never turns.
    "mercury's light capture": Contender(*_MERCURY, mercury={"sample_rate": 0.0, "max_overhead": 1.0}),
    # As it ships, zeal raises at the first N+1: a page that has one could not be timed.
    "zeal": Contender(("zeal",), ("zeal.middleware.zeal_middleware",), {"ZEAL_RAISE": False}),
    "CaptureQueriesContext": Contender((), ("captured_queries.middleware",)),
}


def set_up(contender: str, database: Path) -> None:
    """Makes this process a server of the bookshop, watched by one contender."""
    sys.path[:0] = [str(ROOT), str(ROOT / "examples" / "bookshop")]
    import django
    from django.conf import settings

    chosen = CONTENDERS[contender]
    settings.configure(
        SECRET_KEY="for the benchmark only",
        ALLOWED_HOSTS=["testserver"],
        INSTALLED_APPS=["django.contrib.contenttypes", *chosen.apps, "shop"],
        MIDDLEWARE=[
            *chosen.middleware,
            "django.middleware.security.SecurityMiddleware",
            "django.middleware.common.CommonMiddleware",
        ],
        ROOT_URLCONF="pages",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [str(Path(__file__).resolve().parent / "templates")],
                "APP_DIRS": True,
            }
        ],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(database)}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        **chosen.settings,
        **_mercury(chosen, database),
    )
    django.setup()


def _mercury(chosen: Contender, database: Path) -> Dict[str, Any]:
    return {} if chosen.mercury is None else {"MERCURY": {"metrics": f"{database}.segment", **chosen.mercury}}


def make_database(database: Path) -> None:
    """Fills a new file with the bookshop's 206 books."""
    set_up("unmonitored", database)
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from shop.seed import seed

    seed()
