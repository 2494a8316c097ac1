"""What situations are made of: wheels, the source distribution, environments, and a record of all that was printed."""

import os
import shlex
import shutil
import subprocess
import sys
import tarfile
import threading
from pathlib import Path
from typing import Any, Dict, List, Optional

from tests.installation.situation import Absent, Home

ROOT = Path(__file__).resolve().parent.parent.parent
PROBE = ROOT / "tests" / "installation" / "probe.py"
LIBRARY = "libmercury.so"

DOWNLOADS = ["build", "cffi", "cx-Freeze", "Django~=5.2.0", "installer", "pex", "pip", "pip==19.3.1", "pyinstaller"]
DOWNLOADS += ["setuptools", "shiv", "uv", "wheel"]
OTHER_PYTHONS = {
    "3.8": ["cffi", "pip==19.3.1", "setuptools"],
    "3.9": ["cffi", "pip==19.3.1", "setuptools"],
    "3.13": ["cffi"],
}

# Not the code that it makes is tried, so it need not be fast.
QUICK = {"CFLAGS": "-O0"}
OWN_VARIABLES = ("DJANGO_", "MERCURY_", "PIP_", "PYTHON", "MAKE", "MFLAGS", "CFLAGS", "VIRTUAL_ENV", "XDG_")


class Failed(Exception):
    """A command that had to succeed and did not, or the reverse."""


