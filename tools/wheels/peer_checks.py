"""What the community's own tools say of a wheel: auditwheel, delvewheel, twine, check-wheel-contents."""

import json
import re
import tempfile
from pathlib import Path
from typing import Iterator, Optional

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

import sbom
from tools.wheels.archive import Wheel
from tools.wheels.command import Failed, run
from tools.wheels.platforms import Platform


def policy(wheel: Wheel, platform: Optional[Platform]) -> Iterator[str]:
    """auditwheel and delvewheel must find that the library keeps what its tag promises."""
    if platform is None:
        return
    if platform.system == "Linux":
        yield from audit(wheel, platform)
    if platform.system == "Windows":
        yield from delve(wheel)


def audit(wheel: Wheel, platform: Platform) -> Iterator[str]:
    """auditwheel must find the tag, or one of an older C library, and have nothing to repair."""
    # A folder without libraries, or the machine that checks lends its own.
    with tempfile.TemporaryDirectory() as folder:
        told = run("auditwheel", "show", "--json", "--ldpaths", folder, str(wheel.path))
        found = json.loads(told[told.index("{") :])["overall_tag"]
        if not promises(found, platform.tag.split(".")[-1]):
            yield f"auditwheel finds {found}"
        run("auditwheel", "repair", "--plat", "auto", "--ldpaths", folder, "-w", folder, str(wheel.path))
        (repaired,) = Path(folder).glob("*.whl")
        if Wheel(repaired).files[f"mercury/{platform.library}"] != wheel.files[f"mercury/{platform.library}"]:
            yield "auditwheel repairs its library"


def promises(found: str, tag: str) -> bool:
    """Whether what `found` names runs wherever `tag` runs: its kind, its machine, no newer C library."""
    parts = [re.fullmatch(r"(\w+?linux)_(\d+)_(\d+)_(\w+)", name) for name in (found, tag)]
    if not parts[0] or not parts[1]:
        return False
    kinds, majors, minors, machines = zip(*(part.groups() for part in parts if part))
    older = (int(majors[0]), int(minors[0])) <= (int(majors[1]), int(minors[1]))
    return len(set(kinds)) == 1 and len(set(machines)) == 1 and older


def delve(wheel: Wheel) -> Iterator[str]:
    """delvewheel must find nothing that a wheel would have to bring."""
    told = run("delvewheel", "show", "--analyze-existing", str(wheel.path))
    if "will be copied into the wheel.\n    None\n" not in told:
        yield f"delvewheel finds what Windows does not have\n{told}"


def bill(wheel: Wheel, platform: Optional[Platform]) -> Iterator[str]:
    """The bill of materials must keep CycloneDX's schema."""
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(wheel.text(f"sboms/{sbom.FILE_NAME}"))
    if error is not None:
        yield "its bill of materials breaks CycloneDX's schema"


def contents(wheel: Wheel, platform: Optional[Platform]) -> Iterator[str]:
    """twine and check-wheel-contents must have nothing to say."""
    for command in (("twine", "check", "--strict"), ("check-wheel-contents",)):
        try:
            run(*command, str(wheel.path))
        except Failed as failed:
            yield str(failed).strip()
