"""How a tool's findings are held against a label: hits, misses, inventions, lines."""

from dataclasses import replace

import pytest

from tests.labelled import compare
from tests.labelled.run import figures, judge
from tests.labelled.suite import Case, duplicate, n_plus_one, write_loop
from tests.labelled.tools import Found

GROWING = {"aa", "bb"}


def walked(rows):
    for row in rows:  # loop
        row.lead.name  # query


FIRST = walked.__code__.co_firstlineno


class InThisFile(Case):
    """A case whose marks are in this file, which is none of the suite's."""

    def lines(self, mark, target):
        return frozenset([("case.py", FIRST + (1 if mark == "loop" else 2))])


def a_case(*expected):
    return InThisFile("walked", "topic", walked, expected, (), False)


def said(kind="n_plus_one", target="Project.lead", line=FIRST + 2, loop=FIRST + 1, fingerprint="aa"):
    return Found(kind, target, ("case.py", line), ("case.py", loop), fingerprint)


def test_a_plain_hit():
    outcome = judge(a_case(n_plus_one("Project.lead")), GROWING, [said()])
    assert outcome.hits == ["Project.lead"]
    assert figures([outcome])["f1"] == 1.0
    assert not (outcome.misses or outcome.inventions or outcome.further or outcome.wrong_lines or outcome.wrong_kinds)


def test_silence_is_a_miss():
    outcome = judge(a_case(n_plus_one("Project.lead")), GROWING, [])
    assert outcome.misses == ["n_plus_one Project.lead"]
    assert figures([outcome])["recall"] == 0.0


@pytest.mark.parametrize("expected", [[], [duplicate("Project")], [n_plus_one("Project.lead")]])
def test_what_does_not_grow_is_an_invention(expected):
    outcome = judge(a_case(*expected), GROWING, [said(fingerprint="cc")])
    assert len(outcome.inventions) == 1
    assert outcome.hits == []
    assert figures([outcome])["precision"] == 0.0


def test_wrong_lines_kinds_and_targets_are_hits_with_a_blemish():
    case = a_case(n_plus_one("Project.lead"))
    assert len(judge(case, GROWING, [said(line=1)]).wrong_lines) == 1
    assert len(judge(case, GROWING, [said(loop=1)]).wrong_lines) == 1
    assert len(judge(case, GROWING, [said(kind="nested")]).wrong_kinds) == 1
    assert len(judge(case, GROWING, [said(target="Project")]).wrong_targets) == 1


def test_one_cause_told_twice_is_no_second_hit_and_no_invention():
    outcome = judge(a_case(n_plus_one("Project.lead")), GROWING, [said(), said(fingerprint="bb")])
    assert len(outcome.hits) == len(outcome.further) == 1


def test_a_growing_statement_of_another_place_is_no_hit():
    outcome = judge(a_case(n_plus_one("Project.lead")), GROWING, [said(target="Task", line=1)])
    assert outcome.misses
    assert not outcome.hits


def test_each_of_two_causes_is_paired_with_its_own_finding():
    case = a_case(n_plus_one("Project.lead"), n_plus_one("Project.deputy"))
    outcome = judge(case, GROWING, [said(target="Project.deputy"), said(target="Project.lead")])
    assert sorted(outcome.hits) == ["Project.deputy", "Project.lead"]
    assert not outcome.wrong_targets


def test_a_tool_without_fingerprints_is_judged_by_target_or_line():
    case = a_case(n_plus_one("Project.lead"))
    assert judge(case, GROWING, [said(fingerprint="", line=1)]).hits
    assert judge(case, GROWING, [said(fingerprint="", target="")]).hits
    assert judge(case, GROWING, [said(fingerprint="", target="", line=1)]).inventions


def test_advice_has_figures_of_its_own():
    outcome = judge(a_case(duplicate("Project")), GROWING, [said(kind="repeated_in_loop", fingerprint="cc")])
    assert outcome.advice_hits == ["duplicate Project"]
    assert len(outcome.wrong_kinds) == 1
    assert not (outcome.inventions or outcome.hits)
    assert judge(a_case(), GROWING, [said(kind="duplicate")]).advice_unasked
    assert judge(a_case(duplicate("Project")), GROWING, []).advice_misses


def told(hits=(), further=(), inventions=(), failure=""):
    return {"hits": hits, "further": further, "inventions": inventions, "failure": failure}


def compared(*pairs):
    cases = [replace(a_case(*expected), name=str(number)) for number, (expected, _) in enumerate(pairs)]
    return compare.figures(cases, {str(number): outcome for number, (_, outcome) in enumerate(pairs)})


def test_a_case_is_found_by_any_statement_that_grows():
    positive = [n_plus_one("Project.lead")]
    row = compared((positive, told(hits=["Project.lead"])), (positive, told(further=["x"])), (positive, told()))
    assert (row["found"], row["missed"], row["recall"]) == (2, 1, 2 / 3)


def test_only_a_negative_case_is_a_false_alarm():
    row = compared(([n_plus_one("Project.lead")], told(inventions=["x"])), ([], told(inventions=["x", "y"])))
    assert (row["false alarms"], row["missed"], row["precision"]) == (1, 1, 0.0)


def test_reads_have_a_recall_of_their_own():
    row = compared(([write_loop("Project")], told()), ([n_plus_one("Project.lead")], told(hits=["Project.lead"])))
    assert (row["recall"], row["recall of reads"]) == (0.5, 1.0)
