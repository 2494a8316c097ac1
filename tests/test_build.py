"""What the build makes: generated files, wheels that tell the truth, installs that never fail."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Dict, Iterator, List

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import build_ffi

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or sys.version_info < (3, 9), reason="building from source needs Python 3.9 and a Unix make"
)

COMPILERS = ["gcc", "clang", "clang-19"]
NOT_SOURCE = shutil.ignore_patterns(
    ".*",
    "build",
    "dist",
    "*.egg-info",
    "__pycache__",
    "*.so",
    "*.dylib",
    "*.dll",
    "*.o",
    "docs",
    "examples",
    "benchmarks",
)


@pytest.mark.parametrize("flags", [[], ["-P"]], ids=["markers", "no markers"])
@pytest.mark.parametrize("compiler", COMPILERS)
def test_every_preprocessor_gives_one_hash(compiler: str, flags: List[str], root: Path) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    declarations = build_ffi.canonical(build_ffi.preprocess(compiler, *flags))
    assert build_ffi.hash_header_text(declarations) == (root / "mercury_native" / "header_hash.h").read_text()


def test_comments_and_white_space_are_not_in_the_hash(tmp_path: Path) -> None:
    text = build_ffi.HEADER.read_text()
    changed = tmp_path / "mercury.h"
    changed.write_text(re.sub(r"\bint64_t ", "int64_t\n   ", text.replace("*/", "changed */")))
    same = build_ffi.canonical(build_ffi.preprocess("cc", header=changed))
    assert same == build_ffi.canonical(build_ffi.preprocess("cc"))


def test_a_changed_constant_changes_the_hash(tmp_path: Path) -> None:
    changed = tmp_path / "mercury.h"
    changed.write_text(build_ffi.HEADER.read_text().replace("MERCURY_TOKEN_WORD = 1", "MERCURY_TOKEN_WORD = 11"))
    other = build_ffi.canonical(build_ffi.preprocess("cc", header=changed))
    assert build_ffi.header_hash(other) != build_ffi.header_hash(build_ffi.canonical(build_ffi.preprocess("cc")))


def test_the_committed_files_are_current() -> None:
    pytest.importorskip("cffi", reason="cffi is not installed")
    declarations = build_ffi.canonical(build_ffi.preprocess("cc"))
    for path, text in build_ffi.generated(declarations).items():
        assert path.read_text(encoding="ascii") == text, f"{path.name} is not current: run python build_ffi.py"


def test_every_declared_function_is_a_symbol() -> None:
    declarations = build_ffi.canonical(build_ffi.preprocess("cc"))
    prototypes = re.findall(r"MERCURY_API [^;]*?(mercury_\w+)\(", build_ffi.HEADER.read_text())
    assert build_ffi.symbols(declarations) == prototypes


class Tree:
    """A copy of the sources to build in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def build(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Runs the build front end without isolation and without an index: nothing may be fetched."""
        code = "import sys; from build.__main__ import main; main(sys.argv[1:])"
        command = [sys.executable, "-c", code, "--no-isolation", "--outdir", "dist", *arguments]
        return self.run(command, **variables)

    def run(self, command: List[str], **variables: str) -> "subprocess.CompletedProcess[str]":
        environment = {name: value for name, value in os.environ.items() if name not in ("MERCURY_NATIVE", "MAKEFLAGS")}
        # What is tested is the build, not the code that it makes: a third of the time.
        environment.update({"PIP_NO_INDEX": "1", "CFLAGS": "-O0", **variables})
        return subprocess.run(
            command,
            check=False,
            cwd=str(self.folder),
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wheel(self) -> "Wheel":
        """The one wheel that was built."""
        (path,) = (self.folder / "dist").glob("*.whl")
        return Wheel(path)


class Wheel:
    """A wheel's name, files and metadata."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        with zipfile.ZipFile(path) as archive:
            self.files: Dict[str, bytes] = {name: archive.read(name) for name in archive.namelist()}

    def text(self, name: str) -> str:
        """A file of the .dist-info folder."""
        (found,) = (data for path, data in self.files.items() if path.endswith(f".dist-info/{name}"))
        return found.decode("utf-8")

    @property
    def libraries(self) -> List[str]:
        return [name for name in self.files if name.endswith((".so", ".dylib", ".dll"))]

    @property
    def requires_cffi(self) -> bool:
        lines = [line for line in self.text("METADATA").splitlines() if line.startswith("Requires-Dist: cffi")]
        return any("extra ==" not in line for line in lines)


@pytest.fixture(scope="module")
def only_tree(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Tree:
    folder = tmp_path_factory.mktemp("source") / "mercury"
    shutil.copytree(root, folder, ignore=NOT_SOURCE)
    return Tree(folder)


@pytest.fixture
def tree(only_tree: Tree) -> Iterator[Tree]:
    # Objects of the last build stay, to save time; what a build makes goes.
    shutil.rmtree(only_tree.folder / "dist", ignore_errors=True)
    yield only_tree


def assert_pure(wheel: Wheel) -> None:
    assert wheel.name.endswith("-py3-none-any.whl")
    assert wheel.libraries == []
    assert "Tag: py3-none-any\n" in wheel.text("WHEEL")
    assert "Root-Is-Purelib: true" in wheel.text("WHEEL")
    assert not wheel.requires_cffi


def assert_native(wheel: Wheel) -> None:
    assert re.search(r"-py3-none-(?!any)\w+\.whl$", wheel.name)
    assert [os.path.dirname(name) for name in wheel.libraries] == ["mercury"]
    assert "Tag: py3-none-any" not in wheel.text("WHEEL")
    assert "Root-Is-Purelib: false" in wheel.text("WHEEL")


def test_a_native_wheel(tree: Tree) -> None:
    done = tree.build("--wheel", MERCURY_NATIVE="require")
    assert done.returncode == 0, done.stdout
    wheel = tree.wheel()
    assert_native(wheel)
    assert "mercury/core/_ffi.py" in wheel.files
    assert {"mercury/py.typed", "mercury/core/_ffi.pyi"} <= set(wheel.files)
    schemas = {"report/report", "export/json_lines", "testing/suite"}
    assert {f"mercury/{schema}.schema.json" for schema in schemas} <= set(wheel.files)
    assert "mercury/commands/run/startup/sitecustomize.py" in wheel.files
    assert not any(name.startswith(("tests/", "mercury_native/")) for name in wheel.files)


@pytest.mark.parametrize("native", ["skip", "require"])
def test_the_bill_of_materials_names_what_is_compiled_in(tree: Tree, native: str) -> None:
    done = tree.build("--wheel", MERCURY_NATIVE=native)
    assert done.returncode == 0, done.stdout
    bill = json.loads(tree.wheel().text("sboms/mercury-native.cdx.json"))
    parts = [(part["name"], part["version"], part["licenses"]) for part in bill["components"]]
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "mercury-native")
    terms = [{"license": {"id": "BSD-2-Clause"}}]
    assert parts == ([("xxHash", "0.8.3", terms)] if native == "require" else [])


def test_what_is_built_does_not_depend_on_who_builds_it_when(tree: Tree) -> None:
    built: List[Dict[str, bytes]] = []
    for mask in ("022", "077"):
        shutil.rmtree(tree.folder / "dist", ignore_errors=True)
        (tree.folder / "README.md").touch()
        command = f"umask {mask} && exec {sys.executable} -m build --no-isolation --outdir dist"
        done = tree.run(["sh", "-c", command], SOURCE_DATE_EPOCH="1700000000", MERCURY_NATIVE="skip")
        assert done.returncode == 0, done.stdout
        built.append({path.name: path.read_bytes() for path in (tree.folder / "dist").iterdir()})
    assert len(built[0]) == 2
    assert built[0] == built[1]


def test_a_library_of_another_machine_is_packed_under_its_tag(tree: Tree, tmp_path: Path) -> None:
    library = tmp_path / "libmercury.dylib"
    library.write_bytes(b"built elsewhere")
    target = {"TARGET_SYSTEM": "Darwin", "TARGET_MACHINE": "darwin-arm64", "TARGET_PLATFORM": "macosx_11_0_arm64"}
    done = tree.build("--wheel", MERCURY_NATIVE="require", MERCURY_LIBRARY=str(library), **target)
    assert done.returncode == 0, done.stdout
    wheel = tree.wheel()
    assert_native(wheel)
    assert wheel.name.endswith("-py3-none-macosx_11_0_arm64.whl")
    assert wheel.files["mercury/libmercury.dylib"] == b"built elsewhere"
    assert 'python_version >= "3.9"' in wheel.text("METADATA")


def test_a_library_that_is_named_and_missing_is_an_error(tree: Tree) -> None:
    done = tree.build("--wheel", MERCURY_LIBRARY="/nowhere/libmercury.so")
    assert done.returncode != 0
    assert "MERCURY_LIBRARY is '/nowhere/libmercury.so'" in done.stdout
    assert not list((tree.folder / "dist").glob("*.whl"))


def test_cffi_is_required_exactly_where_the_table_says(tree: Tree) -> None:
    import cffi_wheels

    assert tree.build("--wheel").returncode == 0
    assert tree.wheel().requires_cffi == (cffi_wheels.machine_kind() in cffi_wheels.WHEELS)
    assert cffi_wheels.requirements("linux-musl-riscv64") == []
    (line,) = cffi_wheels.requirements("linux-glibc-x86_64")
    assert "platform_python_implementation == 'CPython'" in line
    # A marker on the machine would be that of the system, also where the Python is a 32-bit one.
    assert "platform_machine" not in line


@pytest.mark.parametrize("compiler", ["false", "no-such-compiler"])
def test_no_compiler_gives_a_pure_wheel_that_says_why(tree: Tree, compiler: str) -> None:
    # A library of an earlier build lies in the tree and in the build folder.
    assert tree.build("--wheel").returncode == 0
    shutil.rmtree(tree.folder / "dist")
    (tree.folder / "mercury" / "libmercury.so").write_bytes(b"old")
    done = tree.build("--wheel", CC=compiler)
    (tree.folder / "mercury" / "libmercury.so").unlink()
    assert done.returncode == 0, done.stdout
    assert_pure(tree.wheel())
    assert "Mercury will run in pure Python, because its C library was not built: make failed" in done.stdout
    assert f"{compiler} -std=c11" in done.stdout


def test_no_make_gives_a_pure_wheel_that_says_why(tree: Tree, tmp_path: Path) -> None:
    done = tree.build("--wheel", PATH=str(tmp_path))
    assert done.returncode == 0, done.stdout
    assert_pure(tree.wheel())
    assert "no make was found on PATH" in done.stdout


def test_skip_builds_nothing(tree: Tree) -> None:
    done = tree.build("--wheel", MERCURY_NATIVE="skip")
    assert done.returncode == 0, done.stdout
    assert_pure(tree.wheel())
    assert "MERCURY_NATIVE=skip was set" in done.stdout


def test_require_fails_with_the_compilers_message(tree: Tree) -> None:
    source = tree.folder / "mercury_native" / "error.c"
    text = source.read_text()
    source.write_text("#error broken on purpose\n" + text)
    try:
        done = tree.build("--wheel", MERCURY_NATIVE="require")
    finally:
        source.write_text(text)
    assert done.returncode != 0
    assert "MERCURY_NATIVE=require, and the C library was not built" in done.stdout
    assert "broken on purpose" in done.stdout
    assert not list((tree.folder / "dist").glob("*.whl"))


def test_an_unknown_mode_is_an_error(tree: Tree) -> None:
    done = tree.build("--wheel", MERCURY_NATIVE="perhaps")
    assert done.returncode != 0
    assert "it may be require, skip or auto" in done.stdout


def test_a_library_under_the_tag_any_cannot_be_built(tree: Tree) -> None:
    done = tree.run([sys.executable, "setup.py", "bdist_wheel", "--plat-name", "any"])
    assert done.returncode != 0
    assert "the wheel's tag and contents disagree" in done.stdout
    assert not list((tree.folder / "dist").glob("*.whl"))


@pytest.mark.parametrize("native", ["skip", "require"])
def test_a_smuggled_library_cannot_be_packed(tree: Tree, native: str) -> None:
    smuggled = tree.folder / "mercury" / "other.so"
    project = tree.folder / "pyproject.toml"
    text = project.read_text()
    smuggled.write_bytes(b"\x7fELF")
    project.write_text(text.replace('mercury = ["py.typed"]', 'mercury = ["py.typed", "*.so"]'))
    try:
        done = tree.build("--wheel", MERCURY_NATIVE=native)
    finally:
        project.write_text(text)
        smuggled.unlink()
    assert done.returncode != 0
    assert "the wheel's tag and contents disagree" in done.stdout
    assert not list((tree.folder / "dist").glob("*.whl"))


def test_the_wheel_of_the_sdist_is_the_wheel_of_the_tree(tree: Tree, tmp_path: Path) -> None:
    assert tree.build("--wheel", MERCURY_NATIVE="require").returncode == 0
    direct = tree.wheel()
    done = tree.build("--sdist")
    assert done.returncode == 0, done.stdout
    (archive,) = (tree.folder / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path)
    (folder,) = tmp_path.iterdir()
    for name in (
        "build_ffi.py",
        "Makefile",
        "mercury/core/_ffi.py",
        "mercury_native/vendor/xxhash.h",
        "tests/conftest.py",
    ):
        assert (folder / name).is_file(), name
    assert not [path for path in folder.rglob("*") if path.suffix in (".so", ".o", ".a")]
    unpacked = Tree(folder)
    done = unpacked.build("--wheel", MERCURY_NATIVE="require")
    assert done.returncode == 0, done.stdout
    packed = unpacked.wheel()
    assert packed.name == direct.name
    assert packed.files == direct.files


@pytest.mark.parametrize("compiler", ["", "false"])
@pytest.mark.parametrize("mode", ["lenient", "strict"])
def test_editable(tree: Tree, tmp_path: Path, mode: str, compiler: str) -> None:
    library = tree.folder / "mercury" / "libmercury.so"
    library.write_bytes(b"stale")
    code = (
        "import sys; from setuptools import build_meta; "
        "build_meta.build_editable(sys.argv[1], {'editable_mode': sys.argv[2]})"
    )
    done = tree.run([sys.executable, "-c", code, str(tmp_path), mode], **({"CC": compiler} if compiler else {}))
    assert done.returncode == 0, done.stdout
    (path,) = tmp_path.glob("*.whl")
    if compiler:
        assert not library.exists()
        assert not Wheel(path).requires_cffi
    else:
        assert library.read_bytes()[:4] != b"stal"
        library.unlink()


def test_pip_is_told_the_same_before_and_after_the_build(tree: Tree, tmp_path: Path) -> None:
    code = (
        "import sys; from setuptools import build_meta; folder = sys.argv[1]; "
        "info = build_meta.prepare_metadata_for_build_wheel(folder); "
        "build_meta.build_wheel(folder, metadata_directory=folder + '/' + info)"
    )
    for compiler in ("cc", "false"):
        folder = tmp_path / compiler
        folder.mkdir()
        done = tree.run([sys.executable, "-c", code, str(folder)], CC=compiler)
        assert done.returncode == 0, done.stdout
        (path,) = folder.glob("*.whl")
        (metadata,) = folder.glob("*.dist-info/METADATA")
        assert Wheel(path).text("METADATA") == metadata.read_text()


def test_a_warning_does_not_fail_an_install_and_fails_a_test(tree: Tree) -> None:
    source = tree.folder / "mercury_native" / "error.c"
    text = source.read_text()
    source.write_text(text + "\nstatic int unused(void)\n{\n    return 1;\n}\n")
    try:
        lenient = tree.run(["make", "OUT=build/warned", "build-ext"])
        strict = tree.run(["make", "OUT=build/warned", "WERROR=-Werror", "build-ext"])
    finally:
        source.write_text(text)
    assert lenient.returncode == 0, lenient.stdout
    assert strict.returncode != 0
    assert "unused" in strict.stdout


def test_the_library_does_not_depend_on_where_it_is_built(tree: Tree, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(tree.folder, copy, ignore=shutil.ignore_patterns("build", "dist"))
    tree.run(["make", "OUT=build/here", "build-ext"])
    Tree(copy).run(["make", "OUT=build/there", "build-ext"])
    here = (tree.folder / "build" / "here" / "libmercury.so").read_bytes()
    assert here == (copy / "build" / "there" / "libmercury.so").read_bytes()


def test_the_static_library_links_into_a_program(tree: Tree, tmp_path: Path) -> None:
    assert tree.run(["make", "static"]).returncode == 0
    program = tmp_path / "program.c"
    program.write_text(
        '#include "mercury.h"\n#include <stdio.h>\n'
        "int main(void)\n{\n    return puts(mercury_abi_header_hash()) < 0;\n}\n"
    )
    command = ["cc", "-Imercury_native", str(program), "build/native/libmercury.a", "-o", str(tmp_path / "program")]
    done = tree.run(command)
    assert done.returncode == 0, done.stdout
    output = subprocess.run([str(tmp_path / "program")], check=False, stdout=subprocess.PIPE, text=True).stdout
    assert output.strip() == build_ffi.header_hash(build_ffi.canonical(build_ffi.preprocess("cc")))
