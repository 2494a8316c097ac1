"""Installs by pip and others of its kind, on machines that lack something."""

import re
import shutil
from pathlib import Path

from tests.installation.situation import NATIVE, PURE, REFUSED, Home, situation
from tests.installation.workshop import LIBRARY, Failed, Place, mounted

GROUP = "pip"
MISSING = "the C library is not installed"
AGAIN = "Install again: "


@situation(GROUP, "a platform's wheel", NATIVE, "libmercury.so is loaded", short=True)
def native_wheel(place: Place) -> Home:
    environment = place.environment()
    environment.install(place.workshop.native)
    return environment.home()


@situation(GROUP, "the pure wheel", PURE, MISSING, short=True)
def pure_wheel(place: Place) -> Home:
    environment = place.environment()
    environment.install(place.workshop.pure)
    return environment.home()


@situation(GROUP, "both in one folder: pip chooses the platform's", NATIVE)
def both_wheels(place: Place) -> Home:
    environment = place.environment()
    links = [word for wheel in (place.workshop.native, place.workshop.pure) for word in ("--find-links", wheel.parent)]
    environment.install("mercury-native", *links)
    return environment.home()


@situation(GROUP, "wheels of other platforms and the pure one: pip chooses the pure", PURE, MISSING)
def other_platform(place: Place) -> Home:
    environment = place.environment()
    shelf = place.folder / "shelf"
    shelf.mkdir()
    for platform in ("win_amd64", "macosx_11_0_arm64", "musllinux_1_2_sparc"):
        shutil.copy(
            place.workshop.native, shelf / re.sub(r"none-.*\.whl", f"none-{platform}.whl", place.workshop.native.name)
        )
    shutil.copy(place.workshop.pure, shelf)
    environment.install("mercury-native", "--find-links", shelf)
    return environment.home()


@situation(GROUP, "a platform's wheel, --no-deps, no cffi", PURE, "-m pip install cffi", short=True)
def no_dependencies(place: Place) -> Home:
    environment = place.environment()
    environment.install("--no-deps", place.workshop.native)
    return environment.home()


@situation(GROUP, "a platform's wheel without cffi, the hint obeyed", NATIVE, short=True)
def cffi_hint(place: Place) -> Home:
    environment = place.environment(has_pip=True)
    environment.install("--no-deps", place.workshop.native)
    obey(place, environment.home(), "Install cffi: ")
    return environment.home()


def obey(place: Place, home: Home, beginning: str, **variables: str) -> None:
    """Runs the command that the hint ends in."""
    code = "from mercury.core import backend; print(backend().hint)"
    hint = place.run(*home.command, "-W", "ignore", "-c", code).strip()
    if beginning not in hint:
        raise Failed(f"the hint is {hint!r}")
    place.run("sh", "-c", hint.split(beginning)[1], **{"CFLAGS": "-O0", **variables})


@situation(GROUP, "sdist, a compiler and make", NATIVE, short=True)
def from_source(place: Place) -> Home:
    environment = place.environment()
    environment.install(place.workshop.sdist)
    return environment.home()


def without_a_library(place: Place, **variables: str) -> Home:
    environment = place.environment()
    environment.install("-v", place.workshop.sdist, **variables)
    return environment.home()


@situation(GROUP, "sdist, a compiler that fails", PURE, MISSING, "its C library was not built: make failed", short=True)
def failing_compiler(place: Place) -> Home:
    return without_a_library(place, CC="false")


@situation(GROUP, "sdist, no compiler", PURE, MISSING, "no-such-compiler: ")
def no_compiler(place: Place) -> Home:
    return without_a_library(place, CC="no-such-compiler")


@situation(GROUP, "sdist, a compiler that succeeds and makes nothing", PURE, MISSING, "left no libmercury.so")
def idle_compiler(place: Place) -> Home:
    return without_a_library(place, CC="true")


BAD_COMPILER = """#!/bin/sh
while [ $# -gt 0 ]; do [ "$1" = -o ] && echo garbage > "$2"; shift; done
"""


