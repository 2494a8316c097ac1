"""Two revisions of the repository of the working directory, each checked out into a folder of its own."""

import os
import shutil
import subprocess
import tempfile
from types import TracebackType
from typing import List, NamedTuple, Optional, Tuple, Type

from mercury.commands.compare.problem import WRONG_USAGE, Problem


class Revision(NamedTuple):
    """A commit, under the name that the user gave it."""

    name: str
    commit: str


def resolve(text: str) -> Tuple[Revision, Revision]:
    """Base and head of `BASE..HEAD`; a side that is left out is HEAD. Raises Problem."""
    base, dots, head = text.partition("..")
    if not dots or head.startswith("."):
        raise Problem(f"{text!r} names no two revisions: write BASE..HEAD, as in main..HEAD", WRONG_USAGE)
    found = _revision(base or "HEAD"), _revision(head or "HEAD")
    if found[1].name in ("HEAD", "@") and run_git("status", "--porcelain", "--untracked-files=no"):
        raise Problem(
            "there are changes that are not committed, and commits are what is compared: commit or stash them, "
            "or name the commit or branch that you mean instead of HEAD",
            WRONG_USAGE,
        )
    return found


def _revision(name: str) -> Revision:
    result = _git("rev-parse", "--verify", "--quiet", name + "^{commit}")
    if result.returncode or name.startswith("-"):
        _require_repository()
        raise Problem(
            f"there is no revision {name!r} here. In a shallow clone, such as a CI job's, fetch it first: "
            f"git fetch origin {name}, or fetch-depth: 0 with actions/checkout",
            WRONG_USAGE,
        )
    return Revision(name, result.stdout.strip())


def _require_repository() -> None:
    result = _git("rev-parse", "--show-toplevel")
    if result.returncode:
        raise Problem(f"no git repository can be read here: {_reason(result)}", WRONG_USAGE)


class Checkouts:
    """Worktrees of two revisions in a temporary folder, while the context lasts.

    `base` and `head` are the folders in them that the working directory is in the repository. Raises Problem
    where they cannot be made.
    """

    base: str
    head: str

    def __init__(self, base: Revision, head: Revision) -> None:
        self._revisions = (base, head)
        self._folder = ""
        self._made: List[str] = []

    def __enter__(self) -> "Checkouts":
        self._folder = os.path.realpath(tempfile.mkdtemp(prefix="mercury-compare-"))
        try:
            within = run_git("rev-parse", "--show-prefix")
            self.base, self.head = (
                os.path.join(self._add(side, revision), within)
                for side, revision in zip(("base", "head"), self._revisions)
            )
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._remove()

    def _add(self, side: str, revision: Revision) -> str:
        path = os.path.join(self._folder, side)
        result = _git("worktree", "add", "--detach", "--quiet", path, revision.commit)
        if result.returncode:
            raise Problem(
                f"git cannot check out {revision.name}: {_reason(result)}. If the repository is read-only, compare "
                "in a clone of it: git clone --shared REPOSITORY FOLDER",
                WRONG_USAGE,
            )
        self._made.append(path)
        return path

    def _remove(self) -> None:
        for path in self._made:
            _git("worktree", "remove", "--force", path)
        shutil.rmtree(self._folder, ignore_errors=True)


def run_git(*arguments: str) -> str:
    """What git prints, without the last line's end. Raises Problem where it fails."""
    result = _git(*arguments)
    if result.returncode:
        raise Problem(f"git {arguments[0]} failed: {_reason(result)}", WRONG_USAGE)
    return result.stdout.rstrip("\n")


def _git(*arguments: str) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(["git", *arguments], capture_output=True, encoding="utf-8", errors="replace", check=False)
    except FileNotFoundError:
        raise Problem("git was not found: install it, or put it on the PATH", WRONG_USAGE) from None


def _reason(result: "subprocess.CompletedProcess[str]") -> str:
    lines = result.stderr.strip().splitlines() or [f"exit code {result.returncode}"]
    return lines[-1]
