"""Debian packages of any suite and machine, unpacked into a folder: no root, no chroot, no script of a package runs.

A tree is unpacked once and kept below build/trees, or below MERCURY_TREES where that is set. apt chooses what the
packages depend on, verifies it with Debian's keys, and knows nothing of the packages of this machine.
"""

import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import NamedTuple, Tuple

ROOT = Path(__file__).resolve().parent.parent.parent
MIRROR = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org/debian")
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"

# Two trials may want one tree.
_unpacking = threading.Lock()


class Tree(NamedTuple):
    """Packages of one suite for one machine, under Debian's name of it."""

    suite: str
    machine: str
    packages: Tuple[str, ...]


def cache() -> Path:
    """Where trees and interpreters are kept."""
    return Path(os.environ.get("MERCURY_TREES") or ROOT / "build" / "trees").resolve()


def unpack(tree: Tree) -> Path:
    """The folder of a tree, which is made where it is not there yet. Raises CalledProcessError."""
    with _unpacking:
        return unpack_once(tree, cache() / f"{tree.suite}-{tree.machine}")


def unpack_once(tree: Tree, folder: Path) -> Path:
    """The same; nobody else unpacks meanwhile."""
    stamp = folder / "unpacked"
    wanted = "\n".join(tree.packages)
    if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    link_into_usr(folder)
    for package in download(tree, folder / "apt"):
        extract(package, folder)
    shutil.rmtree(folder / "apt")
    keep_links_inside(folder)
    stamp.write_text(wanted, encoding="ascii")
    return folder


def link_into_usr(folder: Path) -> None:
    """What Debian's base-files has: /lib and its like are links into /usr."""
    for name in ("bin", "lib", "lib32", "lib64", "sbin"):
        (folder / "usr" / name).mkdir(parents=True)
        (folder / name).symlink_to(f"usr/{name}")


def apt(machine: str, folder: Path, *arguments: str) -> None:
    """Runs apt-get over `folder` alone. Raises CalledProcessError."""
    options = {
        "APT::Architecture": machine,
        "APT::Architectures": machine,
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "",
        "Acquire::Check-Valid-Until": "false",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        "Debug::NoLocking": "true",
        "Dir": str(folder),
        "Dir::State::status": str(folder / "status"),
    }
    settings = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    command = ["apt-get", "-qq", "--yes", *settings, *arguments]
    subprocess.run(command, check=True, cwd=str(folder), env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def prepare_apt(tree: Tree, folder: Path, kind: str = "deb") -> None:
    """An apt of its own that knows a tree's suite: packages with "deb", sources with "deb-src"."""
    for name in ("etc/apt/preferences.d", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "status").touch()
    (folder / "etc/apt/sources.list").write_text(f"{kind} [signed-by={KEYS}] {MIRROR} {tree.suite} main\n", "ascii")
    apt(tree.machine, folder, "update")


def download(tree: Tree, folder: Path) -> "list[Path]":
    """The .deb files of a tree's packages and of all that they depend on."""
    prepare_apt(tree, folder)
    apt(tree.machine, folder, "install", "--download-only", *tree.packages)
    return sorted((folder / "var/cache/apt/archives").glob("*.deb"))


def extract(package: Path, folder: Path) -> None:
    """Unpacks one .deb file, through the links into /usr."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as files:
        command = ["tar", "--extract", "--keep-directory-symlink", "--no-same-owner", "--directory", str(folder)]
        subprocess.run(command, check=True, stdin=files.stdout)
    if files.returncode != 0:
        raise subprocess.CalledProcessError(files.returncode, files.args)


def keep_links_inside(folder: Path) -> None:
    """Lets absolute links lead to the tree's files, not to this machine's: the loader of ppc64el is such a link."""
    for parent, folders, files in os.walk(str(folder)):
        for path in (Path(parent, name) for name in (*folders, *files)):
            if path.is_symlink() and os.path.isabs(os.readlink(str(path))):
                target = os.path.relpath(f"{folder}{os.readlink(str(path))}", parent)
                path.unlink()
                path.symlink_to(target)
