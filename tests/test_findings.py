"""Each way of querying in a loop gets the verdict it deserves, at the right lines."""

import inspect

import pytest

import mercury
from mercury.findings import consecutive_independent, slow_query
from tests.django_database import database, shop  # noqa: F401 - fixtures

from django.db import models  # isort: skip
from tests.project import models as project_models
from tests.project.cases import CASES


def marked_line(function, mark):
    """The number of the function's line that ends in a comment with `mark`, or None."""
    lines, first = inspect.getsourcelines(function)
    found = [first + index for index, line in enumerate(lines) if f"# {mark}" in line]
    return found[0] if found else None


@pytest.mark.parametrize("name", sorted(CASES))
def test_verdict(name, shop):  # noqa: F811 - a fixture
    function, expected = CASES[name]
    with mercury.monitor(name) as watch:
        function()
    found = watch.report.findings
    assert _verdicts(found, expected) == sorted((kind, target) for kind, target, _ in expected), str(watch.report)
    for _, target, fix in expected:
        assert any(fix in finding.fix and target in finding.target for finding in found), watch.report


def _verdicts(found, expected):
    """Kinds and targets; an expectation without a target compares the kind alone."""
    targets = {target for _, target, _ in expected}
    return sorted((finding.kind, finding.target if "" not in targets else "") for finding in found)


@pytest.mark.parametrize("name", sorted(CASES))
def test_lines(name, shop):  # noqa: F811 - a fixture
    function, _ = CASES[name]
    query, loop = marked_line(function, "query"), marked_line(function, "loop")
    if query is None:
        return
    with mercury.monitor(name) as watch:
        function()
    assert len(watch.report.findings) == 1, str(watch.report)
    (finding,) = watch.report.findings
    assert (finding.file, finding.line) == (inspect.getsourcefile(function), query)
    assert finding.loop_line == (loop or 0)
    assert finding.loop_file == (inspect.getsourcefile(function) if loop else "")


@pytest.mark.parametrize("name", [name for name in sorted(CASES) if marked_line(CASES[name][0], "rows")])
def test_a_fix_names_the_line_that_loads_the_rows(name, shop):  # noqa: F811 - a fixture
    line = marked_line(CASES[name][0], "rows")
    fixes = [finding.fix for finding in _findings(name).findings]
    assert any(f" queryset that project/cases.py:{line} loads" in fix for fix in fixes), fixes


def _findings(name):
    with mercury.monitor(name) as watch:
        CASES[name][0]()
    return watch.report


def test_a_nested_loop_shows_its_multipliers(shop):  # noqa: F811 - a fixture
    report = _findings("loop_in_a_loop")
    (nested,) = [finding for finding in report.findings if finding.kind == "nested"]
    assert nested.tree[0].startswith("4 x ") and nested.tree[1].startswith("  1 x ")
    assert nested.why.endswith("4 queries from 2 loops in each other: 4 x 1")
    assert "tree   4 x" in str(report)


@pytest.mark.parametrize(
    "name, exponent", [("forward_key", 1), ("loop_in_a_loop", 1), ("rows_times_rows", 2), ("columns_of_a_table", 1)]
)
def test_cost_at_ten_times_the_rows(name, exponent, shop):  # noqa: F811 - a fixture
    for finding in _findings(name).findings:
        assert finding.count_at(10) == finding.count * 10**exponent
        assert finding.duration_ms_at(10) == pytest.approx(finding.duration_ms * 10**exponent)


def test_advice_costs_no_more_with_more_rows(shop):  # noqa: F811 - a fixture
    (finding,) = [each for each in _findings("loop_over_constants").findings if each.kind == "repeated_in_loop"]
    assert finding.count_at(10) == finding.count


def test_a_repeating_pattern_tells_each_of_its_statements(shop):  # noqa: F811 - a fixture
    (finding,) = _findings("columns_of_a_table").findings
    assert finding.count == 8
    assert [line.split("  ")[0] for line in finding.tree] == ["4 x Book.author", "4 x Book.reviews"]
    assert "Count(" in finding.fix and len(finding.places) == 2


