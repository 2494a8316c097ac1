"""The report on the terminal: fits its width, says what it counts, and lets nothing of the host's through."""

import io
import re
from dataclasses import replace

import pytest

from mercury.findings import Finding
from mercury.metrics import PerformanceMetrics
from mercury.report import Report
from mercury.report.console import render, summary, wants_color

ESCAPE = re.compile(r"\x1b\[[\d;]*m")
HOSTILE = "name\x1b[2J\x1b]0;title\x07\r\n\t\x00\x7f\x9b31m\u202e\u2028end"


def metrics(**changes):
    plain = PerformanceMetrics(12.34, 5.0, 64.0, 2, 0, 1.5, None, None, False)
    return plain._replace(**changes)


def finding(**changes):
    plain = Finding(
        kind="n_plus_one",
        model="Book",
        field="author",
        count=206,
        sql='select "shop_author"."id", "shop_author"."name" from "shop_author" where "shop_author"."id" = ? limit ?',
        fingerprint=7,
        database="default",
        duration_ns=12_345_678,
        file="/srv/shop/views.py",
        line=9,
        function="catalog",
        loop_file="/srv/shop/views.py",
        loop_line=8,
        fix='add .select_related("author") to the Book queryset that shop/views.py:8 loads',
        why="the loop at shop/views.py:8 came back to the same instruction and took the same call path",
    )
    return replace(plain, **changes)


def report(*findings, notes=(), name="GET /", **changes):
    return Report(name, metrics(**changes), list(findings), list(notes))


def fields(text):
    """The labelled paragraphs of a report, each unwrapped."""
    found = {}
    label = None
    for line in text.splitlines():
        started = re.match(r"  (query|loop|sql|why|fix) +(.*)", line)
        if started:
            label = started.group(1)
            found[label] = started.group(2)
        elif line.startswith(" " * 9) and label:
            found[label] += " " + line.strip()
        else:
            label = None
    return found


def test_a_report_tells_all_of_a_finding():
    text = render(report(finding()), width=80)
    assert "Mercury  GET /" in text
    assert "1. N+1: Book.author  206 queries, 12.3 ms" in text
    told = fields(text)
    assert told["query"] == "/srv/shop/views.py:9  catalog"
    assert told["loop"] == "/srv/shop/views.py:8"
    assert told["sql"] == finding().sql
    assert told["why"] == finding().why
    assert told["fix"] == finding().fix


