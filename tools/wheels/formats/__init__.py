"""What LLVM's tools say of a library, one format a file: what it exports, and what is wrong with it."""

from types import ModuleType
from typing import Dict

from tools.wheels.formats import elf, mach_o, pe

FORMATS: Dict[str, ModuleType] = {"Linux": elf, "Darwin": mach_o, "Windows": pe}
"""By a platform's system. Each has `exported(library)` and `faults(library, platform)`."""
