"""A library that is not whole must be known before the system maps it."""

import os
import struct
from io import BytesIO
from pathlib import Path
from typing import Callable, List, Tuple

import pytest

from mercury.core import library_file
from mercury.core.library_file import NotWhole, Window


def check(data: bytes) -> None:
    library_file.check(Window(BytesIO(data), 0, len(data)))


def refused(data: bytes) -> bool:
    try:
        check(data)
    except NotWhole:
        return True
    return False


def elf(bits: int, endian: str, machine: int = 62) -> bytes:
    """The smallest shared object with one loaded segment and a dynamic section, 512 bytes."""
    is_64 = bits == 64
    header_size, entry_size = (64, 56) if is_64 else (52, 32)
    ident = b"\x7fELF" + bytes([2 if is_64 else 1, 1 if endian == "<" else 2, 1]) + bytes(9)
    layout = endian + ("HHIQQQIHHHHHH" if is_64 else "HHIIIIIHHHHHH")
    header = struct.pack(layout, 3, machine, 1, 0, header_size, 0, 0, header_size, entry_size, 2, 0, 0, 0)
    segments = b"".join(
        _segment(is_64, endian, kind, offset, size) for kind, offset, size in [(1, 0, 512), (2, 400, 96)]
    )
    return (ident + header + segments).ljust(512, b"\0")


def _segment(is_64: bool, endian: str, kind: int, offset: int, size: int) -> bytes:
    if is_64:
        return struct.pack(endian + "IIQQQQQQ", kind, 5, offset, offset, offset, size, size, 4096)
    return struct.pack(endian + "IIIIIIII", kind, offset, offset, offset, size, size, 5, 4096)


def mach_o(bits: int, endian: str) -> bytes:
    """A dylib with one segment, 512 bytes."""
    is_64 = bits == 64
    magic = 0xFEEDFACF if is_64 else 0xFEEDFACE
    layout = "II16sQQQQIIII" if is_64 else "II16sIIIIIIII"
    command = struct.pack(
        endian + layout, 0x19 if is_64 else 1, struct.calcsize(endian + layout), b"__TEXT", 0, 512, 0, 512, 5, 5, 0, 0
    )
    header = struct.pack(endian + "IIIIIII", magic, 0x01000007, 3, 6, 1, len(command), 0) + bytes(4 if is_64 else 0)
    return (header + command).ljust(512, b"\0")


def fat(bits: int) -> bytes:
    """A universal binary with two slices of 512 bytes at 512 and 1,024."""
    slices = [mach_o(64, "<"), mach_o(32, ">")]
    if bits == 64:
        table = b"".join(struct.pack(">IIQQII", 7, 3, 512 * (1 + i), 512, 9, 0) for i in range(2))
    else:
        table = b"".join(struct.pack(">IIIII", 7, 3, 512 * (1 + i), 512, 9) for i in range(2))
    header = struct.pack(">II", 0xCAFEBABF if bits == 64 else 0xCAFEBABE, 2) + table
    return header.ljust(512, b"\0") + b"".join(slices)


def pe() -> bytes:
    """A DLL with two sections of 512 bytes at 512 and 1,024."""
    dos = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x80)
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 2, 0, 0, 0, 240, 0x2022)
    sections = b"".join(
        struct.pack("<8sIIIIIIHHI", b".text", 512, 4096, 512, 512 * (1 + i), 0, 0, 0, 0, 0) for i in range(2)
    )
    return (dos.ljust(0x80, b"\0") + coff + bytes(240) + sections).ljust(512, b"\0") + bytes(1024)


FORMATS: List[Tuple[str, Callable[[], bytes]]] = [
    ("elf 64 little", lambda: elf(64, "<")),
    ("elf 64 big", lambda: elf(64, ">")),
    ("elf 32 little", lambda: elf(32, "<")),
    ("elf 32 big", lambda: elf(32, ">")),
    ("mach-o 64 little", lambda: mach_o(64, "<")),
    ("mach-o 64 big", lambda: mach_o(64, ">")),
    ("mach-o 32 little", lambda: mach_o(32, "<")),
    ("mach-o 32 big", lambda: mach_o(32, ">")),
    ("fat 32", lambda: fat(32)),
    ("fat 64", lambda: fat(64)),
    ("pe", pe),
]


@pytest.mark.parametrize(("name", "make"), FORMATS, ids=[name for name, _ in FORMATS])
def test_whole_file_is_accepted_and_every_shorter_one_refused(name: str, make: Callable[[], bytes]) -> None:
    whole = make()
    check(whole)
    accepted = [length for length in range(len(whole)) if not refused(whole[:length])]
    assert accepted == []


@pytest.mark.parametrize(("name", "make"), FORMATS, ids=[name for name, _ in FORMATS])
def test_any_changed_byte_is_judged_without_another_exception(name: str, make: Callable[[], bytes]) -> None:
    whole = make()
    for position in range(len(whole)):
        for value in (0x00, 0x7F, 0xFF):
            refused(whole[:position] + bytes([value]) + whole[position + 1 :])


@pytest.mark.parametrize("bits", [32, 64])
def test_elf_without_a_segment_to_load_is_no_library(bits: int) -> None:
    whole = bytearray(elf(bits, "<"))
    whole[64 if bits == 64 else 52] = 6
    assert refused(bytes(whole))


def test_an_executable_is_no_library() -> None:
    whole = bytearray(elf(64, "<"))
    whole[16] = 2
    assert refused(bytes(whole))


@pytest.mark.parametrize(
    "data", [b"\0", b"MZ", b"\x7fEL", b"not a library", bytes(4096), b"\xca\xfe\xba\xbe" + b"\xff" * 60]
)
def test_other_content_is_refused(data: bytes) -> None:
    assert refused(data)


def test_the_reasons_name_what_the_file_is(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    text = tmp_path / "text"
    text.write_text("#!/bin/sh\n")
    os.mkfifo(tmp_path / "fifo")
    assert library_file.problem(str(empty)) == "is empty"
    assert library_file.problem(str(tmp_path)) == "is a folder"
    assert library_file.problem(str(tmp_path / "fifo")) == "is no regular file"
    assert library_file.problem(str(text)) == "is no library"
    assert library_file.problem(str(tmp_path / "missing")) == "cannot be read: No such file or directory"


def test_a_cut_library_says_where_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "lib.so"
    path.write_bytes(elf(64, "<")[:500])
    assert library_file.problem(str(path)) == "is cut short: its loaded part ends at byte 512 of 500"
