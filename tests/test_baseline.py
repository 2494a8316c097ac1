"""The baseline knows a finding again wherever its lines have moved, and says of a file that is no good what to do."""

import json
import os
import resource
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies

from mercury.errors import BaselineError
from mercury.testing import baseline, baseline_format
from mercury.testing.baseline import Baseline
from mercury.testing.suite import FAILED, LOST, SKIPPED, Suite, TestResult
from mercury.testing.verdict import ADVICE, KNOWN, NEW
from tests.suite_verdicts import CAUSE

SOURCE = """\
def page(books):
    for book in books:
        show(book.author)
    for book in books[:10]:
        mention(book.author)
"""

AUTHOR = replace(CAUSE, line=3, function="page", loop_line=2, count=4)
MENTION = replace(AUTHOR, line=5, loop_line=4)
SHOP = replace(AUTHOR, subject="Book.shop", target="Book.shop", line=9)
SLOW = replace(AUTHOR, kind="slow_query", subject="SELECT report", is_advisory=True)


@pytest.fixture
def root(tmp_path):
    """A project with one source of several findings."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "views.py").write_text(SOURCE)
    return tmp_path


def suite_of(*causes, is_partial=False, outcome="passed"):
    suite = Suite(is_partial=is_partial)
    suite.add(TestResult("shop.tests.test_page", outcome=outcome, causes=[("GET /books/", cause) for cause in causes]))
    return suite


def known(root, *causes):
    return baseline.update(suite_of(*causes), None, root).baseline


def states(root, of, *causes, **how):
    judged = baseline.judge(suite_of(*causes, **how), of, root)
    return [each.state for each in judged.findings], len(judged.gone)


def rewrite(root, text):
    path = root / "shop" / "views.py"
    size = path.stat().st_size
    path.write_text(text)
    assert path.stat().st_size != size, "linecache knows a file by its size and time"


def test_what_is_in_the_baseline_is_known_and_the_rest_is_new(root):
    judged = baseline.judge(suite_of(AUTHOR, SHOP, SLOW), known(root, AUTHOR), root)
    assert [(each.finding.cause.subject, each.state) for each in judged.findings] == [
        ("Book.author", KNOWN),
        ("Book.shop", NEW),
        ("SELECT report", ADVICE),
    ]
    assert judged.gone == []
    assert judged.previous == {judged.findings[0].finding.id: 4}


def test_advice_is_never_in_the_file(root):
    assert known(root, SLOW) == Baseline()


@pytest.mark.parametrize("lines", [1, 40])
def test_moved_lines_change_nothing(root, lines):
    before = known(root, AUTHOR, MENTION)
    rewrite(root, "\n" * lines + SOURCE)
    moved = [replace(cause, line=cause.line + lines, loop_line=cause.loop_line + lines) for cause in (AUTHOR, MENTION)]
    assert states(root, before, *moved) == ([KNOWN, KNOWN], 0)
    assert known(root, *moved) == before


def test_renamed_variables_change_nothing(root):
    before = known(root, AUTHOR, MENTION)
    rewrite(root, SOURCE.replace("book", "volume"))
    assert states(root, before, AUTHOR, MENTION) == ([KNOWN, KNOWN], 0)


@pytest.mark.parametrize("gone", [AUTHOR, MENTION])
def test_one_of_two_that_is_repaired_is_one_gone(root, gone):
    (left,) = {AUTHOR, MENTION} - {gone}
    before = known(root, AUTHOR, MENTION)
    judged = baseline.judge(suite_of(left), before, root)
    assert [each.state for each in judged.findings] == [KNOWN]
    assert judged.findings[0].finding.id not in [entry.id for entry in judged.gone]
    assert len(judged.gone) == 1
    after = baseline.update(suite_of(left), before, root)
    assert (after.added, after.removed, len(after.baseline.entries)) == (0, 1, 1)
    assert states(root, after.baseline, left) == ([KNOWN], 0)
    assert sorted(states(root, after.baseline, AUTHOR, MENTION)[0]) == [KNOWN, NEW]


def test_one_more_above_those_that_are_known_is_the_one_that_is_new(root):
    before = known(root, AUTHOR, MENTION)
    rewrite(root, SOURCE.replace("    for book in books:\n", "    for book in books:\n        greet(book.author)\n"))
    above = AUTHOR
    below = [replace(AUTHOR, line=4), replace(MENTION, line=6, loop_line=5)]
    judged = baseline.judge(suite_of(above, *below), before, root)
    assert [(each.finding.cause.line, each.state) for each in judged.findings] == [(3, NEW), (4, KNOWN), (6, KNOWN)]
    ids = {each.finding.id for each in judged.findings}
    assert len(ids) == 3
    assert ids > {entry.id for entry in before.entries}
    after = baseline.update(suite_of(above, *below), before, root).baseline
    assert {entry.id for entry in after.entries} == ids
    assert states(root, after, above, *below) == ([KNOWN, KNOWN, KNOWN], 0)


PROPERTY = """\
class Book:
    def name(self):
        return self.author.name
