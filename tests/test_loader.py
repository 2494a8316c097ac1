"""Which library is trusted, which is refused, and what the user is told.

Each case loads a copy of the package in a process of its own, because a backend is
chosen once per process and a bad library may take its process with it.
"""

import json
import os
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Set

import pytest

from mercury.core import library_file

NATIVE_IS_TESTED = os.environ.get("MERCURY_TEST_BACKEND") == "native"

# Loads from several threads at once and prints what the user would see.
CHILD = """
import json, sys, threading, warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    from mercury.core import backend
    threads = [threading.Thread(target=backend) for _ in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    loaded = backend()
tokens = [tuple(token) for token in loaded.module.tokens(b"SELECT 1", 0)]
print(json.dumps({
    "name": loaded.name, "reason": loaded.reason, "hint": loaded.hint, "tokens": tokens,
    "warnings": [str(entry.message) for entry in caught if entry.category is RuntimeWarning],
    "others": [str(entry.message) for entry in caught if entry.category is not RuntimeWarning],
    "modules": sorted({"cffi", "_cffi_backend"} & set(sys.modules)),
}))
"""


class Package:
    """A copy of the package whose library can be exchanged."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder = folder
        self.root = root
        binaries = shutil.ignore_patterns("*.so", "*.dylib", "*.dll", "__pycache__")
        shutil.copytree(root / "mercury", folder / "mercury", ignore=binaries)
        self.library = folder / "mercury" / "libmercury.so"

    def clear(self) -> None:
        """Takes the library away, whatever it is."""
        if self.library.is_dir():
            self.library.rmdir()
        elif self.library.exists():
            self.library.unlink()

    def run(self, code: str = CHILD, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Runs `code` over this copy, in a clean environment but for `variables`."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_MERCURY")}
        environment.update(variables, PYTHONPATH=str(self.folder))
        command = [sys.executable, *arguments, "-c", code]
        return subprocess.run(
            command,
            check=False,
            cwd=str(self.folder),
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def load(self, **variables: str) -> Dict[str, Any]:
        """What the child says about its backend. Fails the test where the child dies."""
        done = self.run(**variables)
        assert done.returncode == 0, done.stderr
        answer: Dict[str, Any] = json.loads(done.stdout)
        return answer


@pytest.fixture(scope="module")
def only_package(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Package:
    return Package(tmp_path_factory.mktemp("package"), root)


@pytest.fixture
def package(only_package: Package) -> Iterator[Package]:
    only_package.clear()
    yield only_package
    only_package.clear()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """The real library, freshly built apart from the tree's."""
    folder = tmp_path_factory.mktemp("native")
    subprocess.run(["make", "-s", "-C", str(root), "build-ext", f"OUT={folder}"], check=True, stdout=subprocess.PIPE)
    return folder / "libmercury.so"


def compile_library(target: Path, header_hash: Optional[str], symbols: List[str]) -> None:
    """A library with functions that do nothing and, unless it is None, a header hash."""
    lines = [f"void {name}(void) {{}}" for name in symbols if name != "mercury_abi_header_hash"]
    if header_hash is not None:
        lines.append(f'const char *mercury_abi_header_hash(void) {{ return "{header_hash}"; }}')
    compiler = shlex.split(os.environ.get("CC") or "cc")
    command = [*compiler, "-shared", "-fPIC", "-x", "c", "-", "-o", str(target)]
    subprocess.run(command, input="\n".join(lines), text=True, check=True)


@pytest.fixture(scope="module")
def contract() -> Any:
    """The generated module, for its hash and symbols."""
    return pytest.importorskip("mercury.core._ffi", reason="cffi is not installed")


def assert_refused(answer: Dict[str, Any], reason: str, hint: str = "mercury-native") -> None:
    """The twin serves, gives right answers, and exactly one warning says why."""
    assert answer["name"] == "pure"
    assert reason in answer["reason"]
    assert hint in answer["hint"]
    assert answer["tokens"] == [[1, 0, 6], [4, 7, 8]]
    assert len(answer["warnings"]) == 1
    assert answer["reason"] in answer["warnings"][0]
    assert answer["hint"] in answer["warnings"][0]
    assert answer["others"] == []


def test_the_real_library_serves(package: Package, built: Path) -> None:
    shutil.copy(built, package.library)
    answer = package.load()
    assert answer["name"] == "native", answer["reason"]
    assert answer["warnings"] == []
    assert answer["tokens"] == [[1, 0, 6], [4, 7, 8]]


@pytest.mark.parametrize("value", ["1", "true", "YES", " True "])
def test_the_twin_can_be_asked_for(package: Package, built: Path, value: str) -> None:
    shutil.copy(built, package.library)
    answer = package.load(DJANGO_MERCURY_PURE_PYTHON=value)
    assert answer["name"] == "pure"
    assert answer["reason"] == "DJANGO_MERCURY_PURE_PYTHON is set"
    assert answer["warnings"] == []
    assert answer["modules"] == []


