"""Checks the files in dist/ and writes their table.

    python -m tools.wheels.check [--complete] [--table FILE] [FOLDER]

Prints each fault and exits with 1 where there is one. The table of tag, size, SHA-256 and checks
goes to FOLDER/wheels.md and, with --table, to another file; SHA256SUMS lies beside it.
"""

import argparse
import hashlib
import sys
import zipfile
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Optional

from tools.wheels import checks, library_checks, peer_checks, table
from tools.wheels.archive import Wheel
from tools.wheels.build import git
from tools.wheels.command import Failed, run
from tools.wheels.platforms import PLATFORMS, Platform
from tools.wheels.table import Row

ROOT = Path(__file__).resolve().parent.parent.parent
Check = Callable[[Wheel, Optional[Platform]], Iterator[str]]

CHECKS: Dict[str, Check] = {
    "tag": checks.tag,
    "files": checks.files,
    "requirements": checks.requirements,
    "size": checks.size,
    "header hash": checks.header_hash,
    "library": library_checks.library,
    "symbols": library_checks.symbols,
    "policy": peer_checks.policy,
    "bill": peer_checks.bill,
    "contents": peer_checks.contents,
}


def judge(path: Path, again: Dict[str, str]) -> Row:
    """One file after all of its checks; `again` has the hashes of a second build."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    is_wheel = path.suffix == ".whl"
    faults = list(wheel_faults(path) if is_wheel else source_faults(path))
    if again.get(path.name, digest) != digest:
        faults.append("twice: a second build made another file")
    return Row(path, digest, len(CHECKS) if is_wheel else 1, faults)


def wheel_faults(path: Path) -> Iterator[str]:
    """What is wrong with a wheel. A check that cannot be made counts as failed."""
    try:
        wheel = Wheel(path)
        platform = checks.platform_of(wheel)
    except (zipfile.BadZipFile, ValueError, StopIteration):
        yield "tag: this is no wheel of a platform that Mercury has wheels for"
        return
    for name, check in CHECKS.items():
        try:
            yield from (f"{name}: {fault}" for fault in check(wheel, platform))
        except (Failed, LookupError, ValueError) as error:
            yield f"{name}: {error}"


def source_faults(path: Path) -> Iterator[str]:
    """What is wrong with the sdist."""
    try:
        run("twine", "check", "--strict", str(path))
    except Failed as failed:
        yield f"contents: {failed}"


def missing(names: List[str]) -> Iterator[str]:
    """The files of a release that are not there."""
    for platform in PLATFORMS.values():
        if not any(name.endswith(f"-{platform.tag}.whl") for name in names):
            yield f"there is no wheel for {platform.name}"
    if not any(name.endswith("-any.whl") for name in names):
        yield "there is no pure wheel"
    if not any(name.endswith(".tar.gz") for name in names):
        yield "there is no sdist"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--complete", action="store_true", help="fail where a file of a release is missing")
    parser.add_argument("--table", type=Path, help="write the table into this file too, between its marks")
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "dist")
    options = parser.parse_args()
    paths = sorted(path for path in options.folder.iterdir() if path.name.endswith((".whl", ".tar.gz")))
    again = table.sums(options.folder / table.AGAIN)
    rows = [judge(path, again) for path in paths]
    faults = [f"{row.path.name}: {fault}" for row in rows for fault in row.faults]
    if options.complete or not paths:
        faults += missing([path.name for path in paths])
    for fault in faults:
        print(fault, file=sys.stderr)
    table.write(rows, options.folder, options.table, git("log", "-1", "--format=%h").strip() if options.table else "")
    print(f"{len(paths)} files, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
