"""Mercury in zips, zipapps and importers' memory: the library is extracted where nobody else can change it."""

import os
import shutil
import zipfile
from pathlib import Path
from typing import List

from tests.installation.at_run_time import read_only_root
from tests.installation.by_pip import MISSING, program
from tests.installation.situation import NATIVE, PURE, Home, situation
from tests.installation.workshop import PROBE, ROOT, Absent, Environment, Failed, Place, mounted

GROUP = "archive"
EXTRACTED = "/mercury-native/libmercury-"
NOT_EXTRACTED = "the library lies in an archive and cannot be extracted: "


def with_cffi(place: Place) -> Environment:
    return place.environment_with("cffi")


def zipped(place: Place, wheel: Path) -> Home:
    """The wheel itself first on the path, cffi in the environment, and a cache that is not there yet."""
    archive = shutil.copy(str(wheel), str(place.folder / "mercury.zip"))
    return with_cffi(place).home(PYTHONPATH=archive, XDG_CACHE_HOME=str(place.folder / "cache"))


@situation(GROUP, "a zip on the path", NATIVE, EXTRACTED, short=True)
def zip_on_path(place: Place) -> Home:
    return zipped(place, place.workshop.native)


@situation(GROUP, "a zip on the path, the second time: the extracted file is not written again", NATIVE, EXTRACTED)
def zip_again(place: Place) -> Home:
    home = zipped(place, place.workshop.native)
    place.run(*home.command, PROBE, **home.variables)
    (library,) = (place.folder / "cache" / "mercury-native").iterdir()
    before = library.stat()
    place.run(*home.command, PROBE, **home.variables)
    if library.stat().st_mtime_ns != before.st_mtime_ns or library.stat().st_ino != before.st_ino:
        raise Failed("the file was written again")
    return home


@situation(GROUP, "a zip of the pure wheel", PURE, MISSING)
def pure_zip(place: Place) -> Home:
    return zipped(place, place.workshop.pure)


@situation(GROUP, "a zip, and no cffi", PURE, "cffi is not installed")
def zip_without_cffi(place: Place) -> Home:
    archive = shutil.copy(str(place.workshop.native), str(place.folder / "mercury.zip"))
    return place.environment().home(PYTHONPATH=archive)


@situation(GROUP, "a zip with a stale library", PURE, "is a stale library")
def stale_zip(place: Place) -> Home:
    folder = place.unpacked(place.workshop.pure)
    with zipfile.ZipFile(place.workshop.older) as archive:
        archive.extract("mercury/libmercury.so", folder)
    return zipped(place, Path(shutil.make_archive(str(place.folder / "stale"), "zip", folder)))


@situation(GROUP, "a zip with half a library", PURE, "is cut short")
def half_a_library(place: Place) -> Home:
    folder = place.unpacked(place.workshop.native)
    library = folder / "mercury" / "libmercury.so"
    library.write_bytes(library.read_bytes()[:30000])
    return zipped(place, Path(shutil.make_archive(str(place.folder / "half"), "zip", folder)))


@situation(
    GROUP, "a zip, and a cache that everybody may write", PURE, "cache can be changed by other users", short=True
)
def open_cache(place: Place) -> Home:
    home = zipped(place, place.workshop.native)
    (place.folder / "cache").mkdir()
    (place.folder / "cache").chmod(0o777)
    return home


@situation(GROUP, "a zip, and a cache that everybody may write, the hint obeyed", NATIVE, EXTRACTED)
def cache_hint(place: Place) -> Home:
    home = open_cache(place)
    code = "from mercury.core import backend; print(backend().hint)"
    hint = place.run(*home.command, "-W", "ignore", "-c", code, **home.variables)
    place.run("sh", "-c", hint.split("(")[1].split(")")[0])
    return home


@situation(GROUP, "a zip, and a cache of another user's", PURE, "belongs to user 12345")
def foreign_cache(place: Place) -> Home:
    home = zipped(place, place.workshop.native)
    (place.folder / "cache" / "mercury-native").mkdir(parents=True)
    try:
        os.chown(place.folder / "cache" / "mercury-native", 12345, -1)
    except PermissionError:
        raise Absent("only root can give a folder away") from None
    return home


@situation(GROUP, "a zip, and a link in the cache's place", PURE, "mercury-native is no folder")
def linked_cache(place: Place) -> Home:
    home = zipped(place, place.workshop.native)
    (place.folder / "cache").mkdir()
    (place.folder / "elsewhere").mkdir(mode=0o700)
    (place.folder / "cache" / "mercury-native").symlink_to(place.folder / "elsewhere")
    return home


@situation(GROUP, "a zip, and an extracted file that was exchanged: it is written again", NATIVE, EXTRACTED, short=True)
def exchanged(place: Place) -> Home:
    home = zipped(place, place.workshop.native)
    place.run(*home.command, PROBE, **home.variables)
    (library,) = (place.folder / "cache" / "mercury-native").iterdir()
    source = "void mercury_abi_header_hash(void) { __builtin_trap(); }\n"
    place.run("cc", "-shared", "-fPIC", "-x", "c", "-", "-o", library, text=source)
    return home


