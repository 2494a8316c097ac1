"""Commands and tasks as units of work: opened and closed where the framework does, and never mixed up."""

import importlib
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.django_database import database, shop  # noqa: F401 - fixtures

import django  # isort: skip
from django.core.management import CommandError, call_command  # isort: skip
from django.db import connection, connections  # isort: skip
from django.test import Client, override_settings  # isort: skip

import mercury
from mercury._monitor import open_unit
from mercury.django import celery_tasks, management_commands
from mercury.errors import FindingsError
from mercury.trace import current
from tests.project.models import Book

pytestmark = pytest.mark.usefixtures("shop")

ROOT = Path(__file__).resolve().parent.parent


def marked(file, mark):
    """The line of a file that ends in a mark."""
    lines = Path(file).read_text().splitlines()
    (number,) = [number for number, line in enumerate(lines, 1) if line.endswith(mark)]
    return number


def names(reports):
    return [(report.name, report.workload, report.metrics.query_count) for report in reports]


def list_authors(**options):
    output = io.StringIO()
    call_command("list_authors", stdout=output, **options)
    return output.getvalue()


class TestCommands:
    def test_a_command_is_a_unit(self, reports):
        assert len(list_authors().splitlines()) == 4
        assert names(reports) == [("command list_authors", "command", 5)]
        (finding,) = reports[0].findings
        module = importlib.import_module("tests.project.management.commands.list_authors")
        assert (finding.kind, finding.target, finding.file) == ("n_plus_one", "Book.author", module.__file__)
        assert finding.line == marked(module.__file__, "# query")
        assert finding.loop_line == marked(module.__file__, "# loop")

    def test_a_command_that_fails_is_one_too(self, reports):
        with pytest.raises(CommandError, match="the command's own"):
            list_authors(fail=True)
        assert names(reports) == [("command list_authors", "command", 5)]

    def test_a_command_within_a_unit_is_part_of_it(self, reports):
        with mercury.monitor("outer"):
            list_authors()
        assert names(reports) == [("outer", "block", 5)]

    def test_a_request_within_a_command_is_none_of_its(self, reports):
        call_command("shell", command="from django.test import Client; Client().get('/plain/7/')")
        assert names(reports) == [("GET /plain/<int:number>/", "request", 5), ("command shell", "command", 0)]

    def test_a_block_within_a_command_is_seen_by_both(self, reports):
        program = (
            "import mercury\n"
            "from tests.project.models import Book\n"
            "with mercury.monitor('inner'): Book.objects.count()\n"
            "Book.objects.count()"
        )
        call_command("shell", command=program)
        assert names(reports) == [("inner", "block", 1), ("command shell", "command", 2)]

    def test_a_command_of_django_is_no_unit(self, reports):
        output = io.StringIO()
        call_command("inspectdb", stdout=output)
        assert "class ProjectBook" in output.getvalue()
        assert reports == []

    def test_what_serves_without_end_is_no_unit(self, reports):
        call_command("qcluster")
        assert reports == []

    def test_the_wrapper_is_there_once(self, reports):
        management_commands.watch()
        list_authors()
        assert len(reports) == 1

    def test_the_mode_raise_fails_a_command(self):
        with override_settings(MERCURY={"workloads": {"command": {"mode": "raise"}}}):
            with pytest.raises(FindingsError, match=r"n_plus_one Book\.author"):
                list_authors()
            with pytest.raises(CommandError, match="the command's own"):
                list_authors(fail=True)

    def test_off_is_off(self, reports):
        with override_settings(MERCURY={"enabled": False}):
            list_authors()
        assert reports == []


@pytest.fixture(scope="module")
def queue():
    """A Celery application with its broker in memory, and one task with an N+1."""
    celery = pytest.importorskip("celery", reason="Celery is not installed: pip install celery")
    app = celery.Celery("shop", broker="memory://", backend="cache+memory://", set_as_current=False)
    app.conf.broker_transport_options = {"polling_interval": 0.05}

    @app.task(name="shop.list_authors")
    def list_authors(times=1):
        for _ in range(times):
            for book in Book.objects.all():
                book.author.name  # the task's query
        return Book.objects.count()

    @app.task(name="shop.fail")
    def fail():
        Book.objects.count()
        raise ZeroDivisionError

    @app.task(name="shop.ask")
    def ask():
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        finally:
            connections.close_all()

    @app.task(name="shop.outer")
    def outer():
        return list_authors.delay().get(disable_sync_subtasks=False)

    app.finalize()
    # The application is ready before this test has loaded Celery.
    celery_tasks.watch()
    return app


@pytest.fixture
def eager(queue):
    queue.conf.task_always_eager = True
    yield queue
    queue.conf.task_always_eager = False