"""

VIEWS = """\
def {}(books):
    for book in books:
        book.name()
"""


def views(root, *names):
    """Views with equal loops, which call the model's method; the cause of each."""
    (root / "shop" / "models.py").write_text(PROPERTY)
    (root / "shop" / "views.py").write_text("".join(VIEWS.format(name) for name in names) + "\n" * len(names))
    found = replace(AUTHOR, file="shop/models.py", line=3, function="name")
    return [replace(found, loop_line=3 * index + 2) for index in range(len(names))]


@pytest.mark.parametrize("names", [("new", "first", "second"), ("first", "new", "second"), ("first", "second", "new")])
def test_a_further_loop_around_one_line_is_the_one_that_is_new(root, names):
    before = known(root, *views(root, "first", "second"))
    assert [entry.loop for entry in before.entries] == ["shop/views.py first", "shop/views.py second"]
    judged = baseline.judge(suite_of(*views(root, *names)), before, root)
    assert [each.state for each in judged.findings] == [NEW if name == "new" else KNOWN for name in names]
    assert states(root, before, *views(root, "second")) == ([KNOWN], 1)


def test_a_further_loop_is_told_apart_though_the_line_of_the_query_has_changed(root):
    before = known(root, *views(root, "first", "second"))
    after = views(root, "new", "first", "second")
    (root / "shop" / "models.py").write_text(PROPERTY.replace("author.name", "author.full_name"))
    judged = baseline.judge(suite_of(*after), before, root)
    assert [each.state for each in judged.findings] == [NEW, KNOWN, KNOWN]


def test_a_further_loop_is_told_apart_though_the_function_of_the_known_one_has_another_name(root):
    before = known(root, *views(root, "first"))
    after = views(root, "new", "renamed")
    rewrite(root, VIEWS.format("new").replace("in books:", "in books[:10]:") + VIEWS.format("renamed"))
    judged = baseline.judge(suite_of(*after), before, root)
    assert [each.state for each in judged.findings] == [NEW, KNOWN]


def test_a_loop_in_another_file_is_the_one_that_is_new(root):
    before = known(root, *views(root, "first"))
    (root / "shop" / "admin.py").write_text(VIEWS.format("first"))
    (there,) = views(root, "first")
    judged = baseline.judge(suite_of(replace(there, loop_file="shop/admin.py"), there), before, root)
    assert [(each.finding.cause.loop_file, each.state) for each in judged.findings] == [
        ("shop/admin.py", NEW),
        ("shop/views.py", KNOWN),
    ]


def test_a_source_that_is_no_python_has_no_functions(root):
    (there,) = views(root, "first")
    rewrite(root, "def first(:\n\n" + "(" * 5000)
    assert [entry.loop for entry in known(root, there).entries] == ["shop/views.py"]


def test_of_equal_lines_the_number_counts(root):
    rewrite(root, "show(book.author)\n" * 7)
    before = known(root, AUTHOR, MENTION)
    third = replace(AUTHOR, line=6)
    assert states(root, before, AUTHOR, MENTION, third) == ([KNOWN, KNOWN, NEW], 0)
    assert states(root, before, MENTION) == ([KNOWN], 1)


def test_two_lines_that_change_places_are_known(root):
    before = known(root, AUTHOR, MENTION)
    first, *loops = SOURCE.splitlines(keepends=True)
    rewrite(root, "".join([first, *loops[2:], *loops[:2], "\n"]))
    after = baseline.update(suite_of(AUTHOR, MENTION), before, root)
    assert (after.added, after.removed) == (0, 0)
    assert after.baseline == before


