"""Holds the places where the C tests were refused memory against the places that ask for it.

    python tools/allocation_sites.py build/alloc-failures mercury_native/*.c

`make alloc-failures` calls it. A place is a line with a call of mercury_alloc_resize, or of a
function of the core from which such a call is reached. Prints how many refused requests came
through each; fails if a call was never met.
"""

import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import DefaultDict, Dict, Iterator, List, NamedTuple, Set, Tuple

ALLOCATOR = "mercury_alloc_resize"
DEFINITION = re.compile(r"^\w[^;={]*?(\w+)\([^;]*?\) \{$(.*?)^\}$", re.M | re.S)


class Place(NamedTuple):
    """A line of a C file of the core."""

    file: str
    line: int


class Function(NamedTuple):
    """A function's name, and the lines of its body."""

    name: str
    body: Dict[Place, str]


def functions(path: Path) -> Iterator[Function]:
    """The functions that a formatted C file defines."""
    text = path.read_text(encoding="utf-8")
    for found in DEFINITION.finditer(text):
        first = text.count("\n", 0, found.start(2)) + 1
        lines = enumerate(found.group(2).split("\n"), first)
        yield Function(found.group(1), {Place(path.name, number): line for number, line in lines})


def calls(function: Function, names: Set[str]) -> Dict[Place, List[str]]:
    """Which of these functions each line of a body calls."""
    found = {
        at: [name for name in re.findall(r"\b(\w+)\(", line) if name in names] for at, line in function.body.items()
    }
    return {at: called for at, called in found.items() if called}


def expected_places(paths: List[Path]) -> Dict[Place, List[str]]:
    """What is called at each place from which the allocator is reached."""
    known = [function for path in paths for function in functions(path)]
    reaching = {ALLOCATOR}
    while True:
        callers = {function.name for function in known if calls(function, reaching)}
        if callers <= reaching:
            return {at: called for function in known for at, called in calls(function, reaching).items()}
        reaching |= callers


def stacks(path: Path) -> Iterator[Tuple[int, List[int]]]:
    """How often each stack was met, and the addresses of its calls."""
    for line in path.read_text(encoding="ascii").splitlines():
        count, *addresses = line.split()
        # A return address is one past the call, maybe on the next line already.
        yield int(count), [int(address, 16) - 1 for address in addresses]


def place(line: str) -> Place:
    """The place that addr2line prints as `/some/where/trace.c:69 (discriminator 2)`."""
    file, _, number = line.split(" ")[0].rpartition(":")
    return Place(Path(file).name, int(number) if number.isdigit() else 0)


def refusals(path: Path) -> DefaultDict[Place, "Counter[int]"]:
    """How many refused requests of one program came through each call, by place and address."""
    found = list(stacks(path))
    addresses = sorted({address for _, frames in found for address in frames})
    command = ["addr2line", "-e", str(path.with_suffix("")), *map(hex, addresses)]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    places = dict(zip(addresses, map(place, lines)))
    met: DefaultDict[Place, Counter[int]] = defaultdict(Counter)
    for count, frames in found:
        for address in set(frames):
            met[places[address]][address] += count
    return met


def main() -> int:
    """Prints the table; 1 if a call was not met."""
    programs = [refusals(path) for path in Path(sys.argv[1]).glob("*.refusals")]
    missing = 0
    expected = expected_places([Path(name) for name in sys.argv[2:]])
    for at, called in sorted(expected.items()):
        # Each call of a line is one address in a program.
        calls_met = max(len(program[at]) for program in programs)
        refused = sum(sum(program[at].values()) for program in programs)
        missing += calls_met < len(called)
        print(f"{refused:7} refused  {at.file}:{at.line} {' '.join(called)}")
    print(f"{len(expected) - missing} of {len(expected)} places that ask for memory were refused it")
    return 1 if missing or not expected else 0


if __name__ == "__main__":
    sys.exit(main())
