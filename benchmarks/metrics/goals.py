"""What each row of the metrics engine must reach and what is aimed at: at most these figures, in nanoseconds.

A row without goals is told beside them. Whoever measures something new adds its rows here.
"""

from typing import Dict, NamedTuple


class Goal(NamedTuple):
    must: float
    aim: float


GOALS: Dict[str, Goal] = {
    "record one integer, in C": Goal(15, 8),
    "record one double, in C": Goal(15, 8),
    "record many integers, each": Goal(3, 1.5),
    "record many doubles, each": Goal(3, 1.5),
    "merge two histograms": Goal(1000, 400),
    "merge two histograms of 1,024 buckets": Goal(1000, 400),
    "record one value in a segment, in C": Goal(15, 10),
    "flush 20 series of a segment in one call": Goal(15_000, 8_000),
    "snapshot of 1,000 series after 64 workers that followed each other": Goal(10_000_000, 3_000_000),
}


def verdict(name: str, value: float) -> str:
    """Which of the two steps a figure reaches; empty where the row has no goal."""
    goal = GOALS.get(name)
    if goal is None:
        return ""
    return "aim" if value <= goal.aim else "must" if value <= goal.must else "MISSED"
