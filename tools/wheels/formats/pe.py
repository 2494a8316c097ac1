"""Libraries of Windows."""

import re
from pathlib import Path
from typing import Iterator, List, Set

from tools.wheels.command import run
from tools.wheels.platforms import Platform

MACHINES = {"AMD64": "AMD64", "ARM64": "ARM64", "x86": "I386"}
HARDENING = {"DYNAMIC_BASE", "NX_COMPAT"}


def readobj(library: Path, *what: str) -> str:
    """What llvm-readobj says of the library."""
    return run("llvm-readobj-19", *what, str(library))


def exported(library: Path) -> Set[str]:
    """The names that the library defines for others."""
    return set(re.findall(r"^  Name: (\w+)$", readobj(library, "--coff-exports"), re.M))


def faults(library: Path, platform: Platform) -> Iterator[str]:
    """What is wrong with the library for its platform."""
    headers = readobj(library, "--file-headers")
    machine = re.findall(r"Machine: IMAGE_FILE_MACHINE_(\w+)", headers)
    is_narrow = platform.machine == "win32-x86"
    if machine != [MACHINES[platform.machine.split("-")[-1]]]:
        yield f"it is for {' '.join(machine)}"
    present = set(re.findall(r"IMAGE_DLL_CHARACTERISTICS_(\w+)", headers))
    for flag in sorted(HARDENING | (set() if is_narrow else {"HIGH_ENTROPY_VA"})):
        if flag not in present:
            yield f"it lacks {flag}"
    if "PointerToSymbolTable: 0x0\n" not in headers:
        yield "it is not stripped"
    for name in imported(library):
        if not re.fullmatch(r"kernel32\.dll|api-ms-win-crt-[\w-]+\.dll", name.lower()):
            yield f"it needs {name}"


def imported(library: Path) -> List[str]:
    """The libraries that it loads."""
    return re.findall(r"^Import \{\n +Name: (\S+)", readobj(library, "--coff-imports"), re.M)
