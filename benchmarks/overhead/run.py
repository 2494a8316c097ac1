"""What Mercury costs a Django application, beside none, zeal and `CaptureQueriesContext`.

    make bench-overhead

Each figure comes from processes of its own; contenders take turns, round by round, and are
compared within a round. Figures are medians over the rounds. A row that reaches neither of
its two goals says MISSED, and the program then ends with 1.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional

import rows
from rows import Row
from shop_project import CONTENDERS

HERE = Path(__file__).resolve().parent
GROWTH = {"growth over 10,000 requests": 1_000, "growth over 10,000 requests, as CPython collects": 0}
"""With how many requests the collector is called; 0: it comes by itself."""


def child(python: str, script: str, *arguments: str) -> Any:
    """What a measuring process prints."""
    command = [python, str(HERE / script), *arguments]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"{script} {' '.join(arguments)} failed")
    return json.loads(done.stdout)


def make_database(python: str, database: Path) -> None:
    program = f"import pathlib, shop_project; shop_project.make_database(pathlib.Path({str(database)!r}))"
    subprocess.run([python, "-c", program], cwd=HERE, check=True)


def request_rounds(python: str, contenders: List[str], database: Path, count: int) -> rows.Rounds:
    """Every other round goes backward, so that no contender always runs behind the same one."""
    rounds = []
    for number in range(count):
        order = contenders if number % 2 == 0 else contenders[::-1]
        rounds.append({name: child(python, "measure_requests.py", name, str(database)) for name in order})
    return rounds


def measure(python: str, contenders: List[str], options: argparse.Namespace) -> Dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "bookshop.sqlite3"
        make_database(python, database)
        load = [os.getloadavg()[0]]
        requests = request_rounds(python, contenders, database, options.rounds)
        small = range(max(3, options.rounds // 3))
        table = rows.capture_rows([child(python, "measure_capture.py", str(database)) for _ in small])
        table += rows.request_rows(requests)
        table += rows.closing_rows([child(python, "measure_closing.py") for _ in small])
        table += memory_rows(python, database, options.is_short)
        load.append(os.getloadavg()[0])
    return {
        "machine": machine(),
        "python": child(python, "about.py"),
        "rounds": options.rounds,
        "load": load,
        "rows": table,
        "differing_bodies": rows.differing_bodies(requests),
    }


def memory_rows(python: str, database: Path, is_short: bool) -> List[Row]:
    held = child(python, "measure_memory.py", "trace")
    table = [Row("memory of a trace of 100,000 queries", "MB", held["mb"])]
    if not is_short:
        table += [growth_row(python, database, name, period) for name, period in GROWTH.items()]
    return table


def growth_row(python: str, database: Path, name: str, requests_per_collection: int) -> Row:
    bare, ours = (
        child(python, "measure_memory.py", "requests", one, str(database), str(requests_per_collection))
        for one in ("unmonitored", "mercury")
    )
    note = (
        f"the interpreter's blocks: {ours['blocks']:+,}, unmonitored {bare['blocks']:+,}; "
        f"at the end {ours['waiting']:,} waited to be collected, unmonitored {bare['waiting']:,}"
    )
    return Row(name, "MB", ours["mb"], others={"unmonitored": bare["mb"]}, note=note)


def machine() -> Dict[str, Any]:
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    return {"cpu": model, "cores": os.cpu_count(), "system": f"{platform.system()} {platform.machine()}"}


def show(result: Dict[str, Any], has_goals: bool) -> None:
    about, load = result["machine"], " to ".join(f"{value:.1f}" for value in result["load"])
    print(
        f"{about['cpu']}, {about['cores']} cores, {about['system']}; load {load}; medians of {result['rounds']} rounds"
    )
    print(", ".join(f"{name} {version}" for name, version in result["python"].items()) + "\n")
    for row in result["rows"]:
        print(line(row, row.as_dict(has_goals)).rstrip())
    for page in result["differing_bodies"]:
        print(f"NOT THE SAME ANSWER: {page}")
    print()


def line(row: Row, fields: Dict[str, Any]) -> str:
    spread = "" if row.spread is None else f" ({number(row.spread[0])} to {number(row.spread[1])})"
    text = f"{row.name:<40}{number(row.value):>8} {row.unit:<3}{spread:<20}"
    if "must" in fields:
        text += f" must {fields['must']:g}, aim {fields['aim']:g}: {fields['verdict']};"
    others = [f"{name} {number(value)}" for name, value in row.others.items()]
    return " ".join([text, "; ".join([*others, *([row.note] if row.note else [])])])


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}" if abs(value) >= 10 else f"{value:,.2f}"


def missed(result: Optional[Dict[str, Any]]) -> bool:
    if result is None:
        return False
    return bool(result["differing_bodies"]) or any(
        row.as_dict(True).get("verdict") == "MISSED" for row in result["rows"]
    )


def exported(result: Dict[str, Any], has_goals: bool) -> Dict[str, Any]:
    return {**result, "rows": [row.as_dict(has_goals) for row in result["rows"]]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=11, help="how often each contender takes its turn (at least 3)")
    parser.add_argument("--short", dest="is_short", action="store_true", help="leave out the 10,000 requests")
    parser.add_argument("--pypy", help="a PyPy whose figures are printed too, without goals")
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args()
    options.rounds = max(3, options.rounds)
    result = measure(sys.executable, list(CONTENDERS), options)
    show(result, has_goals=True)
    results = [exported(result, True)]
    if options.pypy:
        other = measure(options.pypy, ["unmonitored", "mercury"], options)
        show(other, has_goals=False)
        results.append(exported(other, False))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    sys.exit(missed(result))


if __name__ == "__main__":
    main()
