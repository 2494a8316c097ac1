"""Runs a tool over the suite and prints what it found, missed and invented.

    python -m tests.labelled.run [--tool mercury] [--set first|second|third] [--rows N] [--json FILE]

Each set of cases has a table of its own.

A finding counts as an invention where the statements behind it do not grow, whatever the tool calls them. Advice
(`repeated_in_loop`, `duplicate`) has figures of its own. This reports; it passes or fails nothing.
"""

import argparse
import gc
import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Dict, Iterable, List, Optional, Set, Tuple

from tests.labelled.harness import ROWS, Populations, call, measure, set_up
from tests.labelled.peers import PEERS
from tests.labelled.suite import ADVICE, GROWING, SETS, UNUSED, Case, Expectation, Line, load
from tests.labelled.tools import TOOLS, Found, Tool

COLUMNS = ("hits", "misses", "inventions", "further", "wrong_kinds", "wrong_targets", "wrong_lines")
ADVICE_COLUMNS = ("advice_hits", "advice_misses", "advice_unasked")


@dataclass
class Outcome:
    """What a tool made of one case; each entry is a line for a person. Further: more findings of what grows."""

    name: str
    topic: str
    hits: List[str] = field(default_factory=list)
    misses: List[str] = field(default_factory=list)
    inventions: List[str] = field(default_factory=list)
    further: List[str] = field(default_factory=list)
    wrong_kinds: List[str] = field(default_factory=list)
    wrong_targets: List[str] = field(default_factory=list)
    wrong_lines: List[str] = field(default_factory=list)
    advice_hits: List[str] = field(default_factory=list)
    advice_misses: List[str] = field(default_factory=list)
    advice_unasked: List[str] = field(default_factory=list)
    failure: str = ""
    set: str = "first"


def judge(case: Case, growing: Set[str], found: Iterable[Found]) -> Outcome:
    outcome = Outcome(case.name, case.topic, set=case.set)
    found = sorted(found, key=_told)  # a tool may rank by time
    claims = [each for each in found if each.kind in GROWING]
    wanted = [each for each in case.expected if each.kind in GROWING]
    real = [claim for claim in claims if _is_real(case, wanted, growing, claim)]
    outcome.inventions = [_told(claim) for claim in claims if claim not in real]
    for claim, expectation in _pairs(case, wanted, real):
        wanted.remove(expectation)
        real.remove(claim)
        outcome.hits.append(expectation.target)
        _compare(outcome, case, expectation, claim)
    outcome.misses = [f"{each.kind} {each.target}" for each in wanted]
    outcome.further = [_told(claim) for claim in real]
    _judge_advice(outcome, case, [each for each in found if each.kind in ADVICE])
    return outcome


def _is_real(case: Case, wanted: List[Expectation], growing: Set[str], claim: Found) -> bool:
    """A tool that does not tell the statement has to tell the target or the line."""
    if claim.fingerprint:
        return claim.fingerprint in growing
    return any(_same_target(each, claim) or _same_line(case, "query", each, claim.line) for each in wanted)


def _pairs(case: Case, wanted: List[Expectation], real: List[Found]) -> List[Tuple[Found, Expectation]]:
    """Each expectation with the finding of its target or its line that fits it best; each finding serves once."""
    fits = [
        (_fit(case, expectation, claim), -there, -here)
        for there, expectation in enumerate(wanted)
        for here, claim in enumerate(real)
    ]
    taken: Set[Tuple[str, int]] = set()
    pairs = []
    for fit, there, here in sorted(fits, reverse=True):
        ends = {("expected", there), ("found", here)}
        if fit > 1 and not ends & taken:
            taken |= ends
            pairs.append((real[-here], wanted[-there]))
    return pairs


def _fit(case: Case, expectation: Expectation, claim: Found) -> int:
    on_line = bool(_same_line(case, "query", expectation, claim.line))
    return 4 * _same_target(expectation, claim) + 2 * on_line + (expectation.kind == claim.kind)


def _same_target(expectation: Expectation, claim: Found) -> bool:
    """Raw SQL has no model; there the table must be among the words of the target."""
    names = expectation.target.split("|")
    return claim.target in names or any(name.islower() and name in claim.target for name in names)


def _same_line(case: Case, mark: str, expectation: Expectation, line: Optional[Line]) -> Optional[bool]:
    """None where the suite leaves the line open."""
    marked = case.lines(mark, expectation.target)
    return line in marked if marked else None


def _compare(outcome: Outcome, case: Case, expectation: Expectation, claim: Found) -> None:
    if claim.kind != expectation.kind:
        outcome.wrong_kinds.append(f"{claim.kind} instead of {expectation.kind}: {expectation.target}")
    if not _same_target(expectation, claim):
        outcome.wrong_targets.append(f"{claim.target or 'nothing'} instead of {expectation.target}")
    _compare_lines(outcome, case, expectation, claim)


def _compare_lines(outcome: Outcome, case: Case, expectation: Expectation, claim: Found) -> None:
    for mark, line in (("query", claim.line), ("loop", claim.loop)):
        if _same_line(case, mark, expectation, line) is False:
            marked = " or ".join(sorted(map(_at, case.lines(mark, expectation.target))))
            outcome.wrong_lines.append(f"{expectation.target}: {mark} at {_at(line)}, not {marked}")


def _at(line: Optional[Line]) -> str:
    return f"{line[0]}:{line[1]}" if line else "no line"


def _told(claim: Found) -> str:
    return f"{claim.kind} {claim.target} at {_at(claim.line)}"


