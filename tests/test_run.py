"""`mercury run`: real commands, watched through their environment, and what becomes of their exit codes."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

pytest.importorskip("django", reason="Django is not installed: pip install django")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and exit codes are those of POSIX")

ROOT = Path(__file__).resolve().parent.parent
STARTUP = ROOT / "mercury" / "commands" / "run" / "startup"
BOOKSHOP = ROOT / "examples" / "bookshop"
BOOKS = 4
CAUSES = {"Book.author", "Book.publisher", "Book.tags", "Book.reviews"}

PLAIN_SETTINGS = """
from bookshop.settings import *
INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "mercury.django"]
MIDDLEWARE = [name for name in MIDDLEWARE if "mercury" not in name]
"""

SCRIPT = """\
import django, os, sys
from django.conf import settings
settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.contenttypes"],
)
django.setup()
from django.contrib.contenttypes.models import ContentType
from django.db import connection
with connection.schema_editor() as editor:
    editor.create_model(ContentType)
ContentType.objects.bulk_create(ContentType(app_label="secret", model=str(i)) for i in range(5))
for row in ContentType.objects.all():
    print(ContentType.objects.get(pk=row.pk).model)
"""

CELERY = """
import os, signal
from celery import Celery
app = Celery("work", broker="filesystem://")
app.conf.broker_transport_options = dict(
    data_folder_in="queue", data_folder_out="queue", control_folder="queue", polling_interval=0.05
)

@app.task(name="ask")
def ask(last=False):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if last:
        os.kill(os.getppid(), signal.SIGTERM)  # the worker ends when its tasks have
"""


def environment(**variables):
    kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    paths = os.pathsep.join([variables.pop("path", ""), str(ROOT)]).strip(os.pathsep)
    return {**kept, "PYTHONPATH": paths, "NO_COLOR": "1", "COLUMNS": "100", **variables}


def mercury(*arguments):
    return [sys.executable, "-m", "mercury", "run", *map(str, arguments)]


class Run:
    """A finished `mercury run`, with its report as JSON."""

    def __init__(self, folder, *command, cwd=None, **variables):
        file = folder / "report.json"
        self.done = subprocess.run(
            mercury("--json", file, "--", *command),
            cwd=str(cwd or folder),
            env=environment(**variables),
            capture_output=True,
            text=True,
            check=False,
        )
        self.code = self.done.returncode
        self.output, self.errors = self.done.stdout, self.done.stderr
        self.report = json.loads(file.read_text()) if file.exists() else {}

    def units(self):
        return {unit["name"]: (unit["times"], unit["query_count"]) for unit in self.report["units"]}

    def found(self):
        return {(finding["kind"], finding["target"]) for finding in self.report["findings"]}


@pytest.fixture
def script(tmp_path):
    """A program of its own over Django's models; further lines may be added behind it."""

    def write(*lines):
        path = tmp_path / "script.py"
        path.write_text(SCRIPT + "\n".join(lines) + "\n")
        return path

    return write


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The bookshop with a few books, and settings that know nothing of Mercury."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(BOOKSHOP, folder, dirs_exist_ok=True)
    (folder / "plain_settings.py").write_text(PLAIN_SETTINGS)
    program = (
        "from django.core.management import call_command as c; c('migrate', verbosity=0); "
        f"from shop.seed import seed; seed({BOOKS})"
    )
    subprocess.run(
        [sys.executable, "-c", f"import django; django.setup(); {program}"],
        cwd=str(folder),
        env=environment(DJANGO_SETTINGS_MODULE="plain_settings"),
        check=True,
    )
    return folder


def test_a_script_is_one_unit(tmp_path, script):
    run = Run(tmp_path, sys.executable, script())
    assert (run.code, run.output) == (0, "0\n1\n2\n3\n4\n")
    (finding,) = [finding for finding in run.report["findings"] if finding["kind"] == "n_plus_one"]
    lines = SCRIPT.splitlines()
    assert (finding["query"]["line"], finding["loop"]["line"]) == (len(lines), len(lines) - 1)
    assert (finding["model"], finding["count"], finding["units"]) == ("ContentType", 5, {"script.py": 1})
    assert set(run.units()) == {"script.py"}
    assert "N+1: ContentType  5 queries" in run.errors
    assert "secret" not in run.errors + json.dumps(run.report)


