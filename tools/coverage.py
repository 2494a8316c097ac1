"""Says which lines and branches of the C library no test reaches.

    python tools/coverage.py build/coverage/coverage.json tools/coverage_exceptions.txt

`make coverage` calls it with what `llvm-cov export` writes. A branch is one condition with one
outcome; it may be missed only where the file of exceptions names it and says why. Prints the
figures of each file; fails where a line or a branch is missed without a name, and below LINES or
BRANCHES per cent. A name that is met after all is told, for it may go.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List, Set, Tuple

LINES = 100.0
BRANCHES = 98.0

Place = Tuple[int, int, int, int]


class Source:
    """One file of the library with what was counted in it."""

    def __init__(self, counted: Dict[str, Any]) -> None:
        path = Path(counted["filename"])
        self.name = path.name
        self.text = path.read_text(encoding="utf-8").splitlines()
        self.lines = self._count_lines(counted["segments"])
        self.places = self._count_places(counted["branches"])

    def _count_lines(self, segments: List[List[Any]]) -> Dict[int, int]:
        """How often each line that holds code was run; llvm-cov's own rule."""
        counts: Dict[int, int] = {}
        around, number = 0, 0
        for line in range(1, len(self.text) + 1):
            begun = []
            before = around
            while number < len(segments) and segments[number][0] == line:
                _, _, count, has_count, is_entry, is_gap = segments[number]
                begun += [count] if has_count and is_entry and not is_gap else []
                around = count if has_count else -1
                number += 1
            known = [count for count in [before, *begun] if count >= 0]
            if known and number > 0:
                counts[line] = max(known)
        return counts

    @staticmethod
    def _count_places(branches: List[List[int]]) -> Dict[Place, Tuple[int, int]]:
        """How often each condition was true and false; an inline function counts once for all its callers."""
        counts: Dict[Place, Tuple[int, int]] = {}
        for line, column, last_line, last_column, was_true, was_false, *_ in branches:
            place = (line, column, last_line, last_column)
            before = counts.get(place, (0, 0))
            counts[place] = (before[0] + was_true, before[1] + was_false)
        return counts

    def missed_lines(self) -> Iterator[str]:
        """Each line that no test ran."""
        for line, count in self.lines.items():
            if count == 0:
                yield f"{self.name}:{line}: {self.text[line - 1].strip()}"

    def missed_branches(self) -> Iterator[Tuple[int, str]]:
        """Line and name of each outcome that no test met; names hold no line numbers, which move."""
        for place, counts in sorted(self.places.items()):
            for outcome, count in zip(("true", "false"), counts):
                if count == 0:
                    yield place[0], f"{self.name}, {self._function(place[0])}: never {outcome}: {self._words(place)}"

    def _words(self, place: Place) -> str:
        line, column, last_line, last_column = place
        words = self.text[line - 1 : last_line]
        words[-1] = words[-1][: last_column - 1]
        words[0] = words[0][column - 1 :]
        return " ".join(part.strip() for part in words)

    def _function(self, line: int) -> str:
        """The name before the last line that begins with a word and opens a parenthesis."""
        for text in reversed(self.text[:line]):
            found = re.match(r"[A-Za-z].*?(\w+)\(", text)
            if found:
                return found.group(1)
        return "?"


def read_exceptions(path: Path) -> Set[str]:
    """The names; the indented lines below each say why."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith((" ", "#"))}


def per_cent(reached: int, count: int) -> float:
    return 100.0 * reached / count if count else 100.0


def show(name: str, lines: Tuple[int, int], branches: Tuple[int, int]) -> None:
    """One row of the table."""
    print(
        f"{name:20} lines {lines[0]:5} of {lines[1]:5}, {per_cent(*lines):6.2f} %"
        f"   branches {branches[0]:5} of {branches[1]:5}, {per_cent(*branches):6.2f} %"
    )


def main() -> int:
    """Prints the table and what is amiss; 1 if anything is."""
    counted = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["data"][0]["files"]
    exceptions = read_exceptions(Path(sys.argv[2]))
    amiss: List[str] = []
    missed: Set[str] = set()
    totals = [0, 0, 0, 0]
    for source in map(Source, counted):
        lines, branches = list(source.missed_lines()), list(source.missed_branches())
        missed |= {name for _, name in branches}
        amiss += [f"no test reaches {line}" for line in lines]
        amiss += [f"line {line} of {name}" for line, name in branches if name not in exceptions]
        counts = len(source.lines), 2 * len(source.places)
        show(source.name, (counts[0] - len(lines), counts[0]), (counts[1] - len(branches), counts[1]))
        for index, count in enumerate((counts[0] - len(lines), counts[0], counts[1] - len(branches), counts[1])):
            totals[index] += count
    show("all", (totals[0], totals[1]), (totals[2], totals[3]))
    print(f"{len(missed & exceptions)} exceptions, named in {sys.argv[2]}")
    for text in [*(f"named, but met: {name}" for name in sorted(exceptions - missed)), *amiss]:
        print(text)
    enough = per_cent(*totals[:2]) >= LINES and per_cent(*totals[2:]) >= BRANCHES
    return 0 if enough and not amiss else 1


if __name__ == "__main__":
    sys.exit(main())