@situation(GROUP, "sdist, a compiler that makes garbage", PURE, MISSING, "libmercury.so is no library")
def garbage_compiler(place: Place) -> Home:
    return without_a_library(place, CC=program(place, "cc", BAD_COMPILER))


def program(place: Place, name: str, text: str) -> str:
    """The path of a script."""
    path = place.folder / name
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


@situation(GROUP, "sdist, no make and no compiler on PATH", PURE, MISSING, "no make was found on PATH", short=True)
def empty_path(place: Place) -> Home:
    (place.folder / "empty").mkdir()
    return without_a_library(place, PATH=str(place.folder / "empty"))


@situation(GROUP, "sdist, a make that fails", PURE, MISSING, "make failed")
def failing_make(place: Place) -> Home:
    return without_a_library(place, MAKE="false")


@situation(GROUP, "sdist, a make that cannot be run", PURE, MISSING, "/dev/null cannot be run: Permission denied")
def make_that_cannot_run(place: Place) -> Home:
    return without_a_library(place, MAKE="/dev/null")


@situation(GROUP, "sdist, MERCURY_NATIVE=skip", PURE, MISSING, "MERCURY_NATIVE=skip was set")
def skipped(place: Place) -> Home:
    return without_a_library(place, MERCURY_NATIVE="skip")


@situation(
    GROUP,
    "sdist, MERCURY_NATIVE=require and no compiler",
    REFUSED,
    output="MERCURY_NATIVE=require, and the C library was not built",
)
def required(place: Place) -> None:
    place.environment().install(place.workshop.sdist, fails=True, CC="false", MERCURY_NATIVE="require")


@situation(
    GROUP,
    "sdist, a compiler, and an index without cffi: pip refuses",
    REFUSED,
    output="No matching distribution found for cffi",
)
def no_cffi_to_be_had(place: Place) -> None:
    place.environment().install(place.workshop.sdist, "--find-links", build_shelf(place), fails=True, PIP_FIND_LINKS="")


def build_shelf(place: Place) -> Path:
    """A folder with what a build needs, and no cffi."""
    shelf = place.folder / "shelf"
    shelf.mkdir()
    for wheel in place.workshop.wheelhouse.glob("setuptools-*.whl"):
        shutil.copy(wheel, shelf)
    return shelf


@situation(GROUP, "an index without cffi, --no-deps", PURE, "-m pip install cffi")
def no_cffi_and_no_dependencies(place: Place) -> Home:
    environment = place.environment()
    environment.install("--no-deps", place.workshop.sdist, "--find-links", build_shelf(place), PIP_FIND_LINKS="")
    return environment.home()


@situation(GROUP, "an index without cffi, no compiler", PURE, MISSING)
def no_cffi_and_no_compiler(place: Place) -> Home:
    environment = place.environment()
    environment.install(place.workshop.sdist, "--find-links", build_shelf(place), PIP_FIND_LINKS="", CC="false")
    return environment.home()


@situation(
    GROUP,
    "--no-binary with a wheel and the sdist in reach: built from source",
    NATIVE,
    output="Building wheel for mercury-native",
)
def no_binary(place: Place) -> Home:
    environment = place.environment()
    links = [word for file in (place.workshop.pure, place.workshop.sdist) for word in ("--find-links", file.parent)]
    environment.install("--no-binary", "mercury-native", "mercury-native", *links)
    return environment.home()


@situation(GROUP, "--only-binary :all: with the pure wheel alone in reach", PURE, MISSING)
def only_binary(place: Place) -> Home:
    environment = place.environment()
    environment.install("--only-binary", ":all:", "mercury-native", "--find-links", place.workshop.pure.parent)
    return environment.home()


def kept(place: Place) -> "dict[str, str]":
    """Lets pip keep the wheels that it builds. It takes any value of the first for a yes, but not an empty one."""
    return {"PIP_NO_CACHE_DIR": "", "PIP_CACHE_DIR": str(place.folder / "cache")}