def test_a_source_that_cannot_be_read_leaves_the_order(root):
    before = known(root, AUTHOR, MENTION)
    (root / "shop" / "views.py").unlink()
    assert states(root, before, AUTHOR, MENTION) == ([KNOWN, KNOWN], 0)
    assert states(root, before, AUTHOR) == ([KNOWN], 1)
    odd = replace(AUTHOR, file="a\0b")
    assert states(root, known(root, odd), odd) == ([KNOWN], 0)


@pytest.mark.parametrize("change", [{"function": "pages"}, {"file": "shop/pages.py"}])
def test_a_renamed_function_or_file_takes_its_entries_along(root, change):
    before = known(root, AUTHOR)
    (root / "shop" / "pages.py").write_text(SOURCE)
    moved = replace(AUTHOR, **change)
    assert states(root, before, moved) == ([KNOWN], 0)
    assert sorted(states(root, before, AUTHOR, moved)[0]) == [KNOWN, NEW]
    after = baseline.update(suite_of(moved), before, root)
    assert (after.added, after.removed) == (0, 0)
    assert states(root, after.baseline, moved) == ([KNOWN], 0)
    assert states(root, after.baseline, AUTHOR) == ([KNOWN], 0)


def test_the_same_fault_elsewhere_is_new(root):
    before = known(root, AUTHOR)
    (root / "shop" / "pages.py").write_text(SOURCE)
    elsewhere = replace(AUTHOR, file="shop/pages.py", function="other")
    assert states(root, before, elsewhere) == ([NEW], 1)
    for change in ({"kind": "nested"}, {"subject": "Book.shop"}, {"database": "replica"}):
        assert states(root, before, replace(AUTHOR, **change)) == ([NEW], 1)


CAUSES = strategies.lists(
    strategies.builds(
        lambda subject, function, line: replace(AUTHOR, subject=subject, function=function, line=line),
        strategies.sampled_from(["Book.author", "Book.shop"]),
        strategies.sampled_from(["page", "pages"]),
        strategies.integers(1, 9),
    ),
    max_size=8,
)


@settings(max_examples=40, deadline=None)
@given(CAUSES, CAUSES, strategies.randoms())
def test_the_figures_add_up_whatever_is_found(before, after, random):
    nowhere = Path("nowhere")
    old = baseline.update(suite_of(*before), None, nowhere).baseline
    judged = baseline.judge(suite_of(*after), old, nowhere)
    new = [each for each in judged.findings if each.state == NEW]
    assert len(judged.findings) == len({each.finding.id for each in judged.findings}) == len(set(after))
    assert len(new) - len(judged.gone) == len(set(after)) - len(old.entries)
    random.shuffle(after)
    assert baseline.judge(suite_of(*after), old, nowhere) == judged
    updated = baseline.update(suite_of(*after), old, nowhere)
    assert (updated.added, updated.removed) == (len(new), len(judged.gone))
    again = baseline.judge(suite_of(*after), updated.baseline, nowhere)
    assert ({each.state for each in again.findings} <= {KNOWN}, again.gone) == (True, [])
    assert [each.finding.id for each in again.findings] == [each.finding.id for each in judged.findings]
    assert baseline.update(suite_of(*after), updated.baseline, nowhere).baseline == updated.baseline


@settings(max_examples=40, deadline=None)
@given(CAUSES, CAUSES)
def test_a_part_of_what_is_known_is_never_new(causes, others):
    nowhere = Path("nowhere")
    old = baseline.update(suite_of(*causes, *others), None, nowhere).baseline
    part = suite_of(*others, is_partial=True)
    assert {each.state for each in baseline.judge(part, old, nowhere).findings} <= {KNOWN}
    assert baseline.update(part, old, nowhere).baseline == old


@pytest.mark.parametrize("how", [{"is_partial": True}, {"outcome": FAILED}, {"outcome": LOST}])
def test_nothing_is_gone_unless_every_test_ran_to_its_end(root, how):
    before = known(root, AUTHOR, MENTION)
    assert states(root, before, **how) == ([], 0)
    assert states(root, before, MENTION, **how) == ([KNOWN], 0)
    after = baseline.update(suite_of(SHOP, **how), before, root)
    assert (after.added, after.removed, len(after.baseline.entries)) == (1, 0, 3)
    assert set(before.entries) < set(after.baseline.entries)
    assert "nothing was removed" in after.sentence


