"""One run of pytest under Mercury, in the process that runs tests and in the one that reports.

Those are one process, unless pytest-xdist makes workers: they get the folder for their records from the
controller, which merges them when all have ended.
"""

import os
import shutil
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any, Dict, Generator, List, Optional, Tuple

import pytest

from mercury.testing import FORMATS, baseline, conclusion, sizes, unittest_cases, watch
from mercury.testing.budgets import parse_limits
from mercury.testing.conclusion import Wishes
from mercury.testing.outputs.junit import properties
from mercury.testing.places import definition, root_folder
from mercury.testing.sizes import Size
from mercury.testing.suite import FAILED, PASSED, SKIPPED, Limit, TestResult
from mercury.testing.verdict import SuiteVerdict

_FOLDER = "mercury_folder"


class Session:
    """The hooks of a run that is watched."""

    def __init__(self, config: Any) -> None:
        self._config = config
        worker: Optional[Dict[str, Any]] = getattr(config, "workerinput", None)
        self._is_worker = worker is not None
        self._folder = worker[_FOLDER] if worker is not None else tempfile.mkdtemp(prefix="mercury-")
        self._wishes = _wishes(config)
        self._rows = _rows(config)
        self._deselected = 0
        self._verdict: Optional[SuiteVerdict] = None
        self._watch = watch.start(self._folder, str(_root(config)))
        self._watch.hands_over_cases = False
        unittest_cases.watch_cases()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """pytest-xdist makes a worker."""
        node.workerinput[_FOLDER] = self._folder

    def pytest_deselected(self, items: List[Any]) -> None:
        self._deselected += len(items)

    def pytest_generate_tests(self, metafunc: Any) -> None:
        if self._wishes.grows and sizes.ATTRIBUTE in metafunc.fixturenames:
            rows = sizes.pair(self._rows)
            ids = [f"{each}-rows" for each in rows]
            metafunc.parametrize(sizes.ATTRIBUTE, rows, indirect=True, ids=ids, scope="session")

    @pytest.hookimpl(hookwrapper=True)
    def pytest_pycollect_makeitem(self, collector: Any, name: str, obj: Any) -> Generator[None, Any, None]:
        outcome = yield
        made = outcome.get_result()
        if self._wishes.grows and isinstance(made, pytest.Class) and _is_case(obj) and sizes.of_case(obj).rows:
            case = sizes.further(obj)
            further = type(made).from_parent(collector, name=case.__name__, obj=case)
            # No module has it under this name.
            further.obj = case
            outcome.force_result([made, further])

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item: Any) -> Generator[None, Any, None]:
        self._watch.limits = _limits(item)
        self._watch.size = self._size(item)
        if _is_case(getattr(item, "cls", None)):
            yield
            return
        # This generator is on the stack only while it runs; who calls the hooks is there until the test has ended.
        frame = sys._getframe(1)
        self._watch.begin(_name(item), definition(getattr(item, "obj", None)), frame)
        outcome = yield
        self._watch.end()
        failure = self._watch.failure()
        if failure is not None and outcome.excinfo is None:
            outcome.force_exception(failure)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Generator[None, Any, None]:
        outcome = yield
        report = outcome.get_result()
        if report.when == "call" or (report.when == "setup" and not report.passed):
            result = self._watch.take() or _unseen(self._watch, item)
            result.outcome = PASSED if report.passed else SKIPPED if report.skipped else FAILED
            self._watch.hand_over(result)
            if not self._size(item).is_further:
                item.user_properties += properties(result)

    def _size(self, item: Any) -> Size:
        """The size that the fixture has given, whoever has overridden it, or that of a case of unittest."""
        if _is_case(getattr(item, "cls", None)):
            return sizes.of_case(item.cls)
        given = getattr(item, "funcargs", {}).get(sizes.ATTRIBUTE)
        asked = getattr(getattr(item, "callspec", None), "params", {}).get(sizes.ATTRIBUTE, self._rows)
        return Size(sizes.checked(given), asked != self._rows)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: Any, exitstatus: int) -> None:
        if self._deselected:
            self._watch.tell(deselected=self._deselected)
        watch.stop()
        if self._is_worker:
            return
        try:
            self._conclude(session, int(exitstatus))
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _conclude(self, session: Any, exitstatus: int) -> None:
        wishes = self._wishes
        suite = conclusion.merged(Path(self._folder))
        suite.is_partial = suite.is_partial or exitstatus != 0 or _leaves_out(self._config)
        suite.scope = _scope(self._config)
        self._verdict = conclusion.conclude(suite, wishes)
        conclusion.write(self._verdict, wishes)
        if exitstatus == 0:
            session.exitstatus = self._verdict.exit_code

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._verdict is not None:
            terminalreporter.section("Mercury")
            terminalreporter.write_line(conclusion.told(self._verdict, self._wishes, sys.stdout))


def _name(item: Any) -> str:
    """Module, class and function, as unittest would name them; parameters are literals."""
    module = getattr(getattr(item, "module", None), "__name__", "")
    owner = getattr(sizes.first(getattr(item, "cls", None)), "__qualname__", "")
    function = getattr(item, "originalname", None) or item.name.partition("[")[0]
    return ".".join(part for part in (module, owner, function) if part) if module else item.nodeid.partition("[")[0]


def _is_case(owner: Any) -> bool:
    """Is this class one of unittest's cases?"""
    return isinstance(owner, type) and issubclass(owner, unittest.TestCase)


def _limits(item: Any) -> Tuple[Limit, ...]:
    """The budgets of a test's markers; the nearest one wins for each category."""
    limits: Dict[Tuple[str, str], Limit] = {}
    for marker in reversed(list(item.iter_markers("mercury"))):
        for limit in parse_limits(*marker.args, **marker.kwargs):
            limits[limit.what, limit.alias] = limit
    return tuple(limits.values())


def _unseen(seen: watch.Watch, item: Any) -> TestResult:
    """A test that did not come to run."""
    file, line = definition(getattr(item, "obj", None))
    return TestResult(_name(item), seen.root.relative(file), line)


def _leaves_out(config: Any) -> bool:
    """Do the options leave out tests that would not even be collected?"""
    return any(config.getoption(name, None) for name in ("lf", "stepwise", "ignore", "ignore_glob", "deselect"))


def _root(config: Any) -> Path:
    """The folder above pytest's own, or that one, which has a folder .mercury; else pytest's own."""
    return root_folder(config.rootpath)


def _rows(config: Any) -> int:
    try:
        return sizes.rows_of(config.getini(sizes.ATTRIBUTE))
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None


def _scope(config: Any) -> Tuple[str, ...]:
    """The arguments below pytest's root, or "." for all that it would run by itself."""
    if config.args_source is not config.ArgsSource.ARGS:
        return (".",)
    base = _root(config)
    told = {os.path.relpath(os.path.join(config.invocation_params.dir, arg), base) for arg in config.args}
    return tuple(sorted(name.replace(os.sep, "/") for name in told))


def _wishes(config: Any) -> Wishes:
    base = config.invocation_params.dir
    named = config.getoption("mercury_baseline")
    written = config.getini("mercury_baseline")
    default = _root(config) / baseline.FILE
    file = base / named if named else config.rootpath / written if written else default
    asked = {name: config.getoption(f"mercury_{name}") for name in FORMATS}
    outputs = {name: base / path for name, path in asked.items() if path}
    updates, grows = config.getoption("mercury_update"), config.getoption("mercury_growth")
    return Wishes("pytest --mercury", _root(config), file, updates, outputs, grows)
