"""What the command does in each revision, counted through `mercury run`'s machinery by unit of work.

Each side is counted twice. Queries and rows are exact: where a side's own two counts differ, they are chance, and
nothing is concluded from them. Memory is not: it differs where neither count of one side comes near the other's.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Dict, NamedTuple, Optional, Sequence, Tuple

from mercury.commands.compare.execution import Execution
from mercury.commands.run.command import environment
from mercury.commands.run.record_kinds import COUNTS_VARIABLE
from mercury.commands.run.results import Results

QUERIES = "queries"
ROWS = "rows"
MEMORY = "peak memory"
LEAST_SHARE = 0.01
"""A difference of memory that is told. From run to run it varies by 0.05 % where nothing has changed."""

Counts = Dict[str, int]
"""A figure by the name of its unit, of memory by the name of the process."""


class Difference(NamedTuple):
    """A unit of work that needs another number in head."""

    unit: str
    base: int
    head: int


class Counted(NamedTuple):
    """What came of counting one figure. `why_not` says why nothing was counted, else it is empty."""

    why_not: str
    base: int = 0
    head: int = 0
    differences: Sequence[Difference] = ()
    inexact: Sequence[str] = ()
    only_in_one: Sequence[str] = ()

    @property
    def has_more(self) -> bool:
        """Whether some unit needs more in head."""
        return any(each.head > each.base for each in self.differences)

    def document(self, what: str) -> Dict[str, Any]:
        """As `--json` prints it: the totals are `base_WHAT` and `head_WHAT`."""
        told = self._asdict()
        totals = {f"{side}_{what}": told.pop(side) for side in ("base", "head")}
        differences = [each._asdict() for each in told.pop("differences")]
        return {"why_not": told.pop("why_not"), **totals, "differences": differences, **told}


class _Run(NamedTuple):
    """The figures of one run."""

    queries: Counts
    rows: Counts
    memory: Counts


def count(base: Execution, head: Execution, with_memory: bool = False) -> Dict[str, Counted]:
    """Counts both sides, by figure. `with_memory` traces allocations meanwhile, which slows the command.

    Raises Problem where the command fails under Mercury.
    """
    first = _run(base, with_memory)
    if first is None:
        return not_counted(
            "no Python of the command that Mercury could watch loaded Django's database layer", with_memory
        )
    runs = [first, *(_run(side, with_memory) or _Run({}, {}, {}) for side in (head, head, base))]
    counted = {
        QUERIES: _compared(*(run.queries for run in runs)),
        ROWS: _compared(*(run.rows for run in runs)),
    }
    if with_memory:
        counted[MEMORY] = _compared_memory(*(run.memory for run in runs))
    return counted


def not_counted(why: str, with_memory: bool = False) -> Dict[str, Counted]:
    """The same where nothing was."""
    return dict.fromkeys((QUERIES, ROWS, *((MEMORY,) if with_memory else ())), Counted(why))


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


def _compared_memory(base: Counts, head: Counts, head_again: Counts, base_again: Counts) -> Counted:
    """Of each process the lower count of a side, for what comes by chance is never less than nothing."""
    before, after = _lower(base, base_again), _lower(head, head_again)
    if not before or not after:
        return Counted("no Python of the command could trace its allocations: PyPy cannot, nor one with -E or -I")
    both = sorted(before.keys() & after.keys())
    pairs = [(name, (base[name], base_again[name]), (head[name], head_again[name])) for name in both]
    return Counted(
        "",
        max(before.values()),
        max(after.values()),
        [Difference(name, before[name], after[name]) for name, some, others in pairs if _is_apart(some, others)],
        [],
        sorted(before.keys() ^ after.keys()),
    )


def _lower(one: Counts, other: Counts) -> Counts:
    return {name: min(one[name], other[name]) for name in one.keys() & other.keys()}


def _is_apart(some: Tuple[int, int], others: Tuple[int, int]) -> bool:
    lower, higher = sorted((some, others))
    return min(higher) > max(lower) * (1 + LEAST_SHARE)


def _run(side: Execution, with_memory: bool) -> Optional[_Run]:
    """The figures of one run; None where nothing was watched."""
    folder = tempfile.mkdtemp(prefix="mercury-compare-")
    variables = {**environment(folder), COUNTS_VARIABLE: "memory" if with_memory else "rows"}
    if with_memory:
        # The order of sets and dicts moves the peak.
        variables.update(PYTHONTRACEMALLOC="1", PYTHONHASHSEED=variables.get("PYTHONHASHSEED") or "0")
    try:
        side.run(variables)
        results = Results.read(Path(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not results.watching:
        return None
    tally = results.tally
    queries = {_without(side.folder, name): unit.query_count for name, unit in tally.units.items()}
    rows = {_without(side.folder, name): count for name, count in tally.rows.items()}
    return _Run(queries, {**dict.fromkeys(queries, 0), **rows}, tally.peaks)


def _without(folder: str, name: str) -> str:
    """A unit's name without the checkout in it, so that both sides have one."""
    return name.replace(os.path.join(folder, ""), "")
