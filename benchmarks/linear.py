"""Does normalizing take twice as long for twice the text? One row for each shape of hostile input.

    make bench-linear

The ratio of the times for 2n and n should stay near 2; 4 would be quadratic, and over 2.3 is
a failure. Fastest of several rounds, because a shared machine only ever adds time; a ratio
that is too high is measured again before it counts.
"""

import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from sql_statements import LONG

from mercury.core import backend

ROUNDS = 7
LIMIT = 2.3
TRIES = 5
DIALECTS = {"generic": 0, "postgresql": 1, "mysql": 2}


def seconds(sql, dialect):
    started = time.perf_counter()
    backend().module.normalize(sql, dialect)
    return time.perf_counter() - started


def ratio_once(once, twice, dialect):
    rounds = [(seconds(once, dialect), seconds(twice, dialect)) for _ in range(ROUNDS)]
    return min(second for _, second in rounds) / min(first for first, _ in rounds)


def ratio(shape, dialect, size):
    once, twice = LONG[shape](size), LONG[shape](2 * size)
    found = ratio_once(once, twice, dialect)
    for _ in range(TRIES):
        if found <= LIMIT:
            break
        found = min(found, ratio_once(once, twice, dialect))
    return found


def main():
    size = 200_000 if backend().name == "native" else 8_000
    print(f"{backend().name}, n = {size:,}: time(2n) / time(n), at most {LIMIT}\n")
    print(f"{'':<28}" + "".join(f"{name:>12}" for name in DIALECTS))
    worst = 0.0
    for shape in sorted(LONG):
        ratios = [ratio(shape, number, size) for number in DIALECTS.values()]
        worst = max(worst, *ratios)
        print(f"{shape:<28}" + "".join(f"{value:>12.2f}" for value in ratios), flush=True)
    print(f"\n{len(LONG)} shapes, worst {worst:.2f}: {'linear' if worst <= LIMIT else 'NOT LINEAR'}")
    return 0 if worst <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
