"""What a project sets holds in a known order; what it sets wrongly is told and changes nothing."""

import json
import logging
import os
import random
import subprocess
import sys
import threading

import pytest

from tests.django_database import database, shop  # noqa: F401 - fixtures

from asgiref.sync import async_to_sync  # isort: skip
from django.core import checks  # isort: skip
from django.http import HttpResponse  # isort: skip
from django.test import AsyncClient, Client, RequestFactory, override_settings  # isort: skip

import mercury
from mercury import settings
from mercury.django.middleware import MercuryMiddleware
from mercury.errors import FindingsError, MonitoringError
from tests.project import urls
from tests.project.models import Book

pytestmark = pytest.mark.usefixtures("shop", "fresh")

FINDING = "/plain/7/"
"""Four books, each of which loads its author."""


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """No settings but the test's own: another project's folder, and an environment without Mercury's variables."""
    for name in os.environ:
        if name.startswith("MERCURY_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    settings.reload()
    yield tmp_path
    settings.reload()


def loaded_with(value):
    with override_settings(MERCURY=value):
        return settings.load()


def mercury_records(caplog):
    return [record for record in caplog.records if record.name == "mercury"]


def authors():
    return [book.author.name for book in Book.objects.order_by("pk")]


def test_the_defaults_hold_where_nothing_is_set():
    loaded = settings.load()
    assert (loaded.origins, loaded.problems) == ({}, [])
    chosen = loaded.settings
    assert chosen.enabled
    assert not chosen.excludes("/")
    for name in settings.WORKLOADS:
        assert chosen.mode(name) == "observe"
        assert chosen.workload(name) == settings.Workload(None, 1.0, 2, None, None, None)


def test_requests_tasks_and_commands_warn_while_debugging():
    with override_settings(DEBUG=True):
        modes = {name: settings.active().mode(name) for name in settings.WORKLOADS}
    assert modes == {"request": "warn", "task": "warn", "command": "warn", "test": "observe", "block": "observe"}


def test_the_type_of_the_setting_has_every_key():
    from mercury._settings_values import DEFAULTS, KINDS, WORKLOAD_KINDS

    assert set(settings.WorkloadSettings.__annotations__) == set(WORKLOAD_KINDS)
    assert set(settings.MercurySettings.__annotations__) == {*KINDS, "workloads", "ignore", "budgets"}
    assert set(DEFAULTS) == {*KINDS, "ignore", "budgets"}


def test_the_environment_counts_before_django_and_django_before_pyproject(fresh, monkeypatch):
    (fresh / "pyproject.toml").write_text(
        '[tool.mercury]\nmode = "warn"\nmin_repetitions = 3\nsample_rate = 0.5\n'
        '[tool.mercury.workloads.test]\nmode = "raise"\n'
    )
    monkeypatch.setenv("MERCURY_MODE", "observe")
    loaded = loaded_with({"mode": "raise", "min_repetitions": 4})
    assert loaded.problems == []
    assert loaded.origins == {
        "mode": "the environment",
        "min_repetitions": "settings.MERCURY",
        "sample_rate": str(fresh / "pyproject.toml"),
        "workloads.test.mode": str(fresh / "pyproject.toml"),
    }
    assert loaded.settings.workload("request") == settings.Workload("observe", 0.5, 4, None, None, None)
    assert loaded.settings.mode("test") == "raise"


def test_a_workload_s_own_value_counts_before_the_one_for_all(monkeypatch):
    monkeypatch.setenv("MERCURY_TASK_MAX_QUERY_COUNT", "100")
    loaded = loaded_with({"max_query_count": 10, "workloads": {"request": {"max_query_count": None}}})
    counts = {name: loaded.settings.workload(name).max_query_count for name in settings.WORKLOADS}
    assert counts == {"request": None, "task": 100, "command": 10, "test": 10, "block": 10}


def test_pyproject_is_found_from_the_project_s_folder_upward(fresh):
    (fresh / "pyproject.toml").write_text('[tool.mercury]\nmode = "raise"\n')
    (fresh / "src" / "site").mkdir(parents=True)
    with override_settings(BASE_DIR=fresh / "src" / "site"):
        assert settings.load().values == {"mode": "raise"}


@pytest.mark.parametrize(
    ("name", "text", "key", "value"),
    [
        ("MERCURY_ENABLED", "off", "enabled", False),
        ("MERCURY_ENABLED", " 1 ", "enabled", True),
        ("MERCURY_EXCLUDE_PATHS", "/health/*, /static/*", "exclude_paths", ("/health/*", "/static/*")),
        ("MERCURY_MODE", "Raise", "mode", "raise"),
        ("MERCURY_SAMPLE_RATE", "0.25", "sample_rate", 0.25),
        ("MERCURY_MIN_REPETITIONS", "7", "min_repetitions", 7),
        ("MERCURY_METRICS", "on", "metrics", True),
        ("MERCURY_METRICS", "no", "metrics", False),
        ("MERCURY_METRICS", " /run/shop/Metrics.segment ", "metrics", "/run/shop/Metrics.segment"),
        ("MERCURY_MAX_OVERHEAD", "0.02", "max_overhead", 0.02),
        ("MERCURY_TEST_MAX_QUERY_TIME_MS", "12.5", "workloads.test.max_query_time_ms", 12.5),
    ],
)
def test_a_variable_becomes_a_value(name, text, key, value, monkeypatch):
    monkeypatch.setenv(name, text)
    loaded = settings.load()
    assert (loaded.values, loaded.problems) == ({key: value}, [])


WRONG_TEXTS = [
    ("MERCURY_ENABLED", "perhaps"),
    ("MERCURY_MODE", "shout"),
    ("MERCURY_SAMPLE_RATE", "nan"),
    ("MERCURY_SAMPLE_RATE", "-0.1"),
    ("MERCURY_SAMPLE_RATE", "1e999"),
    ("MERCURY_MIN_REPETITIONS", "1"),
    ("MERCURY_MIN_REPETITIONS", "9" * 5000),
    ("MERCURY_MIN_REPETITIONS", "\u0663"),
    ("MERCURY_REQUEST_MAX_QUERY_TIME_MS", "infinity"),
    ("MERCURY_MAX_OVERHEAD", "5 %"),
]


@pytest.mark.parametrize(("name", "text"), WRONG_TEXTS)
def test_a_variable_of_no_use_is_told_and_not_quoted(name, text, monkeypatch):
    monkeypatch.setenv(name, text)
    loaded = settings.load()
    assert loaded.values == {}
    (problem,) = loaded.problems
    assert problem.id == "mercury.E002"
    assert name in str(problem)
    assert text not in str(problem).replace(name, "").replace("0 to 1", "").replace("from 2", "")
    assert loaded.settings == settings.load().settings


class Hostile(str):
    """A text that raises where it is looked at."""

    def __eq__(self, other):
        raise ZeroDivisionError

    __hash__ = str.__hash__


WRONG_VALUES = [
    ("mercury.E003", ["mode"]),
    ("mercury.E003", "secret"),
    ("mercury.E003", 7),
    ("mercury.E001", {"Mode": "raise"}),
    ("mercury.E001", {3: "secret"}),
    ("mercury.E001", {None: None}),
    ("mercury.E001", {"\x1b[2J" * 100: 1}),
    ("mercury.E002", {"mode": None}),
    ("mercury.E002", {"mode": "secret"}),
    ("mercury.E002", {"mode": Hostile("raise")}),
    ("mercury.E002", {"enabled": "secret"}),
    ("mercury.E002", {"enabled": 0}),
    ("mercury.E002", {"sample_rate": True}),
    ("mercury.E002", {"sample_rate": float("nan")}),
    ("mercury.E002", {"sample_rate": 10**400}),
    ("mercury.E002", {"min_repetitions": 2.0}),
    ("mercury.E002", {"max_query_count": -1}),
    ("mercury.E002", {"metrics": 7}),
    ("mercury.E002", {"metrics": ""}),
    ("mercury.E002", {"metrics": "secret\0"}),
    ("mercury.E002", {"metrics": Hostile("/nowhere/secret")}),
    ("mercury.E002", {"max_overhead": 1.5}),
    ("mercury.E002", {"max_response_time_ms": float("inf")}),
    ("mercury.E002", {"exclude_paths": "/health/"}),
    ("mercury.E002", {"exclude_paths": ["/health/", ""]}),
    ("mercury.E002", {"exclude_paths": {"/health/"}}),
    ("mercury.E003", {"workloads": ["request"]}),
    ("mercury.E003", {"workloads": {"request": 7}}),
    ("mercury.E001", {"workloads": {"requests": {}}}),
    ("mercury.E001", {"workloads": {"request": {"enabled": False}}}),
    ("mercury.E002", {"workloads": {"request": {"mode": "secret"}}}),
]


@pytest.mark.parametrize(("identifier", "value"), WRONG_VALUES, ids=range(len(WRONG_VALUES)))
def test_a_value_of_no_use_is_told_and_the_default_serves(identifier, value):
    default = settings.load().settings
    loaded = loaded_with(value)
    assert loaded.settings == default
    (problem,) = loaded.problems
    assert problem.id == identifier
    assert "secret" not in str(problem)
    assert str(problem).isprintable()
    assert len(str(problem)) < 400


def test_a_broken_key_leaves_the_others_in_force():
    loaded = loaded_with({"mode": "raise", "sample_rate": "all", "workload": {}})
    assert loaded.values == {"mode": "raise"}
    assert [problem.id for problem in loaded.problems] == ["mercury.E002", "mercury.E001"]
    assert 'Did you mean "' in str(loaded.problems[1]) or "Known are" in str(loaded.problems[1])


@pytest.mark.parametrize("close", ["mdoe", "Mode", "MODE"])
def test_a_key_that_is_nearly_one_is_told_with_its_name(close):
    (problem,) = loaded_with({close: "raise"}).problems
    assert problem.hint == 'Did you mean "mode"?'


def make_pipe(path):
    if not hasattr(os, "mkfifo"):
        path.mkdir()
    else:
        os.mkfifo(path)


BROKEN_FILES = {
    "a directory": lambda path: path.mkdir(),
    "a pipe": make_pipe,
    "a link to itself": lambda path: path.symlink_to(path),
    "a link to nothing": lambda path: path.symlink_to(path.parent / "nothing"),
    "too large": lambda path: path.write_bytes(b"# mercury\n" * 200_000),
    "no UTF-8": lambda path: path.write_bytes(b'[tool.mercury]\nmode = "\xff"\n'),
    "no TOML": lambda path: path.write_bytes(b"[tool.mercury\n"),
    "cut off": lambda path: path.write_bytes(b'[tool.mercury]\nmode = "rai'),
    "NUL bytes": lambda path: path.write_bytes(b"[tool.mercury]\n\0\0\0"),
    "deep": lambda path: path.write_bytes(b"[tool.mercury]\nmode = " + b"[" * 100_000),
}


@pytest.mark.parametrize("what", BROKEN_FILES)
def test_a_file_that_cannot_be_read_is_told_and_the_defaults_serve(what, fresh):
    default = settings.load().settings
    BROKEN_FILES[what](fresh / "pyproject.toml")
    loaded = settings.load()
    assert loaded.settings == default
    (problem,) = loaded.problems
    assert problem.id == "mercury.W020"
    assert str(fresh / "pyproject.toml") in str(problem)


@pytest.mark.parametrize(
    "text", ["tool = 7", "[tool]\nmercury = 7", "[tool.mercury]\nmode = 1979-05-27", "[tool.black]"]
)
def test_a_file_of_another_shape_never_fails(text, fresh):
    (fresh / "pyproject.toml").write_text(f"# mercury\n{text}\n")
    assert settings.load().values == {}


def test_a_broken_file_that_does_not_speak_of_mercury_is_nobody_s_business(fresh):
    (fresh / "pyproject.toml").write_text("[tool.other")
    assert settings.load().problems == []


@pytest.mark.parametrize(("text", "count"), [('[tool.mercury]\nmode = "raise"\n', 1), ("# for mercury\n", 0)])
def test_a_python_without_a_toml_parser_says_so_where_it_matters(text, count, fresh, monkeypatch):
    monkeypatch.setitem(sys.modules, "tomllib", None)
    monkeypatch.setitem(sys.modules, "tomli", None)
    (fresh / "pyproject.toml").write_text(text)
    loaded = settings.load()
    assert loaded.values == {}
    assert ["mercury-native[toml]" in str(problem) for problem in loaded.problems] == [True] * count


def test_a_working_directory_that_is_gone_is_no_fault(fresh):
    code = (
        "import os, sys, tempfile; folder = tempfile.mkdtemp(); os.chdir(folder); os.rmdir(folder); "
        "from mercury import settings; print(settings.load().problems)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "[]\n"


def test_broken_settings_change_no_response_and_are_logged_once(caplog, reports):
    expected = Client().get(FINDING)
    with override_settings(MERCURY={"mode": "shout", "sample_rate": "often", "exclude_paths": 7}):
        for _ in range(3):
            response = Client().get(FINDING)
            assert (response.content, response.headers) == (expected.content, expected.headers)
    assert [record.levelno for record in mercury_records(caplog)] == [logging.WARNING] * 3
    assert len(reports) == 4


def test_settings_that_cannot_be_looked_at_change_no_response(caplog, reports):
    class Raising(dict):
        def items(self):
            raise ZeroDivisionError

    with override_settings(MERCURY=Raising(mode="raise")):
        assert Client().get(FINDING).status_code == 200
    assert len(reports) == 1
    assert mercury_records(caplog)[0].levelno == logging.ERROR


def test_django_s_checks_tell_what_is_wrong(fresh):
    (fresh / "pyproject.toml").mkdir()
    with override_settings(MERCURY={"mode": "shout", "modes": {}, "workloads": 7}):
        found = [message for message in checks.run_checks() if message.id.startswith("mercury.")]
    assert sorted((message.id, message.level) for message in found) == [
        ("mercury.E001", checks.ERROR),
        ("mercury.E002", checks.ERROR),
        ("mercury.E003", checks.ERROR),
        ("mercury.W020", checks.WARNING),
    ]


def test_a_project_without_settings_passes_the_checks():
    assert [message.id for message in checks.run_checks() if message.id.startswith("mercury.E")] == []


@pytest.mark.parametrize("where", ["MERCURY", "environment"])
def test_switched_off_nothing_is_measured_and_everybody_says_so(where, monkeypatch, reports, caplog):
    caplog.set_level(logging.DEBUG, "mercury")
    if where == "environment":
        monkeypatch.setenv("MERCURY_ENABLED", "0")
    with override_settings(DEBUG=True, MERCURY={"enabled": where != "MERCURY", "mode": "raise"}):
        assert Client().get(FINDING).status_code == 200
        with mercury.monitor("block") as watch:
            authors()
        found = [message for message in checks.run_checks() if message.id == "mercury.I001"]
    assert (reports, mercury_records(caplog)) == ([], [])
    assert watch.report.notes == ["Mercury is off: its setting `enabled` is false"]
    assert "Not measured: Mercury is off" in str(watch.report)
    assert [message.level for message in found] == [checks.INFO]


def test_excluded_paths_are_left_out(reports):
    with override_settings(MERCURY={"exclude_paths": ["/pl*n/*", "/nowhere/"], "mode": "raise"}):
        for path in (FINDING, "/nowhere/"):
            Client().get(path)
        assert reports == []
        with pytest.raises(FindingsError):
            Client().get("/streaming/").getvalue()
    assert [report.name for report in reports] == ["GET /streaming/"]


def test_a_sample_of_none_measures_nothing_and_one_of_all_everything(reports):
    state = random.getstate()
    with override_settings(MERCURY={"workloads": {"request": {"sample_rate": 0}}}):
        Client().get(FINDING)
        with mercury.monitor("block"):
            authors()
    with override_settings(MERCURY={"sample_rate": 1}):
        Client().get(FINDING)
    assert [report.workload for report in reports] == ["block", "request"]
    assert random.getstate() == state


def test_a_sample_measures_about_its_share(reports):
    with override_settings(MERCURY={"sample_rate": 0.5}):
        for _ in range(200):
            with mercury.monitor("block"):
                pass
    # Outside of this only once in 10**11 runs.
    assert 50 < len(reports) < 150


def test_what_is_left_out_is_not_missed_by_another_unit(reports):
    def view(request):
        authors()
        return HttpResponse()

    def serve():
        MercuryMiddleware(view)(RequestFactory().get("/excluded/"))

    with override_settings(MERCURY={"exclude_paths": ["/excluded/"]}), mercury.monitor("around") as around:
        # A context of its own, as each request of a server has it.
        import contextvars

        contextvars.Context().run(serve)
    assert around.report.metrics.query_count == 0
    assert around.report.notes == []


def test_what_is_left_out_still_belongs_to_a_unit_around_it():
    with override_settings(MERCURY={"exclude_paths": ["*"]}), mercury.monitor("around") as around:
        Client().get(FINDING)
    assert around.report.metrics.query_count == 5


def test_a_request_that_is_to_raise_names_line_and_fix(reports):
    with override_settings(MERCURY={"workloads": {"request": {"mode": "raise"}}}):
        with pytest.raises(FindingsError) as caught:
            Client().get(FINDING)
        response = Client(raise_request_exception=False).get(FINDING)
        assert Client().get("/nowhere/").status_code == 404
    assert response.status_code == 500
    message = str(caught.value)
    (finding,) = reports[0].findings
    assert f"{os.path.basename(urls.__file__)}:{finding.line}: n_plus_one Book.author, 4 times" in message
    assert finding.fix in message
    assert caught.value.report == reports[0]
    assert isinstance(caught.value, AssertionError)


def test_a_unit_that_fails_can_cross_to_another_process():
    import pickle

    with override_settings(MERCURY={"mode": "raise"}), pytest.raises(FindingsError) as caught:
        Client().get(FINDING)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (str(copy), copy.report) == (str(caught.value), caught.value.report)


@pytest.mark.parametrize("path", [FINDING, "/waiting/", "/streaming-async/"])
def test_an_asynchronous_request_raises_too(path):
    async def get():
        response = await AsyncClient().get(path)
        return b"".join([part async for part in response]) if response.streaming else response.content

    with override_settings(MERCURY={"mode": "raise", "max_query_count": 0}), pytest.raises(FindingsError):
        async_to_sync(get)()


def test_a_streamed_body_raises_at_its_end_and_only_there(reports):
    with override_settings(MERCURY={"mode": "raise"}):
        response = Client().get("/streaming/")
        parts = iter(response)
        assert b"".join(next(parts) for _ in range(4)).count(b"<p>") == 4
        with pytest.raises(FindingsError):
            next(parts)
        response.close()
    assert len(reports) == 1


def test_a_streamed_body_that_is_closed_early_raises_nothing(reports):
    with override_settings(MERCURY={"mode": "raise", "max_query_count": 0}):
        response = Client().get("/streaming/")
        next(iter(response))
        response.close()
    assert [bool(report.exceeded) for report in reports] == [True]


def test_a_view_s_own_error_is_not_replaced():
    with override_settings(MERCURY={"mode": "raise", "max_query_count": 0}):
        with pytest.raises(ZeroDivisionError, match="the view's own"), mercury.monitor("block"):
            authors()
            raise ZeroDivisionError("the view's own")
        # Django makes a response of it before the middleware sees it.
        assert Client(raise_request_exception=False).get("/failing/").status_code == 500


def test_a_block_raises_in_each_form():
    @mercury.monitor("function")
    def function():
        return authors()

    @mercury.monitor("coroutine")
    async def coroutine():
        return [book.title async for book in Book.objects.all()]

    by_hand = mercury.PerformanceMonitor()
    with override_settings(MERCURY={"mode": "raise", "max_query_count": 0}):
        with pytest.raises(FindingsError, match="in function:"):
            function()
        assert len(function.report.findings) == 1
        with pytest.raises(FindingsError, match=r"1 queries, and max_query_count is 0|1 query"):
            async_to_sync(coroutine)()
        by_hand.start_monitoring("by hand")
        authors()
        with pytest.raises(FindingsError, match="in by hand:"):
            by_hand.stop_monitoring()
        with pytest.raises(MonitoringError):
            by_hand.stop_monitoring()


def test_a_block_may_be_of_another_workload(reports):
    with override_settings(MERCURY={"workloads": {"task": {"mode": "raise"}}}):
        with mercury.monitor("block"):
            authors()
        with pytest.raises(FindingsError), mercury.monitor("nightly", workload="task"):
            authors()
    assert [report.workload for report in reports] == ["block", "task"]
    for wrong in ("tasks", None, 7):
        with pytest.raises(ValueError, match="request, task, command, test, block"):
            mercury.monitor("nightly", workload=wrong)


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"max_query_count": 4}, "5 queries, and max_query_count is 4"),
        ({"max_query_time_ms": 0}, "query_time_ms is"),
        ({"max_response_time_ms": 0}, "response_time_ms is"),
        ({"max_query_count": 5, "max_query_time_ms": 1e9, "max_response_time_ms": 1e9}, ""),
    ],
)
def test_a_limit_that_is_passed_is_told_and_may_raise(limits, told, reports):
    with override_settings(MERCURY={"min_repetitions": 100, **limits}):
        Client().get(FINDING)
    (report,) = reports
    assert [limit for limit in report.exceeded if told and told in limit] == list(report.exceeded)
    assert bool(report.exceeded) == bool(told)
    assert ("Over a limit: " in str(report)) == bool(told)
    with override_settings(MERCURY={"min_repetitions": 100, "mode": "raise", **limits}):
        if told:
            with pytest.raises(FindingsError, match=told):
                Client().get(FINDING)
        else:
            Client().get(FINDING)


