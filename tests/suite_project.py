"""A small Django project in a folder of its own, whose tests are run as its developer would run them."""

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, Dict, List, NamedTuple

ROOT = Path(__file__).resolve().parents[1]

FILES = {
    "settings.py": """
SECRET_KEY = "tests"
INSTALLED_APPS = ["django.contrib.contenttypes", "shop"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
ROOT_URLCONF = "shop.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
""",
    "manage.py": """
import os
import sys
if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
""",
    "pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = settings\npythonpath = .\naddopts = -p no:cacheprovider\n",
    "shop/__init__.py": "",
    "shop/models.py": """
from django.db import models

class Author(models.Model):
    name = models.CharField(max_length=50)

class Book(models.Model):
    author = models.ForeignKey(Author, models.CASCADE)
""",
    "shop/views.py": """
from django.http import HttpResponse
from shop.models import Book

def plain(request):
    return HttpResponse(str(Book.objects.count()))

def names(request):
    books = Book.objects.order_by("pk")
    return HttpResponse(", ".join(book.author.name for book in books))
""",
    "shop/urls.py": """
from django.urls import path
from shop import views

urlpatterns = [path("plain/", views.plain), path("names/", views.names)]
""",
    "shop/tests/__init__.py": "",
    "shop/tests/test_pages.py": """
from django.test import TestCase
from shop.models import Author, Book

class Pages(TestCase):
    def setUp(self):
        for number in range(3):
            Book.objects.create(author=Author.objects.create(name=f"author {number}"))

    def test_plain(self):
        self.assertEqual(self.client.get("/plain/").content, b"3")

    def test_names(self):
        self.assertContains(self.client.get("/names/"), "author 2")
""",
}


def plugin_options() -> List[str]:
    """What loads the plugin under the interpreter that runs this: nothing, where Mercury is installed."""
    points = [point for distribution in metadata.distributions() for point in distribution.entry_points]
    return [] if any(point.value == PLUGIN for point in points) else ["-p", PLUGIN]


FILE = "told.json"
TOLD = f"--mercury-json={FILE}"
PLUGIN = "mercury.testing.pytest_plugin"


class Done(NamedTuple):
    """A run that has ended: its exit code, all that it printed, and the document that it wrote, if any."""

    code: int
    output: str
    document: Dict[str, Any]

    def found(self) -> Any:
        """Kind, target, file, line and state of each finding."""
        names = ("kind", "target", "file", "line", "state")
        return [tuple(finding[name] for name in names) for finding in self.document["findings"]]


class Project:
    """The project. Files are changed by writing them again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment: Dict[str, str] = {}
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip("\n"))

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def line(self, name: str, part: str) -> int:
        """The number of the first line that holds this."""
        lines = (self.folder / name).read_text().splitlines()
        return next(number for number, line in enumerate(lines, 1) if part in line)

    def pytest(self, *options: str) -> Done:
        """`pytest` with Mercury's plugin."""
        told = (TOLD,) if "--mercury" in options else ()
        return self._run("-m", "pytest", *plugin_options(), "-p", "no:randomly", *told, *options)

    def manage(self, *options: str) -> Done:
        """`manage.py test` with Mercury's runner."""
        return self._run("manage.py", "test", "--testrunner", "mercury.django.runner.MercuryRunner", TOLD, *options)

    def manage_without_mercury(self, *options: str) -> Done:
        """`manage.py test` with Django's own runner."""
        return self._run("manage.py", "test", *options)

    def _run(self, *command: str) -> Done:
        told = self.folder / FILE
        if told.exists():
            told.unlink()
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "100",
            "PYTEST_ADDOPTS": "",
            "DJANGO_SETTINGS_MODULE": "settings",
            **self.environment,
        }
        done = subprocess.run(
            [sys.executable, *command],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )
        return Done(done.returncode, done.stdout, json.loads(told.read_text()) if told.exists() else {})