def test_what_is_ignored_over_a_limit_or_out_of_date_is_told(tmp_path, script):
    lines = SCRIPT.splitlines()
    script(
        "for row in ContentType.objects.all():",
        "    ContentType.objects.get(pk=row.pk)  # mercury: ignore[n_plus_one] five rows at most",
        "for row in ContentType.objects.all():",
        "    ContentType.objects.get(pk=row.pk)  # mercury: ignore[n_plus_one] it was, until=2020-01-01",
    )
    run = Run(tmp_path, sys.executable, "script.py", MERCURY_MAX_QUERY_COUNT="3")
    found = {finding["query"]["line"] for finding in run.report["findings"] if finding["kind"] == "n_plus_one"}
    assert found == {len(lines), len(lines) + 4}
    assert run.report["ignored"] == ["n_plus_one ContentType: five rows at most (in script.py)"]
    assert "Ignored: n_plus_one ContentType: five rows at most (in script.py)." in run.errors
    (stale,) = run.report["stale_ignores"]
    (exceeded,) = run.report["exceeded"]
    assert f"script.py:{len(lines) + 4}" in stale
    assert "max_query_count is 3 (in script.py)" in exceeded


def test_an_ignore_that_no_process_needs_is_told(tmp_path, script):
    line = len(SCRIPT.splitlines()) + 2
    path = script(
        "for row in ContentType.objects.all()[: int(sys.argv[1])]:",
        "    ContentType.objects.get(pk=row.pk)  # mercury: ignore[n_plus_one] few",
    )
    # By its whole path: the code of a script that is started by a relative one has that name under Python 3.8.
    program = f"import subprocess, sys; [subprocess.run([sys.executable, {str(path)!r}, n]) for n in sys.argv[1:]]"
    needless = Run(tmp_path, sys.executable, "-c", program, "1", "0")
    assert needless.report["idle_ignores"] == [f"{tmp_path / 'script.py'}:{line}"]
    assert "found nothing to ignore" in " ".join(needless.errors.split())
    needed = Run(tmp_path, sys.executable, "-c", program, "1", "4", "0")
    assert needed.report["idle_ignores"] == []


@pytest.mark.parametrize("code", [0, 1, 3, 255])
def test_the_exit_code_is_the_command_s(tmp_path, script, code):
    run = Run(tmp_path, sys.executable, script(f"sys.exit({code})"))
    assert run.code == code
    assert ("n_plus_one", "ContentType") in run.found()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGABRT])
def test_a_command_that_a_signal_kills(tmp_path, script, number):
    run = Run(tmp_path, sys.executable, script(f"os.kill(os.getpid(), {int(number)})"))
    assert run.code == -number
    assert "1 process was killed or still runs" in run.errors
    assert run.report["units"] == []


def test_what_the_command_raises_is_its_own(tmp_path, script):
    run = Run(tmp_path, sys.executable, script("raise ZeroDivisionError"))
    assert run.code == 1
    assert run.errors.index("ZeroDivisionError") < run.errors.index("N+1: ContentType")


def test_standard_streams_are_the_command_s(tmp_path):
    program = "import sys; sys.stdout.write(sys.stdin.read()[::-1]); sys.stderr.write('own')"
    done = subprocess.run(
        mercury("--", sys.executable, "-c", program), input=b"abc", capture_output=True, env=environment(), check=True
    )
    assert (done.stdout, done.stderr[:3]) == (b"cba", b"own")


def test_a_command_that_is_not_python(tmp_path):
    run = Run(tmp_path, "sh", "-c", "echo here; exit 7")
    assert (run.code, run.output) == (7, "here\n")
    assert "the command started no Python" in run.errors
    assert "0 queries" not in run.errors


def test_a_python_without_django(tmp_path):
    run = Run(tmp_path, sys.executable, "-c", "import json")
    assert (run.code, run.report["processes"], run.report["watched_processes"]) == (0, 1, 0)
    assert run.report["not_measured"] == ["no Python process of the command loaded Django's database layer"]
    assert "0 queries" not in run.errors


@pytest.mark.parametrize(
    ("command", "code", "complaint"),
    [
        (["no-such-command"], 127, "'no-such-command' cannot be run: No such file or directory"),
        (["./no-such-command"], 127, "'./no-such-command' cannot be run: No such file or directory"),
        (["/"], 126, "'/' cannot be run: Permission denied"),
        ([], 2, "name a command"),
    ],
)
def test_a_command_that_cannot_be_run(tmp_path, command, code, complaint):
    run = Run(tmp_path, *command)
    assert (run.code, run.report) == (code, {})
    assert complaint in run.errors
    assert "Traceback" not in run.errors


def test_a_report_that_cannot_be_written(tmp_path):
    done = subprocess.run(
        mercury("--json", tmp_path / "none" / "x", "--", "true"), capture_output=True, env=environment(), check=False
    )
    assert done.returncode == 1
    assert b"cannot be written: No such file or directory" in done.stderr


