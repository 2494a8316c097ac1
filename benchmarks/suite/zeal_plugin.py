"""The fixture of zeal's README, and a count of what it finds."""

from typing import Any, Iterator, Set

import pytest

_found: Set[str] = set()


@pytest.fixture(autouse=True)
def use_zeal() -> Iterator[None]:
    from zeal import zeal_context

    with zeal_context():
        yield


def pytest_warning_recorded(warning_message: Any) -> None:
    text = str(warning_message.message)
    if text.startswith("N+1 detected on "):
        _found.add(text)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    terminalreporter.write_line(f"zeal: {len(_found)} findings")
