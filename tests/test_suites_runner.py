"""`manage.py test` under MercuryRunner, and the cases of mercury.django.test."""

from pathlib import Path

import pytest

from tests.suite_project import Project

CASES = """
from mercury.django.test import MercuryTestCase
from shop.models import Author, Book

class Budgeted(MercuryTestCase):
    mercury_budget = {"queries": 1}

    def test_enough(self):
        Author.objects.count()

    def test_too_many(self):
        Author.objects.count()
        Book.objects.count()

class Assertions(MercuryTestCase):
    def setUp(self):
        for number in range(3):
            Book.objects.create(author=Author.objects.create(name=f"author {number}"))

    def test_no_n_plus_one(self):
        with self.assertNoNPlusOne():
            self.client.get("/names/")

    def test_at_most(self):
        with self.assertQueriesAtMost(1):
            self.client.get("/plain/")

    async def test_async(self):
        async with self.assertPerformance(queries=0, using="default"):
            await Author.objects.acount()
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.mark.parametrize("options", [(), ("--parallel", "2")])
def test_it_finds_what_pytest_finds(project: Project, options: "tuple[str, ...]") -> None:
    project.write("shop/tests/test_more.py", (project.folder / "shop/tests/test_pages.py").read_text())
    done = project.manage(*options)
    assert done.code == 0, done.output
    line = project.line("shop/views.py", "book.author.name")
    assert done.found() == [("n_plus_one", "Book.author", "shop/views.py", line, "new")]
    assert {test["outcome"] for test in done.document["tests"]} == {"passed"}
    assert done.document["findings"] == project.pytest("--mercury").document["findings"]


def test_what_is_new_ends_in_exit_code_8(project: Project) -> None:
    project.write(".mercury/baseline.json", "")
    assert project.manage().code == 9
    (project.folder / ".mercury/baseline.json").unlink()
    assert project.manage("--mercury-update").code == 0
    assert project.manage().code == 0
    project.replace("shop/views.py", "Book.objects.count()", "len([book.author.name for book in Book.objects.all()])")
    done = project.manage("shop.tests.test_pages")
    assert done.code == 8, done.output
    assert [each[-1] for each in done.found()].count("new") == 1


@pytest.mark.parametrize("runner", ["MercuryRunner", "django", "pytest"])
def test_the_cases_assert_under_every_runner(project: Project, runner: str) -> None:
    project.write("shop/tests/test_cases.py", CASES)
    if runner == "MercuryRunner":
        done = project.manage("shop.tests.test_cases")
    elif runner == "django":
        done = project.manage_without_mercury("shop.tests.test_cases")
    else:
        done = project.pytest("--mercury", "shop/tests/test_cases.py")
    assert done.code == 1, done.output
    assert "2 queries, and at most 1 are allowed" in done.output
    assert "n_plus_one Book.author, 3 times" in done.output
    assert "1 queries on default, and at most 0 are allowed" in done.output
    assert "3 failed, 2 passed" in done.output or "failures=3" in done.output


def test_a_test_that_fails_is_told_as_failed_by_every_worker(project: Project) -> None:
    project.write(
        "shop/tests/test_fails.py",
        """
from django.test import SimpleTestCase

class Fails(SimpleTestCase):
    def test_fails(self):
        self.fail("on purpose")

    def test_part_fails(self):
        with self.subTest(number=1):
            self.fail("on purpose")

    def test_skips(self):
        self.skipTest("on purpose")
""",
    )
    for options in ((), ("--parallel", "2")):
        done = project.manage(*options)
        assert done.code == 1
        assert done.document, done.output
        outcomes = {test["name"].rpartition(".")[2]: test["outcome"] for test in done.document["tests"]}
        assert outcomes == {
            "test_plain": "passed",
            "test_names": "passed",
            "test_fails": "failed",
            "test_part_fails": "failed",
            "test_skips": "skipped",
        }


def test_a_worker_that_dies_ends_the_run_with_the_results_of_all_others(project: Project) -> None:
    project.write(
        "shop/tests/test_dies.py",
        """
import os
from django.test import SimpleTestCase

class Dies(SimpleTestCase):
    def test_dies(self):
        os._exit(3)
""",
    )
    done = project.manage("--parallel", "2")
    assert done.code == 1
    assert "the process that ran shop.tests.test_dies.Dies.test_dies has ended" in done.output
    assert len(done.found()) == 1
    outcomes = {test["name"].rpartition(".")[2]: test["outcome"] for test in done.document["tests"]}
    assert outcomes == {"test_plain": "passed", "test_names": "passed", "test_dies": "lost"}
