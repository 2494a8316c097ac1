"""Builds the C library with make and names the wheel after what is in it.

The library is loaded with dlopen and knows no Python, so one wheel per platform,
py3-none-<platform>, serves every interpreter. Where it cannot be built, the wheel
is py3-none-any and the pure-Python twin serves: an install never fails for want of
a compiler. MERCURY_NATIVE says otherwise:

    require     a library that cannot be built is an error (continuous integration, releases)
    skip        do not try
    auto        try, and say why where it fails (the default)

A library that was built before, for whatever machine, is packed where MERCURY_LIBRARY
names its file. `make wheels` says with three more variables which machine that is:

    TARGET_SYSTEM       Linux, Darwin or Windows
    TARGET_MACHINE      a row of cffi_wheels.py, which says what the wheel requires
    TARGET_PLATFORM     the platform of the wheel's tag, or several with dots between

With SOURCE_DATE_EPOCH the same sources give the same bytes: no time, user, umask or
order of files of the machine that builds is in a wheel or an sdist.
"""

import gzip
import os
import platform
import re
import runpy
import shutil
import subprocess
import tarfile
import time
import zipfile
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Tuple

from setuptools import Distribution, Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py
from setuptools.command.dist_info import dist_info
from setuptools.command.sdist import sdist
from setuptools.errors import BaseError

ROOT = Path(__file__).resolve().parent
SYSTEM = os.environ.get("TARGET_SYSTEM") or platform.system()
LIBRARY = {"Windows": "libmercury.dll", "Darwin": "libmercury.dylib"}.get(SYSTEM, "libmercury.so")
BINARY_SUFFIXES = (".so", ".dylib", ".dll", ".pyd")

_wheels = runpy.run_path(str(ROOT / "cffi_wheels.py"))
library_problem = runpy.run_path(str(ROOT / "mercury" / "core" / "library_file.py"))["problem"]
CFFI: List[str] = _wheels["requirements"](os.environ.get("TARGET_MACHINE") or _wheels["machine_kind"]())
_sbom = runpy.run_path(str(ROOT / "sbom.py"))


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
    given = os.environ.get("MERCURY_LIBRARY")
    if given:
        return given_library(given)
    make = os.environ.get("MAKE") or shutil.which("make") or shutil.which("gmake") or shutil.which("mingw32-make")
    if make is None:
        raise NotBuilt("no make was found on PATH")
    path = os.path.join(folder, LIBRARY)
    remove(path)
    run_make([make, "-C", str(ROOT), "build-ext", f"OUT={os.path.abspath(folder)}", f"TARGET_SYSTEM={SYSTEM}"])
    if not os.path.isfile(path):
        raise NotBuilt(f"make succeeded but left no {LIBRARY}")
    problem = library_problem(path)
    if problem is not None:
        raise NotBuilt(f"make succeeded, but {LIBRARY} {problem}")
    return path


def given_library(path: str) -> str:
    """The library that MERCURY_LIBRARY names. Raises BaseError: whoever names one wants no other."""
    if os.path.basename(path) != LIBRARY or not os.path.isfile(path):
        raise BaseError(f"MERCURY_LIBRARY is {path!r}: it must be the path of a {LIBRARY}")
    return os.path.abspath(path)