@pytest.mark.parametrize(
    "name, reason",
    [
        ("asked_again_after_a_write", "what it reads was written between the two"),
        ("two_questions_on_two_lines", "2 places of straight-line code sent it; none of them ran twice"),
    ],
)
def test_a_repeated_statement_that_is_cleared_has_a_reason(name, reason, shop):  # noqa: F811 - a fixture
    report = _findings(name)
    assert reason in [cleared.reason for cleared in report.cleared], report.cleared
    assert all(cleared.count > 1 for cleared in report.cleared)


def _code_of(fix):
    """What a fix adds to the queryset of which model, as code."""
    code, _, rest = fix.partition(" to the ")
    return code[len("add ") :], rest.partition(" queryset")[0]


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_fix_is_code_that_runs(name, shop):  # noqa: F811 - a fixture
    names = {**vars(models), **vars(project_models)}
    for finding in _findings(name).findings:
        if finding.fix.startswith("add ."):
            code, model = _code_of(finding.fix)
            code = code.replace("filter(...)", "all()")
            list(eval(f"{model}.objects{code}", names))


def _kinds(function):
    with mercury.monitor("rows") as watch:
        function()
    return {finding.kind: finding for finding in watch.report.findings}


def test_a_slow_statement_is_advice_with_what_its_text_proves(shop, monkeypatch):  # noqa: F811 - a fixture
    monkeypatch.setattr(slow_query, "SLOW_NS", 0)
    finding = _kinds(lambda: list(project_models.Book.objects.order_by("?")))["slow_query"]
    assert finding.is_advisory and finding.sql.startswith("select project_book.id") and finding.count == 1
    assert finding.why.startswith("its only run took ")
    assert "explain()" in finding.fix and "random" in finding.fix.lower()
    monkeypatch.setattr(slow_query, "SLOW_NS", 10**18)
    assert _kinds(lambda: list(project_models.Book.objects.order_by("?"))) == {}


def _counts():
    project_models.Author.objects.count()
    project_models.Tag.objects.count()


def _count_that_may_need_the_other():
    tags = project_models.Tag.objects.count()
    project_models.Review.objects.filter(stars=tags).count()


def test_statements_that_do_not_need_each_other(shop, monkeypatch):  # noqa: F811 - a fixture
    assert _kinds(_counts) == {}
    monkeypatch.setattr(consecutive_independent, "SAVED_NS", 0)
    finding = _kinds(_counts)["consecutive_independent"]
    assert finding.is_advisory and finding.count == 2 and len(finding.places) == 2
    assert _kinds(_count_that_may_need_the_other) == {}


def test_a_loop_over_pages_is_no_loop_over_rows_however_often_it_ran_before(shop):  # noqa: F811 - a fixture
    """CPython runs a generator that a loop has often asked for its next element as a part of the loop's own frame."""

    from django.core.paginator import Paginator

    project_models.Tag.objects.bulk_create(project_models.Tag(name=str(number)) for number in range(8))

    def export():
        for page in Paginator(project_models.Tag.objects.order_by("pk"), 2):
            for tag in page:
                assert tag.name

    for _ in range(64):
        export()
    with mercury.monitor("export") as watch:
        export()
    assert not [finding for finding in watch.report.findings if finding.kind == "n_plus_one"], str(watch.report)


def test_parameters_that_another_place_had_sent_before_are_told_as_what_they_are(shop):  # noqa: F811 - a fixture
    keys = list(project_models.Book.objects.values_list("pk", flat=True))
    with mercury.monitor("twice") as watch:
        for key in keys:
            project_models.Book.objects.get(pk=key)
        for key in keys:
            project_models.Book.objects.get(pk=key)
    assert len(keys) > 2
    assert len(watch.report.findings) == 2
    for finding in watch.report.findings:
        assert f"all {len(keys)} had different parameters" in finding.why, finding.why
        assert "in_bulk(keys)" in finding.fix
