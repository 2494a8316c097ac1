"""The last light units that were slow or failed: their reports, in the memory of this process alone."""

from collections import deque
from typing import Deque, List

from mercury.report import Report

MAX_KEPT = 100

_kept: Deque[Report] = deque(maxlen=MAX_KEPT)


def keep(report: Report) -> None:
    """Keeps a report, and forgets the oldest beyond MAX_KEPT. Any thread may."""
    _kept.append(report)


def newest_first() -> List[Report]:
    """All that are kept."""
    return list(_kept)[::-1]


def forget() -> None:
    """Lets go of all."""
    _kept.clear()
