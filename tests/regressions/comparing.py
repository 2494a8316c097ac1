"""Judges a pull request by time: `mercury compare` over the commit before it and its own."""

import json
import os
import subprocess
from pathlib import Path

from tests.regressions.case import Case

ROOT = Path(__file__).resolve().parents[2]
REGRESSION = 1
WITHOUT_REGRESSION = (0, 3)
"""No difference found, or too noisy to tell."""


def commit(project: Path, message: str) -> None:
    """All of the project as one more commit; the first makes the repository."""
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    for command in (("init", "-q"), ("add", "."), (*identity, "commit", "-q", "-m", message)):
        subprocess.run(["git", *command], cwd=str(project), check=True, stdout=subprocess.DEVNULL)


def compared(case: Case, project: Path, python: str) -> str:
    """Makes the change to the project; what is wrong with the verdict, or nothing."""
    commit(project, "base")
    case.apply(project)
    commit(project, case.name)
    options = ["--measure", "processor", "--no-count", "--budget", "240", "--history", "", "--json"]
    done = subprocess.run(
        [python, "-m", "mercury", "compare", *options, "HEAD~1..HEAD", "--", python, case.command],
        cwd=str(project),
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        check=False,
        capture_output=True,
        text=True,
    )
    if not done.stdout:
        return f"exit code {done.returncode} and no verdict: {done.stderr}"
    told = json.loads(done.stdout)
    wanted = (REGRESSION,) if case.is_planted else WITHOUT_REGRESSION
    if done.returncode in wanted and case.verdict in ("", told["verdict"]):
        return ""
    return f"exit code {done.returncode}, {told['verdict']}: {told['measures']['processor time']['effect']:+.1%}"
