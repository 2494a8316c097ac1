"""Editable installs of a checkout, and what becomes of them as it changes."""

from pathlib import Path
from typing import Tuple

from tests.installation.by_pip import MISSING, obey
from tests.installation.situation import NATIVE, PURE, REFUSED, Home, situation
from tests.installation.workshop import LIBRARY, Environment, Failed, Place

GROUP = "checkout"
BUILD_IT = "Build it: "


def editable(place: Place, *options: str, **variables: str) -> Tuple[Environment, Path]:
    environment, tree = place.environment(has_pip=True), place.tree()
    environment.install("-v", *options, "-e", tree, **variables)
    return environment, tree


@situation(GROUP, "editable", NATIVE, short=True)
def lenient(place: Place) -> Home:
    return editable(place)[0].home()


@situation(GROUP, "editable, strict", NATIVE)
def strict(place: Place) -> Home:
    return editable(place, "--config-settings", "editable_mode=strict")[0].home()


@situation(
    GROUP,
    "editable without a compiler, over a library of an earlier build",
    PURE,
    BUILD_IT + "make -C",
    "was not built: make failed",
)
def without_a_compiler(place: Place) -> Home:
    environment, tree = place.environment(), place.tree()
    (tree / "mercury" / LIBRARY).write_bytes(b"stale")
    environment.install("-v", "-e", tree, CC="false")
    return environment.home()


@situation(GROUP, "editable without a compiler, the hint obeyed", NATIVE)
def build_hint(place: Place) -> Home:
    environment, _ = editable(place, CC="false")
    obey(place, environment.home(), BUILD_IT)
    return environment.home()


@situation(GROUP, "editable, then the header changes", PURE, "is a stale library", short=True)
def changed_header(place: Place) -> Home:
    environment, tree = editable(place)
    change_header(tree)
    environment("build_ffi.py", cwd=tree)
    return environment.home()


def change_header(tree: Path) -> None:
    header = tree / "mercury_native" / "mercury.h"
    text = header.read_text()
    end = text.rindex("MERCURY_API")
    header.write_text(text[:end] + "enum { MERCURY_NEWER = 1 };\n" + text[end:])


@situation(GROUP, "editable, then the header changes, the hint obeyed", NATIVE)
def changed_header_hint(place: Place) -> Home:
    environment, tree = editable(place)
    change_header(tree)
    environment("build_ffi.py", cwd=tree)
    obey(place, environment.home(), BUILD_IT)
    return environment.home()


@situation(
    GROUP,
    "an editable install is uninstalled; make clean takes the library",
    REFUSED,
    output="No module named 'mercury'",
)
def uninstalled(place: Place) -> None:
    environment, tree = editable(place)
    environment.pip("uninstall", "-y", "mercury-native")
    place.run("make", "clean", cwd=tree)
    left = [*environment.site.glob("*mercury*"), *tree.rglob("*.so"), *tree.glob("build")]
    if left:
        raise Failed(f"left behind: {left}")
    environment("-c", "try:\n import mercury\nexcept ImportError as error:\n print(error)")


@situation(GROUP, "run from the checkout, nothing installed or built", PURE, MISSING)
def not_installed(place: Place) -> Home:
    return place.environment_with("cffi").home(PYTHONPATH=str(place.tree()))


@situation(GROUP, "make library in a checkout", NATIVE, "libmercury.so is loaded")
def make_library(place: Place) -> Home:
    environment, tree = place.environment_with("cffi"), place.tree()
    place.run("make", "library", "CFLAGS=-O0", cwd=tree)
    return environment.home(PYTHONPATH=str(tree))
