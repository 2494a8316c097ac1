"""What every test shares: the run says which backend serves, and fails where it is not the one asked for."""

import os
from pathlib import Path
from typing import Any, Iterator, List, Type

import pytest
from hypothesis import HealthCheck, settings

from mercury.core import backend
from mercury.report import Report

ROOT = Path(__file__).resolve().parent.parent

if os.environ.get("CI"):
    # As newer releases of hypothesis have it by themselves: the same examples each time, on a machine of any speed.
    settings.register_profile(
        "ci", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("ci")


def pytest_configure(config: pytest.Config) -> None:
    wanted = os.environ.get("MERCURY_TEST_BACKEND")
    serving = backend()
    if wanted and serving.name != wanted:
        raise pytest.UsageError(
            f"MERCURY_TEST_BACKEND={wanted}, but {serving.name} serves: {serving.reason}. {serving.hint}"
        )


def pytest_report_header(config: pytest.Config) -> List[str]:
    serving = backend()
    return [f"mercury: {serving.name} ({serving.reason})"]


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture
def reports() -> Iterator[List[Report]]:
    """The reports of the units that end during the test, as the signal sends them."""
    from mercury.django.signals import report_ready

    got: List[Report] = []

    def keep(sender: Type[Report], report: Report, **kwargs: Any) -> None:
        assert sender is Report
        got.append(report)

    report_ready.connect(keep)
    yield got
    report_ready.disconnect(keep)


@pytest.fixture(autouse=True)
def _untold_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mercury logs only the first of its own faults in a process; each test is to see its own."""
    monkeypatch.setattr("mercury.trace.process.has_told_fault", False)
