"""A pull request as a file: what it says, what must come of it, and its patch.

The first line says what it is. Then come, in any order:

    Finding: KIND TARGET      the new finding that is to be caught
    Line: FILE: TEXT          the line to blame, once changed, by a text in it; FILE#2 is the second line with that text
    State: advice             it is told and fails nothing
    Budget: WHAT of SUBJECT   the budget that is passed
    Command: FILE             the script that `mercury compare` runs, in the place of the tests
    Verdict: slower           what it is to tell
    Base: NAME                the base has bases/NAME.patch: budgets, say, that the project has set
    Django: VERSION           what the changed project runs under
    Options: ...              further options of pytest
    Tests: NAME               the module of tests that shows it; a quick run runs no other

Without a finding, a budget or a verdict nothing must come of it.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Tuple

HERE = Path(__file__).resolve().parent
_KEYS = ("Finding", "Line", "State", "Budget", "Base", "Django", "Options", "Tests", "Command", "Verdict")
_DIFF = "\ndiff --git "


class CaseError(Exception):
    """The case does not fit the bookshop, or is not written as this module says."""


@dataclass(frozen=True)
class Place:
    """A line of a file by a text in it."""

    file: str
    text: str
    occurrence: int

    def line(self, root: Path) -> int:
        lines = (root / self.file).read_text(encoding="utf-8").splitlines()
        numbers = [number for number, line in enumerate(lines, 1) if self.text in line]
        if len(numbers) < self.occurrence:
            raise CaseError(f"{self.file} has no line with: {self.text}")
        return numbers[self.occurrence - 1]


class Case:
    """One file of planted/ or harmless/."""

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self.is_planted = path.parent.name == "planted"
        self._path = path
        text = path.read_text(encoding="utf-8")
        head, self._has_diff, _ = text.partition(_DIFF)
        self.says, told = _head(path, head)
        self.base = told.get("Base", "")
        self.django = told.get("Django", "")
        self.options: List[str] = told.get("Options", "").split()
        self.tests = f"shop/tests/{told['Tests']}.py" if "Tests" in told else ""
        self.state = told.get("State", "new")
        self.finding: Tuple[str, str] = _pair(told.get("Finding", ""), " ")
        self.budget: Tuple[str, str] = _pair(told.get("Budget", ""), " of ")
        self.command = told.get("Command", "")
        self.verdict = told.get("Verdict", "")
        self.places = [_place(told["Line"])] if "Line" in told else []
        if self.is_planted != bool(self.finding[0] or self.budget[0] or self.verdict):
            raise CaseError(
                f"{path.name} is to have a finding, a budget or a verdict if it is planted, and none if it is harmless"
            )

    def apply(self, root: Path) -> None:
        """Changes the project below `root`."""
        if self._has_diff:
            apply_patch(self._path, root)


def _head(path: Path, head: str) -> Tuple[str, Dict[str, str]]:
    says, *lines = [line for line in head.splitlines() if line]
    told = dict(_pair(line, ": ") for line in lines)
    unknown = set(told) - set(_KEYS)
    if unknown:
        raise CaseError(f"{path.name} has unknown lines: {', '.join(sorted(unknown))}")
    return says, told


def _pair(text: str, separator: str) -> Tuple[str, str]:
    first, _, second = text.partition(separator)
    return first, second


def _place(text: str) -> Place:
    where, marked = _pair(text, ": ")
    file, occurrence = _pair(where, "#")
    return Place(file, marked, int(occurrence or 1))


def apply_patch(path: Path, root: Path) -> None:
    """Renames and new files too, hence git; what stands before the patch is passed over."""
    environment = dict(os.environ, GIT_CEILING_DIRECTORIES=str(root.parent))
    done = subprocess.run(
        ["git", "apply", "--whitespace=nowarn", str(path)],
        cwd=str(root),
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise CaseError(f"{path.name} does not fit the bookshop any more: {done.stderr.strip()}")


def load(folder: str) -> List[Case]:
    """All cases of "planted" or "harmless", by name."""
    return [Case(path) for path in sorted((HERE / folder).glob("*.patch"))]