def _judge_advice(outcome: Outcome, case: Case, advice: List[Found]) -> None:
    """One kind of advice on loops does for the other: the difference is what stands behind the loop."""
    for is_unused in (False, True):
        wanted = [each for each in case.expected if each.kind in ADVICE and (each.kind == UNUSED) is is_unused]
        told = [each for each in advice if (each.kind == UNUSED) is is_unused]
        _pair_advice(outcome, case, wanted, told)


def _pair_advice(outcome: Outcome, case: Case, wanted: List[Expectation], advice: List[Found]) -> None:
    outcome.advice_hits += [f"{each.kind} {each.target}" for each, _ in zip(wanted, advice)]
    outcome.advice_misses += [f"{each.kind} {each.target}" for each in wanted[len(advice) :]]
    outcome.advice_unasked += [_told(each) for each in advice[len(wanted) :]]
    for expectation, claim in zip(wanted, advice):
        if expectation.kind == UNUSED and not _same_target(expectation, claim):
            outcome.wrong_targets.append(f"{claim.target or 'nothing'} instead of {expectation.target}")
        if claim.kind != expectation.kind:
            outcome.wrong_kinds.append(f"{claim.kind} instead of {expectation.kind}: {expectation.target}")
        _compare_lines(outcome, case, expectation, claim)


def run(tool: Tool, cases: List[Case], rows: int) -> List[Outcome]:
    outcomes = []
    with Populations().database() as populations:
        measured = measure(populations, cases)
        for case in cases:
            growing = {family.fingerprint for family in measured[case.name] if family.growth == "grows"}
            populations.fresh(rows)
            failure = ""
            if any(each.kind == UNUSED for each in case.expected):
                # Young instances that only hold each other go at once, old ones only with all others.
                gc.collect()
            with tool.watch(case.name) as found:
                try:
                    call(case)
                except Exception as error:  # a tool may break the code that it watches
                    failure = type(error).__name__
            outcomes.append(judge(case, growing, found))
            outcomes[-1].failure = failure
    return outcomes


def figures(outcomes: List[Outcome]) -> Dict[str, Any]:
    """Counts of findings, and what follows from them; a quotient of nothing is 1."""
    counts = {column: sum(len(getattr(outcome, column)) for outcome in outcomes) for column in COLUMNS}
    said, there = counts["hits"] + counts["inventions"], counts["hits"] + counts["misses"]
    precision = counts["hits"] / said if said else 1.0
    recall = counts["hits"] / there if there else 1.0
    both = precision + recall
    return {
        "cases": len(outcomes),
        **counts,
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / both if both else 0.0,
    }


def table(outcomes: List[Outcome]) -> str:
    topics = list(dict.fromkeys(outcome.topic for outcome in outcomes))
    rows = {topic: figures([each for each in outcomes if each.topic == topic]) for topic in topics}
    rows["all"] = figures(outcomes)
    heads = list(rows["all"])
    lines = [
        "| topic | " + " | ".join(head.replace("_", " ") for head in heads) + " |",
        "|---" * (len(heads) + 1) + "|",
    ]
    for topic, row in rows.items():
        cells = [f"{row[head]:.2f}" if isinstance(row[head], float) else str(row[head]) for head in heads]
        lines.append(f"| {topic} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def by_name(outcomes: List[Outcome]) -> str:
    """Everything that is not a plain hit, with the case it belongs to."""
    lines = []
    for column in (*COLUMNS[1:], *ADVICE_COLUMNS[1:]):
        told = [f"  {each.topic}.{each.name}: {text}" for each in outcomes for text in getattr(each, column)]
        lines += [f"\n{column.replace('_', ' ')}: {len(told)}", *told]
    lines += [f"  {each.topic}.{each.name} failed: {each.failure}" for each in outcomes if each.failure]
    return "\n".join(lines)


def report(outcomes: List[Outcome]) -> str:
    advice = {name: sum(len(getattr(each, name)) for each in outcomes) for name in ADVICE_COLUMNS}
    told = ", ".join(f"{advice[name]} {name[7:]}" for name in ADVICE_COLUMNS)
    return f"{table(outcomes)}\n\nadvice: {told}\n{by_name(outcomes)}"


def suite_in_figures(cases: List[Case]) -> str:
    positive = sum(case.is_positive for case in cases)
    kinds = Counter(expectation.kind for case in cases for expectation in case.expected)
    told = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    return f"{len(cases)} cases: {positive} positive, {len(cases) - positive} negative; expected: {told}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    tools = {**TOOLS, **PEERS}
    parser.add_argument("--tool", choices=sorted(tools), default="mercury")
    parser.add_argument("--set", choices=sorted(SETS), help="only this set of cases")
    parser.add_argument("--rows", type=int, default=ROWS, help="of the population that the tool watches")
    parser.add_argument("--json", metavar="FILE", help="write each case's outcome as well")
    arguments = parser.parse_args()
    tool = tools[arguments.tool]
    from tests.labelled import settings

    tool.prepare(settings)
    set_up()
    cases = load(arguments.set)
    outcomes = run(tool, cases, arguments.rows)
    for name in dict.fromkeys(case.set for case in cases):
        figures = suite_in_figures([case for case in cases if case.set == name])
        print(f"{name} set, {figures}\n\n{arguments.tool} at n = {arguments.rows}\n")
        print(report([outcome for outcome in outcomes if outcome.set == name]) + "\n")
    if arguments.json:
        told = {"tool": arguments.tool, "rows": arguments.rows, "cases": [asdict(each) for each in outcomes]}
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(told, file, indent=1)


if __name__ == "__main__":
    main()