def test_nothing_is_left_behind(tmp_path, script):
    Run(tmp_path, sys.executable, script(), TMPDIR=str(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} <= {"script.py", "report.json", "__pycache__"}


class TestStartup:
    def test_a_sitecustomize_of_the_host_s_still_runs(self, tmp_path, script):
        (tmp_path / "sitecustomize.py").write_text("import builtins; builtins.HOST = __file__\n")
        run = Run(tmp_path, sys.executable, script("print(HOST)"), path=str(tmp_path))
        assert run.output.splitlines()[-1] == str(tmp_path / "sitecustomize.py")
        assert ("n_plus_one", "ContentType") in run.found()

    def test_one_that_fails_fails_as_it_did_before(self, tmp_path, script):
        (tmp_path / "sitecustomize.py").write_text("import no_such_module\n")
        command = [sys.executable, str(script())]
        alone = subprocess.run(
            command, capture_output=True, text=True, env=environment(path=str(tmp_path)), check=False
        )
        run = Run(tmp_path, *command, path=str(tmp_path))
        assert (run.code, run.output) == (alone.returncode, alone.stdout)
        assert "no_such_module" in alone.stderr
        assert run.errors.startswith(alone.stderr)

    def test_a_usercustomize_of_the_host_s_still_runs(self, tmp_path):
        site = subprocess.run(
            [sys.executable, "-m", "site", "--user-site"],
            env=environment(PYTHONUSERBASE=str(tmp_path)),
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        ).stdout.strip()
        Path(site).mkdir(parents=True)
        (Path(site) / "usercustomize.py").write_text("import builtins; builtins.HOST = 1\n")
        program = "import builtins; print(getattr(builtins, 'HOST', 0))"
        # A virtual environment may leave the user's folder out, with and without Mercury.
        alone = subprocess.run(
            [sys.executable, "-c", program],
            env=environment(PYTHONUSERBASE=str(tmp_path)),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        assert Run(tmp_path, sys.executable, "-c", program, PYTHONUSERBASE=str(tmp_path)).output == alone.stdout

    def test_modules_and_their_loaders_stay_what_they_are(self, tmp_path):
        program = (
            "import sys, inspect, django.db, django.core.handlers.base as base\n"
            "print(type(base.__loader__).__name__, vars(base.__loader__).keys() - {'name', 'path'}, sys.path[1:2])\n"
            "print(inspect.getsource(base).count('class BaseHandler'), base.__spec__.loader is base.__loader__)"
        )
        alone = subprocess.run(
            [sys.executable, "-c", program], env=environment(), stdout=subprocess.PIPE, text=True, check=True
        )
        assert Run(tmp_path, sys.executable, "-c", program).output == alone.stdout

    def test_an_interpreter_without_mercury(self, tmp_path):
        done = subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "other")], check=False)
        assert done.returncode == 0
        python = tmp_path / "other" / "bin" / "python"
        run = Run(tmp_path, "env", f"PYTHONPATH={STARTUP}", python, "-c", "print(1)")
        assert (run.code, run.output) == (0, "1\n")
        assert run.report["not_measured"] == [f"1 process of {python}: mercury-native is not installed there"]

    def test_a_foreign_package_of_the_same_name(self, tmp_path):
        (tmp_path / "other" / "mercury").mkdir(parents=True)
        (tmp_path / "other" / "mercury" / "__init__.py").write_text("print('imported')\n")
        run = Run(tmp_path, "env", f"PYTHONPATH={STARTUP}:{tmp_path / 'other'}", sys.executable, "-c", "print(1)")
        assert (run.code, run.output) == (0, "1\n")
        assert run.report["not_measured"] == [
            f"1 process of {sys.executable}: its package mercury is not mercury-native, or an older one"
        ]

    def test_a_fault_of_mercury_s_own_is_counted(self, tmp_path, script):
        (tmp_path / "sitecustomize.py").write_text(
            "from mercury.commands.run.tally import Tally\n"
            "def fail(*args): raise ZeroDivisionError\n"
            "Tally.add_report = fail\n"
        )
        run = Run(tmp_path, sys.executable, script(), path=str(tmp_path))
        assert (run.code, run.output) == (0, "0\n1\n2\n3\n4\n")
        assert "1 fault inside Mercury (ZeroDivisionError); the command was not affected" in " ".join(
            run.errors.split()
        )


