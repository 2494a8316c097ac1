"""The bookshop shows what it says: 825 queries, their four causes at their lines, and the repair."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

BOOKSHOP = Path(__file__).resolve().parent.parent / "examples" / "bookshop"
VIEWS = BOOKSHOP / "shop" / "views.py"
MODELS = BOOKSHOP / "shop" / "models.py"
TEMPLATE = BOOKSHOP / "shop" / "templates" / "shop" / "catalog.html"

pytest.importorskip("django", reason="Django is not installed: pip install django")

PROGRAM = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
os.environ["DJANGO_SETTINGS_MODULE"] = "bookshop.settings"
os.environ["BOOKSHOP_DATABASE"] = sys.argv[2]
import django
django.setup()
import logging
logging.getLogger("mercury").disabled = True
from django.core.management import call_command
from django.test import Client
from mercury.django.signals import report_ready
from shop.seed import seed
call_command("migrate", verbosity=0)
reports = []
def keep(sender, report, **kwargs):
    reports.append(report)
report_ready.connect(keep)
told = []
for book_count in map(int, sys.argv[3:]):
    seed(book_count)
    bodies = [Client().get(path).content.decode() for path in ("/", "/repaired/")]
    told.append({"is_same": bodies[0] == bodies[1], "pages": [
        {
            "query_count": report.metrics.query_count,
            "notes": report.notes,
            "findings": [
                {name: getattr(finding, name) for name in
                 "kind target count file line loop_file loop_line fix".split()}
                for finding in report.findings
            ],
        } for report in reports]})
    reports.clear()
print(json.dumps(told))
"""


def run(*command):
    environment = dict(os.environ, PYTHONPATH=str(BOOKSHOP.parent.parent), NO_COLOR="1", COLUMNS="100")
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    return subprocess.run(
        [sys.executable, *map(str, command)],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
    )


def pages(folder, *book_counts):
    """For each number of books whether both pages are the same, and what was found on each."""
    done = run("-c", PROGRAM, BOOKSHOP, folder / "bookshop.sqlite3", *book_counts)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    (told,) = pages(tmp_path_factory.mktemp("bookshop"), 206)
    return told


def line_of(path, text):
    """The number of the first line of a file that holds this text: the slow view comes before the repaired one."""
    return next(number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line)


EXPECTED = {
    "Book.author": ((VIEWS, "book.author.name"), (VIEWS, "for book in books:"), 'add .select_related("author")'),
    "Book.publisher": (
        (TEMPLATE, "book.publisher.name"),
        (TEMPLATE, "{% for book in books %}"),
        'add .select_related("publisher")',
    ),
    "Book.tags": (
        (MODELS, "self.tags.all()"),
        (TEMPLATE, "{% for book in books %}"),
        'add .prefetch_related("tags")',
    ),
    "Book.reviews": (
        (TEMPLATE, "book.reviews.count"),
        (TEMPLATE, "{% for book in books %}"),
        'add .annotate(reviews_count=Count("reviews"))',
    ),
}


def test_the_slow_page_makes_825_queries_for_four_reasons(full):
    slow, _ = full["pages"]
    assert slow["query_count"] == 825
    assert slow["notes"] == []
    assert {finding["target"] for finding in slow["findings"]} == set(EXPECTED)
    assert [finding["kind"] for finding in slow["findings"]] == ["n_plus_one"] * 4
    assert [finding["count"] for finding in slow["findings"]] == [206] * 4


@pytest.mark.parametrize("target", sorted(EXPECTED))
def test_each_cause_has_its_lines_and_its_fix(full, target):
    slow, _ = full["pages"]
    (finding,) = [finding for finding in slow["findings"] if finding["target"] == target]
    (query_file, query), (loop_file, loop), fix = EXPECTED[target]
    assert (Path(finding["file"]), finding["line"]) == (query_file, line_of(query_file, query))
    assert (Path(finding["loop_file"]), finding["loop_line"]) == (loop_file, line_of(loop_file, loop))
    assert finding["fix"].startswith(fix)
    loaded = line_of(VIEWS, "for book in books:")
    assert f"to the Book queryset that shop/views.py:{loaded} loads" in finding["fix"]


def test_the_repaired_page_is_the_same_without_them(full):
    _, repaired = full["pages"]
    assert full["is_same"]
    assert repaired["query_count"] <= 6
    assert (repaired["findings"], repaired["notes"]) == ([], [])


def test_the_slow_page_grows_by_four_queries_a_book(tmp_path):
    told = pages(tmp_path, 2, 3, 6)
    assert [each["pages"][0]["query_count"] for each in told] == [9, 13, 25]
    assert [each["pages"][1]["query_count"] for each in told] == [2, 2, 2]
    for each in told:
        assert {finding["target"] for finding in each["pages"][0]["findings"]} == set(EXPECTED)


def test_the_demo_shows_it():
    done = run(BOOKSHOP / "demo.py")
    assert done.returncode == 0, done.stdout + done.stderr
    before, after = done.stdout.split("--- After", 1)
    assert "825 queries" in before
    for target in EXPECTED:
        assert f"N+1: {target}  206 queries" in before
    assert "Nothing found." in after
    assert re.search(r"^825 queries -> [1-6], 4 N\+1 -> 0, ", after, re.MULTILINE)


def test_the_demo_leaves_nothing_behind():
    before = sorted(BOOKSHOP.rglob("*"))
    run(BOOKSHOP / "demo.py")
    assert [path for path in sorted(BOOKSHOP.rglob("*")) if "__pycache__" not in path.parts] == [
        path for path in before if "__pycache__" not in path.parts
    ]
