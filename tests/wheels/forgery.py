"""Makes wrong wheels of right ones. A forger repairs RECORD, so that a check has to look further."""

import csv
import io
import struct
import zipfile
from pathlib import Path
from typing import Callable, Dict, Optional

from tools.wheels.archive import Wheel, record_hash
from tools.wheels.formats import mach_o_signature

Files = Dict[str, bytes]
ELF_STACK, ELF_RELRO, ELF_LOAD, ELF_DYNAMIC = 0x6474E551, 0x6474E552, 1, 2


def forge(
    wheel: Wheel, folder: Path, change: Callable[[Files], None], name: Optional[str] = None, repair: bool = True
) -> Wheel:
    """A copy of the wheel after `change` of its files, under its own name or another."""
    files = dict(wheel.files)
    record = f"{wheel.information}/RECORD"
    change(files)
    if repair:
        files[record] = record_text(files, record)
    path = folder / (name or wheel.path.name)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content in files.items():
            archive.writestr(file, content)
    return Wheel(path)


def record_text(files: Files, record: str) -> bytes:
    """A RECORD that is true."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerows((name, record_hash(content), len(content)) for name, content in files.items() if name != record)
    rows.writerow((record, "", ""))
    return text.getvalue().encode("utf-8")


def replaced(content: bytes, old: bytes, new: bytes) -> bytes:
    """The content with one text for another of the same length, which must be in it."""
    assert old in content and len(old) == len(new)
    return content.replace(old, new)


def elf_flags(content: bytes, kind: int, flags: int) -> bytes:
    """A 64-bit little-endian ELF file whose segments of one kind have other flags; flags -1 take the kind away."""
    changed = bytearray(content)
    (start,) = struct.unpack_from("<Q", content, 32)
    size, count = struct.unpack_from("<2H", content, 54)
    for at in range(start, start + size * count, size):
        if struct.unpack_from("<I", content, at) == (kind,):
            struct.pack_into("<I", changed, at if flags < 0 else at + 4, 0 if flags < 0 else flags)
    return bytes(changed)


def elf_late_binding(content: bytes) -> bytes:
    """The file without the flags that bind its functions at once: FLAGS and FLAGS_1 become 0."""
    changed = bytearray(content)
    (start,) = struct.unpack_from("<Q", content, 32)
    size, count = struct.unpack_from("<2H", content, 54)
    segments = [struct.unpack_from("<IIQQQQ", content, start + size * index) for index in range(count)]
    (offset, length) = next((segment[2], segment[5]) for segment in segments if segment[0] == ELF_DYNAMIC)
    for at in range(offset, offset + length, 16):
        if struct.unpack_from("<Q", content, at)[0] in (30, 0x6FFFFFFB):
            struct.pack_into("<Q", changed, at + 8, 0)
    return bytes(changed)


def without_signature(content: bytes) -> bytes:
    """A thin Mach-O file in which the signature's load command is another."""
    changed = bytearray(content)
    (count,) = struct.unpack_from("<I", content, 16)
    at = 32
    for _ in range(count):
        command, size = struct.unpack_from("<2I", content, at)
        if command == mach_o_signature.LC_CODE_SIGNATURE:
            struct.pack_into("<I", changed, at, 0x26)
        at += size
    return bytes(changed)


def unwritten_indirect_symbol(content: bytes) -> bytes:
    """A Mach-O file for x86_64 and others in which the last indirect symbol of x86_64 is the first symbol of all."""
    changed = bytearray(content)
    start = content.index(struct.pack("<2I", 0xFEEDFACF, 0x01000007))
    table = content.index(struct.pack("<2I", 0x0B, 80), start)
    offset, count = struct.unpack_from("<2I", content, table + 56)
    struct.pack_into("<I", changed, start + offset + 4 * (count - 1), 0)
    return bytes(changed)


def pe_characteristics(content: bytes, cleared: int) -> bytes:
    """A PE file without some of its DllCharacteristics."""
    changed = bytearray(content)
    (header,) = struct.unpack_from("<I", content, 60)
    at = header + 24 + 70
    struct.pack_into("<H", changed, at, struct.unpack_from("<H", content, at)[0] & ~cleared)
    return bytes(changed)
