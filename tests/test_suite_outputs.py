"""What is told of a suite at the terminal and as JSON: whole, bounded, and harmless whatever is in it."""

import json
import re
from dataclasses import replace
from importlib import resources

import jsonschema
import pytest
from hypothesis import given

from mercury.testing.outputs.document import SCHEMA_VERSION, document, dumps
from mercury.testing.outputs.summary import MAX_DETAILED, MAX_LISTED, obeyed_by_none, summary
from mercury.testing.outputs.verdict_lines import verdict_lines
from mercury.testing.verdict import KNOWN
from tests.suite_verdicts import CAUSE, FEW, HOSTILE, full, many, result, verdict, verdicts

SCHEMA = json.loads(resources.files("mercury.testing").joinpath("suite.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
ESCAPE = re.compile(r"\x1b\[[\d;]*m")
COMMAND = re.compile(r"^\s*::|##\w*\[", re.MULTILINE)


def test_the_summary_tells_all_of_a_new_finding():
    text = summary(verdict(CAUSE), width=80)
    folded = " ".join(text.split())
    assert "Mercury 1 test, 9 queries, 1 new finding" in folded
    assert "1. N+1: Book.author 206 queries" in folded
    assert "query shop/views.py:9 catalog" in folded
    assert "loop shop/views.py:8 why" in folded
    assert CAUSE.fix in folded
    assert CAUSE.why in folded
    assert "tests shop.tests.Books.test_list views GET /books/" in folded


def test_the_summary_tells_of_each_part_and_what_matters_most_first():
    text = summary(full(), width=100)
    parts = [
        "Could not judge: the baseline is newer than this Mercury: upgrade it",
        "1. N+1: Book.author",
        "Budget passed: view GET /books/ used 7 queries on default, its budget is 5 (shop/tests.py:3).",
        "Gone: N+1: Book.publisher, shop/views.py (0123456789abcdef).",
        "Grows: GET /books/ sends 12 queries at 10 rows and 22 at 20.",
        "1 view sends no more queries for more rows.",
        "Growth not known: 1 test that ran at one size alone: shop.tests.Books.test_detail.",
        "Known: Duplicate: Book.author, 4 queries, shop/views.py:30.",
        "Advice: Slow: Book.author, 1 query, shop/views.py:41, loop shop/views.py:8.",
        "Notice: the budget of view GET /books/ can never fail",
        "Not measured: 1 worker ended early.",
        "Not measured: 1 test began and did not end.",
        "Not measured: something in 1 test: shop.tests.Books.test_lost.",
        "Next: mend what could not be judged",
    ]
    assert [text.find(part) for part in parts] == sorted(text.find(part) for part in parts)
    assert min(text.find(part) for part in parts) > 0


NEXT = [
    ({}, "Next: mend what is new, or accept it with `manage.py test --mercury-update`."),
    ({"has_baseline": False}, "nothing fails yet; `manage.py test --mercury-update` notes these findings"),
    ({"problems": ["no"]}, "Next: mend what could not be judged, and run the tests again."),
]


@pytest.mark.parametrize(("changes", "expected"), NEXT)
def test_the_summary_says_what_to_do_next(changes, expected):
    text = summary(verdict(CAUSE, **changes), width=100, command="manage.py test")
    assert expected in " ".join(text.split())


def test_the_summary_of_nothing_is_short():
    assert summary(verdict(), width=80) == "Mercury  1 test, 9 queries, nothing found"


def test_the_worst_is_told_first():
    causes = [replace(CAUSE, kind=kind, count=count) for kind, count in [("duplicate", 900), ("nested", 3)]]
    causes += [replace(CAUSE, line=1, count=5), replace(CAUSE, line=2, count=5, exponent=2), CAUSE]
    told = re.findall(r"^\d\. (.+?):.*?([\d,]+) queries$", summary(verdict(*causes), width=80), re.MULTILINE)
    expected = [("N+1 in an N+1", "3"), ("N+1", "5"), ("N+1", "206"), ("N+1", "5"), ("Duplicate", "900")]
    assert told == expected


def test_the_summary_is_bounded():
    number = MAX_DETAILED + MAX_LISTED + 1_470
    text = summary(many(number), width=80)
    assert "and 1,470 new findings more: --mercury-json=FILE has all" in text
    assert len(text.splitlines()) < 150
    known = summary(verdict(*(replace(CAUSE, line=line) for line in range(900)), states={"n_plus_one": KNOWN}))
    assert "Known: 900 findings." in known
    assert len(known.splitlines()) < 10


def test_a_place_is_never_broken_and_its_end_is_kept():
    file = "shop/" + "a folder/" * 90 + "views.py"
    text = summary(verdict(replace(CAUSE, file=file)), width=40)
    assert re.search(r"\.\.\.[a/ folder]+/views\.py:9", text)


@pytest.mark.parametrize("width", [-1, 40, 80, 10_000])
def test_no_line_is_longer_than_the_width(width):
    for line in summary(full(), width=width).splitlines():
        assert len(line) <= max(40, min(width, 100)) or " " not in line.strip() or "--mercury-update" in line


def test_color_adds_codes_and_nothing_else():
    colored = summary(full(), color=True, width=80)
    assert ESCAPE.sub("", colored) == summary(full(), width=80)
    assert "\x1b[31;1m" in colored


@FEW
@given(verdicts())
def test_nothing_of_a_verdict_controls_the_terminal_or_a_runner(any_verdict):
    text = summary(any_verdict, width=80)
    assert all(line.isprintable() for line in text.split("\n"))
    assert not COMMAND.search(text)
    text.encode()


def test_commands_of_runners_are_disarmed():
    text = summary(verdict(replace(CAUSE, why=HOSTILE, fix="::set-output name=a::b ##vso[task] ##[group]")), width=80)
    assert not COMMAND.search(text)
    assert obeyed_by_none("select ?::int ## heading") == "select ?::int ## heading"


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@FEW
@given(verdicts())
def test_each_document_is_what_the_schema_says(any_verdict):
    text = dumps(any_verdict)
    assert text.isascii()
    json.dumps(json.loads(text), ensure_ascii=False).encode()  # no lone surrogate, which strict readers refuse
    read = json.loads(text)
    VALIDATOR.validate(read)
    assert read == document(any_verdict)
    assert len(read["findings"]) == len(any_verdict.findings)


def properties(schema, value, path=""):
    """Each object of the document with the properties that the schema has for it."""
    schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    schema = schema["oneOf"][1] if "oneOf" in schema else schema
    if isinstance(value, list):
        for item in value:
            yield from properties(schema["items"], item, f"{path}[]")
    elif isinstance(value, dict) and "properties" in schema:
        yield path, set(schema["properties"]), set(schema["required"]), set(value)
        for key, item in value.items():
            yield from properties(schema["properties"][key], item, f"{path}.{key}")
    elif isinstance(value, dict):
        for item in value.values():
            yield from properties(schema["additionalProperties"], item, f"{path}{{}}")


def test_the_schema_has_each_field_and_no_other():
    paths = set()
    for path, known, required, found in properties(SCHEMA, document(full())):
        assert known == required == found, path
        paths.add(path)
    assert {
        "",
        ".findings[]",
        ".findings[].loop",
        ".gone[]",
        ".budgets[]",
        ".tests[].views{}.queries{}",
        ".growth.views[].statements[].foretold",
    } <= paths


def test_the_fields_carry_what_the_verdict_has():
    read = json.loads(dumps(full()))
    assert (read["schema_version"], read["exit_code"], read["is_complete"]) == (SCHEMA_VERSION, 9, False)
    n_plus_one, duplicate, advice = read["findings"]
    assert (n_plus_one["state"], n_plus_one["count"], n_plus_one["previous_count"]) == ("new", 206, None)
    assert (n_plus_one["file"], n_plus_one["line"], n_plus_one["fix"]) == (CAUSE.file, CAUSE.line, CAUSE.fix)
    assert n_plus_one["loop"] == {"file": "shop/views.py", "line": 8}
    assert n_plus_one["tests"] == ["shop.tests.Books.test_detail", "shop.tests.Books.test_list"]
    assert (duplicate["state"], duplicate["previous_count"], duplicate["loop"]) == ("known", 9, None)
    assert advice["state"] == "advice"
    assert [test["outcome"] for test in read["tests"]] == ["passed", "failed", "passed", "lost", "skipped"]
    assert read["tests"][0]["queries"] == {"default": {"reads": 8, "writes": 1, "transactions": 2}}
    assert read["budgets"][0] == {
        "subject": "view GET /books/",
        "what": "queries",
        "database": "default",
        "most": 5,
        "used": 7,
        "is_passed": True,
        "file": "shop/tests.py",
        "line": 3,
    }


def test_equal_verdicts_are_equal_bytes_whatever_came_first():
    tests = [result(f"shop.tests.test_{number}", [replace(CAUSE, line=number)]) for number in range(5)]
    one = verdict(CAUSE, tests=[replace(test, causes=list(test.causes)) for test in tests])
    other = verdict(CAUSE, tests=[replace(test, causes=list(test.causes)) for test in reversed(tests)])
    assert dumps(one) == dumps(other)
    assert verdict_lines(one) == verdict_lines(other)


BREAKS = [
    lambda read: read.pop("findings"),
    lambda read: read.update(schema_version="2.0"),
    lambda read: read.update(exit_code=1),
    lambda read: read["findings"][0].update(state="old"),
    lambda read: read["findings"][0].update(id="ff"),
    lambda read: read["findings"][0].update(loop={}),
    lambda read: read["tests"][0].update(outcome="error"),
    lambda read: read["tests"][0]["queries"].update(default=3),
    lambda read: read["budgets"][0].pop("most"),
]


@pytest.mark.parametrize("change", BREAKS, ids=range(len(BREAKS)))
def test_the_schema_refuses_what_is_none(change):
    read = json.loads(dumps(full()))
    VALIDATOR.validate(read)
    change(read)
    assert not VALIDATOR.is_valid(read)


def test_verdict_lines_are_sorted_and_have_no_durations():
    lines = verdict_lines(full()).splitlines()
    assert lines == sorted(lines)
    kind, identifier, file, line, count, fix = lines[1].split("\t")
    assert (kind, file, line, count, fix) == ("n_plus_one", "shop/views.py", "9", "206", CAUSE.fix)
    assert re.fullmatch("[0-9a-f]{16}", identifier)


@FEW
@given(verdicts())
def test_verdict_lines_are_one_for_each_finding(any_verdict):
    text = verdict_lines(any_verdict)
    assert text.isascii()
    lines = text.split("\n")[:-1]
    assert len(lines) == len(any_verdict.findings)
    assert all(line.count("\t") == 5 and line.replace("\t", "").isprintable() for line in lines)
