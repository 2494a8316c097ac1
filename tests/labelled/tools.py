"""One adapter for each tool that the suite is run over."""

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, ContextManager, Dict, Iterator, List, Optional

from tests.labelled.suite import FOLDER, Line


@dataclass(frozen=True)
class Found:
    """What a tool said. `kind` is one of the suite's; lines are None and texts empty where the tool does not tell."""

    kind: str
    target: str = ""
    line: Optional[Line] = None
    loop: Optional[Line] = None
    fingerprint: str = ""


@dataclass(frozen=True)
class Tool:
    """`prepare` runs before Django is set up and may change the suite's settings.

    `watch` opens a unit of work and yields the list that holds the findings when it has ended.
    """

    prepare: Callable[[Any], None]
    watch: Callable[[str], ContextManager[List[Found]]]


def place(file: str, line: int) -> Optional[Line]:
    """A line as the suite names it, relative to its folder where it lies in it."""
    if not line:
        return None
    path = Path(file)
    try:
        return path.resolve().relative_to(FOLDER).as_posix(), line
    except ValueError:
        return path.as_posix(), line


def _nothing_to_prepare(settings: Any) -> None:
    pass


@contextmanager
def _watch_by_mercury(name: str) -> Iterator[List[Found]]:
    import mercury

    found: List[Found] = []
    with mercury.monitor(name) as watch:
        yield found
    for finding in watch.report.findings:
        line = place(finding.file, finding.line)
        loop = place(finding.loop_file, finding.loop_line)
        found.append(Found(finding.kind, finding.target, line, loop, f"{finding.fingerprint:016x}"))


TOOLS: Dict[str, Tool] = {"mercury": Tool(_nothing_to_prepare, _watch_by_mercury)}