def test_a_run_without_tests_proves_nothing(root):
    before = known(root, AUTHOR)
    assert baseline.judge(Suite(), before, root).gone == []
    assert baseline.update(Suite(), before, root).baseline == before


@pytest.mark.parametrize(
    ("wrote", "ran", "is_judged"),
    [
        (".", ".", True),
        (".", "shop/tests", False),
        ("shop/tests", ".", True),
        ("shop/tests", "shop", True),
        ("shop/tests", "shop/tests", True),
        ("shop/tests", "shop/test", False),
        ("shop/tests.py::Page", "shop/tests.py", True),
        ("shop.tests", "shop", True),
        ("shop", "shop.tests", False),
    ],
)
def test_only_who_runs_all_that_the_baseline_is_about_can_say_what_is_gone(root, wrote, ran, is_judged):
    written, repaired = suite_of(AUTHOR), suite_of()
    written.scope, repaired.scope = (wrote,), (ran,)
    before = baseline.update(written, None, root).baseline
    assert before.scope == (wrote,)
    assert len(baseline.judge(repaired, before, root).gone) == is_judged
    after = baseline.update(repaired, before, root)
    assert (after.removed, after.baseline.scope) == ((1, (ran,)) if is_judged else (0, (wrote,)))


def test_who_adds_findings_of_other_tests_must_run_them_to_say_that_they_are_gone(root):
    first, second, both = suite_of(AUTHOR), suite_of(SHOP), suite_of(AUTHOR, SHOP)
    first.scope, second.scope = ("tests/a.py",), ("tests/b.py",)
    written = baseline.update(first, None, root).baseline
    assert baseline.update(first, written, root).baseline.scope == ("tests/a.py",)
    written = baseline.update(second, written, root).baseline
    assert written.scope == ("tests/a.py", "tests/b.py")
    assert [baseline.judge(suite, written, root).gone for suite in (first, second)] == [[], []]
    assert baseline.update(both, written, root).baseline.scope == (".",)
    part = suite_of(replace(SHOP, function="new"), is_partial=True)
    assert baseline.update(part, written, root).baseline.scope == (".",)


def test_what_was_skipped_or_not_measured_may_still_be_there(root):
    before = known(root, AUTHOR)
    skipped, unmeasured, noted = suite_of(outcome=SKIPPED), suite_of(), suite_of()
    unmeasured.notes.append("queries of 1 thread were not seen")
    noted.tests["shop.tests.test_page"].notes = ("its second database was not seen",)
    for suite in (skipped, unmeasured, noted):
        judged = baseline.judge(suite, before, root)
        assert (len(judged.gone), judged.is_gone_failing) == (1, False)
        assert "look whether" in baseline.update(suite, before, root).sentence
    assert baseline.judge(suite_of(), before, root).is_gone_failing


def test_a_complete_run_writes_what_it_found(root):
    before = known(root, AUTHOR, MENTION)
    after = baseline.update(suite_of(replace(AUTHOR, count=7), SHOP), before, root)
    assert [(entry.subject, entry.count) for entry in after.baseline.entries] == [("Book.author", 7), ("Book.shop", 4)]
    assert after.sentence == "the baseline was written: 1 added, 1 removed, 2 in all"


def recorded(version):
    """The suite of the bookshop as it was under a version of Django."""
    path = Path(__file__).parent / "vectors" / "suites" / f"bookshop-django-{version}.json"
    names, *rows = json.loads(path.read_text())
    return suite_of(*(replace(AUTHOR, **dict(zip(names, row))) for row in rows))


@pytest.mark.parametrize(("before", "after"), [("4.2", "6.1"), ("6.1", "4.2")])
def test_another_django_changes_nothing(root, before, after):
    old, new = recorded(before), recorded(after)
    assert old != new, "lines in Django's own templates differ"
    known_before = baseline.update(old, None, root).baseline
    judged = baseline.judge(new, known_before, root)
    assert [each.state for each in judged.findings] == [KNOWN] * 29 + [ADVICE] * 2
    assert judged.gone == []
    assert baseline.update(new, known_before, root).baseline == known_before


def test_other_statements_for_the_same_work_change_nothing(root):
    raw = replace(AUTHOR, kind="duplicate", subject="SELECT shop_book", line=2)
    before = known(root, AUTHOR, raw)
    newer = [
        replace(cause, sql="SELECT id, name FROM author WHERE id = ? LIMIT ?", fingerprint="f" * 16, why="other words")
        for cause in (AUTHOR, raw)
    ]
    assert states(root, before, *newer) == ([KNOWN, KNOWN], 0)
    assert known(root, *newer) == before


