"""Tries each pull request: `python -m tests.regressions.run [--short] [--quick] [--case NAME]`.

The bookshop is copied, its findings are accepted with `pytest --mercury-update`, the change is made, and
`pytest --mercury` judges; of cases with a command `mercury compare` does. Exit code 0 means that each regression was
caught, at its line, and nothing else raised.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

from tests.regressions.case import HERE, Case, apply_patch, load
from tests.regressions.comparing import compared
from tests.suite_project import plugin_options

ROOT = HERE.parent.parent
BOOKSHOP = ROOT / "examples" / "bookshop"
WANTING = 8
SHORT = (
    "lost_select_related",
    "template",
    "asynchronous",
    "slower_by_a_tenth",
    "moved_lines",
    "new_column",
    "new_tests",
)


@dataclass(frozen=True)
class Outcome:
    """`complaint` is empty where all is as it should be; `further` counts what was told beyond what was planted."""

    case: Case
    complaint: str
    further: int
    seconds: float


def interpreter(django: str) -> str:
    """Python with this Django, pytest and pytest-django; `make regressions` makes it."""
    return str(ROOT / ".venvs" / f"bookshop-{django}" / "bin" / "python")


def run_tests(project: Path, django: str, *options: str) -> "subprocess.CompletedProcess[str]":
    environment = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONDONTWRITEBYTECODE="1")
    for name in list(environment):
        if name.startswith(("MERCURY_", "BOOKSHOP_", "PYTEST_", "DJANGO_SETTINGS")):
            del environment[name]
    command = [interpreter(django), "-m", "pytest", "-q"]
    command += ["-p", "no:cacheprovider", "-p", "no:randomly", *plugin_options()]
    return subprocess.run(
        [*command, *options], cwd=str(project), env=environment, check=False, capture_output=True, text=True
    )


class Trials:
    """Pull requests to a bookshop under one Django. A quick trial of a regression runs only the tests that show it."""

    def __init__(self, folder: Path, django: str, is_quick: bool) -> None:
        self._folder = folder
        self._django = django
        self._is_quick = is_quick
        self._bases: Dict[str, Path] = {}

    def make_base(self, name: str, is_judged: bool) -> None:
        """The bookshop with what bases/NAME.patch adds; where tests judge, with the findings that it has accepted."""
        self._bases[name] = project = self._folder / f"base-{name or 'plain'}"
        shutil.copytree(BOOKSHOP, project, ignore=shutil.ignore_patterns("__pycache__", "*.sqlite3*", ".*"))
        if name:
            apply_patch(HERE / "bases" / f"{name}.patch", project)
        if not is_judged:
            return
        done = run_tests(project, self._django, "--mercury", "--mercury-update")
        if done.returncode:
            raise SystemExit(f"the base {name} ends with {done.returncode}:\n{done.stdout}{done.stderr}")

    def run(self, case: Case) -> Outcome:
        """Makes the change to a copy of its base, and has it judged."""
        started = time.perf_counter()
        project = self._folder / f"case-{case.name}"
        shutil.copytree(self._bases[case.base], project)
        if case.command:
            complaint, further = compared(case, project, interpreter(case.django or self._django)), 0
        else:
            complaint, further = self._tested(case, project)
        shutil.rmtree(project)
        return Outcome(case, complaint, further, time.perf_counter() - started)

    def _tested(self, case: Case, project: Path) -> Tuple[str, int]:
        """What is wrong with the verdict of the tests, and how much they told beyond what was planted."""
        case.apply(project)
        written = project / "verdict.json"
        tests = [case.tests] if self._is_quick and case.tests else []
        options = ["--mercury", f"--mercury-json={written}", *case.options, *tests]
        done = run_tests(project, case.django or self._django, *options)
        if not written.exists():
            return f"exit code {done.returncode} and no verdict: {done.stdout}{done.stderr}", 0
        verdict = json.loads(written.read_text(encoding="utf-8"))
        return complain(case, done.returncode, verdict, project), len(raised(verdict)) - 1


def raised(verdict: Dict[str, Any]) -> List[str]:
    """All that fails a run, in words."""
    new = [f"new {told(each)}" for each in verdict["findings"] if each["state"] == "new"]
    gone = [f"gone {each['kind']} {each['target']} {each['file']}" for each in verdict["gone"]]
    passed = [f"passed {each['what']} of {each['subject']}" for each in verdict["budgets"] if each["is_passed"]]
    return [*new, *gone, *passed]


def told(finding: Dict[str, Any]) -> str:
    return f"{finding['kind']} {finding['target']} {finding['file']}:{finding['line']}"


def complain(case: Case, exit_code: int, verdict: Dict[str, Any], project: Path) -> str:
    """What is wrong with a verdict, or nothing."""
    wanted = WANTING if case.is_planted and case.state == "new" else 0
    seen = raised(verdict)
    if exit_code != wanted:
        return f"exit code {exit_code} instead of {wanted}; raised: {'; '.join(seen) or 'nothing'}"
    if not case.is_planted:
        return "; ".join(seen)
    if case.budget[0]:
        wanted_budget = f"passed {case.budget[0]} of {case.budget[1]}"
        return "" if wanted_budget in seen else f"no {wanted_budget}; raised: {'; '.join(seen)}"
    if any(_is_expected(case, finding, project) for finding in verdict["findings"]):
        return ""
    others = [told(finding) for finding in verdict["findings"] if finding["state"] == case.state]
    return f"not told: {' '.join(case.finding)}; but: {'; '.join(others) or 'nothing'}"


def _is_expected(case: Case, finding: Dict[str, Any], project: Path) -> bool:
    kind, target = case.finding
    if (finding["state"], finding["kind"]) != (case.state, kind) or target not in ("", finding["target"]):
        return False
    return all((place.file, place.line(project)) == (finding["file"], finding["line"]) for place in case.places)


def chosen(arguments: argparse.Namespace) -> List[Case]:
    cases = [*load("planted"), *load("harmless")]
    names = arguments.case or (SHORT if arguments.short else [case.name for case in cases])
    unknown = set(names) - {case.name for case in cases}
    if unknown:
        raise SystemExit(f"there is no case: {', '.join(sorted(unknown))}")
    return [case for case in cases if case.name in names]


def show(outcome: Outcome) -> None:
    """One line."""
    is_planted = outcome.case.is_planted
    mark = "WRONG" if outcome.complaint else "caught" if is_planted else "silent"
    further = f", {outcome.further} further" if is_planted and outcome.further > 0 else ""
    line = f"{mark:7} {outcome.case.name:33} {outcome.seconds:5.1f} s{further}  {outcome.complaint}"
    print(line.rstrip(), flush=True)


def summarize(outcomes: Sequence[Outcome]) -> int:
    """Prints how many were as they should be; 0 if all were."""
    for is_planted, words in ((True, "planted regressions were caught"), (False, "harmless changes raised nothing")):
        group = [outcome for outcome in outcomes if outcome.case.is_planted is is_planted]
        print(f"{sum(not outcome.complaint for outcome in group)} of {len(group)} {words}")
    return int(any(outcome.complaint for outcome in outcomes))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help=f"only {', '.join(SHORT)}, and those as --quick does")
    parser.add_argument("--quick", action="store_true", help="of planted ones only the tests that show them")
    parser.add_argument("--case", action="append", help="only this one; may be given more than once")
    parser.add_argument("--django", default="5.2", help="what all run under that do not ask for another one (5.2)")
    parser.add_argument("--jobs", type=int, default=2, help="how many at once (2)")
    arguments = parser.parse_args()
    cases = chosen(arguments)
    with tempfile.TemporaryDirectory(prefix="mercury-regressions-") as folder, ThreadPoolExecutor(
        arguments.jobs
    ) as pool:
        trials = Trials(Path(folder), arguments.django, arguments.quick or arguments.short)
        judged = {case.base for case in cases if not case.command}
        bases = sorted({case.base for case in cases})
        list(pool.map(trials.make_base, bases, [name in judged for name in bases]))
        outcomes = []
        for outcome in pool.map(trials.run, cases):
            show(outcome)
            outcomes.append(outcome)
    return summarize(outcomes)


if __name__ == "__main__":
    sys.exit(main())
