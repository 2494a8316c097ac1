"""The guard over instruction counts: what it reads from callgrind, and when it fails."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

PROFILE = """\
# callgrind format
positions: line
events: Ir
summary: 1166

ob=(2) /usr/lib/libc.so.6
fl=(7) memchr.S
fn=(9) memchr
80 40
+1 2

ob=(1) /build/instructions_driver
fl=(1) ???
fn=(1) normalize
0 100
cob=(2)
cfi=(7)
cfn=(9)
calls=3 80
0 42
cfn=(2) write_word
calls=5 0
* 900
0 24

fn=(2)
* 1000
"""


@pytest.fixture
def guard(root: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(root / "benchmarks" / "sql"))
    return importlib.import_module("instructions")


@pytest.fixture
def baseline(guard: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(guard, "BASELINE", tmp_path / "instructions.json")
    return tmp_path / "instructions.json"


def test_only_the_programs_own_instructions_count(guard: Any) -> None:
    assert guard.own_cost(PROFILE, "instructions_driver") == 1124
    assert guard.own_cost(PROFILE, "libc.so.6") == 42


@pytest.mark.parametrize(
    ("counts", "status", "said"),
    [
        ({"generic": 1000, "mysql": 1000}, 0, ""),
        ({"generic": 1050, "mysql": 1000}, 0, ""),
        ({"generic": 900, "mysql": 1051}, 1, "above the baseline"),
        ({"generic": 980, "mysql": 1000}, 0, "record it"),
    ],
)
def test_one_dialect_more_than_5_percent_above_fails(
    guard: Any, capsys: pytest.CaptureFixture[str], counts: Any, status: int, said: str
) -> None:
    assert guard.compare(counts, {"generic": 1000, "mysql": 1000}, 100) == status
    assert said in capsys.readouterr().out


def test_each_compiler_keeps_its_own_baseline(guard: Any, baseline: Path) -> None:
    guard.update("gcc 1", {"generic": 10})
    guard.update("clang 2", {"generic": 20})
    guard.update("gcc 1", {"generic": 11})
    assert guard.recorded() == {"gcc 1": {"generic": 11}, "clang 2": {"generic": 20}}


def test_baselines_over_other_statements_are_none(guard: Any, baseline: Path) -> None:
    baseline.write_text(json.dumps({"statements_sha256": "0", "compilers": {"gcc 1": {"generic": 10}}}))
    assert guard.recorded() == {}
    guard.update("gcc 2", {"generic": 20})
    assert guard.recorded() == {"gcc 2": {"generic": 20}}


def test_the_checked_in_baseline_is_over_the_statements_of_today(guard: Any) -> None:
    assert "gcc 12.2.0, 64-bit, little-endian, x86_64" in guard.recorded()
