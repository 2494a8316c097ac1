"""`mercury doctor` in projects of its own: what it finds, what it proves, and that it leaves nothing behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("django", reason="Django is not installed: pip install django")

ROOT = Path(__file__).resolve().parent.parent

MANAGE = """
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
"""

# The databases are those of this run of the tests.
SETTINGS = """
from tests.project.settings import DATABASES
SECRET_KEY = "for tests only"
USE_TZ = True
INSTALLED_APPS = ["mercury.django", "shop"]
MIDDLEWARE = ["mercury.django.middleware.MercuryMiddleware"]
"""

SQLITE = '{"ENGINE": "django.db.backends.sqlite3", "NAME": %r}'

DEAF_BACKEND = """
from django.db.backends.sqlite3 import base
from django.db.backends.utils import CursorWrapper

class DeafCursor(CursorWrapper):
    def _execute_with_wrappers(self, sql, params, many, executor):
        return executor(sql, params, many, {"connection": self.db, "cursor": self})

class DatabaseWrapper(base.DatabaseWrapper):
    def make_cursor(self, cursor):
        return DeafCursor(cursor, self)
"""

REFUSING_TEMPORARY_TABLES = """
import sqlite3
from django.db.backends.signals import connection_created

def refuse(sender, connection, **kwargs):
    if connection.alias == "other":
        forbidden = sqlite3.SQLITE_CREATE_TEMP_TABLE
        connection.connection.set_authorizer(
            lambda action, *_: sqlite3.SQLITE_DENY if action == forbidden else sqlite3.SQLITE_OK
        )

connection_created.connect(refuse, weak=False)
"""

ROUTER = """
class Router:
    def db_for_read(self, model, **hints):
        return "other"
    db_for_write = db_for_read
"""


class Project:
    """A small Django project in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.write("manage.py", MANAGE)
        self.write("shop/__init__.py", "")
        self.write("shop/settings.py", SETTINGS)

    def write(self, name, text):
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_text(text)

    def add_settings(self, *lines):
        self.write("shop/settings.py", "\n".join([(self.folder / "shop/settings.py").read_text(), *lines, ""]))

    def run(self, *arguments, path=""):
        kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        return subprocess.run(
            [sys.executable, "-m", "mercury", "doctor", *arguments],
            cwd=str(self.folder),
            env={**kept, "PYTHONPATH": os.pathsep.join([str(ROOT), *([path] if path else [])]), "COLUMNS": "100"},
            capture_output=True,
            text=True,
            check=False,
        )

    def examine(self, **variables):
        """The exit code, and status with text by name."""
        done = self.run("--json", **variables)
        document = json.loads(done.stdout)
        assert document["healthy"] == (done.returncode == 0), done.stderr
        return done.returncode, {each["name"]: (each["status"], each["text"]) for each in document["diagnoses"]}


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def test_a_sound_project(project):
    code, found = project.examine()
    assert code == 0, found
    assert {name: status for name, (status, _) in found.items()} == dict.fromkeys(
        ["backend", "package", "project", "checks", "database default", "threads"], "ok"
    )
    assert found["database default"][1] == "an N+1 planted in a temporary table was found, at its line (4 queries)"


def test_what_people_read(project):
    done = project.run()
    assert done.returncode == 0, done.stderr
    assert "ok       database default: an N+1 planted in a temporary table was found" in done.stdout
    assert done.stdout.endswith("\nNothing is wrong.\n")


def test_a_project_that_is_not_there(tmp_path):
    project = Project(tmp_path)
    (tmp_path / "manage.py").unlink()
    code, found = project.examine()
    assert (code, found["project"][0]) == (0, "unknown")
    assert "database default" not in found


def test_a_project_that_cannot_be_loaded(project):
    project.add_settings("raise ValueError('a secret')")
    done = project.run()
    assert done.returncode == 1
    assert "wrong    project: the project of shop.settings cannot be loaded: ValueError" in done.stdout
    assert "a secret" not in done.stdout + done.stderr


def test_a_project_that_prints(project):
    project.add_settings("print('hello')")
    assert project.examine()[0] == 0


def test_a_system_check_that_complains(project):
    project.add_settings("MIDDLEWARE = []")
    code, found = project.examine()
    assert (code, found["mercury.W001"][0]) == (1, "wrong")
    project.add_settings("SILENCED_SYSTEM_CHECKS = ['mercury.W001']")
    assert project.examine()[0] == 0


