"""`pytest --mercury` over a project that knows nothing of Mercury."""

import os
from pathlib import Path

import pytest

from tests.suite_project import FILES, Project

NAMES_N_PLUS_ONE = ("n_plus_one", "Book.author", "shop/views.py")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def names_line(project: Project) -> int:
    return project.line("shop/views.py", "book.author.name")


def test_a_first_run_tells_and_fails_nothing(project: Project) -> None:
    done = project.pytest("--mercury")
    assert done.code == 0, done.output
    assert done.found() == [(*NAMES_N_PLUS_ONE, names_line(project), "new")]
    assert "2 passed" in done.output
    assert f"shop/views.py:{names_line(project)}" in done.output
    assert "--mercury-update" in done.output
    assert not (project.folder / ".mercury").exists()
    finding = done.document["findings"][0]
    assert (finding["count"], finding["views"]) == (3, ["GET /names/"])
    assert finding["tests"] == ["shop.tests.test_pages.Pages.test_names"]


def test_a_baseline_lets_pass_what_it_knows_and_only_shrinks(project: Project) -> None:
    assert project.pytest("--mercury", "--mercury-update").code == 0
    known = project.pytest("--mercury")
    assert known.code == 0, known.output
    assert [each[-1] for each in known.found()] == ["known"]
    project.replace("shop/views.py", "Book.objects.count()", "len([book.author.name for book in Book.objects.all()])")
    new = project.pytest("--mercury", "-k", "names or plain")
    assert new.code == 8, new.output
    assert (*NAMES_N_PLUS_ONE, project.line("shop/views.py", "len([book.author.name"), "new") in new.found()
    project.replace("shop/views.py", 'order_by("pk")', 'select_related("author")')
    project.replace("shop/views.py", "len([book.author.name for book in Book.objects.all()])", "Book.objects.count()")
    part = project.pytest("--mercury", "-k", "plain")
    assert (part.code, part.document["gone"]) == (0, [])
    gone = project.pytest("--mercury")
    assert gone.code == 8, gone.output
    assert [each["target"] for each in gone.document["gone"]] == ["Book.author"]
    assert project.pytest("--mercury", "--mercury-update").code == 0
    assert project.pytest("--mercury").code == 0


def test_a_budget_fails_its_test_and_a_typo_is_told(project: Project) -> None:
    project.write(
        "shop/tests/test_budgets.py",
        """
import pytest
from shop.models import Author

@pytest.mark.django_db
@pytest.mark.mercury(queries=1)
def test_two():
    list(Author.objects.all())
    Author.objects.count()

@pytest.mark.django_db
@pytest.mark.mercury(queries=2)
def test_enough():
    list(Author.objects.all())

@pytest.mark.mercury(querys=2)
def test_typo():
    pass
""",
    )
    done = project.pytest("--mercury", "shop/tests/test_budgets.py")
    assert done.code == 1
    assert "2 queries, and at most 1 are allowed" in done.output
    assert "queries" in done.output.partition("querys")[2]
    assert "1 passed" in done.output


def test_the_fixture_asserts_inside_of_a_test_whatever_share_is_sampled(project: Project) -> None:
    project.write("settings.py", FILES["settings.py"] + 'MERCURY = {"sample_rate": 0.0, "metrics": True}\n')
    project.write(
        "shop/tests/test_fixture.py",
        """
import pytest
from shop.models import Author, Book

@pytest.fixture
def books(db):
    for number in range(3):
        Book.objects.create(author=Author.objects.create(name=f"author {number}"))

def test_n_plus_one(books, client, mercury):
    with mercury.no_n_plus_one():
        client.get("/names/")

def test_own_loop(books, mercury):
    with mercury.no_n_plus_one():
        [book.author.name for book in Book.objects.all()]

def test_at_most(books, client, mercury):
    with mercury.at_most(queries=4, writes=0) as used:
        client.get("/names/")
    assert len(used) == 4

def test_like_pytest_django(books, mercury):
    with mercury.assert_num_queries(1) as used:
        Author.objects.create(name="another")
    assert used.captured_queries[0]["sql"].lower().startswith("insert")
    with mercury.assert_max_num_queries(0):
        Author.objects.count()
""",
    )
    for options in ((), ("--mercury",)):
        done = project.pytest(*options, "-v", "shop/tests/test_fixture.py")
        outcomes = {name: f"::{name} PASSED" in done.output for name in ("test_at_most",)}
        assert outcomes == {"test_at_most": True}, done.output
        assert "3 failed, 1 passed" in done.output
        assert "n_plus_one Book.author, 3 times" in done.output
        assert "1 queries on default, and at most 0 are allowed" in done.output


