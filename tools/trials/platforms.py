"""Tries each platform's wheel where its platform can be had on this machine, and writes the table of docs/platforms.md.

    python -m tools.trials.platforms [--write] WHEELS [NAME ...]

WHEELS is the folder of the wheels, a NAME is a platform of tools/wheels/platforms.py; without names it is all of
them. Exit code 0 means that every cell is as it must be; a platform that cannot be had here says why.
"""

import argparse
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import CalledProcessError
from typing import Callable, List, NamedTuple, Optional

from tools.trials import c_tests, foreign_packages, table, trial, wine
from tools.trials.commands import Failed, run
from tools.trials.environment import Environment
from tools.trials.machines import MACHINES, MUSL, Machine, Musl
from tools.wheels.platforms import PLATFORMS

FOLDER = trial.ROOT / "build" / "trials"
DOCUMENT = trial.ROOT / "docs" / "platforms.md"
JOBS = 2
HEADER = ("platform", "built", "run by", "C tests", "Python, cffi", "backend", "core tests", "Django")
COMPARED = ("twin_sql", "twin_trace", "twin_histogram", "fuzz_corpus")
NOT_RUN = {
    "macos-x86_64": "needs macOS; tests.yml runs it on macos-15-intel",
    "macos-arm64": "needs macOS; tests.yml runs it on macos-15",
    "macos-universal2": "needs macOS; tests.yml loads it on macos-15 and macos-15-intel",
    "windows-ARM64": "needs Windows on ARM; tests.yml runs it on windows-11-arm",
    "windows-x86": "no 32-bit Python for Windows to be had; tests.yml runs it on windows-2025",
}
WINDOWS = "windows-AMD64"


class Row(NamedTuple):
    """What became of one platform, a cell each."""

    platform: str
    built: str = "no"
    run_by: str = "-"
    c_tests: str = "-"
    python: str = "-"
    backend: str = "-"
    tests: str = "-"
    django: str = "-"

    @property
    def is_good(self) -> bool:
        """Whether it was built and nothing failed."""
        return self.built == "yes" and "FAILED" not in self


def attempt(action: Callable[[], str]) -> str:
    """What an action returns, or FAILED; what it printed is shown at once."""
    try:
        return action()
    except (Failed, CalledProcessError, OSError) as error:
        print(error, flush=True)
        return "FAILED"


def wheel_of(name: str, folder: Path) -> Optional[Path]:
    """The wheel of a platform, if it was built."""
    found = list(folder.glob(f"*-py3-none-{PLATFORMS[name].tag}.whl"))
    return found[0].resolve() if len(found) == 1 else None


def of_machine(machine: Machine, wheel: Path, is_short: bool) -> Row:
    """A platform whose Debian runs here."""
    row = Row(machine.platform, "yes", f"qemu-{machine.qemu}" if machine.qemu else "this machine")
    runner = machine.start(machine.unpack()).words
    folder = FOLDER / machine.platform
    if not is_short:
        row = row._replace(c_tests=attempt(lambda: c_tests.compile_and_run(machine.platform, runner, folder / "c")))
    return python_cells(row, machine, machine.environment(folder / "python"), wheel)


def python_cells(row: Row, machine: Machine, subject: Environment, wheel: Path) -> Row:
    """pip installs alone; then Debian's packages are shown: pytest, and cffi where PyPI has none. Raises Failed."""
    subject.install(str(wheel))
    alone = trial.tell(subject)
    subject.show_packages()
    told = trial.tell(subject)
    expected = ("native" if machine.has_cffi_wheel else "pure", "native")
    if (alone.backend, told.backend) != expected:
        raise Failed(f"{machine.platform}: pip alone {alone.serving}, with Debian's cffi {told.serving}")
    return row._replace(
        python=f"{told.implementation} {told.version}, {told.cffi}" + ("" if machine.has_cffi_wheel else " of Debian"),
        backend="native" if machine.has_cffi_wheel else "native (pip alone: pure)",
        tests=attempt(lambda: core_tests(subject, machine.is_compared)),
        django=attempt(lambda: trial.bookshop(subject, PYTHONPATH=str(foreign_packages.django()))),
    )


