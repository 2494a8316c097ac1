"""`mercury switch`: turns capture up or down in all processes that write to a segment, and says how it stands."""

import sys
from pathlib import Path
from typing import Dict, List, Optional

from mercury.report.pen import printable
from mercury.segment import snapshot
from mercury.segment.file import UnusableError, open_to_read
from mercury.segment.snapshot import Snapshot
from mercury.telemetry import series
from mercury.telemetry.switch import AUTO, control_file, read, write

DONE = 0
REFUSED = 2


def run(word: Optional[str], file: str) -> int:
    """Exit code 0, or 2 where the file is no segment or the word cannot be written."""
    segment = Path(file)
    try:
        # A mistyped name must not look as if it had switched something.
        found = _snapshot(file)
        if word is not None:
            write(control_file(segment), word)
    except UnusableError as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(f"{control_file(segment)}: {error.strerror or type(error).__name__}")
    print("\n".join(_lines(segment, found)))
    return DONE


def _refuse(why: str) -> int:
    print(f"mercury switch: {printable(why)}", file=sys.stderr)
    return REFUSED


def _snapshot(file: str) -> Snapshot:
    opened = open_to_read(file)
    try:
        return snapshot.take(opened)
    finally:
        opened.close()


def _lines(segment: Path, found: Snapshot) -> List[str]:
    return [
        f"switched to  {_word(segment)}",
        f"units        {_listed(_by_capture(found, series.UNITS))}",
        f"turns        {_listed(_by_capture(found, series.TURNS))}",
    ]


def _word(segment: Path) -> str:
    try:
        return read(control_file(segment))
    except FileNotFoundError:
        return f"{AUTO}: nobody has switched"
    except (OSError, ValueError):
        return f"{AUTO}: the control file is of no use"


def _by_capture(found: Snapshot, name: str) -> Dict[str, int]:
    """The totals of a counter by its attribute `mercury.capture`."""
    totals: Dict[str, int] = {}
    for (each, labels), value in found.counters():
        if each == name:
            capture = dict(labels).get("mercury.capture", "other")
            totals[capture] = totals.get(capture, 0) + value
    return totals


def _listed(totals: Dict[str, int]) -> str:
    return ", ".join(f"{printable(capture)} {count:,}" for capture, count in sorted(totals.items())) or "none"
