"""Writes a text to a file, whole or not at all, and says in a sentence what stood in the way."""

import contextlib
import os
import stat
from pathlib import Path
from typing import Callable, List, Mapping

from mercury.testing.outputs.text import plain_path


class WritingError(Exception):
    """A file could not be written; the message is a sentence for a person."""


def write(path: Path, text: str) -> None:
    """Puts a text into a file in UTF-8. Makes its folder; follows links; a device or a pipe is written to as it is.

    Who reads meanwhile sees the old text or the new one. Raises WritingError.
    """
    data = text.encode("utf-8", "backslashreplace")
    try:
        target = Path(os.path.realpath(path))
        if _is_stream(target):
            target.write_bytes(data)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            _replace(target, data)
    except (OSError, ValueError) as error:
        raise WritingError(_sentence(path, error)) from error


def write_each(texts: Mapping[Path, Callable[[], str]]) -> List[str]:
    """Makes and writes each text; gives a sentence for each that could not be, and goes on with the others."""
    problems = []
    for path, make in texts.items():
        try:
            write(path, make())
        except WritingError as error:
            problems.append(str(error))
        except Exception as error:
            problems.append(f"{plain_path(str(path))} was not written: Mercury failed with {type(error).__name__}")
    return problems


def _is_stream(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _replace(target: Path, data: bytes) -> None:
    made = target.with_name(f".{target.name[:100]}.{os.getpid()}.new")
    try:
        with open(made, "wb") as file:
            file.write(data)
        os.replace(made, target)
    except BaseException:
        with contextlib.suppress(OSError):
            made.unlink()
        raise


def _sentence(path: Path, error: Exception) -> str:
    reason = getattr(error, "strerror", None) or type(error).__name__
    told = f"{plain_path(str(path))} was not written: {reason}"
    return f"{told}; name a file in a folder that can be written to and has room"
