"""Build facts; the twin of abi.c. The header hash has no twin: nothing was compiled here."""

import platform
import struct
import sys


def build() -> str:
    """One line for a person about what runs the twin, for example "CPython 3.11.7, 64-bit, little-endian"."""
    return (
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"{8 * struct.calcsize('P')}-bit, {sys.byteorder}-endian"
    )
