"""A busy neighbor: works and rests in turns of random length, until its parent ends it or is gone.

python benchmarks/comparison/neighbor.py SEED
"""

import os
import random
import sys
import time

LONGEST_TURN_SECONDS = 3.0
BUFFER_BYTES = 8 << 20


def work(until: float, buffer: bytearray) -> None:
    """Calculates, and walks over more memory than a core's caches hold: neighbors disturb by both."""
    while time.monotonic() < until:
        sum(number * number for number in range(2000))
        buffer[:] = buffer[1:] + b"\0"


def main() -> None:
    chance = random.Random(int(sys.argv[1]))
    parent = os.getppid()
    buffer = bytearray(BUFFER_BYTES)
    while os.getppid() == parent:
        work(time.monotonic() + chance.uniform(0.05, LONGEST_TURN_SECONDS), buffer)
        time.sleep(chance.uniform(0.05, LONGEST_TURN_SECONDS))


if __name__ == "__main__":
    main()
