"""The last reports of this process, by id: in memory alone, and never more than the settings allow."""

import os
import threading
from collections import OrderedDict
from typing import List, Optional

from mercury.report import Report

_lock = threading.Lock()
_kept: "OrderedDict[str, Report]" = OrderedDict()


def new_id() -> str:
    """Eight hexadecimal digits, which nobody can guess from another."""
    return os.urandom(4).hex()


def keep(report: Report, limit: int) -> None:
    """Keeps a report that has an id, and forgets the oldest beyond `limit`."""
    with _lock:
        if report.id and limit > 0:
            _kept[report.id] = report
        while len(_kept) > limit:
            _kept.popitem(last=False)


def find(identifier: str) -> Optional[Report]:
    """The report with this id, or None if it was never there or is forgotten."""
    with _lock:
        return _kept.get(identifier)


def newest_first() -> List[Report]:
    """All that are kept."""
    with _lock:
        return list(reversed(_kept.values()))


def forget() -> None:
    """Lets go of all."""
    with _lock:
        _kept.clear()