def test_other_values_do_not_ask_for_the_twin(package: Package, built: Path) -> None:
    shutil.copy(built, package.library)
    assert package.load(DJANGO_MERCURY_PURE_PYTHON="0")["name"] == "native"
    assert package.load(DJANGO_MERCURY_PURE_PYTHON="")["name"] == "native"


def test_a_missing_library(package: Package) -> None:
    assert_refused(package.load(), "the C library is not installed")


def test_the_warning_can_be_silenced(package: Package) -> None:
    answer = package.load(DJANGO_MERCURY_SUPPRESS_WARNING="1")
    assert answer["name"] == "pure"
    assert answer["warnings"] == []


def test_the_warning_points_outside_mercury(package: Package) -> None:
    done = package.run("from mercury.core import backend\n\nbackend()")
    assert "<string>:3: RuntimeWarning: Mercury runs in pure Python" in done.stderr


def test_warnings_that_are_errors_do_not_raise(package: Package) -> None:
    done = package.run("from mercury.core import backend\nprint(backend().name)", "-W", "error")
    assert (done.returncode, done.stdout) == (0, "pure\n")
    assert done.stderr.count("Mercury runs in pure Python") == 1


def test_a_stale_library(package: Package, contract: Any) -> None:
    compile_library(package.library, "0" * 64, contract.SYMBOLS)
    assert_refused(package.load(), "is a stale library")


def test_a_foreign_library(package: Package) -> None:
    compile_library(package.library, None, ["something_else"])
    assert_refused(package.load(), "is a foreign library")


def test_a_hash_that_only_begins_right_is_stale(package: Package, contract: Any) -> None:
    compile_library(package.library, contract.HEADER_HASH[:63], contract.SYMBOLS)
    assert_refused(package.load(), "is a stale library")


@pytest.mark.parametrize("which", [1, 8, -1])
def test_a_library_that_lacks_a_function(package: Package, contract: Any, which: int) -> None:
    missing = contract.SYMBOLS[which]
    compile_library(package.library, contract.HEADER_HASH, [name for name in contract.SYMBOLS if name != missing])
    assert_refused(package.load(), f"lacks the function {missing}")


def test_an_empty_file(package: Package) -> None:
    package.library.write_bytes(b"")
    assert_refused(package.load(), "is empty")


def test_random_bytes(package: Package) -> None:
    package.library.write_bytes(bytes((i * 7919) % 251 for i in range(20_000)))
    assert_refused(package.load(), "is no library")


def test_a_folder(package: Package) -> None:
    package.library.mkdir()
    assert_refused(package.load(), "is a folder")


def test_a_fifo(package: Package) -> None:
    os.mkfifo(package.library)
    assert_refused(package.load(), "is no regular file")


def test_a_dangling_link(package: Package) -> None:
    package.library.symlink_to("nowhere")
    try:
        assert_refused(package.load(), "cannot be read")
    finally:
        package.library.unlink()


# Root may read everything, so it becomes nobody, once all modules are there.
UNREADABLE = (
    """
import json, os, threading, warnings
from mercury.core import _ffi, hints, library_file, pure
if os.geteuid() == 0:
    os.seteuid(65534)
"""
    + CHILD
)


def test_an_unreadable_file(built: Path, root: Path) -> None:
    # pytest's folders are closed to nobody.
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        package = Package(Path(folder), root)
        shutil.copy(built, package.library)
        package.library.chmod(0)
        done = package.run(UNREADABLE)
    assert done.returncode == 0, done.stderr
    assert_refused(json.loads(done.stdout), "cannot be read: Permission denied")


def test_the_library_of_another_machine(package: Package, built: Path) -> None:
    data = bytearray(built.read_bytes())
    machine = struct.unpack_from("<H", data, 18)[0]
    struct.pack_into("<H", data, 18, 183 if machine != 183 else 62)
    package.library.write_bytes(data)
    assert_refused(package.load(), "the system cannot load the library")


def loaded_end(data: bytes) -> int:
    """The first length at which a library counts as whole."""
    whole = [length for length in range(len(data) - 8192, len(data) + 1) if is_whole(data[:length])]
    return whole[0]


def is_whole(data: bytes) -> bool:
    """What the check says of a library with this content."""
    from io import BytesIO

    try:
        library_file.check(library_file.Window(BytesIO(data), 0, len(data)))
    except library_file.NotWhole:
        return False
    return True


def test_every_length_at_which_the_real_library_may_be_cut(built: Path) -> None:
    data = built.read_bytes()
    end = loaded_end(data)
    accepted = [length for length in range(end) if is_whole(data[:length])]
    assert accepted == []
    assert all(is_whole(data[:length]) for length in range(end, len(data) + 1))


