"""`pytest --mercury`: every test is watched, none is changed. docs/testing-suites.md is the manual.

Without the option this costs pytest a few options, a marker and a fixture: nothing of Mercury is loaded.
"""

from typing import Any, Iterator

import pytest

from mercury.testing import FORMATS
from mercury.testing.sizes import ROWS, rows_of

_MARKER = (
    "mercury(queries=, reads=, writes=, transactions=, n_plus_one=, ms=, using=): the most that the test may use, "
    "under --mercury"
)


def pytest_addoption(parser: Any) -> None:
    group = parser.getgroup("mercury", "database work, by Mercury")
    group.addoption("--mercury", action="store_true", help="find N+1 queries and other slow database work in all tests")
    group.addoption(
        "--mercury-baseline", metavar="FILE", help="the findings that are accepted (.mercury/baseline.json)"
    )
    group.addoption("--mercury-update", action="store_true", help="accept what is found: write the baseline")
    group.addoption("--mercury-growth", action="store_true", help="run tests that use mercury_size at two sizes")
    for name in FORMATS:
        group.addoption(f"--mercury-{name}", metavar="FILE", help=f"write the verdict to FILE, as {name}")
    parser.addini("mercury", "whether --mercury is the default", type="bool", default=False)
    parser.addini("mercury_baseline", "the file of --mercury-baseline", default="")
    parser.addini("mercury_size", "the rows of the fixture mercury_size", default=str(ROWS))


@pytest.hookimpl(trylast=True)
def pytest_configure(config: Any) -> None:
    config.addinivalue_line("markers", _MARKER)
    options = ("mercury", "mercury_update", "mercury_growth")
    if any(map(config.getoption, options)) or config.getini("mercury"):
        from mercury.testing.pytest_session import Session

        config.pluginmanager.register(Session(config), "mercury-session")


@pytest.fixture
def mercury() -> "Iterator[Any]":
    """Assertions about the database work of a part of the test."""
    from mercury.testing.assertions import Assertions
    from mercury.testing.measuring import measuring_all

    with measuring_all():
        yield Assertions()


@pytest.fixture(scope="session")
def mercury_size(request: Any) -> int:
    """How many rows a test is to make: 10, or as the setting `mercury_size` says, and then twice as many under
    --mercury-growth."""
    return int(getattr(request, "param", 0) or rows_of(request.config.getini("mercury_size")))
