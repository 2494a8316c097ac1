"""Libraries of Linux."""

import json
from pathlib import Path
from typing import Any, Dict, Iterator, List, Set

from tools.wheels.command import run
from tools.wheels.platforms import Platform

MACHINES = {
    "x86_64": "EM_X86_64",
    "i686": "EM_386",
    "aarch64": "EM_AARCH64",
    "armv7l": "EM_ARM",
    "s390x": "EM_S390",
    "ppc64le": "EM_PPC64",
    "riscv64": "EM_RISCV",
}
C_LIBRARY = {"libc.so.6", "ld-linux-aarch64.so.1", "ld64.so.1", "ld64.so.2"}
EXECUTABLE, WRITABLE = 1, 2


def read(library: Path) -> Dict[str, Any]:
    """The library's headers, segments and dynamic tables."""
    wanted = ["--file-header", "--program-headers", "--dynamic-table", "--dyn-syms", "--sections"]
    parsed: List[Dict[str, Any]] = json.loads(run("llvm-readelf-19", "--elf-output-style=JSON", *wanted, str(library)))
    return parsed[0]


def exported(library: Path) -> Set[str]:
    """The names that the library defines for others."""
    symbols = (entry["Symbol"] for entry in read(library)["DynamicSymbols"])
    return {symbol["Name"]["Name"] for symbol in symbols if symbol["Section"]["Value"] and symbol["Binding"]["Value"]}


def faults(library: Path, platform: Platform) -> Iterator[str]:
    """What is wrong with the library for its platform."""
    elf = read(library)
    machine = elf["ElfHeader"]["Machine"]["Name"]
    if machine != MACHINES[platform.machine.split("-")[-1]]:
        yield f"it is for {machine}"
    yield from dynamic_faults(elf["DynamicSection"], {platform.needed} if platform.needed else C_LIBRARY)
    yield from segment_faults([entry["ProgramHeader"] for entry in elf["ProgramHeaders"]])
    for section in elf["Sections"]:
        name = section["Section"]["Name"]["Name"]
        if name.startswith((".debug", ".symtab")):
            yield f"it is not stripped: {name}"


def dynamic_faults(entries: List[Dict[str, Any]], allowed: Set[str]) -> Iterator[str]:
    """What is wrong in what the loader is told."""
    tags = {entry["Type"] for entry in entries}
    flags = {flag for entry in entries for flag in entry.get("Flags", [])}
    for name in sorted({entry["Library"] for entry in entries if entry["Type"] == "NEEDED"} - allowed):
        yield f"it needs {name}"
    if not {"BIND_NOW", "NOW"} & flags:
        yield "its functions are bound late"
    for tag in sorted(tags & {"RPATH", "RUNPATH", "TEXTREL"}):
        yield f"it has a {tag}"
    if [entry["Name"] for entry in entries if entry["Type"] == "SONAME"] != ["libmercury.so"]:
        yield "its SONAME is not libmercury.so"


def segment_faults(segments: List[Dict[str, Any]]) -> Iterator[str]:
    """What is wrong with the memory that the library asks for."""
    flags = {segment["Type"]["Name"]: segment["Flags"]["Value"] for segment in segments}
    if "PT_GNU_RELRO" not in flags:
        yield "it has no RELRO"
    if flags.get("PT_GNU_STACK", EXECUTABLE) & EXECUTABLE:
        yield "it asks for an executable stack"
    loaded = [segment["Flags"]["Value"] for segment in segments if segment["Type"]["Name"] == "PT_LOAD"]
    if any(value & EXECUTABLE and value & WRITABLE for value in loaded):
        yield "it has memory that is both writable and executable"