def clean_environment() -> Dict[str, str]:
    """This process's environment without what would lead pip, make or Mercury."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OWN_VARIABLES)}


class Place:
    """A folder of one situation's own, and what the commands that were run for it printed."""

    def __init__(self, workshop: "Workshop", folder: Path) -> None:
        self.workshop = workshop
        self.folder = folder
        self.transcript: List[str] = []
        folder.mkdir(parents=True)

    def run(
        self, *command: Any, fails: bool = False, cwd: Optional[Path] = None, text: str = "", **variables: str
    ) -> str:
        """What a command prints. Raises Failed where it fails, or with `fails` where it does not."""
        environment = {**clean_environment(), **self.workshop.pip_variables(), **variables}
        done = subprocess.run(
            [str(word) for word in command],
            check=False,
            cwd=str(cwd or self.folder),
            env=environment,
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        self.transcript.append(f"$ {' '.join(map(str, command))}\n{done.stdout}")
        if (done.returncode != 0) != fails:
            raise Failed(f"exit code {done.returncode} of {' '.join(map(str, command))}")
        return done.stdout

    def environment(self, version: str = "", has_pip: bool = False) -> "Environment":
        """A fresh virtual environment, of this Python or another."""
        folder = self.folder / f"env{len(list(self.folder.glob('env*')))}"
        python = self.workshop.interpreter(version)
        self.run(python, "-m", "venv", *([] if has_pip else ["--without-pip"]), folder)
        return Environment(self, folder, has_pip, self.workshop.shelf(version))

    def environment_with(self, *names: str) -> "Environment":
        """An environment in which these are installed, where it does not matter by what."""
        environment = self.environment()
        shutil.copytree(self.workshop.site_with(*names), environment.site, symlinks=True, dirs_exist_ok=True)
        return environment

    def tree(self) -> Path:
        """The unpacked source distribution."""
        folder = self.folder / "tree"
        shutil.copytree(self.workshop.tree, folder, symlinks=True)
        return folder

    def unpacked(self, wheel: Path, name: str = "unpacked") -> Path:
        """A wheel's files as they lie after an install."""
        shutil.unpack_archive(str(wheel), str(self.folder / name), "zip")
        return self.folder / name


class Environment:
    """A virtual environment; pip works on it from outside unless it has one of its own."""

    def __init__(self, place: Place, folder: Path, has_pip: bool, shelf: Path) -> None:
        self.place = place
        self.folder = folder
        self._shelf = shelf
        self.python = folder / "bin" / "python"
        self._pip = [self.python, "-m", "pip"] if has_pip else place.workshop.pip_for(self.python)

    @property
    def site(self) -> Path:
        """Its site-packages."""
        # PyPy has it at the top in Python 3.9 and before.
        (found,) = list(self.folder.glob("lib/*/site-packages")) or [self.folder / "site-packages"]
        return found

    def pip(self, *arguments: Any, fails: bool = False, cwd: Optional[Path] = None, **variables: str) -> str:
        links = {"PIP_FIND_LINKS": str(self._shelf)}
        return self.place.run(*self._pip, *arguments, fails=fails, cwd=cwd, **{**QUICK, **links, **variables})

    def install(self, *what: Any, **variables: Any) -> None:
        self.pip("install", *what, **variables)

    def home(self, *flags: str, **variables: str) -> Home:
        return Home([str(self.python), *flags], variables)

    def __call__(self, *arguments: Any, **variables: Any) -> str:
        return self.place.run(self.python, *arguments, **variables)


class Workshop:
    """Makes once what many situations use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wheelhouse = folder.parent / "installation-downloads"
        self.tree = folder / "sources" / "mercury"
        self._lock = threading.RLock()

    def prepare(self) -> None:
        """Downloads what is not there yet, then builds the source distribution and three wheels from it."""
        self._download(DOWNLOADS, self.wheelhouse)
        for version, names in OTHER_PYTHONS.items():
            self._download(names, self.shelf(version), "--python-version", version)
        place = Place(self, self.folder / "preparation")
        self._build(place, ROOT, "--sdist")
        (self.sdist,) = (self.folder / "preparation" / "dist").glob("*.tar.gz")
        with tarfile.open(self.sdist) as archive:
            archive.extractall(self.folder / "unpacked")
        (unpacked,) = (self.folder / "unpacked").iterdir()
        self.tree.parent.mkdir()
        unpacked.rename(self.tree)
        self.native = self._wheel(place, "native")
        self.pure = self._wheel(place, "pure", MERCURY_NATIVE="skip")
        self.older = self._older(place)

    def interpreter(self, version: str = "") -> str:
        """This Python, "pypy3", or the CPython of a version. Raises Absent."""
        if not version:
            return str(Path(sys.executable).resolve())
        folder = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
        found = sorted(folder.glob(f"{version}.*/bin/python"))
        path = str(found[-1]) if found else shutil.which(version if version.startswith("pypy") else f"python{version}")
        if path is None:
            raise Absent(f"no {version if version.startswith('pypy') else f'Python {version}'} here")
        return path

    def shelf(self, version: str) -> Path:
        """What an index offers to a Python: a folder cannot say for which of them a file is, so each has one."""
        return self.wheelhouse / version if version in OTHER_PYTHONS else self.wheelhouse

    def pip_for(self, python: Path) -> List[Any]:
        """The newest pip, run by an interpreter that has none."""
        folder = self.folder / "pip"
        with self._lock:
            if not folder.exists():
                newest = max(
                    self.wheelhouse.glob("pip-*.whl"), key=lambda path: int(path.name.split("-")[1].split(".")[0])
                )
                shutil.unpack_archive(str(newest), str(folder), "zip")
        return [python, folder / "pip"]

    def pip_variables(self) -> Dict[str, str]:
        """Offline, and nothing kept: each situation is alone."""
        return {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheelhouse),
            "PIP_NO_CACHE_DIR": "1",
            "PIP_NO_COMPILE": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_ROOT_USER_ACTION": "ignore",
        }

    def tool(self, name: str) -> Path:
        """An environment in which a packer is installed, made at its first use."""
        folder = self.folder / "tools" / name
        with self._lock:
            if not folder.exists():
                place = Place(self, self.folder / "tools" / f"{name}.log")
                place.run(self.interpreter(), "-m", "venv", "--without-pip", folder)
                # The pip that runs is not the environment's, though it finds itself installed.
                place.run(*self.pip_for(folder / "bin" / "python"), "install", "--ignore-installed", name, "pip")
        return folder / "bin"

    def site_with(self, *names: str) -> Path:
        """A folder as site-packages is after an install of these, made at its first use."""
        folder = self.folder / "sites" / "-".join(names)
        with self._lock:
            if not folder.exists():
                place = Place(self, self.folder / "sites" / f"{'-'.join(names)}.log")
                what = [self.native if name == "mercury-native" else name for name in names]
                place.run(*self.pip_for(Path(self.interpreter())), "install", "--target", folder, *what)
        return folder

    def _download(self, names: List[str], folder: Path, *options: str) -> None:
        done = folder / ("-".join(names) + ".done")
        if done.exists():
            return
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "-q", "--only-binary", ":all:", "-d", str(folder)]
        # pip takes one version of a distribution at a time.
        for name in names:
            subprocess.run([*command, *options, name], check=True)
        done.touch()

    def _build(self, place: Place, tree: Path, *options: str, **variables: str) -> None:
        command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", place.folder / "dist", *options, tree]
        place.run(*command, **{**QUICK, "MERCURY_NATIVE": "require", **variables})

    def _wheel(self, place: Place, name: str, **variables: str) -> Path:
        self._build(place, self.tree, "--wheel", **variables)
        (built,) = (place.folder / "dist").glob("*.whl")
        (self.folder / name).mkdir()
        return Path(shutil.move(str(built), str(self.folder / name)))

    def _older(self, place: Place) -> Path:
        """An earlier release, with another header: its library must not serve this one's modules."""
        tree = place.tree()
        header = tree / "mercury_native" / "mercury.h"
        text = header.read_text()
        end = text.rindex("MERCURY_API")
        header.write_text(text[:end] + "enum { MERCURY_OLDER = 1 };\n" + text[end:])
        (tree / "mercury" / "_version.py").write_text('__version__ = "0.0.9"\n')
        place.run(sys.executable, "build_ffi.py", cwd=tree)
        self._build(place, tree, "--wheel")
        (built,) = (place.folder / "dist").glob("*.whl")
        (self.folder / "older").mkdir()
        return Path(shutil.move(str(built), str(self.folder / "older")))


def compiler() -> List[str]:
    """The C compiler's command line."""
    return shlex.split(os.environ.get("CC") or "cc")


def mounted(mounts: str) -> List[str]:
    """What stands before a command that sees other mounts than the rest of the machine. Raises Absent."""
    command = ["unshare", "--mount", "sh", "-c"]
    if subprocess.run([*command, "mount -t tmpfs none /mnt"], check=False, stderr=subprocess.DEVNULL).returncode:
        raise Absent("mounting is not allowed here")
    return [*command, f'{mounts} && exec "$0" "$@"']
