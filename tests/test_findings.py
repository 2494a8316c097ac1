"""Each way of querying in a loop gets the verdict it deserves, at the right lines."""

import inspect

import pytest

import mercury
from tests.django_database import database, shop  # noqa: F401
from tests.project.cases import CASES


def marked_line(function, mark):
    """The number of the function's line that ends in a comment with `mark`, or None."""
    lines, first = inspect.getsourcelines(function)
    found = [first + index for index, line in enumerate(lines) if f"# {mark}" in line]
    return found[0] if found else None


@pytest.mark.parametrize("name", sorted(CASES))
def test_verdict(name, shop):  # noqa: F811
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
def test_lines(name, shop):  # noqa: F811
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
