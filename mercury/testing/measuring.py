"""What has to hold where somebody asserts something: all of it is measured, whatever production has set."""

from contextlib import contextmanager
from dataclasses import replace
from typing import Iterator

from mercury import settings
from mercury.capture import database
from mercury.settings import Settings


def all_measured(chosen: Settings) -> Settings:
    """The settings, but for what leaves units out by chance or measures less of them."""
    workloads = {name: replace(each, sample_rate=1.0) for name, each in chosen.workloads.items()}
    return replace(chosen, metrics=False, workloads=workloads)


@contextmanager
def measuring_all() -> Iterator[None]:
    """Has these settings hold for a test, and this thread's connections be watched.

    An async test runs in another thread, from where nobody would find them.
    """
    database.install()
    before = settings.adjust(all_measured)
    try:
        yield
    finally:
        settings.adjust(before)
