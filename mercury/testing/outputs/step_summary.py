"""The page that GitHub Actions shows for a step, made of what is appended to the file GITHUB_STEP_SUMMARY."""

import os
from pathlib import Path
from typing import Callable, Mapping, Optional

MAX_BYTES = 1_024 * 1_024
"""GitHub refuses the whole page of a step that is larger."""
_LEAST = 1_000


def add_to_step_summary(make: Callable[[int], str], environment: Mapping[str, str] = os.environ) -> Optional[str]:
    """Appends what `make` gives for so many bytes that are left. Returns a sentence where that failed, else None.

    Does nothing where no step runs.
    """
    named = environment.get("GITHUB_STEP_SUMMARY")
    if not named:
        return None
    path = Path(named)
    try:
        left = MAX_BYTES - (path.stat().st_size if path.exists() else 0)
        if left < _LEAST:
            return "the step's summary is full: nothing was added to it"
        data = make(left - 1).encode("utf-8", "backslashreplace")
        with open(path, "ab") as file:
            file.write(data + b"\n")
    except (OSError, ValueError) as error:
        return f"nothing was added to the step's summary: {getattr(error, 'strerror', None) or type(error).__name__}"
    return None
