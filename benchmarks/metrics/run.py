"""What the metrics engine costs, in C and from Python, against its goals and beside others.

    python benchmarks/metrics/run.py --driver build/benchmarks/histogram_driver [--rounds N] [--json FILE]

`make bench-metrics` builds and installs what it needs. Medians of the rounds, with quartiles, of processor time.
The row of the bare loop is the machine's own: ratios to it can be compared between machines.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, Dict, List

from goals import GOALS, verdict

HERE = Path(__file__).resolve().parent
PEERS = ("cffi", "numpy", "prometheus_client", "opentelemetry-sdk")

DRIVER_ROWS = {
    "record_integer": "record one integer, in C",
    "record_double": "record one double, in C",
    "record_integers": "record many integers, each",
    "record_doubles": "record many doubles, each",
    "bare_loop": "a loop in C that counts in 64 buckets and adds up, each",
    "merge": "merge two histograms",
    "merge_all_buckets": "merge two histograms of 1,024 buckets",
    "quantile": "a quantile, in C",
    "encode_and_decode": "encode and decode, in C",
}
"""What the driver calls its figures, and what they are called here."""


SEGMENT_RECORD = "record one value in a segment, in C"


def rounds_of(command: List[str]) -> List[Dict[str, float]]:
    """A program's lines, each a round."""
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [json.loads(line) for line in printed.splitlines()]


def row(name: str, values: List[float], bare: float) -> Dict[str, Any]:
    low, median, high = statistics.quantiles(values, n=4)
    goal = GOALS.get(name)
    return {
        "name": name,
        "median_ns": median,
        "quartiles_ns": [low, high],
        "best_ns": min(values),
        "bare_loops": median / bare,
        "goal": goal,
        "verdict": verdict(name, median),
    }


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), platform.machine())


def about() -> Dict[str, str]:
    versions = {name: metadata.version(name) for name in PEERS}
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return {"machine": f"{processor()}, {platform.system()} {platform.machine()}", "python": python, **versions}


def told(row: Dict[str, Any]) -> str:
    low, high = row["quartiles_ns"]
    goal = row["goal"]
    must, aim = (f"{goal.must:g}", f"{goal.aim:g}") if goal else ("", "")
    figure = f"{row['median_ns']:,.1f} ({low:,.1f} to {high:,.1f}; {row['best_ns']:,.1f})"
    return f"| {row['name']} | {must} | {aim} | {figure} | {row['verdict']} |"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the metrics engine.")
    parser.add_argument("--driver", required=True)
    parser.add_argument("--segment-driver", required=True)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    in_c = rounds_of([options.driver, str(options.rounds)])
    in_python = rounds_of([sys.executable, str(HERE / "measure_python.py"), str(options.rounds)])
    segments_in_c = rounds_of([options.segment_driver, str(options.rounds)])
    # A round starts 128 workers and the peer's 64.
    segments = rounds_of([sys.executable, str(HERE / "measure_segment.py"), str(max(options.rounds // 5, 2))])
    light = rounds_of([sys.executable, str(HERE / "measure_light.py"), str(options.rounds)])
    bare = statistics.median(measured["bare_loop"] for measured in in_c)
    rows = [row(name, [measured[key] for measured in in_c], bare) for key, name in DRIVER_ROWS.items()]
    rows += [row(name, [measured[name] for measured in in_python], bare) for name in in_python[0]]
    rows.append(row(SEGMENT_RECORD, [measured["segment_record"] for measured in segments_in_c], bare))
    rows += [row(name, [measured[name] for measured in segments], bare) for name in segments[0]]
    rows += [row(name, [measured[name] for measured in light], bare) for name in light[0]]
    result = {"about": about(), "rounds": options.rounds, "rows": rows}
    print(", ".join(f"{name} {text}" for name, text in result["about"].items()))
    print("| nanoseconds | must | aim | median (quartiles; best) | |\n|---|---|---|---|---|")
    print("\n".join(told(row) for row in rows))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(result, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
