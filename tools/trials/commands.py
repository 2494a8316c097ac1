"""Runs the commands of a trial."""

import os
import subprocess
from pathlib import Path
from typing import Sequence

# What would let a trial see the checkout, another interpreter's modules, or another index.
UNWANTED = ("PYTHONPATH", "PYTHONHOME", "DJANGO_SETTINGS_MODULE", "MERCURY_NATIVE", "MAKEFLAGS", "MFLAGS", "MAKELEVEL")


class Failed(Exception):
    """A command that failed, with what it printed."""


def run(command: Sequence[str], folder: Path, **variables: str) -> str:
    """What a command prints when it runs in `folder`. Raises Failed."""
    environment = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    done = subprocess.run(
        list(command),
        check=False,
        cwd=str(folder),
        env={**environment, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)}\n{done.stdout}")
    return done.stdout
