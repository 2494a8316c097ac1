"""Asks pip for every cell of cffi_wheels.py whether cffi has a wheel there.

    python -m tools.wheels.cffi_table

A cell is a platform and a version of CPython, from 3.8 to the first that no row of the table has.
Exits with 1 where PyPI and the table differ. pip is asked as the platform's own pip would be, for
wheels alone, and installs nothing.
"""

import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import Iterator, List, NamedTuple, Tuple

import cffi_wheels
from tools.wheels.platforms import PLATFORMS, Platform

JOBS = 4
NEWEST = 16


class Cell(NamedTuple):
    """A platform, a minor version of Python 3, and whether the table has a wheel for both."""

    platform: Platform
    minor: int
    expected: bool


def minor(version: str) -> int:
    """8 for "3.8"."""
    return int(version.split(".")[1])


def cells() -> Iterator[Cell]:
    """Every cell of the table."""
    for platform in PLATFORMS.values():
        first, end = cffi_wheels.WHEELS.get(platform.machine, ("3.0", "3.0"))
        for version in range(8, NEWEST):
            yield Cell(platform, version, minor(first) <= version < minor(end))


def pip_platforms(platform: Platform) -> List[str]:
    """The tags that the oldest system takes on which Mercury's wheel for the platform is chosen."""
    machine = platform.machine.split("-")[-1]
    if platform.system == "Darwin":
        # What arm64 has, Intel has as well.
        slice_of = "arm64" if machine == "universal2" else machine
        return [f"macosx_{release}_{slice_of}" for release in ("11_0", "10_15", "10_13", "10_9")]
    if "musl" in platform.machine:
        return [platform.tag, f"musllinux_1_1_{machine}"]
    older = [f"manylinux_2_17_{machine}", f"manylinux2014_{machine}"] if platform.system == "Linux" else []
    return [*platform.tag.split("."), *older]


def has_wheel(cell: Cell) -> bool:
    """Whether pip finds a wheel of cffi, as old as may be."""
    tags = [argument for tag in pip_platforms(cell.platform) for argument in ("--platform", tag)]
    python = ["--implementation", "cp", "--python-version", f"3.{cell.minor}", "--abi", f"cp3{cell.minor}"]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "install", "-q", "--dry-run", "--no-deps", "--target", folder]
        command += ["--only-binary", ":all:", *tags, *python, f"cffi>={cffi_wheels.OLDEST}"]
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0 and "No matching distribution found" not in done.stdout:
        raise RuntimeError(done.stdout)
    return done.returncode == 0


def differing(asked: List[Tuple[Cell, bool]]) -> Iterator[str]:
    """Where PyPI and the table differ, in words."""
    for cell, found in asked:
        if found != cell.expected:
            there, told = ("has a wheel", "none") if found else ("has no wheel", "one")
            yield f"{cell.platform.name}, Python 3.{cell.minor}: cffi {there}, the table tells of {told}"


def main() -> int:
    everything = list(cells())
    with ThreadPoolExecutor(JOBS) as pool:
        asked = list(zip(everything, pool.map(has_wheel, everything)))
    faults = list(differing(asked))
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{len(asked)} cells, {sum(found for _, found in asked)} with a wheel, {len(faults)} differ from the table")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
