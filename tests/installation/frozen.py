"""Programs that packers make of an interpreter, the application and Mercury."""

from pathlib import Path
from typing import List

from tests.installation.by_pip import MISSING
from tests.installation.situation import NATIVE, PURE, Home, situation
from tests.installation.workshop import PROBE, Place

GROUP = "frozen"


def pyinstaller(place: Place, wheel: Path, *options: str) -> Home:
    """The probe as a program; Mercury's hook is found by itself."""
    environment = place.environment()
    environment.install("pyinstaller", "cffi", wheel)
    environment("-m", "PyInstaller", "--log-level", "ERROR", "-n", "shop", *options, PROBE)
    program = place.folder / "dist" / "shop"
    return Home([str(program / "shop" if program.is_dir() else program)], {}, is_program=True)


@situation(GROUP, "PyInstaller, one folder", NATIVE, "mercury/libmercury.so is loaded")
def one_folder(place: Place) -> Home:
    return pyinstaller(place, place.workshop.native)


@situation(GROUP, "PyInstaller, one file", NATIVE, "mercury/libmercury.so is loaded")
def one_file(place: Place) -> Home:
    return pyinstaller(place, place.workshop.native, "--onefile")


@situation(GROUP, "PyInstaller, one file, optimized twice", NATIVE)
def one_file_optimized(place: Place) -> Home:
    return pyinstaller(place, place.workshop.native, "--onefile", "--optimize", "2")


@situation(GROUP, "PyInstaller, the pure wheel", PURE, "Build the program or archive again")
def one_file_pure(place: Place) -> Home:
    return pyinstaller(place, place.workshop.pure)


def cx_freeze(place: Place, wheel: Path, packed: List[str]) -> Home:
    environment = place.environment()
    environment.install("cx-Freeze", "setuptools", "cffi", wheel)
    command = ["-m", "cx_Freeze", "build_exe", f"--script={PROBE}", "--packages=mercury,_cffi_backend", "--silent"]
    environment(*command, *packed, f"--build-exe={place.folder / 'shop'}")
    return Home(
        [str(place.folder / "shop" / "probe")], {"XDG_CACHE_HOME": str(place.folder / "cache")}, is_program=True
    )


@situation(GROUP, "cx_Freeze, packages in folders", NATIVE, "mercury/libmercury.so is loaded")
def cx_freeze_folders(place: Place) -> Home:
    return cx_freeze(place, place.workshop.native, ["--zip-exclude-packages=*"])


@situation(GROUP, "cx_Freeze, packages in its zip", PURE, MISSING)
def cx_freeze_zip(place: Place) -> Home:
    return cx_freeze(place, place.workshop.pure, ["--zip-include-packages=mercury", "--zip-exclude-packages="])
