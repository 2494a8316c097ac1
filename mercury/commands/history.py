"""`mercury history`: the comparisons that were kept, and how the heads of two of them compare."""

import json
import sys
from dataclasses import asdict
from typing import Any, Dict, List, Optional

from mercury.commands.compare.wording import percent, side
from mercury.comparison import compare
from mercury.history import Entry, History, HistoryError
from mercury.report.pen import printable

WRONG = 2


def run(path: str, numbers: List[int], as_json: bool) -> int:
    """Lists all comparisons, shows one, or compares the heads of two. Exit code 0, 2 where that cannot be done."""
    try:
        if not numbers:
            return _list(History(path).entries(), as_json)
        entries = [_entry(path, number) for number in numbers]
    except HistoryError as error:
        print(f"mercury history: {error}", file=sys.stderr)
        return WRONG
    if len(entries) == 1:
        return _show(entries[0], as_json)
    return _compare(entries[0], entries[1], as_json)


def _entry(path: str, number: int) -> Entry:
    found = History(path).entry(number)
    if found is None:
        raise HistoryError(f"there is no comparison {number} in {path}; `mercury history` lists them")
    return found


def _list(entries: List[Entry], as_json: bool) -> int:
    if as_json:
        print(
            json.dumps({"comparisons": [{"id": each.id, "created": each.created, **each.document} for each in entries]})
        )
        return 0
    rows = [["id", "created", "base", "head", "processor", "wall", "verdict", "command"]]
    rows += [_row(each) for each in entries]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows if entries else ():
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    if not entries:
        print("no comparisons yet: mercury compare BASE..HEAD -- COMMAND")
    return 0


def _row(entry: Entry) -> List[str]:
    document = entry.document
    effects = [_effect(document["measures"].get(name)) for name in ("processor time", "wall time")]
    command = printable(" ".join(document["command"]))
    return [
        str(entry.id),
        entry.created,
        side(document["base"]),
        side(document["head"]),
        *effects,
        entry.verdict,
        command,
    ]


def _effect(found: Optional[Dict[str, Any]]) -> str:
    return percent(found["effect"]) if found and "effect" in found else "-"


def _show(entry: Entry, as_json: bool) -> int:
    from mercury.commands.compare.wording import lines

    print(json.dumps(entry.document, indent=2) if as_json else "\n".join(lines(entry.document)))
    return 0


def _compare(one: Entry, other: Entry, as_json: bool) -> int:
    """Measurements of different times: what the machine did between them is in the result, and it says so."""
    names = [name for name in one.document["measures"] if _has_times(one, name) and _has_times(other, name)]
    found = {name: compare(_times(one, name), _times(other, name), one.document["detect"]) for name in names}
    if as_json:
        print(json.dumps({name: asdict(each) for name, each in found.items()}, indent=2))
        return 0
    print(f"{side(one.document['head'])} of {one.created} and {side(other.document['head'])} of {other.created}:")
    for name, each in found.items():
        interval = f"{percent(each.low)} to {percent(each.high)}"
        floor = f"noise floor {100 * each.noise_floor:.1f} %"
        print(f"  {name:<16} {each.verdict}: {percent(each.effect)} ({interval}), {floor}")
    print("  They were measured at different times, so a change of the machine looks like one of the code.")
    return 0


def _has_times(entry: Entry, name: str) -> bool:
    return "head_ns" in entry.document["measures"].get(name, {})


def _times(entry: Entry, name: str) -> List[float]:
    times: List[float] = entry.document["measures"][name]["head_ns"]
    return times
