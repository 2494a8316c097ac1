"""Commands of others, and what they print."""

import os
import subprocess
from pathlib import Path
from typing import Optional

OF_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "OUT")


class Failed(Exception):
    """A command that failed, with what it printed."""


def run(*command: str, folder: Optional[Path] = None, **variables: str) -> str:
    """What a command prints, apart from a make that may be running this. Raises Failed."""
    kept = {name: value for name, value in os.environ.items() if name not in OF_MAKE}
    done = subprocess.run(
        command,
        check=False,
        cwd=folder,
        env={**kept, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)}\n{done.stdout}")
    return done.stdout
