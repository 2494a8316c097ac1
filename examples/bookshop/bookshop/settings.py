"""Settings of the example project: the two lines that bring Mercury in are marked."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = "for the example only"
DEBUG = True
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.sites",
    "mercury.django",  # Mercury: the app
    "shop",
    "orders",
]

MIDDLEWARE = [
    "mercury.django.middleware.MercuryMiddleware",  # Mercury: the middleware, first
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "orders.middleware.BasketMiddleware",
]

ROOT_URLCONF = "bookshop.urls"
WSGI_APPLICATION = "bookshop.wsgi.application"

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
    }
]

DATABASE = os.environ.get("BOOKSHOP_DATABASE", str(BASE_DIR / "bookshop.sqlite3"))
ARCHIVE = DATABASE if DATABASE == ":memory:" else f"{DATABASE}.archive"

# The tests make their tables from the models; that the migrations make the same ones is a test of its own.
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATABASE, "TEST": {"MIGRATE": False}},
    "archive": {"ENGINE": "django.db.backends.sqlite3", "NAME": ARCHIVE, "TEST": {"MIGRATE": False}},
}
DATABASE_ROUTERS = ["orders.routers.ArchiveRouter"]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_REDIRECT_URL = "orders"
LOGIN_URL = "login"
SITE_ID = 1
STATIC_URL = "static/"
TIME_ZONE = "UTC"
USE_TZ = True
