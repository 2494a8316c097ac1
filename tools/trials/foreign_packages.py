"""Packages for interpreters that cannot run pip quickly, or at all: this machine's pip fetches and unpacks them."""

import shutil
import sys
import threading
from pathlib import Path
from typing import Sequence

from tools.trials.commands import run
from tools.trials.debian_tree import cache

DJANGO = ("Django~=5.2.0",)

# Two trials may want it.
_installing = threading.Lock()


def install(folder: Path, python_version: str, platforms: Sequence[str], requirements: Sequence[str]) -> None:
    """Unpacks wheels for a Python version and platform, with what they require there, into `folder`. Raises Failed."""
    target = ["--target", str(folder), "--python-version", python_version, "--implementation", "cp"]
    accepted = [word for platform in platforms for word in ("--platform", platform)]
    flags = ["-q", "--disable-pip-version-check", "--only-binary", ":all:", "--no-compile", "--upgrade"]
    command = [sys.executable, "-m", "pip", "install", *flags, *target, *accepted, *requirements]
    run(command, cache(), PIP_ROOT_USER_ACTION="ignore")


def django() -> Path:
    """A folder with Django and what it requires, pure Python, for any machine. Raises Failed."""
    folder = cache() / "django"
    with _installing:
        if not folder.is_dir():
            partial = cache() / "django.partial"
            shutil.rmtree(partial, ignore_errors=True)
            install(partial, "3.11", ["any"], DJANGO)
            partial.rename(folder)
    return folder
