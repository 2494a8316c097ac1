"""N times M: a query for each row of a loop that runs within another loop over rows.

Two loops over rows alone are not enough: rows that came with a prefetch are counted by the inner
loop alone, and that is a plain N+1. Either the inner rows were themselves asked for
row by row, or the inner loop began anew over the same rows.
"""

from typing import List, Sequence, Tuple

from mercury.findings import nesting
from mercury.findings.case import Case, Site
from mercury.findings.finding import Finding
from mercury.findings.n_plus_one import fix_for, why
from mercury.findings.nesting import Level
from mercury.findings.places import short

KIND = "nested"


def find(case: Case) -> List[Finding]:
    """One finding for each place that sends a query for each row of each row."""
    reads = nesting.growing_reads(case)
    sites = [site for site in reads if not case.is_explained(site) and _is_nested(case, site, reads)]
    for site in sites:
        case.explained.update(site.groups)
    return [_finding(case, site, reads) for site in sites]


def _is_nested(case: Case, site: Site, reads: Sequence[Site]) -> bool:
    outer = nesting.loop_keys(case, site)[1:]
    asked = {key for other in reads if other is not site for key in nesting.loop_keys(case, other)[:1]}
    return bool(asked & set(outer)) or _exponent(site) > 1


def _exponent(site: Site) -> int:
    """How the queries grow with the rows: where a loop begins anew over the same rows, both numbers count."""
    loops = site.growth.loops
    if not loops:
        return 1
    return max(loops[0].power, len(loops) if loops[0].comes_back else 1)


def _finding(case: Case, site: Site, reads: List[Site]) -> Finding:
    levels = nesting.levels(case, site, reads)
    tree = _tree(levels, site)
    count = max(len(levels), _exponent(site))
    words = f"{why(site)}; {site.operation_count:,} queries from {count} loops in each other"
    product = " x ".join(_multipliers(levels))
    is_whole = len(levels) > 1 and "?" not in product and levels[-1].total == site.operation_count
    told = f"{words}: {product}" if is_whole else words
    return site.finding(KIND, fix_for(case, site, reads), told, tree, _exponent(site))


def _multipliers(levels: Sequence[Level]) -> List[str]:
    """How often each loop turned for one turn of the loop around it; "?" where no query tells."""
    found, before = [], 1
    for level in levels:
        found.append(_quotient(level.total, before) if level.total and before else "?")
        before = level.total
    return found


def _quotient(total: int, before: int) -> str:
    return f"{total // before:,}" if total % before == 0 else f"{total / before:,.1f}"


def _tree(levels: Sequence[Level], site: Site) -> Tuple[str, ...]:
    lines = []
    for depth, (level, multiplier) in enumerate(zip(levels, _multipliers(levels))):
        turns = "for" if multiplier == "?" else f"{multiplier} x"
        lines.append(f"{'  ' * depth}{turns} {level.row}  {short(level.place.file)}:{level.place.line}")
    lines.append(f"{'  ' * len(levels)}{site.trigger.function}  {short(site.trigger.file)}:{site.trigger.line}")
    return tuple(lines)
