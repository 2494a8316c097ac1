"""Where cffi publishes wheels, hence where Mercury's platform wheel may require it.

pip takes a platform wheel and fails when a requirement cannot be had; it does not
fall back to the pure wheel. So cffi is required only where a wheel of it is known
to exist. Elsewhere nothing is required: without cffi the twin serves, and
`mercury doctor` prints the line that would change that.

A row is (first Python with a wheel, first Python without one) for a kind of machine
as `machine_kind` names it. PyPy has cffi built in and is never in a row. `make
check-cffi-wheels` asks PyPI whether the table still holds; it did in November 2026.
"""

import platform
import sys
from typing import Dict, List, Tuple

OLDEST = "1.15"
"""The oldest cffi that runs the generated module."""

WHEELS: Dict[str, Tuple[str, str]] = {
    "linux-glibc-x86_64": ("3.8", "3.16"),
    "linux-glibc-i686": ("3.8", "3.14"),
    "linux-glibc-aarch64": ("3.8", "3.16"),
    "linux-glibc-s390x": ("3.8", "3.16"),
    "linux-glibc-ppc64le": ("3.8", "3.16"),
    "linux-musl-x86_64": ("3.9", "3.16"),
    "linux-musl-aarch64": ("3.9", "3.16"),
    "darwin-x86_64": ("3.8", "3.16"),
    "darwin-arm64": ("3.9", "3.16"),
    "darwin-universal2": ("3.9", "3.16"),
    "win32-AMD64": ("3.8", "3.16"),
    "win32-ARM64": ("3.11", "3.16"),
    "win32-x86": ("3.8", "3.16"),
}

NARROW = {"x86_64": "i686", "aarch64": "armv7l", "AMD64": "x86"}
"""What a 32-bit Python runs on, where the system names its 64-bit machine."""


def machine_kind() -> str:
    """The kind of machine that this Python was built for, in the words of the table."""
    machine = platform.machine()
    if sys.maxsize < 2**32:
        machine = NARROW.get(machine, machine)
    if sys.platform != "linux":
        return f"{sys.platform}-{machine}"
    libc = "glibc" if platform.libc_ver()[0] == "glibc" else "musl"
    return f"linux-{libc}-{machine}"


def requirements(kind: str) -> List[str]:
    """What a wheel for machines of `kind` requires, as PEP 508 lines.

    The wheel's own tag says which machines take it. A marker must not say it again: a 32-bit
    Python's `platform_machine` is that of the 64-bit system that it runs on.
    """
    if kind not in WHEELS:
        return []
    first, end = WHEELS[kind]
    markers = [
        "platform_python_implementation == 'CPython'",
        f"python_version >= '{first}'",
        f"python_version < '{end}'",
    ]
    return [f"cffi>={OLDEST}; {' and '.join(markers)}"]
