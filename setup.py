"""Builds the C library with make and names the wheel after what is in it.

The library is loaded with dlopen and knows no Python, so one wheel per platform,
py3-none-<platform>, serves every interpreter. Where it cannot be built, the wheel
is py3-none-any and the pure-Python twin serves: an install never fails for want of
a compiler. MERCURY_NATIVE says otherwise:

    require     a library that cannot be built is an error (continuous integration, releases)
    skip        do not try
    auto        try, and say why where it fails (the default)
"""

import os
import platform
import re
import runpy
import shutil
import subprocess
from pathlib import Path
from typing import List, Optional, Tuple

from setuptools import Distribution, Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py
from setuptools.command.dist_info import dist_info
from setuptools.errors import BaseError, CompileError

ROOT = Path(__file__).resolve().parent
SYSTEM = os.environ.get("TARGET_SYSTEM") or platform.system()
LIBRARY = {"Windows": "libmercury.dll", "Darwin": "libmercury.dylib"}.get(SYSTEM, "libmercury.so")
BINARY_SUFFIXES = (".so", ".dylib", ".dll", ".pyd")

_wheels = runpy.run_path(str(ROOT / "cffi_wheels.py"))
CFFI: List[str] = _wheels["requirements"](_wheels["machine_kind"]())


class NotBuilt(Exception):
    """Why there is no library, in words for the person who builds."""


def sources() -> List[str]:
    """The C files, from the one list in the Makefile."""
    match = re.search(r"^SOURCES = (.+)$", (ROOT / "Makefile").read_text(encoding="ascii"), re.MULTILINE)
    assert match is not None
    return [f"mercury_native/{name}.c" for name in match.group(1).split()]


def headers() -> List[str]:
    """What the C files include, relative to the project."""
    folder = ROOT / "mercury_native"
    return sorted(path.relative_to(ROOT).as_posix() for path in folder.rglob("*.h") if "tests" not in path.parts)


def mode() -> str:
    """What MERCURY_NATIVE asks for: "require", "skip" or "auto"."""
    asked = os.environ.get("MERCURY_NATIVE", "").strip().lower() or "auto"
    if asked not in ("require", "skip", "auto"):
        raise BaseError(f"MERCURY_NATIVE is {asked!r}: it may be require, skip or auto")
    return asked


def remove(path: str) -> None:
    """Removes a file that may be missing."""
    if os.path.lexists(path):
        os.unlink(path)


def make_library(folder: str) -> str:
    """Builds the library in `folder` and returns its path. Raises NotBuilt."""
    if mode() == "skip":
        raise NotBuilt("MERCURY_NATIVE=skip was set")
    make = os.environ.get("MAKE") or shutil.which("make") or shutil.which("gmake") or shutil.which("mingw32-make")
    if make is None:
        raise NotBuilt("no make was found on PATH")
    path = os.path.join(folder, LIBRARY)
    remove(path)
    run_make([make, "-C", str(ROOT), "build-ext", f"OUT={os.path.abspath(folder)}", f"TARGET_SYSTEM={SYSTEM}"])
    if not os.path.isfile(path):
        raise NotBuilt(f"make succeeded but left no {LIBRARY}")
    return path


def run_make(command: List[str]) -> None:
    """Runs make apart from a make that may be running this. Raises NotBuilt with what it printed."""
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "OUT")}
    try:
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True
        )
    except OSError as error:
        raise NotBuilt(f"{command[0]} cannot be run: {error.strerror}") from None
    if done.returncode != 0:
        raise NotBuilt(f"make failed\n{done.stdout.rstrip()}")