def test_the_file_has_one_entry_for_each_finding_and_no_lines(root, tmp_path):
    path = tmp_path / ".mercury" / "baseline.json"
    baseline.write(path, known(root, SHOP, AUTHOR))
    text = path.read_bytes()
    assert text.endswith(b"}\n")
    assert b"\r" not in text
    document = json.loads(text)
    assert (document["format"], document["fingerprints"], document["ids"]) == (1, 1, 1)
    assert [finding["subject"] for finding in document["findings"]] == ["Book.author", "Book.shop"]
    assert list(document["findings"][0]) == [
        *("id", "kind", "subject", "file", "function", "database", "number", "loop", "count", "code")
    ]
    assert "line" not in str(document)
    assert baseline.read(path) == known(root, SHOP, AUTHOR)


def test_a_fix_that_names_lines_is_not_in_the_file(root):
    fixed = replace(AUTHOR, fix="add it to the queryset that shop/views.py:2 loads", why="at shop/views.py:2")
    assert known(root, fixed) == known(root, AUTHOR)


def test_names_of_every_alphabet_and_none_come_back(root, tmp_path):
    odd = replace(AUTHOR, subject="Büch.größe", function="\ud800", file="shop/\u0000\n.py")
    path = tmp_path / "baseline.json"
    baseline.write(path, known(root, odd))
    assert states(root, baseline.read(path), odd) == ([KNOWN], 0)


def test_no_file_is_no_baseline(tmp_path):
    assert baseline.read(tmp_path / "none.json") is None


def written(root):
    return baseline_format.to_bytes(known(root, AUTHOR, MENTION))


def changed(root, **changes):
    document = json.loads(written(root))
    document["findings"][0].update(changes)
    return json.dumps(document).encode()


def shaped(**parts):
    return json.dumps({"format": 1, "fingerprints": 1, "ids": 1, "scope": ["."], **parts}).encode()


def conflicted(root):
    lines = written(root).splitlines(keepends=True)
    return b"".join([*lines[:5], b"<<<<<<< HEAD\n", lines[5], b"=======\n", lines[5], b">>>>>>> branch\n", *lines[6:]])


