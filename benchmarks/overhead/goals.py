"""What each row must reach and what is aimed at: at most these figures."""

from typing import Dict, NamedTuple


class Goal(NamedTuple):
    must: float
    aim: float


GOALS: Dict[str, Goal] = {
    "capture, 11 fresh frames": Goal(5.0, 3.5),
    "capture, a template": Goal(10.0, 6.0),
    "capture, a serializer": Goal(10.0, 6.0),
    "a request of 100 queries": Goal(3.0, 2.0),
    "a request of 825 queries": Goal(3.0, 2.0),
    "a list of 100 instances, 4 queries": Goal(2.0, 1.0),
    "a request of 1 query": Goal(0.10, 0.05),
    "closing a trace of 825 events": Goal(0.5, 0.2),
    "closing a trace of 100,000 events": Goal(60.0, 25.0),
    "memory of a trace of 100,000 queries": Goal(16.0, 8.0),
    "growth over 10,000 requests": Goal(0.25, 0.05),
}
"""In the units of the rows: microseconds a query, per cent or milliseconds a request, milliseconds, MB.

Memory must not grow where the collector comes each 1,000 requests, so that only what is kept counts.
An allocator's figures move a little by themselves: a quarter of a megabyte over 9,000 requests is 29
bytes a request, less than the smallest object kept.
"""


def verdict(name: str, value: float) -> str:
    """Which of the two steps a figure reaches."""
    goal = GOALS[name]
    return "aim" if value <= goal.aim else "must" if value <= goal.must else "MISSED"
