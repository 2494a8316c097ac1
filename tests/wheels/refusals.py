"""Each check over a wheel that it must refuse, and all of them over the wheels as they were built.

`make test-wheels` runs this over what `make wheels` left in dist/; a wheel that is missing there is a failure.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Callable, List, NamedTuple

import pytest

from tests.wheels import forgery
from tests.wheels.forgery import Files, forge, replaced
from tools.wheels.archive import Wheel
from tools.wheels.check import CHECKS, judge, missing
from tools.wheels.checks import platform_of
from tools.wheels.platforms import PLATFORMS

ROOT = Path(__file__).resolve().parent.parent.parent
LINUX, MACOS, WINDOWS = "manylinux-x86_64", "macos-universal2", "windows-AMD64"
SO, DYLIB, DLL = "mercury/libmercury.so", "mercury/libmercury.dylib", "mercury/libmercury.dll"


def built(name: str) -> Wheel:
    """The wheel of a platform as `make wheels` built it."""
    tag = "any" if name == "any" else PLATFORMS[name].tag
    (path,) = (ROOT / "dist").glob(f"*-{tag}.whl")
    return Wheel(path)


def faults(wheel: Wheel, check: str) -> List[str]:
    """What one check says."""
    return list(CHECKS[check](wheel, platform_of(wheel)))


@pytest.mark.parametrize("name", ["any", LINUX, MACOS, WINDOWS])
def test_what_was_built_passes(name: str) -> None:
    assert judge(built(name).path, {}).faults == []


class Forgery(NamedTuple):
    """A change of one wheel's files, the check that must see it, and words that it must say."""

    label: str
    wheel: str
    check: str
    words: str
    change: Callable[[Files], None]


def add(name: str, content: bytes) -> Callable[[Files], None]:
    """Adds or replaces a file."""
    return lambda files: files.update({name: content})


def drop(end: str) -> Callable[[Files], None]:
    """Takes the file away whose name ends like this."""

    def change(files: Files) -> None:
        (name,) = (name for name in files if name.endswith(end))
        del files[name]

    return change


def edit(end: str, change_of: Callable[[bytes], bytes]) -> Callable[[Files], None]:
    """Changes the content of the file whose name ends like this."""

    def change(files: Files) -> None:
        (name,) = (name for name in files if name.endswith(end))
        files[name] = change_of(files[name])

    return change


def swap(end: str, old: bytes, new: bytes) -> Callable[[Files], None]:
    """Changes one text in a file for another of the same length."""
    return edit(end, lambda content: replaced(content, old, new))


def tool(*command: str) -> Callable[[Files], None]:
    """Has a command change the library of Linux or macOS, whose path is {} in it."""

    def change_of(content: bytes) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "library")
            path.write_bytes(content)
            subprocess.run([part.format(path) for part in command], check=True)
            return path.read_bytes()

    return edit(".dylib" if command[0] == "llvm-lipo-19" else ".so", change_of)


def segments(kind: int, flags: int) -> Callable[[Files], None]:
    """Gives the library's segments of one kind other flags, or with -1 another kind."""
    return edit(".so", lambda content: forgery.elf_flags(content, kind, flags))


def characteristics(cleared: int) -> Callable[[Files], None]:
    """Takes from the library what Windows would defend it with."""
    return edit(".dll", lambda content: forgery.pe_characteristics(content, cleared))


def foreign(files: Files) -> None:
    """Puts the library of another machine into a wheel for Linux."""
    files[SO] = built("manylinux-aarch64").files[SO]


