"""Mercury's normalizing and fingerprinting against others, on this machine.

    python benchmarks/sql/run.py [--peers] [--rounds N] [--json FILE]

Every figure is a ratio within one run: contenders take turns on one core, each a process of its own,
and the median of the rounds' ratios is told, with the quartiles around it and the ratio of the fastest
rounds. Time is processor time, so that what else runs here counts little. `make bench-sql` and
`make bench-sql-peers` build what this needs; without --peers nothing is downloaded.

Goals have two steps: what must be reached and what is aimed at. A row that reaches neither says MISSED.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

import goals
import peers
from contenders import Contender, Figures, Ratio, race, ratio
from python_driver import CONTENDERS as PYTHON_CONTENDERS
from statements import ROOT, Set, sets

HERE = Path(__file__).resolve().parent
PYTHON_STATEMENTS = 400
SHORT_BYTES = 40


class Row(NamedTuple):
    """One contender over one set, held against ours."""

    set: str
    name: str
    figures: Optional[Figures] = None
    against: str = ""
    ratio: Optional[Ratio] = None
    goal: Optional[Tuple[float, float]] = None
    note: str = ""

    @property
    def verdict(self) -> str:
        return goals.judge(self.ratio.median, self.goal) if self.goal and self.ratio else ""


# ---- In C and Go ----


def native_rows(given: Set, tools: Path, rounds: int, external: Dict[str, List[str]]) -> List[Row]:
    driver = str(tools / "mercury_driver")
    ours = Contender("mercury", [driver, "normalize", str(given.path)])
    others = [
        Contender(goals.MEMCPY, [driver, "copy", str(given.path)]),
        Contender("memcpy one behind another", [driver, "lay", str(given.path)]),
        *(Contender(name, [*command, str(given.path)]) for name, command in external.items()),
    ]
    rows = compared(given, race([ours, *others], rounds), lambda _: ours.name, goals_of(given))
    refused = (parsed_row(given, ours, row, external, rounds) for row in rows if row.figures.failed)
    return [*rows, *refused, *far_rows(given, driver, rounds)]


def far_rows(given: Set, driver: str, rounds: int) -> List[Row]:
    """The same statements where no cache holds them: source and destination are larger by far."""
    ours = Contender("mercury, from memory", [driver, "normalize-far", str(given.path)])
    copy = Contender(goals.MEMCPY_FAR, [driver, "lay-far", str(given.path)])
    return compared(given, race([ours, copy], max(3, rounds // 3)), lambda _: ours.name, goals_of(given))


def goals_of(given: Set) -> Callable[[str], Optional[Tuple[float, float]]]:
    return lambda name: goals.RATIOS.get((given.name, name)) if given.judged else None


def parsed_row(given: Set, ours: Contender, row: Row, external: Dict[str, List[str]], rounds: int) -> Row:
    """A peer again, over the statements that it can parse: an error costs it less than a parse."""
    refused = set(row.figures.failed)
    kept = given.subset("parsed", (text for number, text in enumerate(given.statements) if number not in refused))
    again = [
        ours._replace(command=[*ours.command[:-1], str(kept.path)]),
        Contender(row.name, [*external[row.name], str(kept.path)]),
    ]
    parsed = compared(kept, race(again, rounds), lambda _: ours.name, lambda _: row.goal)[-1]
    return parsed._replace(name=f"{row.name}, what it parses")


def compared(
    given: Set,
    figures: Dict[str, Figures],
    ours_for: Callable[[str], str],
    goal_for: Callable[[str], Optional[Tuple[float, float]]],
) -> List[Row]:
    rows = []
    for name, measured in figures.items():
        ours = ours_for(name)
        if name.startswith("mercury"):
            rows.append(Row(given.name, name, measured))
        else:
            rows.append(Row(given.name, name, measured, ours, ratio(figures[ours], measured), goal_for(name)))
    return rows


# ---- From Python ----


def python_rows(given: Set, python: str, rounds: int, with_peers: bool) -> List[Row]:
    names = [name for name, (_, package) in PYTHON_CONTENDERS.items() if with_peers or not package]
    driver = str(HERE / "python_driver.py")
    contenders = [Contender(name, [python, driver, name, str(given.path)]) for name in names]
    return compared(given, race(contenders, rounds), like_for_like, lambda _: goals.FASTER)


def like_for_like(name: str) -> str:
    return "mercury.fingerprint" if "fingerprint" in name else "mercury.normalize"


def python_sets(given: Dict[str, Set]) -> List[Set]:
    """Samples, for some peers take milliseconds a statement; and short texts, where a call costs most."""
    samples = [one.sample(PYTHON_STATEMENTS) for one in given.values()]
    first = next(iter(given.values()))
    short = [text for text in first.statements if len(text) < SHORT_BYTES]
    return [*samples, first.subset("short", short[:PYTHON_STATEMENTS])]


# ---- Threads and memory ----


def threads(given: Set, python: str, rounds: int) -> Dict:
    command = [python, str(HERE / "threads.py"), str(given.path), str(rounds)]
    measured = json.loads(subprocess.check_output(command, text=True))
    each = [one["one_ns"] / one["two_ns"] for one in measured["rounds"]]
    low, median, high = statistics.quantiles(each, n=4)
    best = min(one["one_ns"] for one in measured["rounds"]) / min(one["two_ns"] for one in measured["rounds"])
    found = Ratio(median, low, high, best)
    return {
        "set": given.name,
        "ratio": found._asdict(),
        "goal": goals.TWO_THREADS,
        "verdict": goals.judge(median, goals.TWO_THREADS),
    }


def memory(given: Dict[str, Set], tools: Path) -> Dict:
    """The heaviest of all sets; statements are normalized in every dialect."""
    command = str(tools / "memory_driver")
    measured = [json.loads(subprocess.check_output([command, str(one.path)])) for one in given.values()]
    worst = {key: max(one[key] for one in measured) for key in ("heap_requests", "hook_requests", "stack_bytes")}
    heap = worst["heap_requests"] + worst["hook_requests"]
    return {
        **worst,
        "heap_verdict": goals.judge_at_most(heap, goals.HEAP_REQUESTS),
        "stack_goal_bytes": goals.STACK_BYTES,
        "stack_verdict": goals.judge_at_most(worst["stack_bytes"], goals.STACK_BYTES),
    }


# ---- All of it ----


def external_drivers(folder: Path) -> Tuple[Dict[str, List[str]], List[str]]:
    """The commands of the peers that are no Python, and why others are not there."""
    commands, missing = {}, []
    for name, install in (("go-sqllexer", peers.go_sqllexer), ("libpg_query", peers.libpg_query)):
        try:
            commands[name] = install(folder)
        except peers.Unavailable as reason:
            missing.append(f"{name}: {reason}")
    return commands, missing


def machine() -> Dict:
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    return {"cpu": model, "cores": os.cpu_count(), "system": f"{platform.system()} {platform.machine()}"}


def measure(options: argparse.Namespace) -> Dict:
    folder, rounds = options.tools, options.rounds
    folder.mkdir(parents=True, exist_ok=True)
    python, external, missing = sys.executable, {}, []
    if options.peers:
        external, missing = external_drivers(folder)
        try:
            python = peers.python_with_peers(folder, sys.executable)
        except peers.Unavailable as reason:
            raise SystemExit(f"The peers in Python are not there: {reason}") from None
    given = sets(folder)
    load = [os.getloadavg()[0]]
    batch = threads(next(iter(given.values())), python, 2 * rounds)
    rows = [row for one in given.values() for row in native_rows(one, folder, rounds, external)]
    for sample in python_sets(given):
        rows += python_rows(sample, python, max(3, rounds // 3), options.peers)
    load.append(os.getloadavg()[0])
    return {
        "machine": machine(),
        "load": load,
        "rounds": rounds,
        "rows": [exported(row) for row in rows],
        "not_measured": missing,
        "two_threads": batch,
        "memory": memory(given, folder),
    }


def exported(row: Row) -> Dict:
    """A row as JSON has it; single rounds are left out."""
    figures = row.figures
    return {
        "set": row.set,
        "name": row.name,
        "version": figures.version,
        "statements": figures.statements,
        "bytes": figures.bytes,
        "refused": len(figures.failed),
        "median_ns": round(figures.median_ns, 2),
        "fastest_ns": round(min(figures.rounds_ns), 2),
        "megabytes_per_second": round(figures.megabytes_per_second, 2),
        "against": row.against,
        "ratio": row.ratio._asdict() if row.ratio else None,
        "goal": row.goal,
        "verdict": row.verdict,
    }


# ---- The table ----


def show(result: Dict) -> None:
    about = result["machine"]
    load = " to ".join(f"{value:.1f}" for value in result["load"])
    print(f"{about['cpu']}, {about['cores']} cores, {about['system']}; load {load}; {result['rounds']} rounds")
    for name in dict.fromkeys(row["set"] for row in result["rows"] if not row["set"].endswith("-parsed")):
        show_set(name, [row for row in result["rows"] if row["set"] in (name, f"{name}-parsed")])
    for line in result["not_measured"]:
        print(f"not measured: {line}")
    print("\n" + "; ".join(f"{name}: {version}" for name, version in versions(result["rows"]).items()))
    two, used = result["two_threads"], result["memory"]
    print(f"\n{two['set']}, batches from two threads against one: {goals.told(two['ratio'])}{goal(two)}")
    print(f"heap requests: {used['heap_requests']}, of the allocator hook: {used['hook_requests']}", end="")
    print(f"; must be {goals.HEAP_REQUESTS}: {used['heap_verdict']}")
    print(f"stack: {used['stack_bytes']:,} bytes; must be at most {goals.STACK_BYTES:,}: {used['stack_verdict']}")
    print("\n" + goals.table(result))


def show_set(name: str, rows: List[Dict]) -> None:
    first = rows[0]
    print(f"\n{name}: {first['statements']:,} statements, {first['bytes']:,} bytes")
    print(f"{'':<28}{'ns/statement':>13}{'MB/s':>10}   times ours: median, quartiles, fastest; goal")
    for row in rows:
        ratio_text = f"{goals.told(row['ratio'])}{goal(row)}" if row["ratio"] else "-"
        refused = f"; {row['refused']:,} refused" if row["refused"] else ""
        speed = f"{row['median_ns']:>13,.1f}{row['megabytes_per_second']:>10,.1f}"
        print(f"{row['name']:<28}{speed}   {ratio_text}{refused}")


def versions(rows: List[Dict]) -> Dict[str, str]:
    """What was measured: a peer's version and that of its language, the compiler of what is C."""
    found: Dict[str, str] = {}
    for row in rows:
        found.setdefault(row["name"].split()[0].split(",")[0].split(".")[0], row["version"])
    return found


def goal(judged: Dict) -> str:
    if not judged["goal"]:
        return ""
    must, aim = judged["goal"]
    steps = f"must {must:g}" if must == aim else f"must {must:g}, aim {aim:g}"
    return f"; {steps}: {judged['verdict']}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", action="store_true", help="install the peers and measure them too")
    parser.add_argument("--rounds", type=int, default=21, help="how often each contender takes its turn (at least 3)")
    parser.add_argument("--tools", type=Path, default=ROOT / "build" / "benchmarks", help="where the drivers are")
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args()
    options.rounds = max(3, options.rounds)
    result = measure(options)
    show(result)
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
