"""`--mercury-growth` over a small project: what a view sends more of for more rows is told, whoever runs the tests."""

from pathlib import Path
from typing import Any, Dict

import pytest

from tests.suite_project import Done, Project

CASES = """
from django.test import TestCase
from shop.models import Author, Book

class Sized(TestCase):
    mercury_size = 4

    @classmethod
    def setUpTestData(cls):
        for number in range(cls.mercury_size):
            Book.objects.create(author=Author.objects.create(name=f"author {number}"))

    def test_names(self):
        self.client.get("/names/")

    def test_plain(self):
        self.assertEqual(self.client.get("/plain/").content, str(self.mercury_size).encode())

class Unsized(TestCase):
    def test_nothing(self):
        self.client.get("/plain/?again")
"""

FUNCTIONS = """
import mercury
import pytest
from shop.models import Author, Book

@pytest.fixture
def books(db, mercury_size):
    for number in range(mercury_size):
        Book.objects.create(author=Author.objects.create(name=f"author {number}"))

@pytest.mark.parametrize("page", ["names", "plain"])
def test_pages(books, client, page):
    client.get(f"/{page}/")

def test_function(books):
    with mercury.monitor("all names"):
        [book.author.name for book in Book.objects.all()]

@pytest.mark.mercury(queries=15)
def test_budget(books, client):
    client.get("/names/")
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.write("shop/tests/test_pages.py", CASES)
    return made


def views(done: Done) -> Dict[str, Any]:
    assert done.document["growth"] is not None, done.output
    return {each["view"]: each for each in done.document["growth"]["views"]}


def assert_names_grow(project: Project, done: Done, small: int, test: str) -> None:
    found = views(done)["GET /names/"]
    assert (found["rows"], found["queries"]) == ([small, 2 * small], [small + 1, 2 * small + 1])
    assert found["test"] == test
    (statement,) = found["statements"]
    assert (statement["target"], statement["file"]) == ("Book.author", "shop/views.py")
    assert statement["line"] == project.line("shop/views.py", "book.author.name")
    assert (statement["counts"], statement["per_row"], statement["exponent"]) == ([small, 2 * small], 1, 1)
    assert statement["foretold"] == {"rows": 10000, "queries": 10000}
    assert "select_related" in statement["fix"]


WAYS = {
    "pytest": ("pytest", "--mercury"),
    "pytest -n 2": ("pytest", "--mercury", "-n", "2"),
    "manage.py": ("manage",),
    "manage.py --shuffle": ("manage", "--shuffle", "7"),
    "manage.py --parallel": ("manage", "--parallel", "2"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_case_runs_at_its_size_and_at_twice_that(project: Project, way: str) -> None:
    runner, *options = WAYS[way]
    done = getattr(project, runner)("--mercury-growth", *options)
    assert done.code == 0, done.output
    assert_names_grow(project, done, 4, "shop.tests.test_pages.Sized.test_names")
    plain = views(done)["GET /plain/"]
    assert (plain["queries"], plain["statements"]) == ([1, 1], [])
    assert done.document["growth"]["unknown"] == []
    assert "GET /names/ sends 5 queries at 4 rows and 9 at 8" in " ".join(done.output.split())
    assert "passed" in done.output or "Ran 5 tests" in done.output
    finding = done.document["findings"][0]
    assert (finding["target"], finding["count"]) == ("Book.author", 4)
    assert [test["name"].rpartition(".")[2] for test in done.document["tests"]] == [
        "test_names",
        "test_plain",
        "test_nothing",
    ]


def test_cases_are_sent_to_processes_that_are_spawned(project: Project) -> None:
    project.write(
        "start.py",
        """
import multiprocessing, sys
if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    import os
    os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
    from django.core.management import execute_from_command_line
    execute_from_command_line(["manage.py", *sys.argv[1:]])
""",
    )
    (project.folder / "manage.py").write_text((project.folder / "start.py").read_text())
    done = project.manage("--mercury-growth", "--parallel", "2")
    assert done.code == 0, done.output
    assert_names_grow(project, done, 4, "shop.tests.test_pages.Sized.test_names")


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_a_function_runs_once_at_each_size_of_the_fixture(project: Project, workers: "tuple[str, ...]") -> None:
    project.write("shop/tests/test_pages.py", FUNCTIONS)
    done = project.pytest("--mercury", "--mercury-growth", *workers)
    assert done.code == 0, done.output
    assert "8 passed" in done.output
    assert_names_grow(project, done, 10, "shop.tests.test_pages.test_budget")
    block = views(done)["all names"]
    assert (block["queries"], [each["counts"] for each in block["statements"]]) == ([11, 21], [[10, 20]])
    plain = project.pytest("--mercury")
    assert "4 passed" in plain.output
    assert plain.document["growth"] is None
    assert [(each["id"], each["count"]) for each in plain.document["findings"]] == [
        (each["id"], each["count"]) for each in done.document["findings"]
    ]
    assert plain.document["budgets"] == done.document["budgets"]


def test_the_setting_gives_the_size_and_a_typo_is_told(project: Project) -> None:
    project.write("shop/tests/test_pages.py", FUNCTIONS)
    ini = (project.folder / "pytest.ini").read_text()
    project.write("pytest.ini", f"{ini}mercury_size = 3\n")
    assert_names_grow(project, project.pytest("--mercury", "--mercury-growth"), 3, "shop.tests.test_pages.test_budget")
    project.write("pytest.ini", f"{ini}mercury_size = many\n")
    wrong = project.pytest("--mercury", "--mercury-growth")
    assert wrong.code == 4
    assert "mercury_size is no whole number from 1 on" in wrong.output


def test_a_budget_of_growth_fails_the_run(project: Project) -> None:
    settings = (project.folder / "settings.py").read_text()
    project.write("settings.py", settings + 'MERCURY = {"budgets": [{"view": "*", "growth": 0}]}\n')
    done = project.pytest("--mercury", "--mercury-growth")
    assert done.code == 8, done.output
    assert "view GET /names/ used 1 further query for each row, its budget is 0" in " ".join(done.output.split())
    assert [(each["subject"], each["what"], each["is_passed"]) for each in done.document["budgets"]] == [
        ("view GET /names/", "growth", True),
        ("view GET /plain/", "growth", False),
    ]
    unasked = project.pytest("--mercury")
    assert (unasked.code, unasked.document["budgets"]) == (0, [])


def test_what_did_not_run_at_two_sizes_is_told(project: Project) -> None:
    project.replace("shop/tests/test_pages.py", 'self.client.get("/plain/").content', 'b"4"')
    done = project.pytest("--mercury", "--mercury-growth")
    assert done.code == 1, done.output
    assert done.document["growth"]["unknown"] == [
        "1 test that did not pass at each size: shop.tests.test_pages.Sized.test_plain",
        "1 view that no test requested at two sizes: GET /plain/",
    ]
    assert "Growth not known" in done.output
    assert_names_grow(project, done, 4, "shop.tests.test_pages.Sized.test_names")
    part = project.pytest("--mercury", "--mercury-growth", "shop/tests/test_pages.py::Sized::test_names")
    assert part.document["growth"] == {
        "views": [],
        "unknown": [
            "1 test that ran at one size alone: shop.tests.test_pages.Sized.test_names",
            "1 view that no test requested at two sizes: GET /names/",
        ],
    }
    project.replace("shop/tests/test_pages.py", "mercury_size", "other_size")
    none = project.pytest("--mercury", "--mercury-growth")
    assert none.document["growth"]["unknown"][0].startswith("no test says how many rows it makes")