FORGERIES = [
    Forgery("a library under any", "any", "tag", "libmercury.so under the tag any", add(SO, b"\x7fELF")),
    Forgery("machine code under another name", "any", "tag", "data.bin under", add("mercury/data.bin", b"\x7fELF...")),
    Forgery("no library under a platform", LINUX, "tag", "holds no library", drop(".so")),
    Forgery("two libraries", LINUX, "tag", "other.so", add("mercury/other.so", b"")),
    Forgery("a library beside the package", LINUX, "tag", "libmercury.so and", add("libmercury.so", b"")),
    Forgery("pure by its metadata", LINUX, "tag", "Purelib", swap("/WHEEL", b"Purelib: false", b"Purelib:  true")),
    Forgery("another tag inside", LINUX, "tag", "differ in their tags", swap("/WHEEL", b"2_17", b"2_28")),
    Forgery("no types", LINUX, "files", "_ffi.pyi is missing", drop("_ffi.pyi")),
    Forgery("no mark of types", LINUX, "files", "py.typed is missing", drop("py.typed")),
    Forgery("no license of xxHash", LINUX, "files", "xxhash.LICENSE is missing", drop("xxhash.LICENSE")),
    Forgery("no bill of materials", LINUX, "files", "bill of materials", drop(".cdx.json")),
    Forgery("the bill of another xxHash", LINUX, "files", "bill of materials", swap(".cdx.json", b"0.8.3", b"0.8.2")),
    Forgery("a bill without form", LINUX, "bill", "schema", swap(".cdx.json", b'"library"', b'"nothing"')),
    Forgery("cffi forgotten", LINUX, "requirements", "requires nothing", swap("/METADATA", b"st: cffi", b"se: cffi")),
    Forgery(
        "cffi by the pure wheel",
        "any",
        "requirements",
        "cffi",
        swap("/METADATA", b"Provides-Extra: rich", b"Requires-Dist: cffi2"),
    ),
    Forgery("a stranger's file", LINUX, "contents", "W001", add("mercury/one.pyc", b"")),
    Forgery(
        "no description", LINUX, "contents", "twine", edit("/METADATA", lambda text: text.split(b"\n\n")[0] + b"\n\n")
    ),
    Forgery(
        "too large a library",
        LINUX,
        "size",
        "its library has",
        edit(".so", lambda content: content + os.urandom(200_000)),
    ),
    Forgery("too large a wheel", LINUX, "size", "it has", add("mercury/large.py", os.urandom(700_000))),
    Forgery(
        "another header",
        LINUX,
        "header hash",
        "another header",
        swap("_ffi.py", b'\nHEADER_HASH = "', b'\nREADER_HASH = "'),
    ),
    Forgery(
        "a missing function",
        LINUX,
        "symbols",
        "does not export mercury_trace_free",
        swap(".so", b"mercury_trace_free\0", b"mercury_trace_frex\0"),
    ),
    Forgery(
        "an unknown function",
        LINUX,
        "symbols",
        "exports mercury_trace_frex",
        swap(".so", b"mercury_trace_free\0", b"mercury_trace_frex\0"),
    ),
    Forgery("an executable stack", LINUX, "library", "executable stack", segments(forgery.ELF_STACK, 7)),
    Forgery("a stack of unknown kind", LINUX, "library", "executable stack", segments(forgery.ELF_STACK, -1)),
    Forgery("no RELRO", LINUX, "library", "RELRO", segments(forgery.ELF_RELRO, -1)),
    Forgery("writable code", LINUX, "library", "both writable and executable", segments(forgery.ELF_LOAD, 7)),
    Forgery("late binding", LINUX, "library", "bound late", edit(".so", forgery.elf_late_binding)),
    Forgery("debug sections", LINUX, "library", "not stripped", swap(".so", b".comment\0", b".debug_x\0")),
    Forgery(
        "libpython",
        LINUX,
        "library",
        "needs libpython3.11.so.1.0",
        tool("patchelf", "--add-needed", "libpython3.11.so.1.0", "{}"),
    ),
    Forgery("a RUNPATH", LINUX, "library", "RUNPATH", tool("patchelf", "--set-rpath", "/tmp", "{}")),
    Forgery("another SONAME", LINUX, "library", "SONAME", tool("patchelf", "--set-soname", "libother.so", "{}")),
    Forgery("another machine", LINUX, "library", "EM_AARCH64", foreign),
    Forgery("a newer C library", LINUX, "policy", "manylinux_2_38", swap(".so", b"GLIBC_2.14", b"GLIBC_2.38")),
    Forgery(
        "a newer macOS",
        MACOS,
        "library",
        "not for macOS 11.0",
        swap(".dylib", b"\x01\0\0\0\0\0\x0b\0", b"\x01\0\0\0\0\0\x0e\0"),
    ),
    Forgery(
        "another install name",
        MACOS,
        "library",
        "install name",
        swap(".dylib", b"@rpath/libmercury", b"@rpath/libmercurx"),
    ),
    Forgery(
        "another library of macOS",
        MACOS,
        "library",
        "needs /usr/lib/libSystem.C",
        swap(".dylib", b"libSystem.B", b"libSystem.C"),
    ),
    Forgery(
        "an indirect symbol that no linker wrote",
        MACOS,
        "library",
        "x86_64: its table of indirect symbols",
        edit(".dylib", forgery.unwritten_indirect_symbol),
    ),
    Forgery(
        "a page that was not signed",
        MACOS,
        "library",
        "pages are not those",
        swap(".dylib", b"out of memory", b"out of money."),
    ),
    Forgery(
        "one slice of two",
        MACOS,
        "library",
        "it is for arm64",
        tool("llvm-lipo-19", "-thin", "arm64", "-output", "{}", "{}"),
    ),
    Forgery("no ASLR", WINDOWS, "library", "lacks DYNAMIC_BASE", characteristics(0x40)),
    Forgery("no NX", WINDOWS, "library", "lacks NX_COMPAT", characteristics(0x100)),
    Forgery(
        "a library that Windows lacks",
        WINDOWS,
        "library",
        "needs KERNEL99.dll",
        swap(".dll", b"KERNEL32.dll", b"KERNEL99.dll"),
    ),
]


