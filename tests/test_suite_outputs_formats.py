"""A suite's verdict in the formats of others: valid by their schemas, within their limits, whatever is in it."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given

from mercury.testing.outputs.annotations import MAX_PER_LEVEL, annotations, wants_annotations
from mercury.testing.outputs.html import html
from mercury.testing.outputs.junit import junit, properties
from mercury.testing.outputs.markdown import markdown
from mercury.testing.outputs.repository import Repository, uri
from mercury.testing.outputs.rules import RULES
from mercury.testing.outputs.sarif import MAX_BYTES, MAX_RESULTS, sarif
from mercury.testing.outputs.step_summary import MAX_BYTES as MAX_PAGE
from mercury.testing.outputs.step_summary import add_to_step_summary
from mercury.testing.outputs.style import HASH
from mercury.testing.suite import Limit
from mercury.testing.verdict import BudgetResult
from tests.suite_verdicts import CAUSE, FEW, HOSTILE, full, many, result, verdict, verdicts

etree = pytest.importorskip("lxml.etree", reason="lxml is not installed: its wheels do not cover every interpreter")

SCHEMAS = Path(__file__).parent / "vectors" / "schemas"
SARIF = jsonschema.Draft4Validator(json.loads((SCHEMAS / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8")))
JUNIT = etree.XMLSchema(etree.parse(str(SCHEMAS / "junit-10.xsd")))
HOSTILE_CAUSE = replace(
    CAUSE,
    **dict.fromkeys(("kind", "subject", "target", "database", "file", "function", "sql", "fix", "why"), HOSTILE),
)


@pytest.fixture
def project(tmp_path):
    """A project in a folder of a repository, with the file that findings name."""
    (tmp_path / ".git").mkdir()
    root = tmp_path / "back end"
    (root / "shop").mkdir(parents=True)
    for name in ("views.py", "tests.py"):
        (root / "shop" / name).touch()
    return root


def read_sarif(made, root):
    log = json.loads(sarif(made, root))
    SARIF.validate(log)
    (run,) = log["runs"]
    return run


def test_sarif_has_a_result_for_each_finding_and_passed_budget(project):
    run = read_sarif(full(), project)
    told = [(result["ruleId"], result["level"], result["baselineState"]) for result in run["results"]]
    assert told == [
        ("n_plus_one", "error", "new"),
        ("budget_passed", "error", "new"),
        ("duplicate", "note", "updated"),
        ("slow_query", "note", "new"),
    ]
    found = run["results"][0]
    place = found["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "back%20end/shop/views.py", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 9}
    (loop,) = found["relatedLocations"]
    assert loop["physicalLocation"]["region"] == {"startLine": 8}
    for part in (
        "N+1: Book.author, 206 queries",
        "shop/views.py:9",
        CAUSE.why,
        CAUSE.fix,
        "shop.tests.Books.test_list",
    ):
        assert part in found["message"]["text"]
    assert run["invocations"][0]["exitCode"] == 9
    assert run["invocations"][0]["executionSuccessful"] is False


def test_sarif_names_each_rule_with_help(project):
    run = read_sarif(full(), project)
    rules = run["tool"]["driver"]["rules"]
    for found in run["results"]:
        rule = rules[found["ruleIndex"]]
        assert rule["id"] == found["ruleId"]
        assert rule["help"]["text"] and len(rule["shortDescription"]["text"]) <= 1_024


def test_each_kind_of_finding_has_a_rule():
    from mercury.report.kinds import TITLES

    assert set(RULES) == {*TITLES, "budget_passed"}


def test_sarif_fingerprints_stay_where_lines_move(project):
    one, other = (
        read_sarif(verdict(replace(CAUSE, line=line, loop_line=line - 1)), project)["results"][0]["partialFingerprints"]
        for line in (9, 90)
    )
    assert one == other
    assert one["primaryLocationLineHash"] == one["mercuryFindingId/v1"] + ":1"


def test_sarif_without_a_baseline_has_no_state_of_one(project):
    run = read_sarif(verdict(CAUSE, has_baseline=False), project)
    assert "baselineState" not in run["results"][0]


PLACES = [
    ({"file": "rest_framework/serializers.py"}, ("back%20end/shop/views.py", 8)),
    ({"file": "rest_framework/serializers.py", "loop_file": "python/json.py"}, ("back%20end/shop/tests.py", 12)),
    ({"file": "../../etc/passwd", "loop_file": "/etc/passwd"}, ("back%20end/shop/tests.py", 12)),
    ({"file": "", "line": 0, "loop_line": 0}, ("back%20end/shop/views.py", 1)),
]


@pytest.mark.parametrize(("changes", "expected"), PLACES)
def test_sarif_never_points_out_of_the_repository(changes, expected, project):
    run = read_sarif(verdict(replace(CAUSE, **changes)), project)
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == expected


def test_sarif_is_cut_where_github_would_refuse_it(project, monkeypatch):
    assert MAX_RESULTS == 5_000
    monkeypatch.setattr("mercury.testing.outputs.sarif.MAX_RESULTS", 20)
    run = read_sarif(many(27), project)
    assert len(run["results"]) == 20
    assert run["results"][0]["message"]["text"].startswith("N+1: Book.author, 27 queries")
    (told,) = run["invocations"][0]["toolExecutionNotifications"]
    assert told["message"]["text"].startswith("7 results more")


def test_sarif_is_small_however_long_its_texts_are(project):
    long = "\U0001f40c" * 2_000
    made = verdict(*(replace(CAUSE, line=line, why=long, fix=long, target=long) for line in range(700)))
    text = sarif(made, project)
    assert len(text) < MAX_BYTES + 100_000
    assert 100 < len(json.loads(text)["runs"][0]["results"]) < 700


@FEW
@given(verdicts())
def test_each_sarif_log_is_what_the_schema_says(any_verdict):
    run = read_sarif(any_verdict, Path("/nowhere"))
    wanted = len(any_verdict.findings) + len(any_verdict.passed_budgets)
    assert len(run["results"]) == wanted
    for found in run["results"]:
        (location,) = found["locations"]
        assert re.fullmatch(r"[\w.~/%-]+", location["physicalLocation"]["artifactLocation"]["uri"], re.ASCII)


def test_the_repository_is_the_nearest_or_what_github_has_checked_out(project, tmp_path):
    assert Repository(project, {}).path("shop/views.py") == "back end/shop/views.py"
    (tmp_path / ".git").rmdir()
    assert Repository(project, {}).path("shop/views.py") == "shop/views.py"
    named = {"GITHUB_WORKSPACE": str(tmp_path)}
    assert Repository(project, named).path("shop/views.py") == "back end/shop/views.py"
    assert Repository(project, {"GITHUB_WORKSPACE": "/elsewhere"}).path("shop/views.py") == "shop/views.py"


def test_a_path_becomes_a_reference_whatever_is_in_it():
    assert uri("a b/ü%.py") == "a%20b/%C3%BC%25.py"
    assert uri("c:x?#.py") == "c%3Ax%3F%23.py"
    assert uri("\udcff\ud800") == "%ED%B3%BF%ED%A0%80"


def read_junit(made):
    document = etree.fromstring(junit(made).encode())
    JUNIT.assertValid(document)
    return document


def test_junit_has_the_tests_with_their_figures_and_what_is_wanting():
    document = read_junit(full(problems=[]))
    cases = {f"{case.get('classname')}.{case.get('name')}": case for case in document.iter("testcase")}
    assert document.get("tests") == str(len(cases))
    outcomes = {name: [child.tag for child in case] for name, case in cases.items()}
    assert outcomes["shop.tests.Books.test_list"] == []
    assert outcomes["shop.tests.Books.test_failed"] == ["failure"]
    assert outcomes["shop.tests.Books.test_lost"] == ["error"]
    assert outcomes["shop.tests.Books.test_skipped"] == ["skipped"]
    assert outcomes["mercury.budgets.view GET /books/: queries on default"] == ["failure"]
    found = [name for name in outcomes if name.startswith("mercury.findings.")]
    assert len(found) == 1 and CAUSE.fix in cases[found[0]][0].get("message")
    suite = cases["shop.tests.Books.test_list"].getparent()
    told = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert told == {"mercury_queries": "9", "mercury_n_plus_one": "1", "mercury_findings": "2"}
    assert (document.get("failures"), document.get("errors")) == ("4", "1")
    page = cases["mercury.growth.GET /books/"].getparent()
    assert {each.get("name"): each.get("value") for each in page.iter("property")} == {
        "mercury_queries_at_10_rows": "12",
        "mercury_queries_at_20_rows": "22",
        "mercury_growing_statements": "1",
    }


def test_a_test_that_passed_its_budget_fails_in_junit():
    budget = BudgetResult("test shop.tests.Books.test_list", Limit("queries", "", 5), 9)
    (case,) = read_junit(verdict(budgets=[budget])).iter("testcase")
    assert case[0].get("message") == "test shop.tests.Books.test_list used 9 queries, its budget is 5."


def test_without_a_baseline_no_finding_fails_in_junit():
    assert read_junit(verdict(CAUSE, has_baseline=False)).get("failures") == "0"


def test_the_figures_of_a_test_count_each_cause_once():
    test = result(causes=[CAUSE, CAUSE, replace(CAUSE, line=1, is_advisory=True), replace(CAUSE, kind="duplicate")])
    assert properties(test) == [("mercury_queries", "9"), ("mercury_n_plus_one", "1"), ("mercury_findings", "2")]


@FEW
@given(verdicts())
def test_each_junit_file_is_what_the_schema_says(any_verdict):
    document = read_junit(any_verdict)
    assert len(document) >= len(any_verdict.suite.tests)


def test_markdown_tells_what_is_new_first_and_what_has_changed():
    text = markdown(full(problems=[]))
    parts = [
        "## :x: Mercury: 1 new finding",
        "#### N+1",
        CAUSE.why,
        "### Budgets passed",
        "### Views that grow",
        "GET /books/ sends 12 queries at 10 rows and 22 at 20",
        "Book.author: 10 -\\> 20, 1 for each row: 10,000 at 10,000 rows; shop/views.py:9",
        "### Before and after",
        "Known",
    ]
    assert [text.find(part) for part in parts] == sorted(text.find(part) for part in parts)
    rows = re.findall(r"^\| <code>(.*?): (.*?)</code> .*\| (\S+) \| (\S+) \|$", text, re.MULTILINE)
    assert ("N+1", "Book.author", "none", "206") in rows
    assert ("Duplicate", "Book.author", "9", "4") in rows


def test_markdown_without_findings_is_short():
    assert markdown(verdict()) == "## :white_check_mark: Mercury: nothing found\n\n1 test, 9 queries\n"


@pytest.mark.parametrize("most", [1_000, 5_000, 65_536])
def test_markdown_is_bounded_and_says_how_much_more_there_is(most):
    text = markdown(many(2_000), most)
    assert len(text.encode()) <= most
    assert most == 1_000 or re.search(r"^and [\d,]+ more: `--mercury-json=FILE` has all$", text, re.MULTILINE)


def test_nothing_in_markdown_is_markup_or_a_mention():
    hostile = replace(HOSTILE_CAUSE, why="@team #12 <img src=x> [a](http://b) `c` **d** __e__ | f :x: ~~g~~ $h$")
    made = verdict(hostile, notices=[HOSTILE], budgets=[BudgetResult(HOSTILE, Limit("ms", "", 1), 2)])
    code = re.compile(r"<code>.*?</code>|(?<!\\)(`+)(?!`).*?(?<!`)\1(?!`)")
    text = re.sub(r"\\[^\w\s]", "", code.sub("", markdown(made)))
    assert "@team" not in text and "@me" not in text
    assert not re.search(r"#\d", text.replace("&#", ""))
    assert not re.search(r"<(?!/?details>|/?summary>)", text)
    assert not re.search(r"[\[\]`*](?!\*)", re.sub(r"\*\*(Where|Why|Fix|Tests|Views|Next):\*\*", "", text))
    rows = [line for line in markdown(made).splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} <= {4, 5}


@FEW
@given(verdicts())
def test_markdown_takes_any_verdict(any_verdict):
    text = markdown(any_verdict)
    assert len(text.encode()) <= 65_536
    assert all(line.isprintable() for line in text.replace("\u2060", "").split("\n"))


def test_annotations_are_for_github_alone():
    assert wants_annotations({"GITHUB_ACTIONS": "true"})
    assert not wants_annotations({"GITHUB_ACTIONS": "false"})
    assert not wants_annotations({})


def test_an_annotation_is_understood_alone(project):
    (line,) = annotations(verdict(CAUSE), project).splitlines()
    head, _, text = line[2:].partition("::")
    assert head == "error file=back end/shop/views.py,line=9,title=N+1%3A Book.author%2C 206 queries"
    told = [
        "206 queries at shop/views.py:9",
        "The loop is at shop/views.py:8",
        f"Fix: {CAUSE.fix}",
        f"Why: {CAUSE.why}",
    ]
    assert [part for part in text.split(".%0A") if any(part.endswith(each) for each in told)] == text.split(".%0A")[:4]


def test_annotations_stay_within_what_github_shows(project):
    lines = annotations(many(37), project).splitlines()
    assert len(lines) == MAX_PER_LEVEL
    assert "28 annotations more than GitHub shows: the step's summary has them" in lines[-1]
    assert len(annotations(many(10), project).splitlines()) == 10


def test_what_fails_nothing_is_a_warning_or_no_annotation(project):
    assert annotations(verdict(CAUSE, has_baseline=False), project).startswith("::warning ")
    quiet = full(
        problems=[], budgets=[], gone=[], states=dict.fromkeys(("n_plus_one", "duplicate", "slow_query"), "known")
    )
    assert annotations(quiet, project) == ""


def test_annotations_are_escaped(project):
    budget = BudgetResult("100%0A, a:b", Limit("queries", "", 1), 2, ("shop/views.py", 3))
    (line,) = annotations(verdict(budgets=[budget], problems=[]), project).splitlines()
    assert line.endswith("::100%250A, a:b used 2 queries, its budget is 1.")
    (line,) = annotations(verdict(replace(CAUSE, target="a,b:c%")), project).splitlines()
    assert "title=N+1%3A a%2Cb%3Ac%25%2C 206 queries::" in line


@FEW
@given(verdicts())
def test_each_line_is_an_annotation(any_verdict):
    lines = annotations(any_verdict, Path("/nowhere")).split("\n")[:-1]
    assert len(lines) <= 2 * MAX_PER_LEVEL
    for line in lines:
        assert line.isprintable()
        assert re.match(r"::(error|warning) (file=[^:,]+,line=\d+,)?title=[^:,]+::", line)


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.attributes, self.words = [], set(), [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in ("meta", "wbr"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_the_page_tells_all_parts_of_a_verdict():
    words = " ".join("".join(Page(html(full())).words).split())
    told = ("1 new finding", CAUSE.why, CAUSE.fix, CAUSE.sql, "shop/views.py:8", "4 queries, 9 before")
    for part in (*told, "GET /books/ sends 12 queries at 10 rows and 22 at 20", "10 -> 20, 1 for each row"):
        assert part in words
    for part in (
        "Could not judge",
        "Budgets passed",
        "Gone",
        "Views that grow: 1",
        "Known findings: 1",
        "Growth not known",
        "Notices",
        "Not measured",
        "Tests: 5",
    ):
        assert part in words


@FEW
@given(verdicts())
def test_a_page_has_no_tag_and_no_attribute_but_ours(any_verdict):
    text = html(any_verdict)
    page = Page(text)
    assert page.open == []
    assert page.tags <= TAGS
    assert set(page.attributes) <= {"lang", "charset", "http-equiv", "content", "name", "class", "id"}
    assert f"default-src 'none'; style-src '{HASH}'" in text
    text.encode()


TAGS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "h1",
    "h2",
    "h3",
    "p",
    "ul",
    "li",
    "article",
    "dl",
    "dt",
    "dd",
}
TAGS |= {
    "span",
    "wbr",
    "code",
    "pre",
    "details",
    "summary",
    "div",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "footer",
}


def test_the_page_is_bounded():
    text = html(many(1_500))
    assert text.count("<article") == 1_000
    assert "and 500 more" in text


def test_the_page_of_a_step_is_added_to_and_never_too_large(tmp_path):
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    named = {"GITHUB_STEP_SUMMARY": str(path)}
    assert add_to_step_summary(lambda most: markdown(many(2_500), most), named) is None
    assert path.read_text(encoding="utf-8").startswith("before\n## :x: Mercury")
    assert MAX_PAGE - 20_000 < path.stat().st_size <= MAX_PAGE
    path.write_bytes(b"x" * MAX_PAGE)
    assert "full" in add_to_step_summary(lambda most: markdown(full(), most), named)
    assert path.stat().st_size == MAX_PAGE
    assert add_to_step_summary(lambda most: "", {}) is None
    assert "nothing was added" in add_to_step_summary(lambda most: "", {"GITHUB_STEP_SUMMARY": str(tmp_path)})