def test_the_app_is_missing(project):
    project.add_settings("INSTALLED_APPS = ['shop']")
    code, found = project.examine()
    assert (code, found["mercury.W006"][0]) == (1, "wrong")
    assert found["database default"][0] == "ok"


def test_settings_and_receivers_of_the_project_are_left_out_of_it(project):
    project.write(
        "shop/models.py",
        "from mercury.django.signals import report_ready\n"
        "def fail(**kwargs): raise SystemExit\n"
        "report_ready.connect(fail)\n",
    )
    project.add_settings("MERCURY = {'mode': 'raise', 'sample_rate': 0.0}")
    done = project.run()
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_mercury_that_is_off(project):
    project.add_settings("MERCURY = {'enabled': False}")
    code, found = project.examine()
    assert (code, found["mercury.I001"][0]) == (0, "unknown")
    assert found["database default"][0] == "ok"


def test_a_package_that_owns_the_same_folder(project, tmp_path):
    project.write("mercury-3.1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: mercury\nVersion: 3.1.0\n")
    code, found = project.examine(path=str(tmp_path))
    assert (code, found["package"][0]) == (1, "wrong")
    assert "mercury 3.1.0" in found["package"][1]


class TestDatabases:
    def test_nothing_is_left_in_a_database(self, project, tmp_path):
        import sqlite3

        file = tmp_path / "shop.sqlite3"
        with sqlite3.connect(str(file)) as connection:
            connection.execute("CREATE TABLE kept (id)")
            connection.execute("INSERT INTO kept VALUES (7)")
        connection.close()
        before = file.read_bytes()
        project.add_settings(f"DATABASES['other'] = {SQLITE % str(file)}")
        code, found = project.examine()
        assert (code, found["database other"][0]) == (0, "ok")
        assert file.read_bytes() == before
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith("shop.sqlite3")] == ["shop.sqlite3"]

    def test_a_file_that_is_not_there_is_not_made(self, project, tmp_path):
        project.add_settings(f"DATABASES['other'] = {SQLITE % str(tmp_path / 'new.sqlite3')}")
        code, found = project.examine()
        assert (code, found["database other"]) == (0, ("unknown", "its file is not there yet"))
        assert not (tmp_path / "new.sqlite3").exists()

    def test_a_database_that_does_not_answer(self, project, tmp_path):
        project.add_settings(f"DATABASES['other'] = {SQLITE % ('file:' + str(tmp_path / 'none' / 'secret'))}")
        project.add_settings("DATABASES['other']['OPTIONS'] = {'uri': True}")
        done = project.run()
        assert done.returncode == 1
        assert "wrong    database other: no connection: OperationalError" in done.stdout
        assert "ok       database default:" in done.stdout
        assert "secret" not in done.stdout

    def test_a_database_that_refuses_temporary_tables(self, project, tmp_path):
        (tmp_path / "other.sqlite3").touch()
        project.write("shop/models.py", REFUSING_TEMPORARY_TABLES)
        project.add_settings(f"DATABASES['other'] = {SQLITE % str(tmp_path / 'other.sqlite3')}")
        code, found = project.examine()
        assert (code, found["database other"]) == (0, ("unknown", "no N+1 could be planted: DatabaseError"))
        assert found["database default"][0] == "ok"

    def test_a_backend_that_passes_the_wrappers_by(self, project):
        project.write("deaf/__init__.py", "")
        project.write("deaf/base.py", DEAF_BACKEND)
        project.add_settings("DATABASES['other'] = {'ENGINE': 'deaf', 'NAME': ':memory:'}")
        code, found = project.examine()
        text = "the planted N+1 was not found: 0 of 4 queries were seen"
        assert (code, found["database other"]) == (1, ("wrong", text))
        assert found["database default"][0] == "ok"

    def test_routers_do_not_lead_it_astray(self, project):
        project.write("shop/routers.py", ROUTER)
        project.add_settings(
            "DATABASES['other'] = {'ENGINE': 'django.db.backends.sqlite3', 'NAME': ':memory:'}",
            "DATABASE_ROUTERS = ['shop.routers.Router']",
        )
        code, found = project.examine()
        assert (code, found["database default"][0], found["database other"][0]) == (0, "ok", "ok")

    def test_a_database_of_no_kind(self, project):
        project.add_settings("DATABASES['other'] = {}")
        code, found = project.examine()
        assert (code, found["database other"][0]) == (0, "unknown")
