"""CPython for Windows, run by Debian's wine.

The interpreter is that of a Maven artifact, because python.org may be out of reach. pip does not run there: it asks for
the machine, which Windows answers through an interface that wine lacks.
"""

import hashlib
import os
import shutil
import urllib.request
import zipfile
from pathlib import Path
from typing import NamedTuple

from tools.trials import foreign_packages
from tools.trials.commands import Failed, run
from tools.trials.debian_tree import cache

VERSION = "3.14"
ARTIFACT = "org/bytedeco/cpython/3.14.3-1.5.13/cpython-3.14.3-1.5.13-windows-x86_64.jar"
SHA256 = "3291bf3d8f405335ac21dbe55780521fdfd295b0f9f43f7e6e8c55bedd709cb3"
MAVEN = os.environ.get("MAVEN_MIRROR", "https://repo1.maven.org/maven2")
INSIDE = "org/bytedeco/cpython/windows-x86_64"
WITHOUT_WMI = 'import sys\n\nsys.modules["_wmi"] = None  # wine aborts in it; platform then asks Windows itself\n'


class Windows(NamedTuple):
    """A folder of packages and the interpreter that sees them."""

    folder: Path
    program: Path

    def run(self, *arguments: str, **variables: str) -> str:
        """What the interpreter prints. Raises Failed."""
        seen = os.pathsep.join([str(self.folder), *filter(None, [variables.pop("PYTHONPATH", "")])])
        windows = {"PYTHONPATH": ";".join(map(windows_path, seen.split(os.pathsep))), "PYTHONUTF8": "1"}
        words = [windows_path(word) if word.startswith("/") else word for word in arguments]
        return run([*command(), str(self.program), *words], self.folder, **variables, **windows, **settings())

    def holds(self, place: str) -> bool:
        """Whether a path that the interpreter tells is of its own packages."""
        return place.startswith(windows_path(str(self.folder)))


def windows_path(path: str) -> str:
    """A path of this machine as a program under wine names it."""
    return "Z:" + path.replace("/", "\\")


def command() -> "tuple[str, ...]":
    """The words that start a program. Raises Failed where there is no wine."""
    if shutil.which("wine") is None:
        raise Failed("wine is not installed: apt-get install wine wine64")
    return ("wine",)


def settings() -> "dict[str, str]":
    """The variables that keep wine silent and in a folder of its own."""
    return {"WINEPREFIX": str(cache() / "wine"), "WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml="}


def python() -> Path:
    """The interpreter, downloaded once; wine is told to be Windows 10 then. Raises Failed."""
    folder = cache() / f"windows-python-{VERSION}"
    if not folder.is_dir():
        run([*command(), "winecfg", "-v", "win10"], cache(), **settings())
        partial = folder.with_name(f"{folder.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        unpack(partial)
        (partial / INSIDE).rename(folder)
        shutil.rmtree(partial)
    return folder / "python.exe"


def unpack(folder: Path) -> None:
    """Downloads the artifact and unpacks the interpreter. Raises Failed where the bytes are not those expected."""
    folder.mkdir(parents=True)
    archive = folder / "artifact.jar"
    with urllib.request.urlopen(f"{MAVEN}/{ARTIFACT}") as response:
        archive.write_bytes(response.read())
    if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
        raise Failed(f"{ARTIFACT} is not what it was")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder, [name for name in opened.namelist() if name.startswith(INSIDE)])


def install(folder: Path, *requirements: str) -> Windows:
    """A fresh folder of packages. Raises Failed."""
    shutil.rmtree(folder, ignore_errors=True)
    program = python()
    foreign_packages.install(folder, VERSION, ["win_amd64"], requirements)
    (folder / "sitecustomize.py").write_text(WITHOUT_WMI, "utf-8")
    return Windows(folder, program)
