"""A newcomer must find one flow in three places: the header, the Makefile, the folders."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import List, Set

import pytest


def makefile_list(root: Path, name: str) -> List[str]:
    """A list of names from the Makefile."""
    match = re.search(rf"^{name} = (.+)$", (root / "Makefile").read_text(), re.MULTILINE)
    assert match is not None
    return match.group(1).split()


def header(root: Path) -> str:
    return (root / "mercury_native" / "mercury.h").read_text()


def test_sources_are_the_sections_of_the_header(root: Path) -> None:
    sections = re.findall(r"^/\* ---- Section: (\w+) -", header(root), re.MULTILINE)
    assert makefile_list(root, "SOURCES") == sections


def test_each_section_has_its_c_file_and_its_twin(root: Path) -> None:
    sources = makefile_list(root, "SOURCES")
    c_files = {path.stem for path in (root / "mercury_native").glob("*.c")}
    twins = {path.stem for path in (root / "mercury" / "core" / "pure").glob("*.py")}
    assert c_files == set(sources)
    assert set(sources) <= twins


def test_rooms_are_the_drawing_of_the_header_and_the_folders(root: Path) -> None:
    rooms = makefile_list(root, "ROOMS")
    match = re.search(r"^ \*\s+(\w+(?:\s+->\s+\w+)+)$", header(root), re.MULTILINE)
    assert match is not None
    folders = {path.name for path in (root / "mercury").iterdir() if (path / "__init__.py").is_file()}
    assert rooms == re.split(r"\s+->\s+", match.group(1))
    assert set(rooms) == folders


def test_each_function_carries_the_name_of_its_section(root: Path) -> None:
    section = ""
    for line in header(root).splitlines():
        started = re.match(r"/\* ---- Section: (\w+) -", line)
        declared = re.match(r"MERCURY_API .*?(mercury_\w+)\(", line)
        section = started.group(1) if started else section
        if declared:
            assert declared.group(1).startswith(f"mercury_{section}_"), line


def public_functions(path: Path) -> Set[str]:
    """The names that a package's __init__.py offers: its definitions and its __all__."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    names = {node.name for node in tree.body if isinstance(node, definitions)}
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            names |= {
                item.value for item in ast.walk(node) if isinstance(item, ast.Constant) and isinstance(item.value, str)
            }
    return names


def test_no_module_shares_the_name_of_a_public_function(root: Path) -> None:
    # After an import of the module, the name on the package is the module.
    package = root / "mercury"
    modules = {path.stem for path in package.glob("*.py")} | {
        path.parent.name for path in package.glob("*/__init__.py")
    }
    assert modules & public_functions(package / "__init__.py") == set()


DOCUMENTED = [
    "library",
    "build-ext",
    "develop",
    "demo",
    "test",
    "lint",
    "format",
    "check",
    "asan",
    "bench-sql",
    "bench-sql-peers",
    "instructions",
    "alloc-failures",
    "crash",
    "fuzz",
    "interpreters",
    "exits",
    "wheel",
    "wheels",
    "check-wheels",
    "test-wheels",
    "lint-workflows",
    "wheels-again",
    "wheels-table",
    "check-cffi-wheels",
    "install-library",
    "install-matrix",
    "bench-import",
    "debian-packages",
]


@pytest.mark.parametrize("target", [*DOCUMENTED, "clean", "header-hash", "help"])
def test_each_target_explains_itself(root: Path, target: str) -> None:
    rules = "".join(path.read_text() for path in [root / "Makefile", *root.glob("*.mk")])
    assert re.search(rf"^{target}:.*## \w", rules, re.MULTILINE)


def test_the_exported_constants_are_those_of_the_header(root: Path) -> None:
    from mercury.core import records

    groups = ("TOKEN", "SUMMARY", "RULE", "ADVICE", "LOOP", "EVENT", "TRACE", "HISTOGRAM", "SEGMENT", "COMPARE")
    constants = dict(re.findall(rf"MERCURY_((?:{'|'.join(groups)})_\w+) = (-?\d+)", header(root)))
    assert {name: int(value) for name, value in constants.items()} == {
        name: value for name, value in vars(records).items() if name.split("_")[0] in groups
    }


def test_the_dialects_are_those_of_the_header(root: Path) -> None:
    from mercury.core import records

    dialects = re.findall(r"MERCURY_DIALECT_(\w+) = (\d+)", header(root))
    assert {name.lower(): int(value) for name, value in dialects} == records.DIALECTS


RECORDS = ["Token", "Advice", "Frame", "Event", "Totals", "Group", "Duplicate", "Figures", "Memory", "Verdict"]
RECORDS += ["SegmentLayout", "SegmentSlot", "SegmentSeries", "SegmentCursor", "RankTest", "Interval"]


@pytest.mark.parametrize("name", RECORDS)
def test_the_records_are_the_structs_of_the_header(root: Path, name: str) -> None:
    from mercury.core import records

    struct = "mercury" + re.sub("([A-Z])", lambda capital: "_" + capital[0].lower(), name)
    match = re.search(rf"typedef struct {struct} {{(.*?)}} {struct};", header(root), re.DOTALL)
    assert match is not None
    fields = re.findall(r"(?:int64_t|double) (\w+)(?:\[\d+\])?;", match.group(1))
    assert list(getattr(records, name)._fields) == fields


def test_each_error_code_has_its_exception(root: Path) -> None:
    from mercury import errors

    for name, code in re.findall(r"MERCURY_ERROR_(\w+) = (-\d+)", header(root)):
        raised = errors.from_code(int(code), "message", 7)
        assert type(raised).__name__ == name.title().replace("_", "") + "Error"
        assert (raised.code, raised.position) == (int(code), 7)


def test_the_hash_over_the_frozen_list_is_current(root: Path) -> None:
    # Complete it is where every word is found: tests/test_twin_sql.py looks for each.
    tool = root / "tools" / "sql_words.py"
    assert subprocess.run([sys.executable, str(tool), "--check"], check=False).returncode == 0


def test_each_platform_is_tried_or_says_why_not(root: Path) -> None:
    program = """
from tools.trials.machines import MACHINES, MUSL
from tools.trials.platforms import NOT_RUN, WINDOWS
from tools.wheels.platforms import PLATFORMS
assert sorted(PLATFORMS) == sorted([*MACHINES, *MUSL, *NOT_RUN, WINDOWS])
"""
    assert subprocess.run([sys.executable, "-c", program], cwd=str(root), check=False).returncode == 0
