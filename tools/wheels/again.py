"""Builds the files of dist/ a second time, as another machine would, and compares.

    python -m tools.wheels.again [FOLDER]

The second build has an empty compiler cache, other folders, umask, time zone and language. Its hashes
are written to FOLDER/again.sha256, where the check and the table find them. Exits with 1 where a file
differs.
"""

import argparse
import hashlib
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, List

from tools.wheels.build import ROOT
from tools.wheels.command import Failed, run
from tools.wheels.platforms import PLATFORMS
from tools.wheels.table import AGAIN


def digests(folder: Path) -> Dict[str, str]:
    """The SHA-256 of each file of a release, by name."""
    paths = sorted(path for path in folder.iterdir() if path.name.endswith((".whl", ".tar.gz")))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def names(files: Dict[str, str]) -> List[str]:
    """What tools.wheels.build must be told to build these files."""
    tags = {f"-{platform.tag}.whl": platform.name for platform in PLATFORMS.values()}
    tags["-py3-none-any.whl"] = "any"
    return [name for end, name in tags.items() if any(file.endswith(end) for file in files)]


def build_again(wanted: List[str]) -> Dict[str, str]:
    """The hashes of a build with nothing left over from an earlier one. Raises Failed."""
    with tempfile.TemporaryDirectory() as folder:
        cache = {f"ZIG_{kind}_CACHE_DIR": str(Path(folder, "cache")) for kind in ("GLOBAL", "LOCAL")}
        elsewhere = {"TZ": "Pacific/Chatham", "LC_ALL": "C", "PYTHONHASHSEED": "7", **cache}
        arguments = ["--output", str(Path(folder, "dist")), "--work", str(Path(folder, "work"))]
        os.umask(0o077)
        run(sys.executable, "-m", "tools.wheels.build", *arguments, *wanted, folder=ROOT, **elsewhere)
        return digests(Path(folder, "dist"))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "dist")
    folder = parser.parse_args().folder
    first = digests(folder)
    started = time.monotonic()
    try:
        second = build_again(names(first))
    except Failed as failed:
        print(failed, file=sys.stderr)
        return 1
    (folder / AGAIN).write_text("".join(f"{digest}  {name}\n" for name, digest in second.items()), encoding="ascii")
    differing = [name for name in sorted({*first, *second}) if first.get(name) != second.get(name)]
    for name in differing:
        print(f"{name} differs", file=sys.stderr)
    print(f"{len(first)} files, {len(differing)} differ; the second build took {time.monotonic() - started:.0f} s")
    return 1 if differing or not first else 0


if __name__ == "__main__":
    sys.exit(main())
