"""Settings of the expressions' project, on the database that tests.project.settings chooses."""

import os

from tests.project import settings as project

# A process of its own runs this, beside tests that hold the project's test database.
DATABASES = {"default": dict(project.DATABASES["default"])}
if DATABASES["default"]["NAME"] != ":memory:":
    DATABASES["default"]["TEST"] = {"NAME": f"test_expressions_{os.getpid()}"}

SECRET_KEY = "for tests only"
USE_TZ = True
INSTALLED_APPS = ["django.contrib.contenttypes", "tests.orm_expressions.apps.Library"]
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    INSTALLED_APPS.append("django.contrib.postgres")

# All tables are made in one go: the project's own have no migrations.
MIGRATION_MODULES = {"contenttypes": None}
