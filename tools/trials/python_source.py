"""A CPython built from the source package of a Debian suite, with options that no package of Debian has.

Built once and kept beside the trees; see debian_tree.py. Three minutes on two cores.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import List, NamedTuple, Tuple

from tools.trials.debian_tree import Tree, apt, cache, prepare_apt


class Source(NamedTuple):
    """A source package and how to configure what is in it."""

    suite: str
    package: str
    options: Tuple[str, ...]


FREE_THREADED = Source("trixie", "python3.13", ("--disable-gil",))


def build(name: str, source: Source) -> Path:
    """The interpreter's path, built where it is not there yet. Raises CalledProcessError."""
    prefix = cache() / f"python-{name}"
    program = prefix / "bin" / "python3"
    if program.exists():
        return program
    work = cache() / f"python-{name}.build"
    shutil.rmtree(work, ignore_errors=True)
    folder = unpack(source, work)
    partial = prefix.with_name(f"{prefix.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    run(folder, work / "log", ["./configure", "-q", f"--prefix={prefix}", "--without-ensurepip", *source.options])
    run(folder, work / "log", ["make", f"-j{os.cpu_count()}"])
    run(folder, work / "log", ["make", "install", f"DESTDIR={partial}"])
    (partial / prefix.relative_to("/")).rename(prefix)
    shutil.rmtree(partial)
    shutil.rmtree(work)
    return program


def unpack(source: Source, work: Path) -> Path:
    """The folder of the upstream sources, which apt verified."""
    archives = work / "apt"
    archives.mkdir(parents=True)
    tree = Tree(source.suite, "amd64", ())
    prepare_apt(tree, archives, "deb-src")
    apt(tree.machine, archives, "source", "--download-only", source.package)
    (archive,) = archives.glob("*.orig.tar.xz")
    folder = work / "source"
    folder.mkdir()
    run(folder, work / "log", ["tar", "--extract", "--strip-components=1", f"--file={archive}"])
    return folder


def run(folder: Path, log: Path, command: List[str]) -> None:
    """Runs a step; its output goes into `log`, and where it fails the end of it to standard error."""
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "CFLAGS")}
    with log.open("a", encoding="utf-8") as output:
        done = subprocess.run(command, check=False, cwd=str(folder), env=environment, stdout=output, stderr=output)
    if done.returncode != 0:
        print("\n".join(log.read_text("utf-8", "replace").splitlines()[-20:]), file=sys.stderr)
        raise subprocess.CalledProcessError(done.returncode, command)
