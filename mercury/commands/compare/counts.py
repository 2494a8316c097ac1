"""What the command does in each revision, counted exactly: queries by unit of work, through `mercury run`'s machinery.

Each side is counted twice. Where its own two counts differ, they are chance, and nothing is concluded from them.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Dict, NamedTuple, Optional, Sequence

from mercury.commands.compare.execution import Execution
from mercury.commands.run.command import environment
from mercury.commands.run.results import Results

Counts = Dict[str, int]
"""Queries by the name of their unit."""


class Difference(NamedTuple):
    """A unit of work that sends another number of queries in head."""

    unit: str
    base: int
    head: int


class Counted(NamedTuple):
    """What came of counting. `why_not` says why nothing was counted, else it is empty."""

    why_not: str
    base_queries: int = 0
    head_queries: int = 0
    differences: Sequence[Difference] = ()
    inexact: Sequence[str] = ()
    only_in_one: Sequence[str] = ()

    @property
    def has_more(self) -> bool:
        """Whether some unit sends more queries in head."""
        return any(each.head > each.base for each in self.differences)

    def document(self) -> Dict[str, Any]:
        return {**self._asdict(), "differences": [each._asdict() for each in self.differences]}


def count(base: Execution, head: Execution) -> Counted:
    """Counts both sides. Raises Problem where the command fails under Mercury."""
    counts = [_counts(base)]
    if counts[0] is None:
        return Counted("no Python of the command that Mercury could watch loaded Django's database layer")
    counts += [_counts(head), _counts(head), _counts(base)]
    return _compared(*(each or {} for each in counts))


def _compared(base: Counts, head: Counts, head_again: Counts, base_again: Counts) -> Counted:
    both = base.keys() & head.keys()
    inexact = sorted(name for name in both if base[name] != base_again.get(name) or head[name] != head_again.get(name))
    return Counted(
        "",
        sum(base.values()),
        sum(head.values()),
        [
            Difference(name, base[name], head[name])
            for name in sorted(both)
            if name not in inexact and base[name] != head[name]
        ],
        inexact,
        sorted(base.keys() ^ head.keys()),
    )


def _counts(side: Execution) -> Optional[Counts]:
    """The queries of one run; None where nothing was watched."""
    folder = tempfile.mkdtemp(prefix="mercury-compare-")
    try:
        side.run(environment(folder))
        results = Results.read(Path(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not results.watching:
        return None
    return {_without(side.folder, name): unit.query_count for name, unit in results.tally.units.items()}


def _without(folder: str, name: str) -> str:
    """A unit's name without the checkout in it, so that both sides have one."""
    return name.replace(os.path.join(folder, ""), "")
