"""Installs the peers below one folder, each in its latest version or in Debian's, and builds their drivers.

Nothing outside of the folder is touched. What cannot be had raises Unavailable with a reason for the table.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import List, Sequence

HERE = Path(__file__).resolve().parent
GO_MODULE = "github.com/DataDog/go-sqllexer"
DEBIAN_PACKAGE = "libpg-query-dev"
PYTHON_PACKAGES = ["cffi", "newrelic", "pglast", "sqlglot[c]", "sqlparse"]


class Unavailable(Exception):
    """A peer that cannot be installed here."""


def go_sqllexer(folder: Path) -> List[str]:
    """The command of go-sqllexer's driver, its statement file to be added."""
    if not shutil.which("go"):
        raise Unavailable("go is missing")
    source, program = folder / "sqllexer", folder / "sqllexer" / "driver"
    shutil.copytree(HERE / "sqllexer", source, dirs_exist_ok=True)
    # Without modcacherw, Go's cache cannot be removed by rm.
    environment = {**os.environ, "GOPATH": str(folder / "go"), "GOFLAGS": "-modcacherw"}
    _run(["go", "get", f"{GO_MODULE}@latest"], cwd=source, env=environment)
    _run(["go", "build", "-o", str(program), "."], cwd=source, env=environment)
    return [str(program)]


def libpg_query(folder: Path) -> List[str]:
    """The command of libpg_query's driver, its statement file to be added."""
    for tool in ("apt-get", "dpkg-deb"):
        if not shutil.which(tool):
            raise Unavailable(f"{tool} is missing: Debian's {DEBIAN_PACKAGE} is measured")
    packages = folder / "debian"
    packages.mkdir(parents=True, exist_ok=True)
    if not list(packages.glob("*.deb")):
        _run(["apt-get", "download", DEBIAN_PACKAGE], cwd=packages)
    package = max(packages.glob("*.deb"))
    _run(["dpkg-deb", "-x", str(package), str(packages)])
    archive = next(packages.glob("usr/lib/*/libpg_query.a"))
    version = subprocess.check_output(["dpkg-deb", "-f", str(package), "Version"], text=True).strip()
    program = folder / "libpg_query_driver"
    flags = ["-std=c11", "-O2", "-isystem", str(packages / "usr/include"), f'-DLIBPG_QUERY_VERSION="{version}"']
    sources = [str(HERE / "libpg_query_driver.c"), str(HERE / "driver.c"), str(archive)]
    _run(["gcc", *flags, "-o", str(program), *sources, "-lpthread"])
    return [str(program)]


def python_with_peers(folder: Path, base: str) -> str:
    """An interpreter of its own that has the Python peers and what mercury needs."""
    python = str(folder / "venv" / "bin" / "python")
    if not os.path.exists(python):
        _run([base, "-m", "venv", str(folder / "venv")])
    _run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--upgrade", *PYTHON_PACKAGES])
    return python


def _run(command: Sequence[str], **options: object) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise Unavailable(f"{' '.join(command[:3])} failed: {last}")
