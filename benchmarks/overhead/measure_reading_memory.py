"""What the figures of memory cost: a reading of the process's, and tracing what Python allocates.

python measure_reading_memory.py
"""

import json
import statistics
import sys
from pathlib import Path
from typing import Any, Callable

from server import timed

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from mercury._memory import ResidentMemory, TracedMemory
from mercury.core import backend

ROUNDS = 15


def microseconds(action: Callable[[], Any], count: int) -> float:
    """The median over the rounds, for one of `count` times."""

    def repeated() -> None:
        for _ in range(count):
            action()

    return statistics.median(timed(repeated) for _ in range(ROUNDS)) / count / 1000


def allocate() -> Any:
    return [str(number) for number in range(1000)]


def main() -> None:
    resident = ResidentMemory()
    figures = {
        "a reading that is not too old, us": microseconds(resident.reading, 5000),
        "a reading from the system, us": microseconds(backend().module.memory, 500),
        "tracing begun and ended, us": microseconds(lambda: TracedMemory().stop(), 200),
        "1,000 small texts, us": microseconds(allocate, 50),
    }
    tracing = TracedMemory()
    figures["1,000 small texts while traced, us"] = microseconds(allocate, 50)
    tracing.stop()
    print(json.dumps({name: round(value, 2) for name, value in figures.items()}, indent=2))


if __name__ == "__main__":
    main()
