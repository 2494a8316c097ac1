"""Throughput of the bookshop under gunicorn, with always-on metrics and without.

    python benchmarks/production/run.py [--turns N] [--seconds N] [--json FILE]

Two workers with four threads each, of which each takes four of the eight connections that wrk drives from one thread:
without that limit one worker takes most of them, and then one process does most of the work. The servers of all
contenders are up at once, and wrk drives one at a time for some seconds, in turns and in random order: whatever else
the machine does meets all of them alike. They are compared within a turn; told are the median and its interval of
95 % (by order statistics, whatever the distribution). The bare server is up twice: what that changes is noise. Ends
with 1 where the median misses the goal. The processor time of a request is told too.
"""

import argparse
import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from math import comb
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Sequence, Tuple

ROOT = Path(__file__).resolve().parent.parent.parent
BOOKSHOP = ROOT / "examples" / "bookshop"
PAGE = "/repaired/"
GOAL_PERCENT = -3.0

CONTENDERS: Dict[str, Dict[str, str]] = {
    "unmonitored": {"BENCHMARK_BARE": "1"},
    "unmonitored again": {"BENCHMARK_BARE": "1"},
    "light": {"MERCURY_SAMPLE_RATE": "0", "MERCURY_MAX_OVERHEAD": "1"},
    "1 % in full": {"MERCURY_SAMPLE_RATE": "0.01", "MERCURY_MAX_OVERHEAD": "1"},
}


def environment(folder: Path, contender: str) -> Dict[str, str]:
    return {
        **os.environ,
        # How dicts and sets lie in memory must not tell the servers apart.
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join(map(str, (Path(__file__).resolve().parent, ROOT, BOOKSHOP))),
        "DJANGO_SETTINGS_MODULE": "production_settings",
        "BOOKSHOP_DATABASE": str(folder / "bookshop.sqlite3"),
        "MERCURY_METRICS": str(folder / f"{contender}.segment"),
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


class Server(NamedTuple):
    pid: int
    url: str


@contextmanager
def served(folder: Path, contender: str) -> Iterator[Server]:
    """A server that has answered for a second."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = ["--workers=2", "--threads=4", "--worker-connections=4", f"--bind=127.0.0.1:{port}", "bookshop.wsgi"]
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *arguments],
        env=environment(folder, contender),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        for _ in range(2):
            next(line for line in process.stderr if "Booting worker" in line)
        threading.Thread(target=process.stderr.read, daemon=True).start()
        server = Server(process.pid, f"http://127.0.0.1:{port}{PAGE}")
        drive(server.url, 1)
        yield server
    finally:
        process.terminate()
        process.wait()


def drive_server(server: Server, seconds: int) -> Figures:
    before = processor_seconds(server.pid)
    requests, rate = drive(server.url, seconds)
    used = processor_seconds(server.pid) - before
    wait_until_idle(server)
    return Figures(rate, 1000 * used / requests)


def wait_until_idle(server: Server) -> None:
    """What wrk has left unanswered must not be worked off in another's turn."""
    used = -1.0
    while processor_seconds(server.pid) > used:
        used = processor_seconds(server.pid)
        time.sleep(0.2)


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
    command = ["wrk", "--threads=1", "--connections=8", f"--duration={seconds}s", url]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    if "Non-2xx" in printed:
        raise SystemExit(f"the server did not answer as it should:\n{printed}")
    found = re.search(r"(\d+) requests in .*Requests/sec:\s+([\d.]+)", printed, re.DOTALL)
    if found is None:
        raise SystemExit(f"wrk said nothing of use:\n{printed}")
    return int(found[1]), float(found[2])


def measure(turns: int, seconds: int) -> List[Dict[str, Figures]]:
    shuffled = random.Random(1)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        make_database(Path(name))
        servers = {contender: stack.enter_context(served(Path(name), contender)) for contender in CONTENDERS}
        measured = []
        for turn in range(turns):
            order = shuffled.sample(list(CONTENDERS), len(CONTENDERS))
            measured.append({contender: drive_server(servers[contender], seconds) for contender in order})
            print(f"\rturn {turn + 1} of {turns}", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        return measured


def interval(values: Sequence[float]) -> Tuple[float, float]:
    """Between which two of the values the median lies with 95 %; all of them where they are too few for that."""
    found, count = sorted(values), len(values)
    beyond, tail = 0, 1 / 2**count
    while tail <= 0.025 and 2 * (beyond + 1) < count:
        beyond += 1
        tail += comb(count, beyond) / 2**count
    rank = max(beyond - 1, 0)
    return found[rank], found[-1 - rank]


def rows(measured: List[Dict[str, Figures]]) -> List[Dict[str, Any]]:
    """By contender: the medians of its figures, and of their changes within a turn, in per cent."""
    return [row(measured, contender) for contender in CONTENDERS]


def row(measured: List[Dict[str, Figures]], contender: str) -> Dict[str, Any]:
    found: Dict[str, Any] = {"contender": contender}
    for name in Figures._fields:
        values = [getattr(turn[contender], name) for turn in measured]
        bare = [getattr(turn["unmonitored"], name) for turn in measured]
        changes = [100 * (value / other - 1) for value, other in zip(values, bare)]
        found[name] = statistics.median(values)
        found[f"{name}_change_percent"] = statistics.median(changes)
        found[f"{name}_change_interval_percent"] = interval(changes)
    return found


def told(row: Dict[str, Any], name: str) -> str:
    least, most = row[f"{name}_change_interval_percent"]
    return f"{row[f'{name}_change_percent']:+.1f} % ({least:+.1f} to {most:+.1f})"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=12)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install wrk")
    found = rows(measure(options.turns, options.seconds))
    for row in found:
        print(
            f"{row['contender']:<18}"
            f"{row['requests_per_second']:>8.1f} requests/s {told(row, 'requests_per_second'):<26}"
            f"{row['processor_ms']:>7.2f} ms of processor a request {told(row, 'processor_ms')}"
        )
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(
            json.dumps({"turns": options.turns, "seconds": options.seconds, "rows": found}, indent=2) + "\n"
        )
    missed = [row["contender"] for row in found if row["requests_per_second_change_percent"] < GOAL_PERCENT]
    print(f"goal {GOAL_PERCENT:+g} %: {'missed by ' + ', '.join(missed) if missed else 'reached'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