def test_a_report_is_its_own_text(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert str(report(finding())) == render(report(finding()), width=60)


LONG_SQL = "select " + ", ".join(f"shop_book.column_{number}" for number in range(60)) + " from shop_book"
NOTE = "3 queries ran meanwhile in a thread or task that belongs to no unit of work"


def reports():
    return [
        report(),
        report(finding()),
        report(finding(sql=LONG_SQL), finding(kind="duplicate"), finding(kind="repeated_in_loop")),
        report(finding(model="", field="", sql=LONG_SQL)),
        report(finding(model="ABookWithAVeryLongName", field="and_a_field_with_a_name_that_is_longer_still")),
        report(finding(count=1_234_567, duration_ns=98_765_432_109_876)),
        report(notes=[NOTE, NOTE]),
        report(name="a name of many words " * 9),
        report(query_count=1_234_567, response_time_ms=1e7, query_time_ms=1e7, cache_hits=123_456, cache_misses=7_890),
        report(finding(file="/srv/my shop/the views.py", loop_file="/srv/my shop/the views.py")),
    ]


@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("width", [-1, 0, 1, 39, 40, 41, 80, 100, 101, 10_000])
def test_no_line_is_longer_than_the_width(width, color):
    limit = max(40, min(width, 100))
    for number, one in enumerate(reports()):
        for line in render(one, color=color, width=width).splitlines():
            shown = ESCAPE.sub("", line)
            is_one_word = " " not in re.sub(r"^  (query|loop|sql|why|fix) +", "", shown).strip()
            is_a_place = re.search(r"\.py:\d+$", shown)
            assert len(shown) <= limit or is_one_word or is_a_place, (number, shown)


@pytest.mark.parametrize("width", [40, 80, 100])
@pytest.mark.parametrize("name", ["views.py", "my views.py", "a-b/views-of-the-shop.py", "x" * 120 + ".py"])
def test_a_place_is_never_broken(name, width):
    file = f"/srv/the shop/{name}"
    text = render(report(finding(file=file, line=1234, loop_file=file, loop_line=77)), width=width)
    assert f"{file}:1234" in text
    assert f"{file}:77" in text


def test_long_sql_is_cut_and_says_so():
    told = fields(render(report(finding(sql=LONG_SQL)), width=40))
    assert told["sql"].endswith(" ...")
    assert LONG_SQL.startswith(told["sql"][:-4])
    assert not fields(render(report(finding(sql="select 1")), width=40))["sql"].endswith("...")


def test_no_code_is_written_without_color():
    for one in reports():
        assert "\x1b" not in render(one, color=False, width=80)


def test_color_adds_codes_and_nothing_else():
    for one in reports():
        for width in (40, 80):
            colored = render(one, color=True, width=width)
            assert ESCAPE.sub("", colored) == render(one, color=False, width=width)
            assert colored.count("\x1b[0m") * 2 == colored.count("\x1b")
    assert "\x1b[" in render(report(finding()), color=True, width=80)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("environment", "stream", "expected"),
    [
        ({}, Terminal(), True),
        ({}, io.StringIO(), False),
        ({}, object(), False),
        ({"NO_COLOR": "1"}, Terminal(), False),
        ({"NO_COLOR": ""}, Terminal(), True),
        ({"FORCE_COLOR": "1"}, io.StringIO(), True),
        ({"FORCE_COLOR": ""}, io.StringIO(), False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, Terminal(), False),
        ({"TERM": "dumb"}, Terminal(), False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, Terminal(), True),
    ],
)
def test_when_to_use_color(environment, stream, expected, monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert wants_color(stream) is expected


@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("field", ["model", "field", "sql", "file", "function", "loop_file", "fix", "why"])
def test_nothing_of_the_host_s_controls_the_terminal(field, color):
    text = render(report(finding(**{field: HOSTILE})), color=color, width=80)
    assert_harmless(text)
    assert len(text.splitlines()) == len(text.split("\n"))


def test_no_name_controls_the_terminal():
    for color in (False, True):
        assert_harmless(render(report(name=HOSTILE), color=color, width=80))
    assert_harmless(summary(report(name=HOSTILE)))
    assert "\n" not in summary(report(name=HOSTILE))


def assert_harmless(text):
    plain = ESCAPE.sub("", text)
    assert [character for character in plain if not character.isprintable() and character != "\n"] == []
    assert set(ESCAPE.findall(text)) <= {"\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31;1m", "\x1b[32m"}


def test_a_lone_surrogate_can_be_written():
    render(report(finding(sql="select \ud800", file="/srv/\udcff.py"), name="\ud800"), width=80).encode("utf-8")


def test_nothing_found_is_said_only_where_all_was_measured():
    assert render(report(), width=80).endswith("\n  Nothing found.")
    text = render(report(notes=[NOTE]), width=100)
    assert "Nothing found in what was measured." in text
    assert "Nothing found.\n" not in text
    assert f"  Not measured: {NOTE}." in text
    assert "Nothing found" not in render(report(finding()), width=80)


def test_notes_are_shown_beside_findings():
    text = render(report(finding(), notes=[NOTE, "another"]), width=100)
    assert text.count("Not measured: ") == 2
    assert text.endswith("Not measured: another.")


def test_numbers_have_separators_and_words_their_number():
    text = render(report(query_count=1_234_567, response_time_ms=2_345_678.9, query_time_ms=1234.5), width=100)
    assert "1,234,567 queries, 2,345,678.9 ms, 1,234.5 ms in the database" in text
    assert "  1 query, " in render(report(query_count=1), width=80)
    assert "  0 queries, " in render(report(query_count=0), width=80)
    assert "1. N+1: Book.author  12,345 queries, 1,000.0 ms" in render(
        report(finding(count=12_345, duration_ns=10**9)), width=80
    )
    assert "1. N+1: Book.author  1 query, " in render(report(finding(count=1)), width=80)


def test_caches_are_shown_where_they_were_used():
    assert "cache" not in render(report(cache_hits=None, cache_misses=None), width=80)
    assert "cache" not in render(report(cache_hits=0, cache_misses=0), width=80)
    assert "cache 1 hit, 1 miss" in render(report(cache_hits=1, cache_misses=1), width=80)
    assert "cache 0 hits, 1,234 misses" in render(report(cache_hits=0, cache_misses=1234), width=100)


def test_each_kind_has_its_title():
    titles = {
        "n_plus_one": "N+1",
        "write_loop": "Written in a loop",
        "duplicate": "Duplicate",
        "repeated_in_loop": "Repeated in a loop",
    }
    for kind, title in titles.items():
        assert f"1. {title}: Book.author" in render(report(finding(kind=kind)), width=80)
    assert "1. new_kind: Book.author" in render(report(finding(kind="new_kind")), width=80)


def test_findings_are_numbered_and_a_missing_loop_is_left_out():
    text = render(report(finding(), finding(loop_file="", loop_line=0)), width=80)
    assert re.findall(r"^\d+\.", text, re.MULTILINE) == ["1.", "2."]
    assert text.count("\n  loop ") == 1


def test_a_finding_without_a_model_is_named_by_its_statement():
    text = render(report(finding(model="", field="", sql="select a from b where c = ?")), width=80)
    assert "1. N+1: select a from b  206 queries" in text


def test_files_below_the_working_directory_are_shown_from_there(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    inside, outside = str(tmp_path / "shop" / "views.py"), str(tmp_path.parent / "other.py")
    assert fields(render(report(finding(file=inside)), width=100))["query"].startswith("shop/views.py:9")
    assert f"{outside}:9" in render(report(finding(file=outside)), width=100)


def test_a_summary_is_one_line():
    assert summary(report()) == "GET /: 2 queries in 12.3 ms, nothing found"
    assert summary(report(finding(), query_count=1)) == "GET /: 1 query in 12.3 ms, 1 finding"
    assert summary(report(finding(), finding())).endswith(", 2 findings")
    assert summary(report(finding(kind="repeated_in_loop"))).endswith(", nothing found")
    assert summary(report(notes=[NOTE])).endswith(", nothing found in what was measured")
