"""Advice: a loop is proven, but no row that would make it grow with the data.

A query for each month, flag or language is often fine; it is told, and fails nothing.
"""

from typing import List

from mercury.findings import fix
from mercury.findings.case import Case, Site
from mercury.findings.finding import Finding
from mercury.findings.places import short
from mercury.findings.write_loop import bulk_call

KIND = "repeated_in_loop"


def find(case: Case) -> List[Finding]:
    """One finding for each place in a proven loop that no stronger rule has explained."""
    sites = [site for site in case.looped if not site.growth.is_batch]
    return [_finding(site) for site in sites if not case.is_explained(site)]


def _finding(site: Site) -> Finding:
    loop = f"{short(site.loop_place.file)}:{site.loop_place.line}" if site.loop_place.line else "an outer call"
    return site.finding(
        KIND,
        f"if the loop can grow, {bulk_call(site) if site.is_write else _one_query(site)}",
        f"{loop} sent the statement {site.count:,} times; {site.growth.reason or _NO_ROW}",
        exponent=0,
    )


def _one_query(site: Site) -> str:
    if site.sighting.kind == "cache":
        return fix.for_cache(site.sighting, "it")
    what = f"the rows of {site.sighting.model}" if site.sighting.model else "what it needs"
    return f"load {what} with one query before it"


_NO_ROW = "no row of an earlier query was found behind it"