class TestDjango:
    def test_a_management_command(self, project):
        run = Run(
            project,
            sys.executable,
            "manage.py",
            "shell",
            "-c",
            "from shop.models import Book\nfor book in Book.objects.all(): print(book.author.name)",
            DJANGO_SETTINGS_MODULE="plain_settings",
        )
        assert run.code == 0
        assert ("n_plus_one", "Book.author") in run.found()
        (finding,) = run.report["findings"]
        assert (finding["query"]["file"], finding["query"]["line"], finding["loop"]["line"]) == ("<string>", 2, 2)
        assert run.units() == {"manage.py shell": (1, BOOKS + 1)}

    @pytest.mark.parametrize("settings", ["plain_settings", "bookshop.settings"])
    def test_requests_are_units_of_their_own(self, project, settings):
        program = (
            "from django.test import Client; [Client().get(path) for path in ('/', '/', '/repaired/')]; "
            "from shop.models import Book; Book.objects.count()"
        )
        run = Run(project, sys.executable, "manage.py", "shell", "-c", program, DJANGO_SETTINGS_MODULE=settings)
        assert run.code == 0, run.errors
        assert run.units() == {
            "GET /": (2, 2 * (1 + 4 * BOOKS)),
            "GET /repaired/": (1, 2),
            "manage.py shell": (1, 1),
        }
        assert run.found() == {("n_plus_one", cause) for cause in CAUSES}
        assert all(finding["units"] == {"GET /": 2} for finding in run.report["findings"])
        assert {(each["count"], each["total_count"]) for each in run.report["findings"]} == {(BOOKS, 2 * BOOKS)}

    def test_asynchronous_requests(self, project):
        program = (
            "from asgiref.sync import async_to_sync as wait; from django.test import AsyncClient; "
            "wait(AsyncClient().get)('/')"
        )
        run = Run(project, sys.executable, "manage.py", "shell", "-c", program, DJANGO_SETTINGS_MODULE="plain_settings")
        assert run.code == 0, run.errors
        assert run.units() == {"GET /": (1, 1 + 4 * BOOKS)}

    def test_pytest(self, tmp_path, script):
        (tmp_path / "conftest.py").write_text(SCRIPT.partition("for row")[0])
        (tmp_path / "test_small.py").write_text(
            "import pytest\n"
            "from django.contrib.contenttypes.models import ContentType\n"
            "@pytest.mark.parametrize('word', ['secret', 'other'])\n"
            "def test_slow(word):\n"
            "    for row in ContentType.objects.all():\n"
            "        ContentType.objects.get(pk=row.pk)\n"
            "def test_that_fails():\n"
            "    assert ContentType.objects.count() == 0\n"
        )
        run = Run(tmp_path, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:django")
        assert run.code == 1
        assert "1 failed, 2 passed" in run.output
        units = run.units()
        assert units["test test_small.py::test_slow"] == (2, 12)
        assert units["test test_small.py::test_that_fails"] == (1, 1)
        assert "secret" not in json.dumps(run.report)

    def test_a_runner_of_unittest(self, tmp_path):
        (tmp_path / "test_small.py").write_text(
            SCRIPT.partition("for row")[0] + "import unittest\n"
            "class Small(unittest.TestCase):\n"
            "    def test_slow(self):\n"
            "        for row in ContentType.objects.all():\n"
            "            ContentType.objects.get(pk=row.pk)\n"
        )
        run = Run(tmp_path, sys.executable, "-m", "unittest", "-q", "test_small")
        assert run.code == 0, run.errors
        assert run.units()["test test_small.Small.test_slow"] == (1, 6)

    def test_children_hand_over_their_own(self, tmp_path, script):
        run = Run(
            tmp_path,
            sys.executable,
            script(
                "ContentType.objects.count()",
                "import multiprocessing",
                "def work():",
                "    ContentType.objects.first()",
                "child = multiprocessing.get_context('fork').Process(target=work)",
                "child.start()",
                "child.join()",
                "if os.fork() == 0:",
                "    ContentType.objects.last()",
                "    sys.exit()",
                "os.wait()",
            ),
        )
        alone = Run(tmp_path, sys.executable, script("ContentType.objects.count()"))
        assert run.code == 0, run.errors
        ((times, count),) = run.units().values()
        assert (times, count) == (3, alone.units()["script.py"][1] + 2)
        assert run.report["not_measured"] == []
        assert run.report["processes"] == 3


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def fetch(port, path, process):
    """The page, as soon as the server answers."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as response:
                return response.read()
        except OSError:
            assert time.monotonic() < deadline
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
                pytest.fail(process.stderr.read())


class TestServers:
    @pytest.fixture(autouse=True)
    def interruptible(self):
        """A shell has its background jobs ignore SIGINT, and what these start inherits that."""
        before = signal.getsignal(signal.SIGINT)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        yield
        signal.signal(signal.SIGINT, before)

    def serve(self, project, number, paths, *command, **variables):
        """The report of a server that answered these paths and then got the signal."""
        port = free_port()
        file = project / f"server-{port}.json"
        with subprocess.Popen(
            mercury("--json", file, "--", *(str(part).replace("PORT", str(port)) for part in command)),
            cwd=str(project),
            env=environment(DJANGO_SETTINGS_MODULE="plain_settings", **variables),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                for path in paths:
                    fetch(port, path, process)
                process.send_signal(number)
                self.errors = process.communicate(timeout=60)[1]
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
        self.code = process.returncode
        return json.loads(file.read_text())

    @pytest.mark.parametrize("reloader", [[], ["--noreload"]])
    def test_runserver(self, project, reloader):
        report = self.serve(
            project,
            signal.SIGINT,
            ["/", "/repaired/"],
            sys.executable,
            "manage.py",
            "runserver",
            *reloader,
            "127.0.0.1:PORT",
        )
        units = {unit["name"]: unit["query_count"] for unit in report["units"]}
        assert (units["GET /"], units["GET /repaired/"]) == (1 + 4 * BOOKS, 2)
        assert {finding["target"] for finding in report["findings"]} == CAUSES
        # The reloader and the server that it starts.
        assert report["watched_processes"] == (1 if reloader else 2)
        if not reloader:
            assert self.code in (0, -signal.SIGINT)

    @pytest.mark.parametrize(
        ("kind", "number"), [("sync", signal.SIGINT), ("sync", signal.SIGTERM), ("gevent", signal.SIGTERM)]
    )
    def test_gunicorn_with_two_workers(self, project, number, kind):
        pytest.importorskip("gunicorn", reason="gunicorn is not installed: pip install gunicorn")
        if kind == "gevent":
            pytest.importorskip("gevent", reason="gevent is not installed: pip install gevent")
        report = self.serve(
            project,
            number,
            ["/"] * 6,
            sys.executable,
            "-m",
            "gunicorn",
            "--workers=2",
            f"--worker-class={kind}",
            "--bind=127.0.0.1:PORT",
            "bookshop.wsgi",
        )
        assert self.code == 0, self.errors
        units = {unit["name"]: (unit["times"], unit["query_count"]) for unit in report["units"]}
        assert units["GET /"] == (6, 6 * (1 + 4 * BOOKS))
        assert {finding["target"] for finding in report["findings"]} == CAUSES
        # One may have served all requests before the other was there.
        assert report["watched_processes"] in (1, 2)
        assert report["not_measured"] == []

    def test_a_worker_of_celery_with_its_pool(self, tmp_path):
        pytest.importorskip("celery", reason="Celery is not installed: pip install celery")
        (tmp_path / "queue").mkdir()
        (tmp_path / "work.py").write_text(SCRIPT.partition("with connection")[0] + CELERY)
        command = [sys.executable, "-c", "import work; work.ask.delay(); work.ask.delay(last=True)"]
        subprocess.run(command, cwd=str(tmp_path), env=environment(), check=True)
        run = Run(
            tmp_path,
            sys.executable,
            "-m",
            "celery",
            "-A",
            "work",
            "worker",
            "--pool=prefork",
            "-c",
            "1",
            "--without-gossip",
            "--without-mingle",
        )
        assert run.code == 0, run.errors
        assert run.units() == {"task ask": (2, 2)}
        assert run.report["not_measured"] == []

    def test_a_killed_worker_loses_its_open_unit_only(self, project):
        pytest.importorskip("gunicorn", reason="gunicorn is not installed: pip install gunicorn")
        (project / "killing.py").write_text(
            "import os\n"
            "from bookshop.wsgi import application as shop\n"
            "def application(environ, start_response):\n"
            "    if environ['PATH_INFO'] == '/die/':\n"
            "        os.kill(os.getpid(), 9)\n"
            "    return shop(environ, start_response)\n"
        )
        port = free_port()
        file = project / "killed.json"
        command = [sys.executable, "-m", "gunicorn", "--workers=1", f"--bind=127.0.0.1:{port}", "killing"]
        with subprocess.Popen(
            mercury("--json", file, "--", *command),
            cwd=str(project),
            env=environment(DJANGO_SETTINGS_MODULE="plain_settings"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                fetch(port, "/", process)
                with pytest.raises(OSError):
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/die/", timeout=30)
                fetch(port, "/", process)
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=60)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
        report = json.loads(file.read_text())
        assert {unit["name"]: unit["times"] for unit in report["units"]} == {"GET /": 2}
        (note,) = report["not_measured"]
        assert re.match("1 process was killed or still runs", note)
