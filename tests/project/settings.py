"""Settings of the test project. MERCURY_TEST_DATABASE=postgresql takes the server at MERCURY_TEST_POSTGRESQL."""

import os
from urllib.parse import urlsplit

SECRET_KEY = "for tests only"
DEBUG = False
ALLOWED_HOSTS = ["testserver"]
USE_TZ = True
ROOT_URLCONF = "tests.project.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.contenttypes", "mercury.django", "tests.project"]
MIDDLEWARE = ["mercury.django.middleware.MercuryMiddleware"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [os.path.join(os.path.dirname(os.path.abspath(__file__)), "templates")],
    }
]
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "other": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "other"},
}


def _database():
    if os.environ.get("MERCURY_TEST_DATABASE") != "postgresql":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    url = urlsplit(os.environ["MERCURY_TEST_POSTGRESQL"])
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.path.lstrip("/"),
        "USER": url.username or "",
        "PASSWORD": url.password or "",
        "HOST": url.hostname or "",
        "PORT": str(url.port or ""),
    }


DATABASES = {"default": _database()}

# All tables are made in one go: the project's own refer to these and have no migrations.
MIGRATION_MODULES = {"contenttypes": None}