BROKEN = {
    "empty": (lambda root: b"", "no JSON: line 1, column 1", "--mercury-update"),
    "truncated": (lambda root: written(root)[:-9], "no JSON: line", "version control"),
    "binary": (lambda root: b"\xff\xfe\x00", "no UTF-8", "--mercury-update"),
    "deep": (lambda root: b"[" * 200_000, "no JSON", "--mercury-update"),
    "digits": (lambda root: b'{"format": ' + b"9" * 5000 + b"}", "", ""),
    "list": (lambda root: b"[]", "no JSON object", "--mercury-update"),
    "conflict": (conflicted, "merge conflict", "Take either side whole"),
    "newer format": (lambda root: written(root).replace(b'"format": 1', b'"format": 2'), "version 2", "Upgrade"),
    "newer fingerprints": (lambda root: written(root).replace(b'prints": 1', b'prints": 7'), "version 7", "Upgrade"),
    "older ids": (lambda root: written(root).replace(b'"ids": 1', b'"ids": 0'), "never published", "--mercury-update"),
    "older format": (lambda root: written(root).replace(b'"format": 1', b'"format": 0'), "never published", ""),
    "no format": (lambda root: b"{}", '"format" is no version', "--mercury-update"),
    "true format": (lambda root: b'{"format": true}', '"format" is no version', ""),
    "no findings": (lambda root: shaped(), 'it has no "findings"', "--mercury-update"),
    "findings": (lambda root: shaped(findings=7), "no list", ""),
    "finding": (lambda root: shaped(findings=[7]), "findings[0] is no object", ""),
    "scope": (lambda root: shaped(findings=[], scope="."), '"scope" is no list of texts', ""),
    "another key": (lambda root: shaped(findings=[], note="x"), "it has a key that is none of", ""),
    "text": (lambda root: changed(root, kind=7), 'the "kind" of findings[0] is no text', "--mercury-update"),
    "number": (lambda root: changed(root, count="4"), 'the "count" of findings[0] is no whole number', ""),
    "negative": (lambda root: changed(root, number=0), 'the "number" of findings[0]', ""),
    "nan": (lambda root: changed(root, count=float("nan")), 'the "count" of findings[0]', ""),
    "extra": (lambda root: changed(root, lines=7), "findings[0] has a key that is none of", ""),
    "twice": (lambda root: changed(root, number=2), "findings[0] and findings[1] are one finding", "Delete either"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_is_no_baseline_says_what_to_do(name, root, tmp_path):
    make, why, what_to_do = BROKEN[name]
    path = tmp_path / "baseline.json"
    path.write_bytes(make(root))
    with pytest.raises(BaselineError) as caught:
        baseline.read(path)
    message = str(caught.value)
    assert message.startswith(f"{path} cannot be used: ")
    assert why in message
    assert what_to_do in message
    assert len(message) < 400


def test_what_a_person_may_do_to_the_file_is_borne(root, tmp_path):
    document = json.loads(written(root))
    document["findings"].reverse()
    path = tmp_path / "baseline.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(document, indent=4).replace("\n", "\r\n").encode())
    assert baseline.read(path) == known(root, AUTHOR, MENTION)
    path.write_bytes(written(root).replace(b"shop/views.py", b"shop/pages.py"))
    moved = [replace(cause, file="shop/pages.py") for cause in (AUTHOR, MENTION)]
    assert states(root, baseline.read(path), *moved) == ([KNOWN, KNOWN], 0)


def test_an_older_format_becomes_the_present_one(root, tmp_path, monkeypatch):
    def migrate(document):
        findings = [{"code": "", **finding} for finding in document["entries"]]
        versions = {name: document[name] for name in ("format", "fingerprints", "ids", "scope")}
        return {**versions, "findings": findings}

    document = json.loads(written(root))
    document["entries"] = document.pop("findings")
    for finding in document["entries"]:
        del finding["code"]
    path = tmp_path / "baseline.json"
    path.write_text(json.dumps({**document, "format": 0}))
    monkeypatch.setitem(baseline_format.MIGRATIONS, 0, migrate)
    assert states(root, baseline.read(path), AUTHOR, MENTION) == ([KNOWN, KNOWN], 0)


def test_what_is_no_file_of_a_sane_size_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "baseline.json"
    path.mkdir()
    with pytest.raises(BaselineError, match="no regular file"):
        baseline.read(path)
    with pytest.raises(BaselineError, match="not written"):
        baseline.write(path, Baseline())
    big = tmp_path / "big.json"
    with open(big, "wb") as file:
        file.truncate(100 << 20)
    with pytest.raises(BaselineError, match="larger than 16 MiB"):
        baseline.read(big)
    with pytest.raises(BaselineError, match="cannot be read"):
        baseline.read(big / "baseline.json")
    link = tmp_path / "link.json"
    link.symlink_to("nowhere.json")
    with pytest.raises(BaselineError, match="link to nothing"):
        baseline.read(link)


def test_a_pipe_is_not_waited_for(tmp_path):
    path = tmp_path / "baseline.json"
    os.mkfifo(path)
    with pytest.raises(BaselineError, match="no regular file"):
        baseline.read(path)


def test_a_disk_that_takes_no_more_leaves_the_old_file_and_nothing_else(root, tmp_path):
    path = tmp_path / ".mercury" / "baseline.json"
    baseline.write(path, known(root, AUTHOR))
    before = path.read_bytes()

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(BaselineError, match="as it was: File too large"):
            baseline.write(path, known(root, AUTHOR, SHOP))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == ["baseline.json"]


def test_a_folder_that_cannot_be_written_says_so(root):
    with pytest.raises(BaselineError, match="was not written"):
        baseline.write(Path("/dev/null/baseline.json"), known(root, AUTHOR))


def test_a_file_that_is_right_is_not_written_again(root, tmp_path, monkeypatch):
    path = tmp_path / "baseline.json"
    baseline.write(path, known(root, AUTHOR))
    monkeypatch.setattr("os.replace", None)
    baseline.write(path, known(root, AUTHOR))


def test_a_link_stays_one_and_rights_stay(root, tmp_path):
    real = tmp_path / "real.json"
    real.write_text("{}")
    real.chmod(0o664)
    link = tmp_path / "baseline.json"
    link.symlink_to(real)
    baseline.write(link, known(root, AUTHOR))
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o664
    assert baseline.read(link) == known(root, AUTHOR)
