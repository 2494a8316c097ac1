"""Builds the sdist, from it every platform's wheel and the pure one, into dist/.

    python -m tools.wheels.build [--output DIR] [--work DIR] [NAME ...]

A NAME is a platform of tools/wheels/platforms.py, or "any" for the pure wheel; without names it
is all of them. The files are those of the checkout, committed or not, and so is their date: that
of the last commit, unless SOURCE_DATE_EPOCH says otherwise.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Dict, List

from tools.wheels import library
from tools.wheels.command import Failed, run
from tools.wheels.platforms import PLATFORMS, Platform

ROOT = Path(__file__).resolve().parent.parent.parent
JOBS = 2
NOT_SOURCE = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__", "*.so", "*.dylib", "*.dll")


def git(*arguments: str) -> str:
    """What git says of the checkout."""
    return subprocess.run(["git", "-C", str(ROOT), *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def source_date() -> str:
    """SOURCE_DATE_EPOCH, or the date of the last commit; outside of a checkout, that of a file of the sdist."""
    asked = os.environ.get("SOURCE_DATE_EPOCH")
    if asked:
        return asked
    if (ROOT / ".git").exists():
        return git("log", "-1", "--format=%ct").strip()
    return str(int((ROOT / "pyproject.toml").stat().st_mtime))


def copy_checkout(target: Path) -> None:
    """Copies what git knows or would add, so that nothing that lies about gets into a release."""
    if not (ROOT / ".git").exists():
        shutil.copytree(ROOT, target, ignore=NOT_SOURCE)
        return
    for name in git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0"):
        path = ROOT / name
        if name and path.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target / name)


def front_end(kind: str, source: Path, output: Path, **variables: str) -> Path:
    """Builds an sdist or a wheel in `source` and returns its path. Raises Failed."""
    before = set(output.glob("*"))
    command = [sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "--outdir", str(output)]
    run(*command, folder=source, **variables)
    (path,) = set(output.glob("*")) - before
    return path


def build_source(work: Path, output: Path) -> Path:
    """Packs the sdist and unpacks it again: each wheel is built from what is published."""
    copy_checkout(work / "checkout")
    archive = front_end("sdist", work / "checkout", output)
    with tarfile.open(archive) as opened:
        opened.extractall(work / "source")
    (folder,) = (work / "source").iterdir()
    return folder


def build_libraries(platforms: List[Platform], source: Path, work: Path) -> Dict[str, Path]:
    """Each platform's library, by the platform's name."""
    folders = [work / "libraries" / platform.name for platform in platforms]
    with ThreadPoolExecutor(JOBS) as pool:
        built = pool.map(library.build, platforms, [source] * len(platforms), folders)
        return {platform.name: path for platform, path in zip(platforms, built)}


def target_variables(platform: Platform, path: Path) -> Dict[str, str]:
    """What setup.py is told about a library that it shall pack."""
    return {
        "MERCURY_NATIVE": "require",
        "MERCURY_LIBRARY": str(path),
        "TARGET_SYSTEM": platform.system,
        "TARGET_MACHINE": platform.machine,
        "TARGET_PLATFORM": platform.tag,
    }


def build_all(names: List[str], work: Path, output: Path) -> List[Path]:
    """Builds the sdist and the wheels of `names` and returns their paths. Raises Failed."""
    shutil.rmtree(work, ignore_errors=True)
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    source = build_source(work, output)
    platforms = [PLATFORMS[name] for name in names if name != "any"]
    for name, path in build_libraries(platforms, source, work).items():
        front_end("wheel", source, output, **target_variables(PLATFORMS[name], path))
    if "any" in names:
        front_end("wheel", source, output, MERCURY_NATIVE="skip")
    return sorted(output.iterdir())


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, default=ROOT / "dist")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "wheels", help="a folder that is emptied first")
    parser.add_argument("names", nargs="*", metavar="NAME", help="a platform, or any")
    options = parser.parse_args()
    unknown = set(options.names) - {*PLATFORMS, "any"}
    if unknown:
        parser.error(f"no such platform: {', '.join(sorted(unknown))}; there are any, {', '.join(PLATFORMS)}")
    os.environ["SOURCE_DATE_EPOCH"] = source_date()
    started = time.monotonic()
    try:
        built = build_all(options.names or [*PLATFORMS, "any"], options.work.resolve(), options.output.resolve())
    except Failed as failed:
        print(failed, file=sys.stderr)
        return 1
    for path in built:
        print(f"{path.stat().st_size:9,}  {path.name}")
    print(f"{len(built)} files in {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