class BuildLibrary(build_ext):
    """`build_ext` with make instead of a compiler of its own."""

    _result: Optional[Tuple[Optional[str], str]] = None

    def get_ext_filename(self, fullname: str) -> str:
        # Called with and without the package in front.
        return os.path.join(*fullname.split(".")[:-1], LIBRARY)

    def attempt(self) -> Tuple[Optional[str], str]:
        """The library's path, or None and the reason. Tries once and remembers."""
        if self._result is None:
            self.ensure_finalized()
            try:
                self._result = (make_library(self.build_temp), "")
            except NotBuilt as error:
                self._result = (None, str(error))
        return self._result

    def run(self) -> None:
        if self.inplace:
            # setuptools leaves an old in-place library where a build fails.
            remove(os.path.join("mercury", LIBRARY))
        super().run()

    def build_extension(self, ext: Extension) -> None:
        target = self.get_ext_fullpath(ext.name)
        remove(target)
        library, reason = self.attempt()
        if library is None:
            refuse_or_warn(self, reason)
            return
        os.makedirs(os.path.dirname(target), exist_ok=True)
        self.copy_file(library, target)


def refuse_or_warn(command: build_ext, reason: str) -> None:
    """Ends the build where the library is required, else says why there is none."""
    if mode() == "require":
        # Not a CompileError: that one is swallowed for an optional extension.
        raise SystemExit(f"error: MERCURY_NATIVE=require, and the C library was not built: {reason}")
    command.warn(f"Mercury will run in pure Python, because its C library was not built: {reason}")


def require_what_is_built(distribution: Distribution) -> None:
    """Requires cffi only where there is a library for it to load."""
    command = distribution.get_command_obj("build_ext")
    assert isinstance(command, BuildLibrary)
    library, reason = command.attempt()
    if library is None and mode() == "require":
        refuse_or_warn(command, reason)
    distribution.install_requires = list(CFFI) if library is not None else []
    distribution.metadata.install_requires = distribution.install_requires


class DescribeWheel(dist_info):
    """`dist_info` that knows whether the library can be built: pip asks for metadata first."""

    def run(self) -> None:
        require_what_is_built(self.distribution)
        super().run()


class BuildPython(build_py):
    """`build_py` that starts without the libraries of an earlier build."""

    def run(self) -> None:
        for name in ("libmercury.so", "libmercury.dylib", "libmercury.dll"):
            remove(os.path.join(self.build_lib, "mercury", name))
        super().run()


def binaries(folder: str) -> List[str]:
    """The native files below `folder`, relative to it, with forward slashes."""
    found = (path for path in Path(folder).rglob("*") if path.name.endswith(BINARY_SUFFIXES))
    return sorted(path.relative_to(folder).as_posix() for path in found)


class NameWheel(bdist_wheel):
    """`bdist_wheel` whose tag follows from the files in the wheel."""

    def run(self) -> None:
        require_what_is_built(self.distribution)
        # Files of an earlier build that failed would otherwise be packed.
        shutil.rmtree(self.bdist_dir, ignore_errors=True)
        super().run()

    def get_tag(self) -> Tuple[str, str, str]:
        found = binaries(self.bdist_dir)
        if found == [f"mercury/{LIBRARY}"]:
            self.root_is_pure = False
            return "py3", "none", super().get_tag()[2]
        if found:
            raise BaseError(f"a wheel for {SYSTEM} may hold mercury/{LIBRARY} and no other binary: {found}")
        self.root_is_pure = True
        return "py3", "none", "any"

    def write_wheelfile(self, wheelfile_base: str, *args: str, **options: str) -> None:
        super().write_wheelfile(wheelfile_base, *args, **options)
        metadata = Path(wheelfile_base, "METADATA").read_text(encoding="utf-8")
        if self.root_is_pure and any(f"Requires-Dist: {line.split(';')[0]}" in metadata for line in CFFI):
            raise BaseError("a wheel without the library may not require cffi")


setup(
    ext_modules=[
        Extension("mercury.libmercury", sources=sources(), depends=[*headers(), "Makefile"], optional=True),
    ],
    cmdclass={
        "bdist_wheel": NameWheel,
        "build_ext": BuildLibrary,
        "build_py": BuildPython,
        "dist_info": DescribeWheel,
    },
    install_requires=CFFI,
)
