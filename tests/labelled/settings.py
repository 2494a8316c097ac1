"""Settings of the labelled suite: a project of its own, on a database file or on the tests' PostgreSQL."""

import os
import tempfile

from tests.project import settings as project

SECRET_KEY = "for tests only"
DEBUG = False
ALLOWED_HOSTS = ["testserver"]
USE_TZ = True
ROOT_URLCONF = "tests.labelled.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "tests.labelled",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    },
    {"BACKEND": "django.template.backends.jinja2.Jinja2", "APP_DIRS": True},
]
STATIC_URL = "/static/"
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}

# Threads open connections of their own, so the database is a file where it is SQLite.
DATABASES = {"default": dict(project.DATABASES["default"])}
if DATABASES["default"]["NAME"] == ":memory:":
    _file = os.path.join(tempfile.gettempdir(), f"mercury-labelled-{os.getpid()}.sqlite3")
    DATABASES["default"].update(NAME=_file, TEST={"NAME": _file})
else:
    # The suite runs in a process of its own, beside tests that hold the project's test database.
    DATABASES["default"]["TEST"] = {"NAME": f"test_labelled_{os.getpid()}"}

# The same database under a second name, as projects read from a replica.
DATABASES["replica"] = {**DATABASES["default"], "TEST": {"MIRROR": "default"}}

# All tables are made in one go.
MIGRATION_MODULES = {name.rpartition(".")[2]: None for name in INSTALLED_APPS}
