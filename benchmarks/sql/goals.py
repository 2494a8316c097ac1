"""What normalizing must reach and what is aimed at, and the table that holds a run against it."""

from typing import Dict, Iterator, List, Optional, Tuple

MEMCPY = "memcpy into one buffer"
MEMCPY_FAR = "memcpy, from memory"

RATIOS: Dict[Tuple[str, str], Tuple[float, float]] = {
    ("django", MEMCPY): (0.13, 0.20),
    ("django", MEMCPY_FAR): (0.13, 0.20),
    ("django", "go-sqllexer"): (15, 28),
    ("mixed", "go-sqllexer"): (9, 14),
    ("django", "libpg_query"): (30, 50),
    ("mixed", "libpg_query"): (22, 35),
}
"""By set and contender, how many times as long it must take, and is aimed to take."""
FASTER = (1.0, 1.0)
TWO_THREADS = (1.7, 1.9)
HEAP_REQUESTS = 0
STACK_BYTES = 4096


def judge(value: float, goal: Tuple[float, float]) -> str:
    must, aim = goal
    return "aim" if value >= aim else "must" if value >= must else "MISSED"


def judge_at_most(value: int, goal: int) -> str:
    return "aim" if value <= goal else "MISSED"


def told(measured: Dict) -> str:
    """A ratio's median, its quartiles, and that of the fastest rounds."""
    median, low, high, best = (_number(measured[key]) for key in ("median", "low", "high", "best"))
    return f"{median} ({low} to {high}; {best})"


def _number(value: float) -> str:
    return f"{value:,.{3 if value < 1 else 1 if value >= 10 else 2}f}"


def table(result: Dict) -> str:
    """A run's figures beside the goals, as a table in Markdown."""
    lines = ["| measure | must | aim | measured | |", "|---|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(cells)} |" for cells in _lines(result))])


def _lines(result: Dict) -> Iterator[List[str]]:
    judged = [row for row in result["rows"] if row["goal"] and tuple(row["goal"]) != FASTER]
    for row in judged:
        must, aim = row["goal"]
        yield [
            f"{row['set'].split('-')[0]}: {row['name']}",
            f"{must:g}",
            f"{aim:g}",
            told(row["ratio"]),
            row["verdict"],
        ]
    for name in dict.fromkeys(row["set"] for row in result["rows"]):
        nearest = _nearest([row for row in result["rows"] if row["set"] == name])
        if nearest:
            about = f"{name}: from Python, each of the others; nearest is {nearest['name']}"
            yield [about, "1", "", told(nearest["ratio"]), nearest["verdict"]]
    two, used = result["two_threads"], result["memory"]
    must, aim = two["goal"]
    yield [f"{two['set']}: batches from two threads", f"{must:g}", f"{aim:g}", told(two["ratio"]), two["verdict"]]
    heap = used["heap_requests"] + used["hook_requests"]
    yield ["requests to the heap", str(HEAP_REQUESTS), "", str(heap), used["heap_verdict"]]
    yield ["bytes of stack, at most", str(STACK_BYTES), "", str(used["stack_bytes"]), used["stack_verdict"]]


def _nearest(rows: List[Dict]) -> Optional[Dict]:
    """The contender from Python that comes nearest to ours."""
    raced = [row for row in rows if row["goal"] and tuple(row["goal"]) == FASTER]
    return min(raced, key=lambda row: row["ratio"]["median"], default=None)
