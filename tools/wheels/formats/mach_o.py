"""Libraries of macOS, of one slice or of several."""

import re
from pathlib import Path
from typing import Iterator, List, Set

from tools.wheels.command import run
from tools.wheels.formats import mach_o_signature
from tools.wheels.platforms import Platform

SLICES = {"x86_64": {"x86_64"}, "arm64": {"arm64"}, "universal2": {"x86_64", "arm64"}}
C_LIBRARY = "/usr/lib/libSystem.B.dylib"
INSTALL_NAME = "@rpath/libmercury.dylib"
MINIMUM = "11.0"
OF_THE_LINKER = {"__dso_handle", "_mh_dylib_header"}
"""What zig's linker exports by itself. macOS looks names up by library, so they are in nobody's way."""


def slices(library: Path) -> List[str]:
    """The machines that the library is for."""
    return run("llvm-lipo-19", str(library), "-archs").split()


def objdump(library: Path, machine: str, *what: str) -> str:
    """What llvm-objdump says of one slice."""
    return run("llvm-objdump-19", "--macho", f"--arch={machine}", *what, str(library))


def exported(library: Path) -> Set[str]:
    """The names that every slice of the library defines for others, without the underscore in front."""
    tables = [objdump(library, machine, "--exports-trie") for machine in slices(library)]
    return set.intersection(*(set(re.findall(r"^0x\w+ +_(\w+)", table, re.M)) for table in tables)) - OF_THE_LINKER


def faults(library: Path, platform: Platform) -> Iterator[str]:
    """What is wrong with the library for its platform."""
    machines = slices(library)
    if set(machines) != SLICES[platform.machine.split("-")[-1]]:
        yield f"it is for {' and '.join(machines)}"
    for machine in machines:
        for fault in slice_faults(objdump(library, machine, "--private-headers"), machine):
            yield f"{machine}: {fault}"
        if unwritten(library, machine):
            yield f"{machine}: its table of indirect symbols has entries that the linker did not write"
        if "arm64" in machine:
            yield from mach_o_signature.faults(library.read_bytes())


def unwritten(library: Path, machine: str) -> Set[str]:
    """What the table of indirect symbols names beside imports: zig's linker does not write entries of our own."""
    named = re.findall(r"^0x\w+ +\d+ (\S+)$", objdump(library, machine, "--indirect-symbols"), re.M)
    imported = re.findall(r"^__DATA.* (\S+)$", objdump(library, machine, "--bind", "--lazy-bind"), re.M)
    return set(named) - set(imported)


def slice_faults(headers: str, machine: str) -> Iterator[str]:
    """What is wrong in the load commands of one slice."""
    if commands(headers, "LC_BUILD_VERSION", "minos") != [MINIMUM]:
        yield f"it is not for macOS {MINIMUM} and later"
    if commands(headers, "LC_ID_DYLIB", "name") != [INSTALL_NAME]:
        yield f"its install name is not {INSTALL_NAME}"
    for name in commands(headers, "LC_LOAD_DYLIB", "name"):
        if name != C_LIBRARY:
            yield f"it needs {name}"
    for flag in ("NOUNDEFS", "TWOLEVEL"):
        if not re.search(rf"^MH_MAGIC_64 .*\b{flag}\b", headers, re.M):
            yield f"it is not {flag}"
    if re.search(r"initprot rwx|segname __DWARF", headers):
        yield "it has writable code or debug sections"
    if machine == "arm64" and "cmd LC_CODE_SIGNATURE" not in headers:
        yield "it is not signed"


def commands(headers: str, command: str, field: str) -> List[str]:
    """The values of a field in all load commands of one kind."""
    blocks = re.split(r"^Load command \d+$", headers, flags=re.M)
    return [
        value
        for block in blocks
        if re.search(rf"^ +cmd {command}$", block, re.M)
        for value in re.findall(rf"^ +{field} (\S+)", block, re.M)
    ]