def run_make(command: List[str]) -> None:
    """Runs make apart from a make that may be running this. Raises NotBuilt with what it printed."""
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "OUT")}
    try:
        done = subprocess.run(
            command, check=False, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    except OSError as error:
        raise NotBuilt(f"{command[0]} cannot be run: {error.strerror}") from None
    if done.returncode != 0:
        raise NotBuilt(f"make failed\n{done.stdout.rstrip()}")
    # Whoever builds for a distribution looks for the flags.
    print(done.stdout.rstrip())


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

    def get_outputs(self) -> List[str]:
        return super().get_outputs() if self.attempt()[0] is not None else []

    def get_output_mapping(self) -> Dict[str, str]:
        # A strict editable install links every file named here.
        return super().get_output_mapping() if self.attempt()[0] is not None else {}

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
    """`build_py` that packs nothing of an earlier build: no old library, no deleted module."""

    def run(self) -> None:
        shutil.rmtree(os.path.join(self.build_lib, "mercury"), ignore_errors=True)
        super().run()


def binaries(names: Iterable[str]) -> List[str]:
    """The native files among `names`, sorted."""
    return sorted(name for name in names if name.endswith(BINARY_SUFFIXES))


def files_below(folder: str) -> List[str]:
    """The files below `folder`, relative to it, with forward slashes."""
    return [path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file()]


def requires_cffi(metadata: str) -> bool:
    """Whether a wheel's metadata makes every install of it ask for cffi."""
    lines = (line for line in metadata.splitlines() if line.startswith("Requires-Dist: cffi"))
    return any("extra ==" not in line for line in lines)


def disagreement(wheel: str) -> Optional[str]:
    """What a wheel's tag says that its contents do not, or None."""
    with zipfile.ZipFile(wheel) as archive:
        found = binaries(archive.namelist())
        metadata = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        cffi = requires_cffi(archive.read(metadata).decode("utf-8"))
    is_pure = wheel.endswith("-py3-none-any.whl")
    if found != ([] if is_pure else [f"mercury/{LIBRARY}"]):
        return f"{os.path.basename(wheel)} holds {found}"
    if is_pure and cffi:
        return f"{os.path.basename(wheel)} requires cffi and has no library for it"
    return None


class NameWheel(bdist_wheel):
    """`bdist_wheel` whose tag follows from the files in the wheel."""

    def run(self) -> None:
        require_what_is_built(self.distribution)
        # Files of an earlier build that failed would otherwise be packed.
        shutil.rmtree(self.bdist_dir, ignore_errors=True)
        super().run()
        wheel = self.distribution.dist_files[-1][2]
        wrong = disagreement(wheel)
        if wrong is not None:
            os.unlink(wheel)
            raise BaseError(f"the wheel's tag and contents disagree: {wrong}")

    def get_tag(self) -> Tuple[str, str, str]:
        self.root_is_pure = not binaries(files_below(self.bdist_dir))
        if self.root_is_pure:
            return "py3", "none", "any"
        return "py3", "none", os.environ.get("TARGET_PLATFORM") or super().get_tag()[2]

    def write_wheelfile(self, wheelfile_base: str, *arguments: str) -> None:
        # The last step before the archive is written, which takes times and modes from the files.
        super().write_wheelfile(wheelfile_base, *arguments)
        folder = Path(wheelfile_base) / "sboms"
        folder.mkdir()
        bill = _sbom["text"](self.distribution.get_version(), is_native=not self.root_is_pure)
        (folder / _sbom["FILE_NAME"]).write_text(bill, encoding="ascii")
        for path in Path(self.bdist_dir).rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)


def anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """The member without what it tells of the machine and the person that packed it."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
    member.mtime = source_date()
    return member


def source_date() -> int:
    """The date of the sources in seconds since 1970: SOURCE_DATE_EPOCH, else now."""
    return int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())


class PackSource(sdist):
    """`sdist` whose archive is the same wherever and whenever it is packed."""

    def make_archive(self, base_name: str, *formats: str, base_dir: str, **owner: Any) -> str:
        if formats != ("gztar",):
            raise BaseError(f"an sdist is a gztar here, not {' '.join(formats)}")
        archive = f"{base_name}.tar.gz"
        with open(archive, "wb") as file, gzip.GzipFile("", "wb", 9, file, source_date()) as packed, tarfile.open(
            fileobj=packed, mode="w", format=tarfile.PAX_FORMAT
        ) as opened:
            for path in sorted(Path(base_dir).rglob("*")):
                opened.add(path, path.as_posix(), recursive=False, filter=anonymous)
        return archive


setup(
    ext_modules=[
        Extension("mercury.libmercury", sources=sources(), depends=[*headers(), "Makefile"], optional=True),
    ],
    cmdclass={
        "bdist_wheel": NameWheel,
        "build_ext": BuildLibrary,
        "build_py": BuildPython,
        "dist_info": DescribeWheel,
        "sdist": PackSource,
    },
    # What is required depends on the wheel: see require_what_is_built().
    install_requires=[],
)
