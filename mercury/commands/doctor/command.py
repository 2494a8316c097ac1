"""`mercury doctor`: every examination in turn, printed for people or programs."""

import contextlib
import json
import platform
import shutil
import sys
import textwrap
import warnings
from typing import Any, Dict, Iterator, List

from mercury._version import __version__
from mercury.commands.doctor import backend, package, project
from mercury.commands.doctor.diagnosis import OK, UNKNOWN, WRONG, Diagnosis
from mercury.core import backend as loaded_backend

HEALTHY, ILL = 0, 1


def run(as_json: bool) -> int:
    """Exit code 1 where something is wrong, else 0; what could not be examined is told and is not wrong."""
    # Standard output is the diagnosis alone: a project may print while it is loaded.
    with contextlib.redirect_stdout(sys.stderr), _no_warning_of_ours():
        diagnoses = list(_examine())
    print(json.dumps(_document(diagnoses), indent=2) if as_json else "\n".join(_lines(diagnoses)))
    return ILL if any(each.status == WRONG for each in diagnoses) else HEALTHY


def _examine() -> Iterator[Diagnosis]:
    yield backend.examine()
    yield package.examine()
    loaded = project.examine()
    yield loaded
    if loaded.status == OK:
        yield from _examine_project()


def _examine_project() -> Iterator[Diagnosis]:
    from django.db import connections

    from mercury.commands.doctor import database, system_checks, threads

    yield from system_checks.examine()
    proven = []
    for alias in connections:
        diagnosis = database.examine(alias)
        yield diagnosis
        if diagnosis.status == OK:
            proven.append(alias)
    if proven:
        yield threads.examine(proven[0])


@contextlib.contextmanager
def _no_warning_of_ours() -> Iterator[None]:
    # The first examination tells the same, with its hint.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=RuntimeWarning, module="mercury")
        loaded_backend()
    yield


def _document(diagnoses: List[Diagnosis]) -> Dict[str, Any]:
    loaded = loaded_backend()
    return {
        "version": __version__,
        "backend": loaded.name,
        "reason": loaded.reason,
        "hint": loaded.hint,
        "build": loaded.module.build(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": sys.platform,
        "healthy": not any(each.status == WRONG for each in diagnoses),
        "diagnoses": [each._asdict() for each in diagnoses],
    }


def _lines(diagnoses: List[Diagnosis]) -> List[str]:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    lines = [f"Mercury {__version__}, {python}, {sys.platform}, {loaded_backend().module.build()}", ""]
    for each in diagnoses:
        lines += _paragraph(f"{each.status:<7}  {each.name}: {each.text}")
        if each.hint:
            lines += _paragraph(" " * 9 + each.hint)
    return [*lines, "", _summary(diagnoses)]


def _paragraph(text: str) -> List[str]:
    width = max(40, min(shutil.get_terminal_size((80, 24)).columns, 100))
    return textwrap.wrap(
        text, width, subsequent_indent=" " * 9, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )


def _summary(diagnoses: List[Diagnosis]) -> str:
    counts = {status: sum(each.status == status for each in diagnoses) for status in (WRONG, UNKNOWN)}
    wrong = f"{counts[WRONG]} wrong" if counts[WRONG] else "Nothing is wrong"
    return wrong + (f", {counts[UNKNOWN]} not examined." if counts[UNKNOWN] else ".")
