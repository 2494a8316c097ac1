"""Throughput of the bookshop under gunicorn, with always-on metrics and without.

    python benchmarks/production/run.py [--rounds N] [--seconds N] [--json FILE]

Two workers with four threads each; wrk drives four connections from one thread. Each figure is a server of its own;
contenders take turns, forward and backward, and are compared within a round. Ends with 1 where the median misses the
goal. The processor time of a request, the server's start left out, is told too: what else runs disturbs it less.
"""

import argparse
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Tuple

ROOT = Path(__file__).resolve().parent.parent.parent
BOOKSHOP = ROOT / "examples" / "bookshop"
PAGE = "/repaired/"
GOAL_PERCENT = -3.0

CONTENDERS: Dict[str, Dict[str, str]] = {
    "unmonitored": {"BENCHMARK_BARE": "1"},
    "light": {"MERCURY_SAMPLE_RATE": "0", "MERCURY_MAX_OVERHEAD": "1"},
    "1 % in full": {"MERCURY_SAMPLE_RATE": "0.01", "MERCURY_MAX_OVERHEAD": "1"},
}


def environment(folder: Path, contender: str) -> Dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, (Path(__file__).resolve().parent, ROOT, BOOKSHOP))),
        "DJANGO_SETTINGS_MODULE": "production_settings",
        "BOOKSHOP_DATABASE": str(folder / "bookshop.sqlite3"),
        "MERCURY_METRICS": str(folder / "metrics.segment"),
        **CONTENDERS[contender],
    }


def make_database(folder: Path) -> None:
    program = (
        "import django; django.setup(); from django.core.management import call_command; "
        "call_command('migrate', verbosity=0); from shop.seed import seed; seed()"
    )
    subprocess.run([sys.executable, "-c", program], env=environment(folder, "unmonitored"), check=True)


class Figures(NamedTuple):
    requests_per_second: float
    processor_ms: float


def serve(folder: Path, contender: str, seconds: int) -> Figures:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = ["--workers=2", "--threads=4", f"--bind=127.0.0.1:{port}", "bookshop.wsgi"]
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *arguments],
        env=environment(folder, contender),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    try:
        for _ in range(2):
            next(line for line in server.stderr if "Booting worker" in line)
        threading.Thread(target=server.stderr.read, daemon=True).start()
        url = f"http://127.0.0.1:{port}{PAGE}"
        drive(url, 1)
        before = processor_seconds(server.pid)
        requests, rate = drive(url, seconds)
        return Figures(rate, 1000 * (processor_seconds(server.pid) - before) / requests)
    finally:
        server.terminate()
        server.wait()


def processor_seconds(pid: int) -> float:
    """What the workers of a server have used."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    ticks = 0
    for child in children:
        fields = Path(f"/proc/{child}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def drive(url: str, seconds: int) -> Tuple[int, float]:
    """How many requests were answered, and how many a second."""
    command = ["wrk", "--threads=1", "--connections=4", f"--duration={seconds}s", url]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    if "Non-2xx" in printed:
        raise SystemExit(f"the server did not answer as it should:\n{printed}")
    found = re.search(r"(\d+) requests in .*Requests/sec:\s+([\d.]+)", printed, re.DOTALL)
    if found is None:
        raise SystemExit(f"wrk said nothing of use:\n{printed}")
    return int(found[1]), float(found[2])


def measure(rounds: int, seconds: int) -> List[Dict[str, Figures]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_database(folder)
        measured = []
        for number in range(rounds):
            order = list(CONTENDERS) if number % 2 == 0 else list(CONTENDERS)[::-1]
            measured.append({contender: serve(folder, contender, seconds) for contender in order})
        return measured


def rows(measured: List[Dict[str, Figures]]) -> List[Dict[str, Any]]:
    """By contender: the median of its throughput, and of its change within each round, in per cent."""
    found = []
    for contender in CONTENDERS:
        changes = [100 * (each[contender][0] / each["unmonitored"][0] - 1) for each in measured]
        dearer = [100 * (each[contender][1] / each["unmonitored"][1] - 1) for each in measured]
        found.append(
            {
                "contender": contender,
                "requests_per_second": statistics.median(each[contender].requests_per_second for each in measured),
                "processor_ms": statistics.median(each[contender].processor_ms for each in measured),
                "processor_change_percent": statistics.median(dearer),
                "change_percent": statistics.median(changes),
                "least_and_most_percent": [min(changes), max(changes)],
            }
        )
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install wrk")
    found = rows(measure(options.rounds, options.seconds))
    for row in found:
        least, most = row["least_and_most_percent"]
        print(
            f"{row['contender']:<14}{row['requests_per_second']:>8.1f} requests/s  "
            f"{row['change_percent']:+.1f} %  ({least:+.1f} to {most:+.1f})  "
            f"{row['processor_ms']:.2f} ms of processor a request, {row['processor_change_percent']:+.1f} %"
        )
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps({"rounds": options.rounds, "rows": found}, indent=2) + "\n")
    missed = [row["contender"] for row in found if row["change_percent"] < GOAL_PERCENT]
    print(f"goal {GOAL_PERCENT:+g} %: {'missed by ' + ', '.join(missed) if missed else 'reached'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