def core_tests(subject: Environment, is_compared: bool) -> str:
    """The counts of the core's tests, and of those that compare library and twin. Raises Failed."""
    core = trial.tests(subject, trial.test_files())
    if not is_compared:
        return core
    compared = [str(trial.ROOT / "tests" / f"test_{name}.py") for name in COMPARED]
    return f"{core}; library and twin compared: {trial.tests(subject, compared)}"


def of_musl(musl: Musl, wheel: Path) -> Row:
    """A platform of musl, whose loader Debian has: it runs the C tests, and loads the wheel's library."""
    emulator = f"qemu-{musl.machine.qemu}, " if musl.machine.qemu else ""
    row = Row(musl.platform, "yes", f"{emulator}musl's loader")
    folder = FOLDER / musl.platform
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        library = archive.extract("mercury/libmercury.so", folder)
    return row._replace(
        c_tests=attempt(lambda: c_tests.compile_and_run(musl.platform, musl.words(), folder / "c", "-dynamic")),
        backend=attempt(lambda: run([*musl.words(), "--list", library], folder) and "library loads"),
        python="not run: no Python for musl to be had; tests.yml runs it on Alpine",
    )


def of_windows(name: str, wheel: Path) -> Row:
    """Windows, as wine has it. pip does not run there: this machine's unpacks the wheels for it."""
    folder = FOLDER / name
    row = Row(name, "yes", "wine")
    subject = wine.install(folder / "packages", str(wheel), *trial.TOOLS)
    told = trial.tell(subject)
    return row._replace(
        c_tests=attempt(lambda: c_tests.compile_and_run(name, wine.command(), folder / "c", **wine.settings())),
        python=f"{told.implementation} {told.version}, {told.cffi}",
        backend="native" if told.backend == "native" else "FAILED",
        tests=attempt(lambda: trial.tests(subject, trial.test_files())),
        django=attempt(lambda: trial.bookshop(subject, PYTHONPATH=str(foreign_packages.django()))),
    )


def judge(name: str, wheel: Path, is_short: bool) -> Row:
    """What becomes of a platform that was built."""
    if name in NOT_RUN:
        return Row(name, "yes", f"not run: {NOT_RUN[name]}")
    try:
        if name in MACHINES:
            machine = MACHINES[name]
            return of_machine(machine._replace(is_compared=machine.is_compared and not is_short), wheel, is_short)
        return of_musl(MUSL[name], wheel) if name in MUSL else of_windows(name, wheel)
    except (Failed, CalledProcessError, OSError) as error:
        print(error, flush=True)
        return Row(name, "yes", "FAILED")


def row_of(name: str, wheels: Path, is_short: bool) -> Row:
    """What becomes of one platform."""
    started = time.monotonic()
    wheel = wheel_of(name, wheels)
    if wheel is None:
        return Row(name)
    row = judge(name, wheel, is_short)
    print("ok  " if row.is_good else "FAIL", *row, f"{time.monotonic() - started:.0f} s", sep="  ", flush=True)
    return row


def main(arguments: Optional[List[str]] = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="renew its rows in docs/platforms.md")
    parser.add_argument("--short", action="store_true", help="without C tests and the comparison of library and twin")
    parser.add_argument("wheels", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args(arguments)
    with ThreadPoolExecutor(JOBS) as pool:
        rows = list(pool.map(lambda name: row_of(name, options.wheels, options.short), options.names or PLATFORMS))
    print(f"\n{table.text(HEADER, rows)}\n")
    if options.write:
        table.renew(DOCUMENT, "made by make platforms", HEADER, rows, list(PLATFORMS))
    good = all(row.is_good for row in rows)
    print("Every cell is as it must be." if good else "Not every cell is as it must be.")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
