"""Settings of the expressions' project, on the database that tests.project.settings chooses."""

from tests.project.settings import DATABASES

__all__ = ["DATABASES"]

SECRET_KEY = "for tests only"
USE_TZ = True
INSTALLED_APPS = ["django.contrib.contenttypes", "tests.orm_expressions.apps.Library"]
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    INSTALLED_APPS.append("django.contrib.postgres")

# All tables are made in one go: the project's own have no migrations.
MIGRATION_MODULES = {"contenttypes": None}
