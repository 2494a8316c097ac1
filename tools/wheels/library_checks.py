"""What the library in a wheel must prove, by what LLVM's tools read in it."""

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Optional, Set

from tools.wheels.archive import Wheel
from tools.wheels.formats import FORMATS
from tools.wheels.platforms import Platform

ROOT = Path(__file__).resolve().parent.parent.parent
SYMBOLS = Path("mercury_native", "exported_symbols.txt")
"""Every name that a library exports, one a line."""


def stored_symbols() -> Set[str]:
    """The names of the stored list."""
    return set((ROOT / SYMBOLS).read_text(encoding="ascii").split())


@contextmanager
def unpacked(wheel: Wheel, platform: Platform) -> Iterator[Path]:
    """The library as a file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / platform.library
        path.write_bytes(wheel.files.get(f"mercury/{platform.library}", b""))
        yield path


def library(wheel: Wheel, platform: Optional[Platform]) -> Iterator[str]:
    """It must be for its platform, stripped, hardened, and need the C library alone."""
    if platform is not None:
        with unpacked(wheel, platform) as path:
            yield from FORMATS[platform.system].faults(path, platform)


def symbols(wheel: Wheel, platform: Optional[Platform]) -> Iterator[str]:
    """It must export the stored names and no others."""
    if platform is None:
        return
    with unpacked(wheel, platform) as path:
        found, stored = FORMATS[platform.system].exported(path), stored_symbols()
    for name in sorted(stored - found):
        yield f"it does not export {name}"
    for name in sorted(found - stored):
        yield f"it exports {name}, which {SYMBOLS.name} does not know"
