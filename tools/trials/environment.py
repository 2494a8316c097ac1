"""Virtual environments for interpreters of this machine and of unpacked trees.

An interpreter in a tree finds its loader and its libraries nowhere, and may be for another machine. So the `python`
of its environment is a script that starts it, under qemu where that is needed, and tells it that the script is its
name: it finds its environment, and starts children as `sys.executable`, as any other does.
"""

import shlex
import shutil
import sys
from pathlib import Path
from typing import NamedTuple, Tuple

from tools.trials.commands import run
from tools.trials.debian_tree import cache

# pip reads the machine from the file of the interpreter, so it is not shown the script.
RUN_PIP = """
import runpy, sys
sys.executable, wheel = sys.argv[1:3]
sys.argv[:3] = ["pip"]
sys.path.insert(0, wheel)
runpy.run_module("pip", run_name="__main__")
"""


class Environment(NamedTuple):
    """A virtual environment: its folder, and the words that run pip in it."""

    folder: Path
    pip: Tuple[str, ...]

    @property
    def python(self) -> str:
        """The interpreter's path."""
        return str(self.folder / "bin" / "python")

    def run(self, *arguments: str, **variables: str) -> str:
        """What the interpreter prints. Raises Failed."""
        return run([self.python, *arguments], self.folder, **variables)

    def holds(self, place: str) -> bool:
        """Whether a path that the interpreter tells is of this environment."""
        return place.startswith(str(self.folder))

    def install(self, *requirements: str) -> None:
        """Installs from wheels alone. Raises Failed."""
        flags = ("install", "-q", "--disable-pip-version-check", "--no-warn-script-location", "--only-binary", ":all:")
        run([*self.pip, *flags, *requirements], self.folder, PIP_ROOT_USER_ACTION="ignore")

    def uninstall(self, name: str) -> None:
        """Removes a package. Raises Failed."""
        run([*self.pip, "uninstall", "-q", "-y", name], self.folder, PIP_ROOT_USER_ACTION="ignore")

    def show_packages(self) -> None:
        """Shows the environment of a tree Debian's packages too, behind its own."""
        settings = self.folder / "pyvenv.cfg"
        settings.write_text(settings.read_text("utf-8").replace("packages = false", "packages = true"), "utf-8")


def of_this_machine(folder: Path, python: str) -> Environment:
    """An environment of an installed interpreter, with the pip that came with it. Raises Failed."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    run([python, "-m", "venv", "--clear", str(folder)], folder.parent)
    return Environment(folder, (str(folder / "bin" / "python"), "-m", "pip"))


class Start(NamedTuple):
    """How a program of a tree is started: the words before its name, and how it is told another name."""

    words: Tuple[str, ...]
    name_option: str


def emulated(machine: str, tree: Path) -> Start:
    """By qemu, under qemu's name of the machine."""
    return Start((f"qemu-{machine}-static", "-L", str(tree)), "-0")


def loaded(loader: str, libraries: str, tree: Path) -> Start:
    """By the tree's own loader, which runs on this machine; both are paths in the tree."""
    return Start((str(tree / loader), "--library-path", str(tree / libraries)), "--argv0")


def of_program(folder: Path, program: Path, start: Start) -> Environment:
    """An environment of a tree's interpreter. Raises Failed."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "bin").mkdir(parents=True)
    settings = f"home = {program.parent}\ninclude-system-site-packages = false\n"
    (folder / "pyvenv.cfg").write_text(settings, "utf-8")
    python = folder / "bin" / "python"
    words = [*start.words, start.name_option, str(python), str(program)]
    python.write_text(f'#!/bin/sh\nexec {" ".join(map(shlex.quote, words))} "$@"\n', "utf-8")
    python.chmod(0o755)
    return Environment(folder, (str(python), "-c", RUN_PIP, str(program), pip_wheel()))


def without_pip(folder: Path, python: str) -> Environment:
    """An environment of an interpreter that was built without pip. Raises Failed."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    run([python, "-m", "venv", "--clear", "--without-pip", str(folder)], folder.parent)
    program = str(folder / "bin" / "python")
    return Environment(folder, (program, "-c", RUN_PIP, program, pip_wheel()))


def pip_wheel() -> str:
    """A wheel of the newest pip, downloaded once. Raises Failed."""
    folder = cache() / "pip"
    if not list(folder.glob("pip-*.whl")):
        folder.mkdir(parents=True, exist_ok=True)
        flags = ["-q", "--no-deps", "--disable-pip-version-check", "--dest", str(folder)]
        run([sys.executable, "-m", "pip", "download", *flags, "pip"], folder)
    return str(max(folder.glob("pip-*.whl")))