def test_few_repetitions_are_found_but_not_spoken_of(reports, caplog):
    caplog.set_level(logging.DEBUG, "mercury")
    with override_settings(MERCURY={"mode": "warn", "min_repetitions": 5}):
        Client().get(FINDING)
    with override_settings(MERCURY={"mode": "warn", "min_repetitions": 4}):
        Client().get(FINDING)
    assert [len(report.findings) for report in reports] == [1, 1]
    assert [record.levelno for record in mercury_records(caplog)] == [logging.INFO, logging.WARNING]


def test_a_unit_that_asked_nothing_has_a_line_only_if_it_is_a_request(caplog):
    caplog.set_level(logging.DEBUG, "mercury")
    with override_settings(MERCURY={"mode": "warn"}):
        Client().get("/nowhere/")
        with mercury.monitor("idle", workload="command"):
            pass
        with mercury.monitor("busy", workload="command"):
            Book.objects.count()
    told = [record.getMessage().partition(":")[0] for record in mercury_records(caplog)]
    assert told == ["GET (no route)", "busy"]


def test_advice_fails_nothing():
    def each_language():
        for title in ("one", "two"):
            Book.objects.filter(title=title).count()

    with override_settings(MERCURY={"mode": "raise"}), mercury.monitor("languages") as watch:
        each_language()
    assert [finding.kind for finding in watch.report.findings] == ["repeated_in_loop"]


