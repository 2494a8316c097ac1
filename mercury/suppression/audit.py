"""Ignores that have died: what was there in this process and ignored nothing in any unit of it.

A comment counts as there if the function around it ran, so one that no test reaches is not
told. Each process knows of itself alone: with several, such as pytest-xdist's, ask in the
one that runs all, or take the lists `ignored` and `idle` of the reports together.
"""

import logging
import threading
from typing import Dict, Iterable, List, Tuple

from mercury import settings
from mercury.errors import StaleIgnoreError

logger = logging.getLogger("mercury")

MAX_REMEMBERED = 10_000


class _Ledger:
    """What this process has seen, by place or sentence; bounded."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.stale: Dict[str, None] = {}
        self.there: Dict[str, None] = {}
        self.used: Dict[str, None] = {}


_ledger = _Ledger()


def remember(used: Iterable[str], idle: Iterable[str], stale: Iterable[str]) -> None:
    """Notes what one unit had: places of rules that ignored something, of rules that did not, and sentences."""
    with _ledger.lock:
        for known, new in ((_ledger.used, used), (_ledger.there, idle), (_ledger.stale, stale)):
            for text in new:
                if len(known) < MAX_REMEMBERED:
                    known[text] = None


def forget() -> None:
    """Begins anew."""
    with _ledger.lock:
        for known in (_ledger.used, _ledger.there, _ledger.stale):
            known.clear()


def stale_ignores() -> List[str]:
    """Sentences on each ignore that is broken, has expired, or was of no use in this process."""
    with _ledger.lock:
        told, used, there = list(_ledger.stale), set(_ledger.used), list(_ledger.there)
    loaded = settings.load()
    there += [rule.where for rule in loaded.settings.ignore]
    told += [str(problem) for problem in loaded.problems if problem.id == settings.BROKEN_IGNORE]
    return told + [idle_sentence(where) for where in dict.fromkeys(there) if where not in used]


def idle_sentence(where: str) -> str:
    """What is told of an ignore that ignored nothing."""
    return f"the ignore at {where} found nothing to ignore"


def check_ignores() -> None:
    """To be called when all tests have run: logs the stale ignores.

    Raises StaleIgnoreError instead if the setting `stale_ignores` is "fail".
    """
    told: Tuple[str, ...] = tuple(stale_ignores())
    if not told:
        return
    if settings.active().stale_ignores == "fail":
        raise StaleIgnoreError("\n".join(told))
    for sentence in told:
        logger.warning("%s", sentence)