@situation(GROUP, "a zip, and no home", PURE, NOT_EXTRACTED + "No such file or directory")
def no_home(place: Place) -> Home:
    home = zipped(place, place.workshop.native)
    return home._replace(variables={"PYTHONPATH": home.variables["PYTHONPATH"], "HOME": "/nonexistent"})


@situation(
    GROUP, "a zip, and a file system that is read-only", PURE, NOT_EXTRACTED + "Read-only file system", short=True
)
def read_only(place: Place) -> Home:
    home = zipped(place, place.workshop.native)
    return home._replace(command=[*read_only_root(), *home.command])


@situation(GROUP, "a zip, and a cache from which nothing may be executed", PURE, "the system cannot load the library")
def not_executable(place: Place) -> Home:
    home = zipped(place, place.workshop.native)
    cache = place.folder / "cache"
    cache.mkdir(mode=0o700)
    return home._replace(command=[*mounted(f"mount -t tmpfs -o noexec,mode=0700 none {cache}"), *home.command])


@situation(GROUP, "eight processes extract at once", NATIVE, EXTRACTED)
def at_once(place: Place) -> Home:
    home = zipped(place, place.workshop.native)
    code = "import mercury, sys; sys.exit(mercury.backend != 'native')"
    (place.folder / "cache").mkdir()
    line = " & ".join([f'{home.command[0]} -c "{code}" || echo FAILED'] * 8)
    if "FAILED" in place.run("sh", "-c", f"{line} & wait", **home.variables):
        raise Failed("a process did not get the library")
    if len(list((place.folder / "cache" / "mercury-native").iterdir())) != 1:
        raise Failed("temporary files were left")
    return home


MAIN = """
import runpy, sys
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def zipapp(place: Place, wheel: Path, environment: Environment) -> Home:
    folder = place.unpacked(wheel, "application")
    (folder / "__main__.py").write_text(MAIN)
    environment("-m", "zipapp", folder, "-o", place.folder / "shop.pyz")
    return environment.home(str(place.folder / "shop.pyz"), XDG_CACHE_HOME=str(place.folder / "cache"))


@situation(GROUP, "a zipapp", NATIVE, EXTRACTED)
def native_zipapp(place: Place) -> Home:
    return zipapp(place, place.workshop.native, with_cffi(place))


@situation(GROUP, "a zipapp of the pure wheel", PURE, "Build the program or archive again")
def pure_zipapp(place: Place) -> Home:
    return zipapp(place, place.workshop.pure, with_cffi(place))


@situation(GROUP, "a zipapp on PyPy", NATIVE, EXTRACTED)
def pypy_zipapp(place: Place) -> Home:
    return zipapp(place, place.workshop.native, place.environment("pypy3"))


@situation(GROUP, "shiv", NATIVE, "libmercury.so is loaded")
def shiv(place: Place) -> Home:
    output, home = place.folder / "shop.pyz", place.environment()
    command = [place.workshop.tool("shiv") / "python", "-m", "shiv.cli", "-o", output, place.workshop.native]
    place.run(*command, *pip_options(place))
    # What a shiv runs is a module of its own: the probe, in a module of that name.
    return home.home(str(output), SHIV_ROOT=str(place.folder / "root"), SHIV_INTERPRETER="1")


def pip_options(place: Place) -> List[str]:
    return ["--no-index", "--find-links", str(place.workshop.wheelhouse)]


@situation(GROUP, "PEX", NATIVE, "libmercury.so is loaded")
def pex(place: Place) -> Home:
    output, home = place.folder / "shop.pex", place.environment()
    command = [place.workshop.tool("pex") / "pex", place.workshop.native, *pip_options(place), "-o", output]
    variables = {"PEX_ROOT": str(place.folder / "root")}
    place.run(*command, "--python", home.python, **variables)
    return home.home(str(output), PEX_INTERPRETER="1", **variables)


FROM_MEMORY = """
import runpy, sys
sys.path.insert(0, {tests!r})
import memory_importer
del sys.path[0]
memory_importer.install({root!r}, {shown!r})
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def from_memory(place: Place, shown: List[str], wheel: Path) -> Home:
    """Modules as PyOxidizer's importer gives them."""
    tests, root = str(ROOT / "tests"), str(place.unpacked(wheel))
    launcher = program(place, "launcher.py", FROM_MEMORY.format(tests=tests, root=root, shown=shown))
    return with_cffi(place).home(launcher, XDG_CACHE_HOME=str(place.folder / "cache"))


@situation(GROUP, "an importer's memory, without the library", PURE, MISSING, short=True)
def memory_without_library(place: Place) -> Home:
    return from_memory(place, [], place.workshop.pure)


@situation(GROUP, "an importer's memory, with the library as a resource", NATIVE, EXTRACTED)
def memory_with_library(place: Place) -> Home:
    return from_memory(place, ["libmercury.so"], place.workshop.native)
