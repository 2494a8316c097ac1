"""Builds from source as distributions do them: offline, with flags, folders and a library of their own."""

import shutil
import sys
from pathlib import Path

from tests.installation.archives import with_cffi
from tests.installation.situation import NATIVE, PURE, Home, situation
from tests.installation.workshop import LIBRARY, Absent, Environment, Failed, Place

GROUP = "distribution"
SYSTEM_FLAGS = {
    "CFLAGS": "-g -O2 -fstack-protector-strong -Wformat -Werror=format-security -Wdate-time -D_FORTIFY_SOURCE=2",
    "LDFLAGS": "-Wl,-z,relro -Wl,-z,now",
}
PROGRAM = """
#include <mercury.h>
#include <stdio.h>
int main(void)
{
    return puts(mercury_abi_header_hash()) < 0;
}
"""
BUILD = ["-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "-w"]


def built(place: Place, **variables: str) -> Path:
    """The wheel that a distribution makes of the source distribution with the setuptools that it has."""
    output = place.run(sys.executable, *BUILD, place.folder / "wheel", "-v", place.workshop.sdist, **variables)
    if variables.get("CFLAGS", "") not in output:
        raise Failed("the system's flags are not in the log")
    (wheel,) = (place.folder / "wheel").glob("*.whl")
    return wheel


def installed(place: Place, wheel: Path) -> Environment:
    """Installed by `installer`, into a folder that becomes the root later."""
    environment = with_cffi(place)
    installer = [place.workshop.tool("installer") / "python", "-m", "installer"]
    place.run(*installer, "--prefix", environment.folder, "--destdir", place.folder / "root", wheel)
    place.run("sh", "-c", f"cp -r {place.folder}/root/{environment.folder}/. {environment.folder}")
    return environment


@situation(GROUP, "sdist, offline, system flags, installer --destdir", NATIVE)
def system_flags(place: Place) -> Home:
    environment = installed(place, built(place, **SYSTEM_FLAGS))
    dynamic = place.run("readelf", "-dl", environment.site / "mercury" / LIBRARY)
    if "GNU_RELRO" not in dynamic or "BIND_NOW" not in dynamic:
        raise Failed("the library was not linked with the system's flags")
    return environment.home()


@situation(GROUP, "conda's way: pip install . --no-deps --no-build-isolation", NATIVE)
def conda(place: Place) -> Home:
    environment, tree = with_cffi(place), place.tree()
    environment.install("setuptools")
    options = ["--no-deps", "--no-build-isolation", "-vv"]
    variables = {"CFLAGS": "-march=nocona -O2", "LDFLAGS": "-Wl,-O2 -Wl,--as-needed", "MERCURY_NATIVE": "require"}
    environment.install(".", *options, cwd=tree, **variables)
    return environment.home()


def with_system_library(place: Place, tree: Path, name: str = "libmercury.so") -> Home:
    """A pure wheel, and a link to what `make install-library` has put below the prefix."""
    prefix = place.folder / "usr"
    # Without optimization a square root is a call.
    quick = ["CFLAGS=-O0", "LDLIBS=-lm"]
    place.run("make", "install-library", f"DESTDIR={place.folder}", "PREFIX=/usr", *quick, cwd=tree)
    environment = installed(place, built(place, MERCURY_NATIVE="skip"))
    (environment.site / "mercury" / LIBRARY).symlink_to(prefix / "lib" / name)
    return environment.home()


@situation(
    GROUP,
    "the system's library of the same release, linked into the package",
    NATIVE,
    "libmercury.so is loaded",
)
def system_library(place: Place) -> Home:
    return with_system_library(place, place.tree())


@situation(GROUP, "the system's library of another release", PURE, "is a stale library")
def system_library_of_another_release(place: Place) -> Home:
    tree = place.tree()
    header = tree / "mercury_native" / "header_hash.h"
    text = header.read_text()
    header.write_text(text.replace(text.split('"')[1], "0" * 64))
    return with_system_library(place, tree)


@situation(
    GROUP, "the system's library was removed, the link stayed", PURE, "cannot be read: No such file or directory"
)
def dangling_link(place: Place) -> Home:
    return with_system_library(place, place.tree(), "libmercury-gone.so")


@situation(GROUP, "a C program links the installed library through pkg-config", NATIVE)
def pkg_config(place: Place) -> Home:
    if shutil.which("pkg-config") is None:
        raise Absent("no pkg-config here")
    home = with_system_library(place, place.tree())
    prefix = place.folder / "usr"
    variables = {"PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig"), "PKG_CONFIG_SYSROOT_DIR": str(place.folder)}
    flags = place.run("pkg-config", "--cflags", "--libs", "mercury", **variables).split()
    place.run("cc", "-x", "c", "-", *flags, "-o", place.folder / "program", text=PROGRAM)
    answer = place.run(place.folder / "program", LD_LIBRARY_PATH=str(prefix / "lib")).strip()
    if answer not in (place.workshop.tree / "mercury_native" / "header_hash.h").read_text():
        raise Failed(f"the program answers {answer}")
    return home
