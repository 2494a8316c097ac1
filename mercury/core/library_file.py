"""Proves, before the system is asked to load a library, that its file is whole.

A shared library that was cut short (a full disk, a copy under way) is mapped
without complaint and kills the process by SIGBUS when the missing part is touched.
So every range of the file that a loader maps must end inside the file:

    ELF      the program headers, and what they load     Linux, BSD
    Mach-O   the load commands, and their segments       macOS; a fat file holds several
    PE       the section table, and the sections         Windows

Whether the library fits this machine is the system's to say.
"""

from __future__ import annotations

import os
import stat
import struct

TYPE_CHECKING = False  # type checkers know it by its name; to import typing takes longer than all else here
if TYPE_CHECKING:
    from typing import BinaryIO, Iterator, Optional, Tuple

_ELF_LOAD = 1
_ELF_DYNAMIC = 2
_ELF_SHARED = 3
_MACH_MAGICS = {
    b"\xce\xfa\xed\xfe": "<32",
    b"\xcf\xfa\xed\xfe": "<64",
    b"\xfe\xed\xfa\xce": ">32",
    b"\xfe\xed\xfa\xcf": ">64",
}
_FAT_MAGICS = {b"\xca\xfe\xba\xbe": ">8xII4x", b"\xca\xfe\xba\xbf": ">8xQQ8x"}
_FAT_MOST_SLICES = 64


class NotWhole(Exception):
    """Why a file cannot be loaded as a library, in words that follow "it "."""


class Window:
    """A range of a file that refuses to be read or named beyond its end."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file = file
        self._start = start
        self.size = size

    def require(self, offset: int, size: int, what: str) -> None:
        """Raises NotWhole where `size` bytes at `offset` do not lie inside."""
        if offset + size > self.size:
            raise NotWhole(f"is cut short: its {what} ends at byte {offset + size} of {self.size}")

    def unpack(self, layout: str, offset: int, what: str) -> Tuple[int, ...]:
        """The integers at `offset`, laid out as struct says."""
        return struct.unpack(layout, self.read(offset, struct.calcsize(layout), what))

    def read(self, offset: int, size: int, what: str) -> bytes:
        """`size` bytes at `offset`."""
        self.require(offset, size, what)
        self._file.seek(self._start + offset)
        data = self._file.read(size)
        if len(data) != size:
            raise NotWhole(f"shrank while its {what} was read")
        return data

    def slice(self, offset: int, size: int, what: str) -> Window:
        """A window on a part of this one."""
        self.require(offset, size, what)
        return Window(self._file, self._start + offset, size)


def problem(path: str) -> Optional[str]:
    """Why the file at `path` must not be loaded, in words that follow "it ", or None."""
    try:
        _check_kind(os.stat(path))
        with open(path, "rb") as file:
            check(Window(file, 0, os.fstat(file.fileno()).st_size))
    except NotWhole as error:
        return str(error)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return None


def _check_kind(status: os.stat_result) -> None:
    # Opening a FIFO would wait for a writer.
    if stat.S_ISDIR(status.st_mode):
        raise NotWhole("is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise NotWhole("is no regular file")
    if status.st_size == 0:
        raise NotWhole("is empty")


def check(window: Window) -> None:
    """Raises NotWhole unless `window` holds a whole library of a known format."""
    magic = window.read(0, min(4, window.size), "magic number")
    if magic == b"\x7fELF":
        check_elf(window)
    elif magic in _MACH_MAGICS:
        check_mach_o(window)
    elif magic in _FAT_MAGICS:
        check_fat(window)
    elif magic[:2] == b"MZ":
        check_pe(window)
    else:
        raise NotWhole("is no library")


def check_elf(window: Window) -> None:
    """Every segment that is loaded, and the dynamic section, must lie in the file."""
    loaded = dynamic = 0
    for kind, offset, size in _elf_segments(window):
        if kind in (_ELF_LOAD, _ELF_DYNAMIC):
            window.require(offset, size, "loaded part")
        loaded += kind == _ELF_LOAD
        dynamic += kind == _ELF_DYNAMIC
    if not loaded or not dynamic:
        raise NotWhole("is an ELF file, but no library")


def _elf_segments(window: Window) -> Iterator[Tuple[int, int, int]]:
    # Yields (kind, offset, size in the file) for each program header.
    bits, order = window.read(4, 2, "ELF header")
    if bits not in (1, 2) or order not in (1, 2):
        raise NotWhole("has an unknown kind of ELF header")
    is_64 = bits == 2
    endian = "<" if order == 1 else ">"
    # Type, machine, version, entry, program headers, section headers, flags, size of this, of an entry, entries.
    header = window.unpack(endian + ("HHIQQQIHHH" if is_64 else "HHIIIIIHHH"), 16, "ELF header")
    kind, table, entry_size, count = header[0], header[4], header[8], header[9]
    layout = endian + ("I4xQ16xQ16x" if is_64 else "II8xI12x")
    if kind != _ELF_SHARED or entry_size != struct.calcsize(layout):
        raise NotWhole("is an ELF file, but no library")
    window.require(table, count * entry_size, "program header table")
    for number in range(count):
        segment = window.unpack(layout, table + number * entry_size, "program header")
        yield segment[0], segment[1], segment[2]


def check_mach_o(window: Window) -> None:
    """Every segment that a load command names must lie in the file."""
    flavor = _MACH_MAGICS[window.read(0, 4, "magic number")]
    endian, is_64 = flavor[0], flavor[1:] == "64"
    segment_kind, place, layout = (0x19, 40, endian + "QQ") if is_64 else (0x1, 32, endian + "II")
    segments = 0
    for kind, command in _mach_o_commands(window, endian, 32 if is_64 else 28):
        if kind == segment_kind:
            offset, size = command.unpack(layout, place, "segment command")
            window.require(offset, size, "segment")
            segments += 1
    if not segments:
        raise NotWhole("is a Mach-O file, but no library")


def _mach_o_commands(window: Window, endian: str, start: int) -> Iterator[Tuple[int, Window]]:
    # Yields each load command's kind and its bytes.
    count, table_size = window.unpack(endian + "II", 16, "Mach-O header")
    table = window.slice(start, table_size, "table of load commands")
    position = 0
    for _ in range(count):
        kind, size = table.unpack(endian + "II", position, "load command")
        if size < 8:
            raise NotWhole("has a load command without a size")
        yield kind, table.slice(position, size, "load command")
        position += size


def check_fat(window: Window) -> None:
    """Every slice of a universal binary must be a whole Mach-O file."""
    layout = _FAT_MAGICS[window.read(0, 4, "magic number")]
    (count,) = window.unpack(">I", 4, "fat header")
    if not 0 < count <= _FAT_MOST_SLICES:
        raise NotWhole("is no library")
    for number in range(count):
        offset, size = window.unpack(layout, 8 + number * struct.calcsize(layout), "fat header")
        part = window.slice(offset, size, "slice")
        if part.read(0, 4, "magic number") not in _MACH_MAGICS:
            raise NotWhole("holds a slice that is no library")
        check_mach_o(part)


def check_pe(window: Window) -> None:
    """The headers and every section's data must lie in the file."""
    (start,) = window.unpack("<I", 0x3C, "DOS header")
    if window.read(start, 4, "PE signature") != b"PE\0\0":
        raise NotWhole("is no library")
    count, optional_size = window.unpack("<H12xH", start + 6, "COFF header")
    if not count:
        raise NotWhole("is a PE file, but no library")
    table = start + 24 + optional_size
    for number in range(count):
        size, offset = window.unpack("<II", table + number * 40 + 16, "section table")
        window.require(offset, size, "section")
