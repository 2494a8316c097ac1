"""Throughput of the bookshop under gunicorn, with always-on metrics and without.

    python benchmarks/production/run.py [--sets N] [--seconds N] [--json FILE [--continue]]

A set starts the servers of all contenders anew, in random order, for how a process lies in memory makes it a little
faster or slower as long as it lives. Then all of them are under wrk's load, but only one is let run at a time, for
SLICE_SECONDS and in random order: what others do to the processor changes from one tenth of a second to the next. So
a set gives one figure for each contender, which is compared with the mean of the set's two bare servers. Told are the
middle of that over the sets, and its interval of 95 %. With --continue the sets that FILE holds count too.

The bare server against itself says how much this can tell: where the interval of that is not within NOISE_PERCENT, or
where the goal lies within a contender's, nothing is decided, and it ends with 3. It ends with 1 for a missed goal.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
from array import array
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Callable, Dict, List, Tuple

from bookshop_server import CONTENDERS, WORKERS, Work, make_database, served

from mercury.core import backend

GOAL_PERCENT = -3.0
NOISE_PERCENT = 1.5
SLICE_SECONDS = 0.05
LEAST_SETS = 6
"""Fewer draw too narrow an interval."""
RESAMPLES = 2000
BARE = ("unmonitored", "unmonitored again")
REACHED, MISSED, UNDECIDED = 0, 1, 3

Set = Dict[str, Work]
Figure = Callable[[Work], float]


def rate(work: Work) -> float:
    return work.requests / work.seconds


def processor_ms(work: Work) -> float:
    return 1000 * sum(work.processor_seconds) / work.requests


def come_first() -> None:
    """Has this process interrupt the servers at once, where it may: else some slices are longer than others."""
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))


def measured_set(folder: Path, seconds: float) -> Set:
    with ExitStack() as stack:
        servers = {
            contender: stack.enter_context(served(folder, contender))
            for contender in random.sample(list(CONTENDERS), len(CONTENDERS))
        }
        for _ in range(round(seconds / SLICE_SECONDS)):
            for contender in random.sample(list(CONTENDERS), len(CONTENDERS)):
                servers[contender].work(SLICE_SECONDS)
        found = {contender: servers[contender].end() for contender in CONTENDERS}
    for contender, work in found.items():
        if min(work.processor_seconds) < sum(work.processor_seconds) / WORKERS / 2:
            raise SystemExit(f"{contender}: one worker did less than half of its share")
    return found


def changes(sets: List[Set], contender: str, figure: Figure) -> List[float]:
    """By set, in per cent: what a contender adds to the mean of the bare servers; one of these, to the other."""
    others = [name for name in BARE if name != contender]

    def base(each: Set) -> float:
        return statistics.mean(figure(each[name]) for name in others)

    return [100 * (figure(each[contender]) / base(each) - 1) for each in sets]


def middle(values: List[float]) -> float:
    """The median of the means of all pairs, as Hodges and Lehmann have it."""
    found: float = backend().module.center(array("d", values))
    return found


def interval(values: List[float]) -> Tuple[float, float]:
    """Where the middle lies with 95 %, by a seeded bootstrap; anywhere where there are too few."""
    if len(values) < LEAST_SETS:
        return float("-inf"), float("inf")
    found = backend().module.center_interval(array("d", values), 0.95, RESAMPLES, 1)
    return found.low, found.high


def told(sets: List[Set], contender: str, figure: Figure) -> str:
    found = changes(sets, contender, figure)
    least, most = interval(found)
    return f"{middle(found):+.1f} % ({least:+.1f} to {most:+.1f})"


def show(sets: List[Set]) -> None:
    for contender in CONTENDERS:
        is_base = contender == BARE[0]
        print(
            f"{contender:<18}{sum(each[contender].seconds for each in sets):>6.0f} s"
            f"{statistics.median(rate(each[contender]) for each in sets):>8.1f} requests/s "
            f"{'' if is_base else told(sets, contender, rate):<24}"
            f"{statistics.median(processor_ms(each[contender]) for each in sets):>8.2f} ms of processor a request "
            f"{'' if is_base else told(sets, contender, processor_ms)}".rstrip()
        )


def verdict(sets: List[Set]) -> Tuple[int, str]:
    least, most = interval(changes(sets, BARE[1], rate))
    if not -NOISE_PERCENT <= least <= most <= NOISE_PERCENT:
        return UNDECIDED, f"nothing is decided: the bare server differs from itself by more than {NOISE_PERCENT} %"
    intervals = {each: interval(changes(sets, each, rate)) for each in CONTENDERS if each not in BARE}
    missed = [contender for contender, (_, most) in intervals.items() if most < GOAL_PERCENT]
    if missed:
        return MISSED, f"missed by {', '.join(missed)}"
    if any(least < GOAL_PERCENT for least, _ in intervals.values()):
        return UNDECIDED, "nothing is decided: the goal lies within an interval"
    return REACHED, "reached"


def load(file: Path) -> List[Set]:
    sets = json.loads(file.read_text(encoding="utf-8"))
    return [{contender: Work(*work) for contender, work in each.items()} for each in sets]


def save(file: Path, sets: List[Set]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(sets, indent=1) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sets", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=4, help="of each contender in each set")
    parser.add_argument("--json", type=Path, help="where the sets go")
    parser.add_argument("--continue", dest="continues", action="store_true", help="add to the sets that are there")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install wrk")
    come_first()
    sets = load(options.json) if options.continues and options.json.exists() else []
    with tempfile.TemporaryDirectory() as name:
        make_database(Path(name))
        for number in range(options.sets):
            sets.append(measured_set(Path(name), options.seconds))
            if options.json:
                save(options.json, sets)
            print(f"\rset {number + 1} of {options.sets}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    if not sets:
        parser.error("no set was measured, and none is in the file")
    show(sets)
    code, words = verdict(sets)
    print(f"goal {GOAL_PERCENT:+g} %: {words}")
    return code


if __name__ == "__main__":
    sys.exit(main())
