"""Installs one and the same wheel on many interpreters and runs the core's tests over it.

    python tools/interpreters.py WHEEL [NAME ...]

A NAME is a version ("3.8", "3.13.0"), "pypy3", or the path of an interpreter. Without
names: every CPython from 3.8 on that pyenv has, and pypy3. Each gets a fresh virtual
environment, with cffi from a wheel or not at all, and must serve natively.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import List, NamedTuple, Optional

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".venvs" / "interpreters"

WHERE = """
import sys, platform
from mercury.core import backend
loaded = backend()
cffi = sys.modules["_cffi_backend"].__version__ if "_cffi_backend" in sys.modules else "none"
if loaded.name != "native":
    sys.exit("the library does not serve: " + loaded.reason)
if not loaded.path.startswith(sys.prefix):
    sys.exit("not the installed wheel: " + loaded.path)
print(platform.python_implementation(), platform.python_version(), "cffi", cffi)
"""


class Outcome(NamedTuple):
    """One row of the table."""

    name: str
    passed: bool
    text: str
    seconds: float


class Failed(Exception):
    """A step that failed, with what it printed."""


def pyenv_versions() -> Path:
    """The folder of pyenv's interpreters, whether or not it exists."""
    return Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"


def version_key(name: str) -> List[int]:
    """For sorting: 3.8.18 before 3.13.0."""
    return [int(number) for number in re.findall(r"\d+", name)]


def every_interpreter() -> List[str]:
    """All names that this machine offers, oldest first, at least CPython 3.8."""
    folder = pyenv_versions()
    found = (
        [path.name for path in folder.iterdir() if re.fullmatch(r"3\.\d+\.\d+t?", path.name)] if folder.is_dir() else []
    )
    names = sorted((name for name in found if version_key(name) >= [3, 8]), key=version_key)
    return names + (["pypy3"] if shutil.which("pypy3") else [])


def executable(name: str) -> Optional[str]:
    """The interpreter that a name means, or None."""
    if not re.fullmatch(r"\d[\w.]*", name):
        return shutil.which(name)
    folder = pyenv_versions()
    found = sorted(folder.glob(f"{name}*/bin/python"), key=lambda path: version_key(path.parent.parent.name))
    exact = [
        path for path in found if path.parent.parent.name == name or path.parent.parent.name.startswith(name + ".")
    ]
    return str(exact[-1]) if exact else shutil.which(f"python{name}")


def run(*command: str, **variables: str) -> str:
    """What a command prints. Raises Failed."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    environment.update(variables)
    done = subprocess.run(
        command,
        check=False,
        cwd=str(FOLDER),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)}\n{done.stdout}")
    return done.stdout


def core_tests() -> List[str]:
    """The tests of the core's modules and of what loads them."""
    match = re.search(r"^SOURCES = (.+)$", (ROOT / "Makefile").read_text(encoding="ascii"), re.MULTILINE)
    assert match is not None
    names = [*match.group(1).split(), "loader", "library_file"]
    paths = (ROOT / "tests" / f"test_{name}.py" for name in names)
    return [str(path) for path in paths if path.is_file()]


def try_wheel(name: str, python: str, wheel: Path) -> str:
    """Installs and tests. Returns a line for the table. Raises Failed."""
    environment = FOLDER / name.replace(os.sep, "_")
    run(python, "-m", "venv", "--clear", str(environment))
    pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    run(*pip, "--only-binary", ":all:", str(wheel))
    identity = run(str(environment / "bin" / "python"), "-c", WHERE).strip()
    run(*pip, "pytest>=8.3", "hypothesis>=6")
    output = run(
        str(environment / "bin" / "pytest"),
        "-q",
        "-rs",
        "-p",
        "no:cacheprovider",
        *core_tests(),
        MERCURY_TEST_BACKEND="native",
    )
    return f"{identity}: {output.strip().splitlines()[-1].strip('= ')}"


def judge(name: str, wheel: Path) -> Outcome:
    """One interpreter's row; prints the whole output of a failure."""
    started = time.monotonic()
    python = executable(name)
    if python is None:
        return Outcome(name, False, "no such interpreter on this machine", 0.0)
    try:
        text, passed = try_wheel(name, python, wheel), True
    except Failed as error:
        print(error)
        text, passed = str(error).splitlines()[0], False
    return Outcome(name, passed, text, time.monotonic() - started)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    outcomes = []
    for name in options.names or every_interpreter():
        outcomes.append(judge(name, options.wheel.resolve()))
        print(f"{name}: {'passed' if outcomes[-1].passed else 'FAILED'}", flush=True)
    print(f"\n{options.wheel.name}")
    for outcome in outcomes:
        print(f"  {'ok  ' if outcome.passed else 'FAIL'} {outcome.name:10} {outcome.seconds:5.0f} s  {outcome.text}")
    failed = sum(not outcome.passed for outcome in outcomes)
    print(f"{len(outcomes) - failed} passed, {failed} failed")
    return 1 if failed or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main())
