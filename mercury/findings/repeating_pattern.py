"""A, B, C, A, B, C: one instruction sends several statements in turn, and all of them again for each row.

    for row in rows:
        for column in columns:       a handful that does not grow
            column(row)              the columns ask different questions

The columns are called from one place, so they are one cause, and one finding.
"""

from dataclasses import replace
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from mercury.capture.code import is_library
from mercury.findings import nesting
from mercury.findings.case import Case, Site
from mercury.findings.finding import Finding
from mercury.findings.fix import Change
from mercury.findings.n_plus_one import change_for, fix_for
from mercury.findings.places import short

KIND = "repeating_pattern"


class _Call(NamedTuple):
    """What one instruction called: the way to it, the function, and the site that came of it."""

    way: Any
    called: int
    site: Site


def find(case: Case) -> List[Finding]:
    """One finding for each place that sends a series of different statements for each row."""
    reads = nesting.growing_reads(case)
    series: Dict[Any, List[_Call]] = {}
    for site in reads:
        call = None if case.is_explained(site) else _dispatch(case, site)
        if call is not None:
            series.setdefault(call.way, []).append(call)
    found = [sites for sites in map(_of_different_calls, series.values()) if len(sites) > 1]
    for sites in found:
        for site in sites:
            case.explained.update(site.groups)
    return [_finding(case, sites, reads) for sites in found]


def _of_different_calls(calls: Sequence[_Call]) -> List[Site]:
    """One site for each function that the instruction called; each statement, where it called the ORM itself."""
    return list({call.called: call.site for call in reversed(calls)}.values())[::-1]


def _dispatch(case: Case, site: Site) -> Optional[_Call]:
    """The call of this site from a loop of the application within that over the rows; None: there is none."""
    growing = site.growth.loops
    if not growing:
        return None
    path = case.evidence.paths[site.growth.path]
    inner = [loop for loop in site.sighting.loops if loop not in growing and growing[0].depth <= loop.depth < len(path)]
    own = [loop for loop in inner if not is_library(path[loop.depth].code.co_filename)]
    if not own:
        return None
    depth = max(loop.depth for loop in own)
    if depth + 1 >= len(path):
        return None
    way = tuple((id(entry.code), entry.offset, entry.element) for entry in path[: depth + 1])
    called = site.statement.fingerprint if depth + 2 == len(path) else id(path[depth + 1].code)
    return _Call(way, called, site)


def _finding(case: Case, sites: Sequence[Site], reads: List[Site]) -> Finding:
    main = sites[0]
    rows = nesting.levels(case, main, reads)[-1].place
    loop = f"{short(rows.file)}:{rows.line}"
    each = f"sends {len(sites)} different statements in turn, and all of them again for {main.growth.row}"
    told = [site.finding(KIND, fix_for(case, site, reads), f"the loop at {loop} {each}") for site in sites]
    return replace(
        told[0],
        count=sum(finding.count for finding in told),
        duration_ns=sum(finding.duration_ns for finding in told),
        records=tuple(record for finding in told for record in finding.records),
        loop_file=rows.file,
        loop_line=rows.line,
        fix=_fix(case, sites, told, reads),
        places=tuple(f"{finding.file}:{finding.line}" for finding in told),
        tree=tuple(f"{finding.count:,} x {finding.target}  {short(finding.file)}:{finding.line}" for finding in told),
    )


def _fix(case: Case, sites: Sequence[Site], told: Sequence[Finding], reads: List[Site]) -> str:
    """One change of each queryset, however many of the statements it does away with."""
    changes: Dict[Any, Change] = {}
    others = []
    for site, finding in zip(sites, told):
        change = change_for(case, site, reads)
        if change is None or change.other:
            others.append(f"{finding.target}: {finding.fix}")
            continue
        key = change.model, change.rows
        known = changes.get(key)
        changes[key] = change if known is None else known.together_with(change)
    return "; ".join([*map(str, changes.values()), *others])
