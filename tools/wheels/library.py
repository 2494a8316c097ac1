"""One platform's library, compiled by zig's C compiler with the Makefile's own rules."""

import shutil
import sysconfig
from pathlib import Path

from tools.wheels.command import run
from tools.wheels.platforms import Platform

LIPO = "llvm-lipo-19"


def zig() -> str:
    """The path of the zig that this environment's package `ziglang` holds."""
    return str(Path(sysconfig.get_path("purelib"), "ziglang", "zig"))


def build(platform: Platform, source: Path, folder: Path) -> Path:
    """Builds the library of the sources in `source` below `folder` and returns its path. Raises command.Failed."""
    shutil.rmtree(folder, ignore_errors=True)
    slices = [build_slice(platform, target, source, folder / target.split("-")[0]) for target in platform.targets]
    library = folder / platform.library
    if len(slices) == 1:
        shutil.move(str(slices[0]), library)
    else:
        run(LIPO, "-create", *map(str, slices), "-output", str(library))
    if platform.needed:
        run("patchelf", "--replace-needed", "libc.so", platform.needed, str(library))
    return library


def build_slice(platform: Platform, target: str, source: Path, folder: Path) -> Path:
    """The library for one target."""
    variables = [f"CC={zig()} cc -target {target}", f"TARGET_SYSTEM={platform.system}", f"OUT={folder}"]
    run("make", *variables, "CFLAGS=", "CPPFLAGS=", "LDFLAGS=", "LDLIBS=", "WERROR=-Werror", "build-ext", folder=source)
    return folder / platform.library
