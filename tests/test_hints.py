"""What a person is told to do, on every platform that has a line of its own."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Optional

import pytest

from mercury.core import hints


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Mercury as pip installs it, on a machine without any program."""
    package = tmp_path / "site-packages" / "mercury" / "core"
    package.mkdir(parents=True)
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setattr(hints, "__file__", str(package / "hints.py"))
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    monkeypatch.setattr(sys, "implementation", SimpleNamespace(name="cpython"))
    monkeypatch.setenv("PATH", str(programs))
    return programs


PIP = "/usr/bin/python3 -m pip install --force-reinstall --no-cache-dir"
INSTALL = f"Install again: {PIP} --no-binary mercury-native mercury-native"


@pytest.mark.parametrize(
    ("manager", "line"),
    [
        ("apt-get", " (apt-get install gcc make)"),
        ("dnf", " (dnf install gcc make)"),
        ("yum", " (yum install gcc make)"),
        ("apk", " (apk add gcc make musl-dev)"),
        ("pacman", " (pacman -S gcc make)"),
        ("zypper", " (zypper install gcc make)"),
        ("pkg", " (pkg install gcc gmake)"),
        (None, ""),
    ],
)
@pytest.mark.skipif(sys.platform == "win32" or sys.version_info < (3, 9), reason="other hints serve there")
def test_a_machine_without_the_library(
    installed: Path, monkeypatch: pytest.MonkeyPatch, manager: Optional[str], line: str
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    if manager:
        (installed / manager).write_text("#!/bin/sh\n")
        (installed / manager).chmod(0o755)
    assert hints.install_library() == f"It needs a C compiler and make{line}. {INSTALL} cffi"


@pytest.mark.parametrize(
    ("platform", "line"),
    [
        ("darwin", "It needs Apple's command line tools (xcode-select --install)."),
        ("win32", "It needs gcc and make from MSYS2 (pacman -S mingw-w64-ucrt-x86_64-gcc make) on PATH."),
    ],
)
def test_a_platform_with_one_compiler(
    installed: Path, monkeypatch: pytest.MonkeyPatch, platform: str, line: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(sys, "version_info", (3, 12))
    assert hints.install_library() == f"{line} {INSTALL} cffi"


def test_pypy_has_a_cffi_of_its_own(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "implementation", SimpleNamespace(name="pypy"))
    monkeypatch.setattr(sys, "version_info", (3, 11))
    monkeypatch.setattr(sys, "platform", "darwin")
    assert hints.install_library().endswith(INSTALL)


def test_a_python_that_cannot_build_is_told_of_wheels(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 8, 18))
    assert hints.install_library() == (
        "It builds from source on Python 3.9 or newer only; install a wheel: "
        f"{PIP} --only-binary mercury-native mercury-native"
    )


@pytest.mark.parametrize(("has_cffi", "cffi"), [(True, ""), (False, " && /usr/bin/python3 -m pip install cffi")])
def test_a_checkout_is_built_in_its_place(
    installed: Path, monkeypatch: pytest.MonkeyPatch, has_cffi: bool, cffi: str
) -> None:
    root = installed.parent / "my checkout"
    for name in ("mercury/core/hints.py", "mercury_native/mercury.h", "Makefile"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    monkeypatch.setattr(hints, "__file__", str(root / "mercury/core/hints.py"))
    monkeypatch.setattr(hints, "find_spec", lambda name: object() if has_cffi else None)
    monkeypatch.setattr(sys, "platform", "linux")
    assert hints.install_library() == f"It needs a C compiler and make. Build it: make -C '{root}' library{cffi}"


BUILD_AGAIN = "Build the program or archive again, where `python -m mercury doctor` says that the backend is native."
NO_ARCHIVE = "It is an extension module, which no archive can hold: put it into the program's folder or environment."


def test_an_archive_is_not_told_of_pip(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hints, "__file__", str(installed / "shop.pyz" / "mercury" / "core" / "hints.py"))
    assert (hints.install_library(), hints.install_cffi()) == (BUILD_AGAIN, NO_ARCHIVE)


def test_a_frozen_program_is_not_told_of_pip(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert (hints.install_library(), hints.install_cffi()) == (BUILD_AGAIN, NO_ARCHIVE)


def test_modules_from_memory_are_not_told_of_pip(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(hints, "__file__")
    assert (hints.install_library(), hints.install_cffi()) == (BUILD_AGAIN, NO_ARCHIVE)


@pytest.mark.parametrize(
    ("executable", "called"),
    [
        ("/opt/my python/bin/python3.12", "'/opt/my python/bin/python3.12'"),
        ("/usr/bin/pypy3", "/usr/bin/pypy3"),
        ("/usr/bin/uwsgi", "python"),
        ("", "python"),
        (None, "python"),
    ],
)
def test_the_interpreter_is_the_one_that_runs(
    installed: Path, monkeypatch: pytest.MonkeyPatch, executable: Optional[str], called: str
) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    monkeypatch.setattr(sys, "platform", "linux")
    assert hints.install_cffi() == f"Install cffi: {called} -m pip install cffi"
    assert hints.reinstall_cffi() == f"Install cffi again: {called} -m pip install --force-reinstall cffi"


def test_the_interpreter_on_windows(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # os.path is that of this machine, so the folder is written as it writes folders.
    monkeypatch.setattr(sys, "executable", os.sep.join(["C:", "Program Files", "Python", "python.exe"]))
    monkeypatch.setattr(sys, "platform", "win32")
    assert hints.install_cffi() == f'Install cffi: "{sys.executable}" -m pip install cffi'


@pytest.mark.parametrize(
    ("version", "hint"),
    [
        ((3, 13), "No cffi supports a free-threaded Python before 3.14."),
        ((3, 14), 'Upgrade cffi: /usr/bin/python3 -m pip install --upgrade "cffi>=2"'),
    ],
)
def test_a_free_threaded_interpreter(
    installed: Path, monkeypatch: pytest.MonkeyPatch, version: "tuple[int, int]", hint: str
) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    assert hints.upgrade_cffi() == hint


def test_a_cache_that_is_not_private(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    other = "choose a folder of your own: export XDG_CACHE_HOME=FOLDER"
    assert hints.keep_cache_private("/my cache") == f"Close it to others (chmod go-rwx '/my cache'), or {other}"
    assert hints.move_cache() == f"You can {other}"
    monkeypatch.setattr(sys, "platform", "win32")
    assert hints.keep_cache_private("C:") == "Install mercury-native into a folder, not into an archive."
