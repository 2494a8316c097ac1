"""A day of a busy process in some minutes: does always-on mode grow?

    python -m tests.soak --units 10000000 --shapes 100000

Each unit is a block under `mercury.monitor` that sends one statement through Mercury's execute wrapper: everything of
Mercury is real, the database is a function that returns. Units have as many names as there are shapes of statements, so
that every table which is to be bounded comes to its bound. Fails where the resident memory grew by more than a MiB
after the first tenth, or where a file was left open.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.project.settings"

import django

WARM_UP = 10
"""One part in so many of all units comes before the memory is looked at for the first time."""

MOST_MIB = 1.0
TOLD = 20


def resident_mib() -> float:
    with open("/proc/self/statm", encoding="ascii") as figures:
        return int(figures.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def answer(sql: Any, params: Any, many: bool, context: Any) -> None:
    """Stands for the database."""


def switch(segment: str, part: int) -> None:
    """One part in ten is traced in full. Of itself the circuit breaker would end that: units do nothing else here."""
    Path(f"{segment}.switch").write_text("full" if part % 10 == 0 else "light", encoding="ascii")


def counted(segment: str) -> Dict[str, int]:
    """How many units the segment has, by how they were captured."""
    import mercury

    with mercury.Segment(segment) as opened:
        counters = opened.snapshot().counters()
        units = [(dict(labels), total) for (name, labels), total in counters if name == "mercury.units"]
    return {labels.get("mercury.capture", "beyond the limit of series"): total for labels, total in units}


def run(segment: str, units: int, shapes: int) -> int:
    """The exit code; prints the memory at each of TOLD parts."""
    from django.db import connection

    import mercury
    from mercury.capture.database import watch_query

    context = {"connection": connection}
    first_mib, first_files = 0.0, 0
    started = time.monotonic()
    switch(segment, 1)
    for number in range(1, units + 1):
        # Coprime to any power of ten: the shapes come in an order of their own, and all of them.
        shape = number * 7919 % shapes
        with mercury.monitor(f"unit {shape}"):
            watch_query(answer, f"SELECT c{shape} FROM t WHERE id = %s", (number,), False, context)
        if number % (units // TOLD) == 0:
            print(f"{number:>12,} units  {resident_mib():8.2f} MiB  {open_files()} files", flush=True)
            switch(segment, 1 + number * TOLD // units)
        if number == units // WARM_UP:
            first_mib, first_files = resident_mib(), open_files()
    grown, files = resident_mib() - first_mib, open_files() - first_files
    print(f"{units:,} units of {shapes:,} shapes in {time.monotonic() - started:,.0f} s on {mercury.backend}:")
    print(f"{grown:+.2f} MiB and {files:+d} open files after the first {units // WARM_UP:,} units")
    found = counted(segment)
    print(f"the segment has {found}")
    return int(grown > MOST_MIB or files > 0 or sum(found.values()) != units or "off" in found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=10_000_000)
    parser.add_argument("--shapes", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        segment = os.environ["MERCURY_METRICS"] = str(Path(folder) / "metrics.segment")
        os.environ["MERCURY_MODE"] = "observe"
        django.setup()
        return run(segment, options.units, options.shapes)


if __name__ == "__main__":
    sys.exit(main())
