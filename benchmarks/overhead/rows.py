"""From what the processes measured to the rows of the table."""

import statistics
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from goals import GOALS, verdict

Rounds = List[Dict[str, Dict[str, Any]]]
"""By round: what each contender's process measured."""

QUERIES = 825
SHARES = ("a request of 100 queries", "a request of 825 queries", "a list of 100 instances, 4 queries")
FIXED = "a request of 1 query"


class Row(NamedTuple):
    """One line: Mercury's figure, and those of others beside it. `spread` are the quartiles of Mercury's rounds."""

    name: str
    unit: str
    value: float
    spread: Optional[Tuple[float, float]] = None
    others: Dict[str, float] = {}
    note: str = ""

    def as_dict(self, has_goals: bool) -> Dict[str, Any]:
        fields = self._asdict()
        if has_goals and self.name in GOALS:
            fields.update(GOALS[self.name]._asdict(), verdict=verdict(self.name, self.value))
        return fields


def request_rows(rounds: Rounds) -> List[Row]:
    """What each contender adds to a request, compared within each round."""
    rows = [_row(name, "%", rounds, name, lambda ns, bare: (ns / bare - 1) * 100) for name in SHARES]
    rows.append(_row(FIXED, "ms", rounds, FIXED, lambda ns, bare: (ns - bare) / 1e6))
    rows.append(
        _row(
            "each of 825 queries, all that it adds",
            "us",
            rounds,
            SHARES[1],
            lambda ns, bare: (ns - bare) / 1e3 / QUERIES,
        )
    )
    return rows


def _row(name: str, unit: str, rounds: Rounds, page: str, added: Any) -> Row:
    figures: Dict[str, List[float]] = {}
    for measured in rounds:
        bare = measured["unmonitored"][page]["ns"]
        for contender, pages in measured.items():
            if contender != "unmonitored":
                figures.setdefault(contender, []).append(added(pages[page]["ns"], bare))
    ours = figures.pop("mercury")
    others = {contender: statistics.median(values) for contender, values in figures.items()}
    return Row(name, unit, statistics.median(ours), _quartiles(ours), others)


def capture_rows(rounds: List[Dict[str, Dict[str, Any]]]) -> List[Row]:
    rows = []
    for name, first in rounds[0].items():
        values = [measured[name]["us"] for measured in rounds]
        rows.append(Row(name, "us", statistics.median(values), _quartiles(values), note=f"{first['frames']} frames"))
    return rows


def closing_rows(rounds: List[Dict[str, Dict[str, float]]]) -> List[Row]:
    rows = []
    for name in rounds[0]:
        values = [measured[name]["ms"] for measured in rounds]
        close = statistics.median(measured[name]["close_ms"] for measured in rounds)
        note = f"{close:.2f} at the end, the rest in blocks before"
        rows.append(Row(name, "ms", statistics.median(values), _quartiles(values), note=note))
    return rows


def _quartiles(values: List[float]) -> Optional[Tuple[float, float]]:
    if len(values) < 3:
        return None
    low, _, high = statistics.quantiles(values, n=4)
    return low, high


def differing_bodies(rounds: Rounds) -> List[str]:
    """The pages that some contender answered differently."""
    pages = rounds[0]["unmonitored"]
    return [page for page in pages if len({one[page]["body"] for measured in rounds for one in measured.values()}) > 1]