def test_a_cut_library_never_takes_its_process_along(package: Package, built: Path) -> None:
    data = built.read_bytes()
    end = loaded_end(data)
    for length in [1, 63, 64, 200, 4095, 4096, 4097, end // 2, end - 4096, end - 1]:
        package.library.write_bytes(data[:length])
        answer = package.load()
        assert answer["name"] == "pure", length
        assert len(answer["warnings"]) == 1, length
    package.library.write_bytes(data[:end])
    assert package.load()["name"] == "native"


NO_CFFI = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name == "_cffi_backend":
            raise {error}
sys.meta_path.insert(0, Absent())
"""


def test_cffi_missing(package: Package, built: Path) -> None:
    shutil.copy(built, package.library)
    done = package.run(NO_CFFI.format(error="ModuleNotFoundError(name, name=name)") + CHILD)
    assert_refused(json.loads(done.stdout), "cffi is not installed", hint="-m pip install cffi")


def test_cffi_and_library_missing(package: Package) -> None:
    done = package.run(NO_CFFI.format(error="ModuleNotFoundError(name, name=name)") + CHILD)
    assert_refused(json.loads(done.stdout), "the C library is not installed, nor is cffi")


def test_cffi_broken(package: Package, built: Path) -> None:
    shutil.copy(built, package.library)
    done = package.run(NO_CFFI.format(error="ImportError('undefined symbol')") + CHILD)
    assert_refused(json.loads(done.stdout), "the installed cffi cannot be imported", hint="--force-reinstall cffi")


def test_isolated_subinterpreter(package: Package, built: Path) -> None:
    shutil.copy(built, package.library)
    done = package.run(
        NO_CFFI.format(error="ImportError('module does not support loading in subinterpreters')") + CHILD
    )
    assert_refused(json.loads(done.stdout), "cffi does not run in isolated subinterpreters", hint="")


ISOLATED = """
import sys
import _interpreters
code = "import sys; sys.path[:] = " + repr(sys.path) + chr(10) + {code!r}
failed = _interpreters.exec(_interpreters.create("isolated"), code)
sys.exit(failed and str(failed))
"""


@pytest.mark.skipif(sys.version_info < (3, 13), reason="isolated subinterpreters can be made from Python 3.13 on")
def test_a_real_isolated_subinterpreter(package: Package, built: Path) -> None:
    shutil.copy(built, package.library)
    # Captured warnings are of the main interpreter, so this one goes to standard error.
    done = package.run(ISOLATED.format(code="from mercury.core import backend; print(backend().reason, flush=True)"))
    assert done.stdout == "cffi does not run in isolated subinterpreters\n", done.stderr
    assert done.stderr.count("Mercury runs in pure Python") == 1


# An interpreter without a GIL, as far as the loader can see; importing cffi would show in sys.modules.
FREE_THREADED = """
import sys
from importlib import metadata
sys._is_gil_enabled = lambda: False
real = metadata.version
metadata.version = lambda name: "{version}" if name == "cffi" else real(name)
"""


def test_an_old_cffi_is_not_imported_where_there_is_no_gil(package: Package, built: Path) -> None:
    shutil.copy(built, package.library)
    answer = json.loads(package.run(FREE_THREADED.format(version="1.17.1") + CHILD).stdout)
    assert_refused(answer, "cffi before 2.0 would turn the GIL on", hint="cffi")
    assert answer["modules"] == []


def test_a_new_cffi_is_used_where_there_is_no_gil(package: Package, built: Path) -> None:
    shutil.copy(built, package.library)
    assert json.loads(package.run(FREE_THREADED.format(version="2.1.1") + CHILD).stdout)["name"] == "native"


def test_functions_linked_into_the_program(package: Package, built: Path) -> None:
    # Preloading stands for a program that the static library was linked into: the same lookup finds both.
    answer = package.load(LD_PRELOAD=str(built))
    assert answer["name"] == "native"
    assert answer["reason"] == "the library linked into the program is loaded"


def archive_of(package: Package, folder: Path) -> str:
    """The package as a zip file, and a line of code that puts it first on the path."""
    archive = shutil.make_archive(str(folder / "mercury"), "zip", package.folder, "mercury")
    off = f"sys.path[:] = [each for each in sys.path if each != {str(package.folder)!r}]"
    return f"import sys; {off}; sys.path.insert(0, {archive!r})\n"


def test_a_zip_without_a_library(package: Package, tmp_path: Path) -> None:
    done = package.run(archive_of(package, tmp_path) + CHILD)
    assert_refused(json.loads(done.stdout), "the C library is not installed", hint="Build the program or archive again")


def test_the_library_of_a_zip_is_extracted(package: Package, built: Path, tmp_path: Path) -> None:
    shutil.copy(built, package.library)
    code = archive_of(package, tmp_path) + CHILD
    for _ in range(2):
        answer = json.loads(package.run(code, XDG_CACHE_HOME=str(tmp_path)).stdout)
        assert answer["name"] == "native", answer["reason"]
        assert answer["reason"].startswith(f"{tmp_path.resolve()}/mercury-native/libmercury-")
    (tmp_path / "mercury-native").chmod(0o777)
    answer = json.loads(package.run(code, XDG_CACHE_HOME=str(tmp_path)).stdout)
    assert_refused(answer, "mercury-native is open to other users", hint="chmod go-rwx")


def test_a_zip_and_nowhere_to_extract_to(package: Package, built: Path, tmp_path: Path) -> None:
    shutil.copy(built, package.library)
    done = package.run(archive_of(package, tmp_path) + CHILD, XDG_CACHE_HOME=str(tmp_path / "none" / "none"))
    assert_refused(json.loads(done.stdout), "cannot be extracted: No such file or directory", hint="XDG_CACHE_HOME")


# Modules as PyOxidizer's importer gives them, see memory_importer.py.
FROM_MEMORY = """
import sys
sys.path.insert(0, {tests!r})
import memory_importer
memory_importer.install({root!r}, {shown!r})
"""


def from_memory(package: Package, *shown: str) -> str:
    return FROM_MEMORY.format(tests=str(Path(__file__).parent), root=str(package.folder), shown=list(shown))


def test_modules_from_memory(package: Package) -> None:
    code = from_memory(package)
    assert_refused(
        json.loads(package.run(code + CHILD).stdout),
        "the C library is not installed",
        hint="Build the program or archive again",
    )


def test_modules_and_library_from_memory(package: Package, built: Path, tmp_path: Path) -> None:
    shutil.copy(built, package.library)
    code = from_memory(package, "libmercury.so")
    answer = json.loads(package.run(code + CHILD, XDG_CACHE_HOME=str(tmp_path)).stdout)
    assert answer["name"] == "native", answer["reason"]


def test_modules_from_memory_and_functions_linked_into_the_program(package: Package, built: Path) -> None:
    code = from_memory(package)
    answer = json.loads(package.run(code + CHILD, LD_PRELOAD=str(built)).stdout)
    assert answer["reason"] == "the library linked into the program is loaded"


def test_a_stale_library_linked_into_the_program(package: Package, contract: Any, tmp_path: Path) -> None:
    compile_library(tmp_path / "stale.so", "0" * 64, contract.SYMBOLS)
    answer = package.load(LD_PRELOAD=str(tmp_path / "stale.so"))
    assert_refused(answer, "the library linked into the program is a stale library")


def test_a_child_can_load_after_a_fork_during_loading(package: Package) -> None:
    code = """
import os, threading
from mercury.core import backend, loader
loader._lock.acquire()
pids = []
def fork():
    pid = os.fork()
    if pid == 0:
        os._exit(0 if backend().name == "pure" else 1)
    pids.append(os.waitpid(pid, 0)[1])
thread = threading.Thread(target=fork)
thread.start()
thread.join()
print(pids)
"""
    assert package.run(code, "-W", "ignore").stdout == "[0]\n"


# What Mercury works with where it is there, and what of the standard library would be felt.
UNASKED = {
    "celery", "cffi", "django", "gevent", "jinja2", "opentelemetry", "pyarrow", "pytest", "rich", "tomli",
    "array", "asyncio", "collections", "contextlib", "ctypes", "dataclasses", "enum", "functools", "hashlib", "inspect",
    "logging", "multiprocessing", "pathlib", "re", "shutil", "subprocess", "threading", "typing",
}  # fmt: skip
# Run without `site`, whose .pth files may have imported anything before.
NEWLY_LOADED = """
import os, sys
sys.path += {path!r}
before = set(sys.modules)
{code}
print(*{{name.split(".")[0] for name in set(sys.modules) - before}})
"""


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("import mercury", set()),
        ("import mercury; assert mercury.backend == 'native'", {"_cffi_backend"}),
        ("import mercury; mercury.normalize('SELECT 1'); mercury.fingerprint('SELECT 1')", {"_cffi_backend"}),
    ],
    ids=["import", "first use", "first fingerprint"],
)
def test_nothing_optional_is_imported(package: Package, built: Path, code: str, allowed: Set[str]) -> None:
    shutil.copy(built, package.library)
    done = package.run(NEWLY_LOADED.format(code=code, path=sys.path), "-S")
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) & (UNASKED | {"_cffi_backend"}) == allowed


@pytest.mark.skipif(not NATIVE_IS_TESTED, reason="asks about the native run")
def test_the_native_run_is_native() -> None:
    from mercury.core import backend

    loaded = backend()
    assert loaded.name == "native"
    assert loaded.path is not None
    assert loaded.library is not None