@pytest.mark.parametrize("forged", FORGERIES, ids=lambda forged: forged.label)
def test_a_forged_wheel_is_refused(forged: Forgery, tmp_path: Path) -> None:
    wheel = forge(built(forged.wheel), tmp_path, forged.change)
    assert forged.words in "\n".join(faults(wheel, forged.check))


@pytest.mark.parametrize("change", [drop("/cli.py"), add("mercury/cli.py", b""), add("mercury/more.py", b"")])
def test_files_are_those_of_record(change: Callable[[Files], None], tmp_path: Path) -> None:
    wheel = forge(built("any"), tmp_path, change, repair=False)
    assert any("RECORD" in fault for fault in faults(wheel, "files"))


def test_a_renamed_wheel_is_refused(tmp_path: Path) -> None:
    wheel = built(LINUX)
    renamed = forge(wheel, tmp_path, lambda files: None, wheel.path.name.replace("x86_64", "aarch64"))
    assert faults(renamed, "tag") == ["its name and its WHEEL differ in their tags"]
    assert faults(renamed, "library") == ["it is for EM_X86_64"]


@pytest.mark.parametrize("name", ["mercury_native-1-py3-none-linux_x86_64.whl", "mercury.whl"])
def test_a_wheel_of_no_platform_is_refused(name: str, tmp_path: Path) -> None:
    shutil.copy(built("any").path, tmp_path / name)
    assert judge(tmp_path / name, {}).faults == ["tag: this is no wheel of a platform that Mercury has wheels for"]


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / built("any").path.name
    path.write_bytes(built("any").path.read_bytes()[:-100])
    assert judge(path, {}).faults != []


def test_another_second_build_is_refused() -> None:
    path = built("any").path
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert judge(path, {path.name: digest}).faults == []
    assert judge(path, {path.name: digest[::-1]}).faults == ["twice: a second build made another file"]


def test_a_release_with_a_file_missing_is_refused() -> None:
    names = [f"mercury_native-1-py3-none-{platform.tag}.whl" for platform in PLATFORMS.values()]
    names += ["mercury_native-1-py3-none-any.whl", "mercury_native-1.tar.gz"]
    assert len(names) == 17
    assert list(missing(names)) == []
    for name in names:
        assert len(list(missing([other for other in names if other != name]))) == 1


@pytest.mark.parametrize(("change", "status"), [(lambda files: None, 0), (drop("py.typed"), 1)], ids=["right", "wrong"])
def test_the_check_fails_where_a_wheel_is_wrong(change: Callable[[Files], None], status: int, tmp_path: Path) -> None:
    wheel = forge(built("any"), tmp_path, change)
    command = [sys.executable, "-m", "tools.wheels.check", str(tmp_path)]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    digest = hashlib.sha256(wheel.path.read_bytes()).hexdigest()
    assert (tmp_path / "SHA256SUMS").read_text() == f"{digest}  {wheel.path.name}\n"
    assert ("1 faults" in (tmp_path / "wheels.md").read_text()) == bool(status)
