"""Whether the ad-hoc signature in an arm64 library is that of its bytes: macOS kills what has another.

The layout is that of Apple's cs_blobs.h: a super blob with an index of blobs, one of which is the
code directory with a hash of each page of the file. All its numbers are big-endian.
"""

import hashlib
import struct
from typing import Iterator, Tuple

FAT_MAGIC, MACH_O_64 = 0xCAFEBABE, 0xFEEDFACF
CPU_ARM64 = 0x0100000C
LC_CODE_SIGNATURE = 0x1D
CODE_DIRECTORY = 0xFADE0C02
SHA256 = 2


def faults(content: bytes) -> Iterator[str]:
    """What is wrong with the signature of the arm64 slice."""
    try:
        mach_o = arm64_slice(content)
        offset, size = signature_place(mach_o)
        wrong = wrong_pages(mach_o, code_directory(mach_o[offset : offset + size]))
    except (struct.error, LookupError) as error:
        yield f"its signature cannot be read: {error}"
        return
    if wrong:
        yield f"{wrong} of its pages are not those that were signed"


def arm64_slice(content: bytes) -> bytes:
    """The bytes of the slice for arm64 in a library of one slice or more."""
    magic, count = struct.unpack_from(">II", content)
    if magic != FAT_MAGIC:
        return content
    for index in range(count):
        machine, _, offset, size, _ = struct.unpack_from(">5I", content, 8 + 20 * index)
        if machine == CPU_ARM64:
            return content[offset : offset + size]
    raise LookupError("no slice is for arm64")


def signature_place(mach_o: bytes) -> Tuple[int, int]:
    """Offset and size of the signature."""
    magic, _, _, _, count = struct.unpack_from("<5I", mach_o)
    if magic != MACH_O_64:
        raise LookupError("it is no 64-bit Mach-O file")
    at = 32
    for _ in range(count):
        command, size, offset, length = struct.unpack_from("<4I", mach_o, at)
        if command == LC_CODE_SIGNATURE:
            return offset, length
        at += size
    raise LookupError("there is none")


def code_directory(signature: bytes) -> bytes:
    """The blob with the hashes."""
    _, _, count = struct.unpack_from(">3I", signature)
    for index in range(count):
        _, offset = struct.unpack_from(">2I", signature, 12 + 8 * index)
        magic, length = struct.unpack_from(">2I", signature, offset)
        if magic == CODE_DIRECTORY:
            return signature[offset : offset + length]
    raise LookupError("it has no code directory")


def wrong_pages(mach_o: bytes, directory: bytes) -> int:
    """How many pages have another hash than the directory says."""
    first, _, _, count, limit = struct.unpack_from(">5I", directory, 16)
    width, kind, _, page_bits = struct.unpack_from(">4B", directory, 36)
    if kind != SHA256:
        raise LookupError(f"its hashes are of kind {kind}")
    page = 1 << page_bits
    starts = range(0, limit, page)
    signed = [directory[first + width * index : first + width * (index + 1)] for index in range(count)]
    found = [hashlib.sha256(mach_o[start : min(start + page, limit)]).digest() for start in starts]
    return sum(one != other for one, other in zip(signed, found)) + abs(len(signed) - len(found))
