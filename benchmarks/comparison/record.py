"""Records what a machine makes of one command run again and again beside busy neighbors.

    python benchmarks/comparison/record.py FILE --runs 12000 --neighbors 2

writes one line a run: wall time and processor time in microseconds. Each run is the same
command, so that all differences between runs are noise: `trials.py` draws its pairs from them.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import List, Tuple

COMMAND = [sys.executable, "-I", "-S", "-c", "sum(number * number for number in range(150000))"]
"""About 25 ms of processor time, half of it Python's start."""


def start_neighbors(count: int) -> List["subprocess.Popen[bytes]"]:
    """Busy neighbors, who end when they are terminated or when this process is gone."""
    script = Path(__file__).with_name("neighbor.py")
    return [subprocess.Popen([sys.executable, str(script), str(seed)]) for seed in range(count)]


def run_once() -> Tuple[int, int]:
    """Wall and processor time of one run in microseconds."""
    started = time.perf_counter_ns()
    process = os.posix_spawn(COMMAND[0], COMMAND, dict(os.environ))
    _, status, usage = os.wait4(process, 0)
    wall_ns = time.perf_counter_ns() - started
    if status:
        raise SystemExit(f"the command failed: {status}")
    return wall_ns // 1000, round((usage.ru_utime + usage.ru_stime) * 1e6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--runs", type=int, default=12000)
    parser.add_argument("--neighbors", type=int, default=2)
    options = parser.parse_args()
    neighbors = start_neighbors(options.neighbors)
    try:
        with options.file.open("w", encoding="ascii") as output:
            for _ in range(options.runs):
                print(*run_once(), file=output)
    finally:
        for neighbor in neighbors:
            neighbor.terminate()
            neighbor.wait()


if __name__ == "__main__":
    main()
