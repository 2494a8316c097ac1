"""Mercury's system checks: each made to appear, and to keep silent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.django_database import database  # noqa: F401 - fixtures

from django.core.management import call_command  # isort: skip
from django.db import connection, connections  # isort: skip
from django.test import override_settings  # isort: skip

from mercury.django import checks
from mercury.django.middleware import MercuryMiddleware

pytestmark = pytest.mark.usefixtures("database")

OURS = checks.MIDDLEWARE
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"

SETTINGS = """
SECRET_KEY = "for tests only"
USE_TZ = True
INSTALLED_APPS = ["mercury.django"]
MIDDLEWARE = ["mercury.django.middleware.MercuryMiddleware"]
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
    "other": {"ENGINE": "BACKEND", "NAME": ":memory:"},
}
"""

# What Django asks of a backend at a check, and no execute_wrappers.
BARE_BACKEND = """
class Validation:
    def check(self, **kwargs):
        return []

class DatabaseWrapper:
    def __init__(self, settings_dict, alias="default"):
        self.settings_dict, self.alias, self.validation = settings_dict, alias, Validation()

    def close(self):
        pass
"""


class Subclass(MercuryMiddleware):
    pass


def middleware_checks(*middleware):
    with override_settings(MIDDLEWARE=list(middleware)):
        return checks.check_middleware(None)


def found(messages):
    return [message.id for message in messages]


def check_command(folder, backend="django.db.backends.sqlite3", before="", variables=()):
    """What `manage.py check` prints in a project of its own."""
    (folder / "plain_settings.py").write_text(SETTINGS.replace("BACKEND", backend))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    paths = os.pathsep.join([str(folder), str(Path(__file__).resolve().parent.parent)])
    program = (
        f"{before}\nfrom django.core.management import execute_from_command_line as run\nrun(['manage.py', 'check'])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env={**kept, "PYTHONPATH": paths, "DJANGO_SETTINGS_MODULE": "plain_settings", **dict(variables)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_a_project_that_follows_the_manual_hears_nothing():
    assert middleware_checks(OURS, SESSIONS) == []
    assert checks.check_databases(None) == []
    assert checks.check_app(None) == []


def test_w001_the_middleware_is_missing():
    (message,) = middleware_checks(SESSIONS)
    assert message.id == "mercury.W001"
    assert OURS in message.hint
    assert found(middleware_checks()) == ["mercury.W001"]


def test_w001_is_silent_for_a_subclass():
    assert middleware_checks(f"{__name__}.Subclass") == []


def test_w001_a_path_that_cannot_be_imported_is_django_s_to_tell():
    assert found(middleware_checks("no.such.Middleware")) == ["mercury.W001"]


def test_w002_names_what_stands_outside():
    (message,) = middleware_checks(SECURITY, SESSIONS, OURS)
    assert message.id == "mercury.W002"
    assert SESSIONS in message.msg
    assert SECURITY not in message.msg


def test_w002_is_silent_where_what_stands_outside_sends_no_queries():
    assert middleware_checks(SECURITY, OURS, SESSIONS) == []


def test_w003_the_middleware_is_there_twice():
    assert found(middleware_checks(OURS, SESSIONS, OURS)) == ["mercury.W003"]
    assert found(middleware_checks(OURS, f"{__name__}.Subclass")) == ["mercury.W003"]
    assert "W003" not in "".join(found(middleware_checks(OURS, SESSIONS)))


def test_w004_the_twin_serves_and_nobody_asked_for_it(tmp_path):
    printed = check_command(tmp_path, before="import sys; sys.modules['mercury.core._ffi'] = None")
    assert "(mercury.W004)" in printed
    assert "its slower twin in Python does: loading the C library failed with" in printed


def test_w004_is_silent_where_the_twin_was_asked_for(tmp_path):
    printed = check_command(tmp_path, variables={"DJANGO_MERCURY_PURE_PYTHON": "1"})
    assert "System check identified no issues (0 silenced)." in printed


def test_w005_a_connection_without_the_wrapper(monkeypatch):
    connection.ensure_connection()
    # Not by way of the proxy `connection`, through which pytest could not put it back.
    monkeypatch.setattr(connections["default"], "execute_wrappers", [])
    (message,) = checks.check_databases(None)
    assert message.id == "mercury.W005"
    assert '"default"' in message.msg


def test_w005_a_backend_without_wrappers(tmp_path):
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "__init__.py").touch()
    (tmp_path / "bare" / "base.py").write_text(BARE_BACKEND)
    printed = check_command(tmp_path, backend="bare", variables={"DJANGO_MERCURY_PURE_PYTHON": "1"})
    assert printed.count("(mercury.W005)") == 1
    assert '"other"' in printed


def test_w005_is_silent_for_a_connection_that_was_never_opened(tmp_path):
    printed = check_command(tmp_path, variables={"DJANGO_MERCURY_PURE_PYTHON": "1"})
    assert "W005" not in printed


def test_w006_the_app_is_missing():
    with override_settings(INSTALLED_APPS=["django.contrib.contenttypes", "tests.project"]):
        assert found(checks.check_app(None)) == ["mercury.W006"]
    assert checks.check_app(None) == []


def test_django_runs_them(capsys):
    with override_settings(MIDDLEWARE=[SESSIONS]):
        call_command("check")
    assert "(mercury.W001)" in capsys.readouterr().err
    with override_settings(MIDDLEWARE=[SESSIONS], SILENCED_SYSTEM_CHECKS=["mercury.W001"]):
        call_command("check")
        assert "mercury.W001" not in found(checks.run())
    assert "(mercury.W001)" not in capsys.readouterr().err


def test_each_is_documented(root):
    manual = (root / "docs" / "checks.md").read_text()
    source = Path(checks.__file__).read_text()
    for number in range(1, 7):
        assert f"mercury.W00{number}" in source
        assert f"mercury.W00{number}" in manual
