"""Does the command import what is checked out, or the user's own working tree, in which case both sides are one.

A package that is installed in editable mode is imported from where it was installed, whatever the working directory.
"""

import os
import re
from typing import Dict, List, Set

from mercury.commands.compare.execution import Execution
from mercury.commands.compare.problem import WRONG_USAGE, Problem
from mercury.commands.compare.revisions import run_git

_LOADED = re.compile(r"^# (?:.* matches|code object from) '?(.+\.py)'?$", re.MULTILINE)
"""What Python tells of each module it loads where PYTHONVERBOSE asks it to."""


def require_own_code(side: Execution) -> None:
    """Runs the command twice more than it is measured. Raises Problem where it loads files of the working tree."""
    side.run()  # Where it fails, its own last words are told, and not Python's about its modules.
    root = _root()
    environment: Dict[str, str] = {**os.environ, "PYTHONVERBOSE": "1"}
    loaded = {os.path.realpath(path) for path in _LOADED.findall(side.output_of_run(environment))}
    within = sorted(path for path in loaded if path.startswith(os.path.join(root, "")))
    shared = _tracked(root, within) if within else set()
    if shared:
        raise Problem(
            f"the command imports {sorted(shared)[0]} from {root} and not from the revision that is checked out, so "
            "both sides would run the same code. An editable install does that, or PYTHONPATH: let the working "
            "directory come first, as with env PYTHONPATH=. before the command",
            WRONG_USAGE,
        )


def _root() -> str:
    return os.path.realpath(run_git("rev-parse", "--show-toplevel"))


def _tracked(root: str, paths: List[str]) -> Set[str]:
    """Those of the paths that git knows, from `root` on; a virtual environment in the tree is none of them."""
    known = run_git("-C", root, "ls-files", "-z").split("\0")
    return {os.path.relpath(path, root) for path in paths} & set(known)
