"""What watching a whole test suite costs: pretix's own tests, bare, with Mercury and with its peers.

    make bench-suite

Each run is a process of its own. All contenders take a turn in each round, in random order, and every other round
goes backward, so that none always runs behind the same one. They are compared within a round; figures are medians.
Processor time counts less of what else runs on the machine than wall time does.
"""

import argparse
import compileall
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional

import profile_plugin
from contenders import BARE, CONTENDERS, Contender

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TESTS = ("tests/api/test_items.py", "tests/control/test_items.py")
PACKAGES = ("pretix", "django", "pytest", "pytest-django", "django-zeal", "django-query-doctor")
PYTEST = ("-q", "--no-header", "-p", "no:cacheprovider", "-p", "no:query_doctor")
"""Of every run. query-doctor's plugin would load itself into the runs of the others."""


class Run(NamedTuple):
    """One run of the suite, in seconds."""

    wall: float
    cpu: float
    findings: Optional[int]
    outcome: str
    """The line with which pytest ends, without the time."""


def run(contender: Contender, sources: Path, tests: List[str], output: Path) -> Run:
    """Runs the tests in the folder that pytest's settings are in. What they print goes to `output`."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(HERE), str(ROOT)]),
        "PYTHONHASHSEED": "0",
        **contender.environment,
    }
    command = [sys.executable, "-m", "pytest", *PYTEST, *contender.arguments, *tests]
    with output.open("w+", encoding="utf-8") as stream:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=sources, env=environment, stdout=stream, stderr=subprocess.STDOUT)
        _, _, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        stream.seek(0)
        told = stream.read()
    return Run(wall, usage.ru_utime + usage.ru_stime, contender.findings(told), outcome(told))


def outcome(told: str) -> str:
    ending = [line for line in told.splitlines() if " in " in line and (" passed" in line or " failed" in line)]
    return ending[-1].strip("= ").rpartition(" in ")[0] if ending else "did not run"


def rounds(options: argparse.Namespace, outputs: Path) -> List[Dict[str, Run]]:
    chance, order, done = random.Random(options.seed), [BARE, *options.contenders], []
    outputs.mkdir(parents=True, exist_ok=True)
    for number in range(options.rounds):
        if number % 2 == 0:
            chance.shuffle(order)
        else:
            order.reverse()
        turn = {}
        for name in order:
            turn[name] = run(CONTENDERS[name], options.sources, options.tests, outputs / f"{name}.txt")
        done.append(turn)
    return done


def compile_mercury() -> None:
    """As pip leaves it, and as the other packages are; a checkout may have been told to write no bytecode."""
    compileall.compile_dir(str(ROOT / "mercury"), quiet=1)


def profiles(options: argparse.Namespace, outputs: Path) -> Dict[str, Dict[str, Any]]:
    """A run of each that is sampled; such runs take longer than others."""
    outputs.mkdir(parents=True, exist_ok=True)
    found = {}
    for name in (BARE, "mercury"):
        output = (outputs / f"{name}-profile.json").resolve()
        known = CONTENDERS[name]
        sampled = known._replace(
            arguments=("-p", "profile_plugin", *known.arguments),
            environment={**known.environment, profile_plugin.OUTPUT: str(output)},
        )
        run(sampled, options.sources, options.tests, outputs / f"{name}.txt")
        found[name] = json.loads(output.read_text(encoding="utf-8"))
    return found


def show_profiles(found: Dict[str, Dict[str, Any]], least_percent: float) -> None:
    """The shares of all samples; a function's has in it what it calls of Mercury's and of the standard library."""
    for name, profile in found.items():
        collections = " + ".join(map(str, profile["collections"]))
        told = f"{profile['cpu_s']:.1f} s, of these {profile['collecting_s']:.1f} in {collections} collections"
        print(f"{name}: {told}; {profile['samples']:,} samples")
    samples = found["mercury"]["samples"]
    print(f"\n{found['mercury']['of_mercury'] / samples:7.2%} all of Mercury")
    for function, count in found["mercury"]["functions"]:
        if count / samples * 100 >= least_percent:
            print(f"{count / samples:7.2%} {function}")


def figures(done: List[Dict[str, Run]], name: str) -> Dict[str, Any]:
    """Medians of a contender, and the median and quartiles of what it adds to a bare run of the same round."""
    runs = [each[name] for each in done]
    result: Dict[str, Any] = {"findings": runs[0].findings, "outcomes": sorted({each.outcome for each in runs})}
    for unit in ("wall", "cpu"):
        result[f"{unit}_s"] = statistics.median(getattr(each, unit) for each in runs)
        added = [(getattr(each[name], unit) / getattr(each[BARE], unit) - 1) * 100 for each in done]
        result[f"{unit}_added_percent"] = quartiles(added)
    return result


def quartiles(values: List[float]) -> List[float]:
    """The lower quartile, the median and the upper quartile."""
    return values * 3 if len(values) == 1 else statistics.quantiles(values, n=4, method="inclusive")


def machine() -> Dict[str, Any]:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
    system = f"{platform.system()} {platform.machine()}"
    return {"cpu": model or platform.processor(), "cores": os.cpu_count(), "system": system}


def versions() -> Dict[str, str]:
    sys.path.insert(0, str(ROOT))
    import mercury

    found = {platform.python_implementation(): platform.python_version()}
    found.update((name, metadata.version(name)) for name in PACKAGES)
    return {**found, "Mercury's backend": mercury.backend}


def table(result: Dict[str, Any]) -> str:
    lines = [
        "| | findings | wall, s | added | processor, s | added |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name, row in result["contenders"].items():
        found = "" if row["findings"] is None else str(row["findings"])
        cells = [name, found]
        for unit in ("wall", "cpu"):
            low, middle, high = row[f"{unit}_added_percent"]
            added = "" if name == BARE else f"{middle:+.1f} % ({low:+.1f} to {high:+.1f})"
            cells += [f"{row[f'{unit}_s']:.1f}", added]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def show(result: Dict[str, Any]) -> None:
    about = result["machine"]
    load = " to ".join(f"{value:.1f}" for value in result["load"])
    print(f"{about['cpu']}, {about['cores']} cores, {about['system']}; load {load}; {result['rounds']} rounds")
    print(", ".join(f"{name} {version}" for name, version in result["versions"].items()))
    print(f"{' '.join(result['tests'])}: {'; '.join(result['contenders'][BARE]['outcomes'])}\n")
    print(table(result))


def differing(result: Dict[str, Any]) -> List[str]:
    """The contenders with which tests ended otherwise than without them."""
    contenders = result["contenders"]
    # Warnings are what some of them tell with.
    told = {name: {text.split(", ")[0] for text in row["outcomes"]} for name, row in contenders.items()}
    return [name for name in contenders if told[name] != told[BARE] or told[name] == {"did not run"}]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sources", type=Path, help="the folder of pretix's sources that has its tests")
    parser.add_argument("--tests", nargs="+", default=list(TESTS), help="files of tests below it")
    parser.add_argument("--contenders", nargs="+", choices=sorted(set(CONTENDERS) - {BARE}), help="by default all")
    parser.add_argument("--rounds", type=int, default=5, help="how often each contender takes its turn")
    parser.add_argument("--seed", type=int, default=1, help="of the order within a round")
    parser.add_argument("--profile", action="store_true", help="sample one run instead, to tell where the time goes")
    parser.add_argument("--least", type=float, default=0.3, help="percent that a function must have to be told")
    parser.add_argument("--json", type=Path, help="write the figures there, and what was printed beside it")
    options = parser.parse_args()
    options.contenders = options.contenders or [name for name in CONTENDERS if name != BARE]
    outputs = (options.json or Path("build/benchmarks/suite.json")).with_suffix("")
    compile_mercury()
    if options.profile:
        show_profiles(profiles(options, outputs), options.least)
        return
    load = [os.getloadavg()[0]]
    done = rounds(options, outputs)
    load.append(os.getloadavg()[0])
    result = {
        "machine": machine(),
        "versions": versions(),
        "load": load,
        "rounds": options.rounds,
        "tests": options.tests,
        "contenders": {name: figures(done, name) for name in [BARE, *options.contenders]},
        "runs": [{name: each._asdict() for name, each in turn.items()} for turn in done],
    }
    show(result)
    for name in differing(result):
        print(f"NOT THE SAME TESTS: {name}: {result['contenders'][name]['outcomes']}; see {outputs / name}.txt")
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    sys.exit(bool(differing(result)))


if __name__ == "__main__":
    main()