def test_many_findings_make_a_message_of_bounded_length(monkeypatch):
    from mercury import _modes

    monkeypatch.setattr(_modes, "MAX_TOLD", 0)
    with override_settings(MERCURY={"mode": "raise"}), pytest.raises(FindingsError, match="and 1 findings more"):
        Client().get(FINDING)


def test_threads_may_read_settings_at_once():
    got = []

    def read():
        got.append(settings.active().mode("request"))

    with override_settings(MERCURY={"mode": "raise"}):
        threads = [threading.Thread(target=read) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert got == ["raise"] * 16


def run_settings(*arguments, **variables):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **variables}
    return subprocess.run(
        [sys.executable, "-m", "mercury", "settings", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


def test_the_command_tells_what_holds_and_from_where(fresh):
    (fresh / "pyproject.toml").write_text("[tool.mercury]\nsample_rate = 0.5\n")
    done = run_settings(MERCURY_ENABLED="0", MERCURY_TEST_MODE="raise", DJANGO_SETTINGS_MODULE="tests.project.settings")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Mercury is off (the environment)" in done.stdout
    assert f"sample_rate = 0.5  ({fresh / 'pyproject.toml'})" in done.stdout
    assert "test      raise" in done.stdout


def test_the_command_tells_what_is_wrong_by_its_exit_code():
    done = run_settings("--json", MERCURY_MODE="shout", DJANGO_SETTINGS_MODULE="no.such.module")
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert [problem["id"] for problem in told["problems"]] == ["mercury.E002"]
    assert told["not_read"] == ["Django's settings could not be loaded: ModuleNotFoundError"]


def test_the_command_finds_the_project_by_its_manage_py(fresh):
    (fresh / "site_settings.py").write_text('DEBUG = False\nMERCURY = {"mode": "raise"}\n')
    (fresh / "manage.py").write_text('os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_settings")\n')
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    command = [sys.executable, "-m", "mercury", "settings"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "mode = 'raise'  (settings.MERCURY)" in done.stdout