class TestCelery:
    def test_an_eager_task_is_a_unit(self, eager, reports):
        assert eager.tasks["shop.list_authors"].delay().get() == 4
        assert names(reports) == [("task shop.list_authors", "task", 6)]
        (finding,) = [each for each in reports[0].findings if each.kind == "n_plus_one"]
        assert (finding.target, finding.file, finding.line) == (
            "Book.author",
            __file__,
            marked(__file__, "# the task's query"),
        )

    def test_tasks_in_a_row_are_no_loop(self, eager, reports):
        for _ in range(3):
            eager.tasks["shop.fail"].apply()
        assert names(reports) == [("task shop.fail", "task", 1)] * 3
        assert [report.findings for report in reports] == [[], [], []]

    def test_a_task_that_fails_is_one_too(self, eager, reports):
        before = current.get()
        assert eager.tasks["shop.fail"].apply().failed()
        assert names(reports) == [("task shop.fail", "task", 1)]
        assert current.get() is before

    def test_a_task_within_a_unit_is_part_of_it(self, eager, reports):
        with mercury.monitor("outer"):
            eager.tasks["shop.list_authors"].delay()
        assert names(reports) == [("outer", "block", 6)]

    def test_a_task_within_a_task_is_part_of_it(self, eager, reports):
        eager.tasks["shop.outer"].delay()
        assert names(reports) == [("task shop.outer", "task", 6)]

    def test_a_worker(self, queue, reports):
        from celery import signals
        from celery.contrib.testing.worker import start_worker

        # Left to itself, Celery sets up the root logger, for all tests after this one.
        signals.setup_logging.connect(lambda **kwargs: None, weak=False)
        with start_worker(queue, pool="solo", perform_ping_check=False):
            results = [queue.tasks["shop.ask"].delay() for _ in range(3)]
            for result in results:
                result.get(timeout=60)
        assert names(reports) == [("task shop.ask", "task", 1)] * 3
        assert [report.notes for report in reports] == [[], [], []]

    def test_a_project_that_imports_celery_as_its_manual_has_it(self, tmp_path):
        (tmp_path / "proj").mkdir()
        (tmp_path / "proj" / "__init__.py").write_text("from proj.queue import app\n")
        (tmp_path / "proj" / "settings.py").write_text(
            "from tests.project.settings import *\nCELERY_TASK_ALWAYS_EAGER = True\n"
        )
        (tmp_path / "proj" / "queue.py").write_text(
            "from celery import Celery\n"
            "app = Celery('proj')\n"
            "app.config_from_object('django.conf:settings', namespace='CELERY')\n"
            "@app.task(name='hello')\n"
            "def hello(): pass\n"
        )
        program = (
            "import django; django.setup()\n"
            "from mercury.django.signals import report_ready\n"
            "def show(report, **kwargs): print(report.name)\n"
            "report_ready.connect(show)\n"
            "from proj.queue import hello; hello.delay()\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "proj.settings",
                "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)]),
            },
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        assert done.stdout == "task hello\n"


@pytest.mark.skipif(django.VERSION < (6,), reason="django.tasks came with Django 6.0")
class TestDjangoTasks:
    @pytest.fixture
    def tasks(self):
        from tests.project import tasks

        with override_settings(TASKS={"default": {"BACKEND": "django.tasks.backends.immediate.ImmediateBackend"}}):
            yield tasks

    def test_a_task_is_a_unit(self, tasks, reports):
        assert tasks.list_authors.enqueue().return_value == 4
        assert names(reports) == [("task tests.project.tasks.list_authors", "task", 5)]
        (finding,) = reports[0].findings
        assert (finding.target, finding.file, finding.line) == (
            "Book.author",
            tasks.__file__,
            marked(tasks.__file__, "# query"),
        )

    def test_a_task_that_fails_is_one_too(self, tasks, reports):
        tasks.fail.enqueue()
        assert names(reports) == [("task tests.project.tasks.fail", "task", 1)]

    def test_an_asynchronous_task(self, tasks, reports):
        tasks.count_later.enqueue()
        assert names(reports) == [("task tests.project.tasks.count_later", "task", 1)]

    def test_a_task_of_a_request_is_part_of_it(self, tasks, reports):
        with mercury.monitor("outer"):
            tasks.fail.enqueue()
        assert names(reports) == [("outer", "block", 1)]


def test_a_unit_that_is_left_out_of_a_background_leaves_it_alone(reports):
    background = open_unit("background", None, "command")
    background.trace.is_background = True
    with override_settings(MERCURY={"exclude_paths": ["/plain/*"]}):
        Client().get("/plain/7/")
    background.close()
    assert names(reports) == [("background", "command", 0)]