@situation(GROUP, "pip's cached pure wheel, once there is a compiler", PURE, "--no-cache-dir", "Using cached")
def cached_pure_wheel(place: Place) -> Home:
    first, second = place.environment(), place.environment()
    cache = kept(place)
    first.install("mercury-native", "--find-links", place.workshop.sdist.parent, CC="false", **cache)
    second.install("-v", "mercury-native", "--find-links", place.workshop.sdist.parent, **cache)
    return second.home()


@situation(GROUP, "pip's cached pure wheel, the hint obeyed", NATIVE)
def cache_hint(place: Place) -> Home:
    environment = place.environment(has_pip=True)
    cache = kept(place)
    environment.install("mercury-native", "--find-links", place.workshop.sdist.parent, CC="false", **cache)
    links = f"{place.workshop.wheelhouse} {place.workshop.sdist.parent}"
    obey(place, environment.home(), AGAIN, PIP_FIND_LINKS=links, **cache)
    return environment.home()


@situation(GROUP, "upgrade from the release before", NATIVE, short=True)
def upgrade(place: Place) -> Home:
    environment = place.environment()
    environment.install(place.workshop.older)
    environment.install("--upgrade", place.workshop.native)
    return environment.home()


@situation(GROUP, "upgrade from the release before to the pure wheel", PURE, MISSING)
def upgrade_to_pure(place: Place) -> Home:
    environment = place.environment()
    environment.install(place.workshop.older)
    environment.install("--upgrade", place.workshop.pure)
    return environment.home()


@situation(
    GROUP,
    "a stale library that an installer left behind",
    PURE,
    "is a stale library: it was built from another header",
    short=True,
)
def stale_library(place: Place) -> Home:
    environment = place.environment()
    environment.install(place.workshop.older)
    library = environment.site / "mercury" / LIBRARY
    kept = library.read_bytes()
    environment.install("--upgrade", place.workshop.pure)
    library.write_bytes(kept)
    return environment.home()


@situation(GROUP, "two releases on the path, this one first", NATIVE)
def two_releases(place: Place) -> Home:
    environment = place.environment()
    environment.install(place.workshop.older)
    return environment.home(PYTHONPATH=str(place.unpacked(place.workshop.native)))


@situation(GROUP, "two releases on the path, this one first and pure: the other's library stays alone", PURE, MISSING)
def two_releases_one_library(place: Place) -> Home:
    environment = place.environment()
    environment.install(place.workshop.older)
    return environment.home(PYTHONPATH=str(place.unpacked(place.workshop.pure)))


@situation(GROUP, "pip uninstall leaves nothing", REFUSED, output="No module named 'mercury'", short=True)
def uninstall(place: Place) -> None:
    environment = place.environment_with("cffi")
    before = files_of(environment.folder)
    environment.install(place.workshop.native)
    environment("-W", "ignore", "-c", "import mercury; mercury.backend")
    environment.pip("uninstall", "-y", "mercury-native")
    if files_of(environment.folder) != before:
        raise Failed(f"left behind: {sorted(files_of(environment.folder) - before)}")
    environment("-c", "try:\n import mercury\nexcept ImportError as error:\n print(error)")


def files_of(folder: Path) -> "set[str]":
    return {
        str(path)
        for path in folder.rglob("*")
        if "/cffi" not in str(path) and "/pycparser" not in str(path) and path.name != "__pycache__"
    }


@situation(GROUP, "install --user", NATIVE)
def user_site(place: Place) -> Home:
    python, base = place.workshop.interpreter(), str(place.folder / "base")
    place.run(
        *place.workshop.pip_for(Path(python)),
        "install",
        "--user",
        "--break-system-packages",
        place.workshop.native,
        PYTHONUSERBASE=base,
    )
    return Home([python], {"PYTHONUSERBASE": base})


