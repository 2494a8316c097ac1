"""The labels of the suite in tests/labelled agree with what each case sends at n and at 2n rows."""

import ast
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent / "labelled"
SETS = {"first": "cases", "second": "second", "third": "third"}
LEAST = {"first": 120, "second": 60}
"""Sets of which half are positive; what the third is about does not grow."""
WRITES = ("insert", "update", "delete")
PACKAGES = {
    "django": "django",
    "graphene_django": "graphene-django",
    "rest_framework": "djangorestframework",
    "jinja2": "jinja2",
}
"""What the cases import, and as what it is installed."""


def case_names():
    """The names of all cases, without importing them: their models need settings of their own."""
    return [
        node.name
        for folder in SETS.values()
        for path in sorted((FOLDER / folder).glob("*.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        if any(isinstance(each, ast.Call) and getattr(each.func, "id", "") == "case" for each in node.decorator_list)
    ]


@pytest.fixture(scope="module")
def measured():
    """Each case with its labels and what it sent, from a process with the suite's settings."""
    for package, distribution in PACKAGES.items():
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed: pip install {distribution}")
    done = subprocess.run(
        [sys.executable, "-m", "tests.labelled.harness"],
        cwd=str(FOLDER.parent.parent),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def growing(families):
    return [family for family in families if family["growth"] == "grows"]


def writes(families):
    return [family for family in families if family["sql"].lower().startswith(WRITES)]


@pytest.mark.parametrize("name", case_names())
def test_label_is_what_was_measured(name, measured):
    case = measured[name]
    families, kinds = case["families"], [kind for kind, _ in case["expected"]]
    assert bool(growing(families)) == case["is_positive"], families
    assert any(family["growth"] == "batched" for family in families) == case["batched"], families
    for kind in kinds:
        assert SHOWN[kind](families), (kind, families)


def _repeats(families):
    return [family for family in families if family["growth"] == "flat" and family["at_n"] > 1]


SHOWN = {
    "n_plus_one": lambda families: [family for family in growing(families) if family not in writes(families)],
    "nested": growing,
    "write_loop": lambda families: writes(growing(families)),
    "repeating_pattern": lambda families: len(growing(families)) > 1,
    "repeated_in_loop": _repeats,
    "duplicate": lambda families: [family for family in _repeats(families) if family["equal"] > 1],
    "unused_eager_load": lambda families: [family for family in families if family["at_n"] and family["at_2n"]],
}


def test_a_relation_loaded_in_vain_is_one_that_nobody_misses(measured):
    counts = {name: case["without"] for name, case in measured.items() if case["without"]}
    assert len(counts) >= 14
    # A load that somebody reads comes back as one statement for each row.
    assert {name: pair for name, pair in counts.items() if pair[1] > pair[0]} == {}


def test_no_two_cases_share_a_name(measured):
    assert len(measured) == len(case_names())


@pytest.mark.parametrize("name", LEAST)
def test_each_set_is_large_and_balanced(name, measured):
    cases = [case for case in measured.values() if case["set"] == name]
    positive = sum(case["is_positive"] for case in cases)
    assert len(cases) >= LEAST[name]
    assert abs(2 * positive - len(cases)) <= len(cases) / 10


def test_each_case_says_what_it_stands_for(measured):
    assert [name for name, case in measured.items() if not case["stands_for"].endswith(").")] == []


def test_each_expected_finding_has_a_line_or_none_on_purpose(measured):
    # A mark that names no expected target is a slip of the pen.
    assert [name for name, case in measured.items() if case["stray_marks"]] == []
