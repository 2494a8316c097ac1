"""Does normalizing take twice as long for twice the text? One row for each shape of hostile input.

    python benchmarks/linear.py

The ratio of the times for 2n and n should stay near 2; 4 would be quadratic. Fastest of
several rounds, because a shared machine only ever adds time.
"""

import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from sql_statements import LONG  # noqa: E402

from mercury.core import backend  # noqa: E402

ROUNDS = 7
DIALECTS = {"generic": 0, "postgresql": 1, "mysql": 2}


def seconds(sql, dialect):
    started = time.perf_counter()
    backend().module.normalize(sql, dialect)
    return time.perf_counter() - started


def ratio(shape, dialect, size):
    once, twice = LONG[shape](size), LONG[shape](2 * size)
    return min(seconds(twice, dialect) for _ in range(ROUNDS)) / min(seconds(once, dialect) for _ in range(ROUNDS))


def main():
    size = 200_000 if backend().name == "native" else 8_000
    print(f"{backend().name}, n = {size:,}: time(2n) / time(n)\n")
    print(f"{'':<24}" + "".join(f"{name:>12}" for name in DIALECTS))
    for shape in sorted(LONG):
        print(f"{shape:<24}" + "".join(f"{ratio(shape, number, size):>12.2f}" for number in DIALECTS.values()))


if __name__ == "__main__":
    main()