def test_where_mercury_is_off_nothing_passes_for_measured(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    assert project.pytest("--mercury", "--mercury-update").code == 0
    accepted = (project.folder / ".mercury" / "baseline.json").read_bytes()
    monkeypatch.setenv("MERCURY_ENABLED", "0")
    done = project.pytest("--mercury", "--mercury-update")
    assert done.code == 9, done.output
    assert "Mercury is off, so nothing was measured" in done.output
    assert (project.folder / ".mercury" / "baseline.json").read_bytes() == accepted
    project.write(
        "shop/tests/test_asserted.py",
        """
import pytest

@pytest.mark.mercury(queries=0)
def test_marked():
    pass

def test_asserted(mercury):
    with mercury.at_most(queries=0):
        pass
""",
    )
    asserted = project.pytest("--mercury", "shop/tests/test_asserted.py")
    assert "2 failed" in asserted.output
    assert "nothing of test shop.tests.test_asserted.test_marked was measured" in asserted.output
    assert "nothing was measured, so nothing can be asserted" in asserted.output


def test_it_is_idle_where_there_is_no_django(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("pytest.ini", "[pytest]\naddopts = -p no:django -p no:cacheprovider\n")
    project.write("plain/test_plain.py", "import sys\ndef test_plain():\n    assert 'django' not in sys.modules\n")
    done = project.pytest("--mercury", "plain")
    assert done.code == 0, done.output
    assert done.found() == []
    unasked = project.pytest("plain")
    assert unasked.code == 0
    assert "Mercury" not in unasked.output


def test_a_worker_that_dies_costs_no_other_test_its_result(project: Project) -> None:
    project.write("shop/tests/test_dies.py", "import os\ndef test_dies():\n    os._exit(3)\n")
    done = project.pytest("--mercury", "-n", "2")
    assert done.code == 1
    assert done.found() == [(*NAMES_N_PLUS_ONE, names_line(project), "new")]
    outcomes = {test["name"]: test["outcome"] for test in done.document["tests"]}
    assert outcomes["shop.tests.test_dies.test_dies"] == "lost"
    assert not done.document["is_complete"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("<<<<<<< ours\n{}\n=======\n{}\n>>>>>>> theirs\n", "merge"),
        ("not JSON", "JSON"),
        ('{"format_version": 999}', ""),
    ],
)
def test_a_baseline_of_no_use_is_told_and_no_result_is_lost(project: Project, text: str, word: str) -> None:
    project.write(".mercury/baseline.json", text)
    done = project.pytest("--mercury")
    assert done.code == 9
    assert "2 passed" in done.output
    assert "baseline.json" in done.output
    assert word in done.output
    assert len(done.found()) == 1


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs /proc, where nobody may make files")
def test_a_document_that_cannot_be_written_is_a_problem_of_its_own(project: Project) -> None:
    twice = ("--mercury-html=twice", "--mercury-sarif=twice")
    done = project.pytest("--mercury", "--mercury-json=/proc/mercury/other.json", *twice)
    assert done.code == 9
    assert "other.json" in done.output
    assert "sarif was not written" in done.output
    assert "2 passed" in done.output


def test_every_document_is_written_and_a_workflow_gets_annotations_and_a_summary(project: Project) -> None:
    page = project.folder / "summary.md"
    project.environment = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(page)}
    (project.folder / ".git").mkdir()
    names = {"html": "told.html", "sarif": "told.sarif", "junit": "out/told.xml", "markdown": "told.md"}
    options = [f"--mercury-{name}={file}" for name, file in names.items()]
    done = project.pytest("--mercury", *options, "--junitxml=pytest.xml")
    assert done.code == 0, done.output
    for file in names.values():
        # Nothing fails a test yet, so JUnit's form tells of tests alone.
        word = "test_names" if file.endswith(".xml") else "Book.author"
        assert word in (project.folder / file).read_text()
    assert f"::warning file=shop/views.py,line={names_line(project)}," in done.output
    assert "Book.author" in page.read_text()
    assert 'name="mercury_queries" value="' in (project.folder / "pytest.xml").read_text()


def test_a_test_may_run_tests_itself(project: Project) -> None:
    project.write(
        "shop/tests/test_of_tests.py",
        """
pytest_plugins = ["pytester"]

def test_inner(pytester):
    pytester.makepyfile("import unittest\\nclass Inner(unittest.TestCase):\\n    def test_one(self): pass\\n")
    pytester.runpytest_inprocess("--mercury", "-p", "no:django", "-p", "no:randomly").assert_outcomes(passed=1)
""",
    )
    project.write("shop/tests/test_pages_later.py", (project.folder / "shop/tests/test_pages.py").read_text())
    done = project.pytest("--mercury", "shop/tests/test_of_tests.py", "shop/tests/test_pages_later.py")
    assert done.code == 0, done.output
    assert len(done.found()) == 1
    assert {test["name"].partition("tests.")[2]: test["outcome"] for test in done.document["tests"]} == {
        "test_of_tests.test_inner": "passed",
        "test_pages_later.Pages.test_names": "passed",
        "test_pages_later.Pages.test_plain": "passed",
    }
