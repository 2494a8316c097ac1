"""Programs that embed Python, with the C library linked into them or not."""

import shutil
import sysconfig
from pathlib import Path
from typing import Tuple

from tests.installation.archives import FROM_MEMORY, with_cffi
from tests.installation.by_pip import MISSING, program
from tests.installation.checkouts import change_header
from tests.installation.situation import NATIVE, PURE, Home, situation
from tests.installation.workshop import ROOT, Absent, Environment, Place, compiler

GROUP = "embedded"
LINKED = "the library linked into the program is loaded"

PROGRAM = """
#include <Python.h>
int main(int count, char **words)
{
    return Py_BytesMain(count, words);
}
"""


def embed(place: Place, tree: Path, *linked: str) -> Tuple[Environment, str]:
    """A program around libpython, and an environment for its modules."""
    folder, include = sysconfig.get_config_var("LIBDIR"), sysconfig.get_path("include")
    library = Path(folder, sysconfig.get_config_var("LDLIBRARY"))
    if not library.exists() or not Path(include, "Python.h").exists():
        raise Absent("no libpython and headers of this Python here")
    place.run("make", "static", "CFLAGS=-O0", cwd=tree)
    path = place.folder / "shop"
    version = sysconfig.get_config_var("LDVERSION")
    python = [f"-I{include}", f"-L{folder}", f"-lpython{version}", f"-Wl,-rpath,{folder}", "-rdynamic", "-lm"]
    place.run(*compiler(), "-x", "c", "-", "-x", "none", *linked, *python, "-o", path, cwd=tree, text=PROGRAM)
    return with_cffi(place), str(path)


WHOLE_LIBRARY = ["-Wl,--whole-archive", "build/native/libmercury.a", "-Wl,--no-whole-archive"]


def home_of(place: Place, environment: Environment, path: str, modules: Path) -> Home:
    home = sysconfig.get_config_var("prefix")
    return Home([path], {"PYTHONHOME": home, "PYTHONPATH": f"{modules}:{environment.site}"})


@situation(GROUP, "libmercury.a linked into the program", NATIVE, LINKED, short=True)
def linked_library(place: Place) -> Home:
    environment, path = embed(place, place.tree(), *WHOLE_LIBRARY)
    return home_of(place, environment, path, place.unpacked(place.workshop.pure))


@situation(
    GROUP,
    "libmercury.a of another release linked into the program",
    PURE,
    "the library linked into the program is a stale library",
)
def stale_linked_library(place: Place) -> Home:
    tree = place.tree()
    change_header(tree)
    environment = with_cffi(place)
    environment("build_ffi.py", cwd=tree)
    shutil.copy(place.workshop.tree / "mercury" / "core" / "_ffi.py", tree / "mercury" / "core")
    environment, path = embed(place, tree, *WHOLE_LIBRARY)
    return home_of(place, environment, path, place.unpacked(place.workshop.pure))


@situation(GROUP, "nothing linked into the program", PURE, MISSING)
def nothing_linked(place: Place) -> Home:
    environment, path = embed(place, place.tree())
    return home_of(place, environment, path, place.unpacked(place.workshop.pure))


@situation(GROUP, "nothing linked, a platform's wheel beside", NATIVE, "libmercury.so is loaded")
def wheel_beside(place: Place) -> Home:
    environment, path = embed(place, place.tree())
    return home_of(place, environment, path, place.unpacked(place.workshop.native))


@situation(GROUP, "libmercury.a linked, modules in a zip", NATIVE, LINKED)
def linked_and_zip(place: Place) -> Home:
    environment, path = embed(place, place.tree(), *WHOLE_LIBRARY)
    archive = Path(shutil.copy(str(place.workshop.pure), str(place.folder / "mercury.zip")))
    return home_of(place, environment, path, archive)


@situation(GROUP, "PyOxidizer's situation: libmercury.a linked, modules in memory", NATIVE, LINKED)
def linked_and_memory(place: Place) -> Home:
    environment, path = embed(place, place.tree(), *WHOLE_LIBRARY)
    tests, root = str(ROOT / "tests"), str(place.unpacked(place.workshop.pure))
    launcher = program(place, "launcher.py", FROM_MEMORY.format(tests=tests, root=root, shown=[]))
    home = home_of(place, environment, path, place.folder)
    return home._replace(command=[path, launcher])
