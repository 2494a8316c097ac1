"""Where cffi publishes wheels, hence where Mercury's platform wheel may require it.

pip takes a platform wheel and fails when a requirement cannot be had; it does not
fall back to the pure wheel. So cffi is required only where a wheel of it is known
to exist. Elsewhere nothing is required: without cffi the twin serves, and
`mercury doctor` prints the line that would change that.

A row is (first Python with a wheel, first Python without one) for a kind of machine
as `machine_kind` names it. PyPy has cffi built in and is never in a row. Checked
against PyPI in November 2026.
"""

import platform
import sys
from typing import Dict, List, Tuple

OLDEST = "1.15"
"""The oldest cffi that runs the generated module."""

WHEELS: Dict[str, Tuple[str, str]] = {
    "linux-glibc-x86_64": ("3.8", "3.16"),
}


def machine_kind() -> str:
    """The kind of this machine, in the words of the table."""
    parts = [sys.platform, platform.machine()]
    if sys.platform == "linux":
        parts.insert(1, "glibc" if platform.libc_ver()[0] == "glibc" else "musl")
    return "-".join(parts)


def requirements(kind: str) -> List[str]:
    """What a wheel for machines of `kind` requires, as PEP 508 lines."""
    if kind not in WHEELS:
        return []
    first, end = WHEELS[kind]
    markers = [
        "platform_python_implementation == 'CPython'",
        f"python_version >= '{first}'",
        f"python_version < '{end}'",
        f"sys_platform == '{kind.split('-')[0]}'",
        f"platform_machine == '{kind.split('-')[-1]}'",
    ]
    return [f"cffi>={OLDEST}; {' and '.join(markers)}"]
