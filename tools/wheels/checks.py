"""What each wheel must prove, from its files alone.

A check takes a wheel and its platform, None for the pure wheel, and gives what is wrong in words.
"""

import re
from typing import Iterator, Optional

import cffi_wheels
import sbom
from tools.wheels.archive import Wheel
from tools.wheels.platforms import PLATFORMS, Platform

LIBRARY_BYTES = 200_000
"""What the libraries may add to a wheel."""

WHEEL_BYTES = 750_000
"""What a wheel may have in all: the Python code alone has half of it."""

EVERY_WHEEL_HAS = (
    "mercury/py.typed",
    "mercury/core/_ffi.py",
    "mercury/core/_ffi.pyi",
    "{information}/licenses/LICENSE",
    "{information}/licenses/mercury_native/vendor/xxhash.LICENSE",
)


def platform_of(wheel: Wheel) -> Optional[Platform]:
    """The platform that the wheel's name tells. Raises LookupError for one that Mercury has no wheel for."""
    if wheel.platform == "any":
        return None
    return next(iter([platform for platform in PLATFORMS.values() if platform.tag == wheel.platform]))


def tag(wheel: Wheel, platform: Optional[Platform]) -> Iterator[str]:
    """The name, the metadata and the contents must tell one tag."""
    if (wheel.python, wheel.abi) != ("py3", "none"):
        yield f"its tag is {wheel.python}-{wheel.abi}, not py3-none"
    named = [f"{wheel.python}-{wheel.abi}-{name}" for name in wheel.platform.split(".")]
    if wheel.fields("WHEEL", "Tag") != named:
        yield "its name and its WHEEL differ in their tags"
    if wheel.fields("WHEEL", "Root-Is-Purelib") != ["false" if platform else "true"]:
        yield "its Root-Is-Purelib is wrong"
    wanted = [f"mercury/{platform.library}"] if platform else []
    if wheel.libraries != wanted:
        yield f"it holds {' and '.join(wheel.libraries) or 'no library'} under the tag {wheel.platform}"


def files(wheel: Wheel, platform: Optional[Platform]) -> Iterator[str]:
    """RECORD must tell the files; types, licenses and the bill of materials must be there."""
    yield from wheel.record_faults()
    for template in EVERY_WHEEL_HAS:
        name = template.format(information=wheel.information)
        if name not in wheel.files:
            yield f"{name} is missing"
    bill = wheel.text(f"sboms/{sbom.FILE_NAME}")
    if bill != sbom.text(wheel.version, is_native=platform is not None):
        yield "its bill of materials is missing or not that of its contents"


def requirements(wheel: Wheel, platform: Optional[Platform]) -> Iterator[str]:
    """cffi must be required as the table says, and nothing else."""
    lines = wheel.fields("METADATA", "Requires-Dist")
    found = [line.replace('"', "'") for line in lines if "extra ==" not in line]
    wanted = cffi_wheels.requirements(platform.machine) if platform else []
    if found != wanted:
        yield f"it requires {' and '.join(found) or 'nothing'}"


def size(wheel: Wheel, platform: Optional[Platform]) -> Iterator[str]:
    """Neither the wheel nor its library may grow beyond their limits."""
    packed = sum(wheel.packed_bytes[name] for name in wheel.libraries)
    if packed > LIBRARY_BYTES:
        yield f"its library has {packed:,} bytes of at most {LIBRARY_BYTES:,}"
    whole = wheel.path.stat().st_size
    if whole > WHEEL_BYTES:
        yield f"it has {whole:,} bytes of at most {WHEEL_BYTES:,}"


def header_hash(wheel: Wheel, platform: Optional[Platform]) -> Iterator[str]:
    """Each slice of the library must be built from the header that the Python side knows."""
    module = wheel.files.get("mercury/core/_ffi.py", b"")
    known = re.findall(rb'^HEADER_HASH = "([0-9a-f]{64})"$', module, re.M)
    for name in wheel.libraries:
        slices = len(platform.targets) if platform else 1
        if len(known) != 1 or wheel.files[name].count(known[0]) != slices:
            yield f"{name} was built from another header than _ffi.py"
