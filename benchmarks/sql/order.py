"""How long statements take in an order that a processor can foretell, and in their own.

    python benchmarks/sql/order.py [--rounds N]

A processor learns which way the branches of the last statements went. So a sample of each set goes through
mercury.fingerprint_batch three times: each statement fifty times in a row, all of the sample fifty times in
turn, and the whole set once. What lies between them is time spent on branches that were guessed wrong. Processor
time of the fastest round.
"""

import argparse
import tempfile
import time
from array import array
from itertools import accumulate
from pathlib import Path

from python_driver import native_mercury
from statements import sets

REPEATS = 50
SAMPLE = 800


def nanoseconds(mercury, statements, rounds):
    """For one statement, in the fastest round."""
    data, offsets = b"".join(statements), array("q", [0, *accumulate(map(len, statements))])
    spent = []
    for _ in range(rounds):
        started = time.thread_time_ns()
        mercury.fingerprint_batch(data, offsets)
        spent.append((time.thread_time_ns() - started) / len(statements))
    return min(spent)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=21)
    rounds = parser.parse_args().rounds
    mercury = native_mercury()
    with tempfile.TemporaryDirectory() as folder:
        given = sets(Path(folder))
    print(f"{'':<12}{'in a row':>12}{'in turn':>12}{'the whole set':>16}   ns a statement")
    for name, each in given.items():
        few = each.statements[:: max(1, len(each.statements) // SAMPLE)][:SAMPLE]
        in_a_row = nanoseconds(mercury, [statement for statement in few for _ in range(REPEATS)], rounds)
        in_turn = nanoseconds(mercury, few * REPEATS, rounds)
        print(f"{name:<12}{in_a_row:>12.0f}{in_turn:>12.0f}{nanoseconds(mercury, each.statements, rounds):>16.0f}")


if __name__ == "__main__":
    main()
