"""Runs every tool over the first two sets, each in a process of its own, and prints one table.

    python -m tests.labelled.compare [--rows N] [--keep FOLDER]

A case has one vote, so that a tool that tells one cause several times neither gains nor loses. A positive case is found
where a tool tells a statement that grows, whatever it calls it and wherever it sees it. A negative case is a false
alarm where a tool calls anything an N+1 or a write loop.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from typing import Any, Dict, List

from tests.labelled.harness import ROWS, set_up
from tests.labelled.peers import PEERS
from tests.labelled.suite import Case, load
from tests.labelled.tools import TOOLS

COMPARED = ("first", "second")
"""The third is about advice that none of the peers gives."""

HEADS = ("set", "tool", "found", "missed", "false alarms", "precision", "recall", "F1", "recall of reads", "broke")


def outcomes(tool: str, rows: int, folder: str) -> Dict[str, Dict[str, Any]]:
    file = os.path.join(folder, f"{tool}.json")
    command = [sys.executable, "-m", "tests.labelled.run", "--tool", tool, "--rows", str(rows), "--json", file]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with open(file, encoding="utf-8") as stream:
        return {outcome["name"]: outcome for outcome in json.load(stream)["cases"]}


def figures(cases: List[Case], told: Dict[str, Dict[str, Any]]) -> Dict[str, Any]:
    """Counts of cases, and what follows from them; a quotient of nothing is 1."""
    positive = [case for case in cases if case.is_positive]
    reads = [case for case in positive if not is_write(case)]
    found, alarms = count_found(positive, told), sum(is_false_alarm(case, told[case.name]) for case in cases)
    precision, recall = quotient(found, found + alarms), quotient(found, len(positive))
    return {
        "found": found,
        "missed": len(positive) - found,
        "false alarms": alarms,
        "precision": precision,
        "recall": recall,
        "F1": quotient(2 * precision * recall, precision + recall),
        "recall of reads": quotient(count_found(reads, told), len(reads)),
        "broke": sum(bool(told[case.name]["failure"]) for case in cases),
    }


def is_write(case: Case) -> bool:
    return {expectation.kind for expectation in case.expected} == {"write_loop"}


def is_false_alarm(case: Case, outcome: Dict[str, Any]) -> bool:
    return not case.is_positive and bool(outcome["inventions"])


def count_found(cases: List[Case], told: Dict[str, Dict[str, Any]]) -> int:
    """`further` are statements that grow as well, told under another name or at another line than expected."""
    return sum(bool(told[case.name]["hits"] or told[case.name]["further"]) for case in cases)


def quotient(part: float, whole: float) -> float:
    return part / whole if whole else 1.0


def table(rows: List[Dict[str, Any]]) -> str:
    lines = ["| " + " | ".join(HEADS) + " |", "|---" * len(HEADS) + "|"]
    for row in rows:
        cells = [f"{row[head]:.2f}" if isinstance(row[head], float) else str(row[head]) for head in HEADS]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS, help="of the population that the tools watch")
    parser.add_argument("--keep", metavar="FOLDER", help="keep each tool's outcomes, case by case, as JSON")
    arguments = parser.parse_args()
    set_up()
    with tempfile.TemporaryDirectory() as passing:
        folder = arguments.keep or passing
        os.makedirs(folder, exist_ok=True)
        told = {tool: outcomes(tool, arguments.rows, folder) for tool in (*TOOLS, *PEERS)}
    rows = [
        {"set": name, "tool": tool, **figures(load(name), outcome)}
        for name in COMPARED
        for tool, outcome in told.items()
    ]
    print(table(rows))


if __name__ == "__main__":
    main()