@situation(GROUP, "install --target", NATIVE)
def target_folder(place: Place) -> Home:
    environment = place.environment()
    environment.install("--target", place.folder / "target", place.workshop.native)
    return environment.home(PYTHONPATH=str(place.folder / "target"))


@situation(GROUP, "run from site-packages on a read-only file system", NATIVE)
def read_only_site_packages(place: Place) -> Home:
    environment = place.environment()
    environment.install(place.workshop.native)
    home = environment.home()
    return home._replace(
        command=[*mounted(f"mount --bind {environment.site} " + READ_ONLY.format(environment.site)), *home.command]
    )


READ_ONLY = "{0} && mount -o remount,ro,bind {0}"


@situation(
    GROUP, "install into site-packages on a read-only file system: pip refuses", REFUSED, output="Read-only file system"
)
def install_into_read_only(place: Place) -> None:
    environment = place.environment(has_pip=True)
    command = mounted(f"mount --bind {environment.site} " + READ_ONLY.format(environment.site))
    place.run(*command, environment.python, "-m", "pip", "install", place.workshop.native, fails=True)


@situation(GROUP, "uv", NATIVE)
def uv(place: Place) -> Home:
    environment = place.environment()
    command = [place.workshop.tool("uv") / "uv", "pip", "install", "--offline", "--no-index"]
    links = ["--find-links", place.workshop.wheelhouse]
    place.run(
        *command,
        *links,
        "--python",
        environment.python,
        place.workshop.native,
        UV_CACHE_DIR=str(place.folder / "cache"),
    )
    return environment.home()


@situation(GROUP, "uv, sdist, a compiler that fails", PURE, MISSING)
def uv_from_source(place: Place) -> Home:
    environment = place.environment()
    command = [place.workshop.tool("uv") / "uv", "pip", "install", "--offline", "--no-index"]
    links = ["--find-links", place.workshop.wheelhouse]
    variables = {"UV_CACHE_DIR": str(place.folder / "cache"), "CC": "false"}
    place.run(*command, *links, "--python", environment.python, place.workshop.sdist, **variables)
    return environment.home()


def old_pip(place: Place, version: str, file: Path) -> Home:
    environment = place.environment(version, has_pip=True)
    environment.install("pip==19.3.1")
    environment.install(file)
    return environment.home()


@situation(GROUP, "pip 19.3.1 of October 2019, Python 3.8, a platform's wheel", NATIVE)
def old_pip_wheel(place: Place) -> Home:
    return old_pip(place, "3.8", place.workshop.native)


@situation(GROUP, "pip 19.3.1, Python 3.8, the pure wheel", PURE, "It builds from source on Python 3.9 or newer only")
def old_pip_pure_wheel(place: Place) -> Home:
    return old_pip(place, "3.8", place.workshop.pure)


@situation(GROUP, "pip 19.3.1, Python 3.9, sdist", NATIVE)
def old_pip_sdist(place: Place) -> Home:
    return old_pip(place, "3.9", place.workshop.sdist)


@situation(
    GROUP, "Python 3.8, sdist: pip refuses", REFUSED, output="No matching distribution found for setuptools>=77.0.3"
)
def python_38_sdist(place: Place) -> None:
    place.environment("3.8", has_pip=True).install(place.workshop.sdist, fails=True)


@situation(GROUP, "CPython 3.13, a platform's wheel", NATIVE)
def python_313(place: Place) -> Home:
    environment = place.environment("3.13")
    environment.install(place.workshop.native)
    return environment.home()


@situation(GROUP, "PyPy, a platform's wheel", NATIVE)
def pypy(place: Place) -> Home:
    environment = place.environment("pypy3", has_pip=True)
    environment.install(place.workshop.native)
    return environment.home()


@situation(GROUP, "PyPy, the pure wheel", PURE, "--no-binary mercury-native mercury-native")
def pypy_pure(place: Place) -> Home:
    environment = place.environment("pypy3", has_pip=True)
    environment.install(place.workshop.pure)
    return environment.home()
