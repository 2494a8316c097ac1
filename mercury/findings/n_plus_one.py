"""N+1: a loop is proven, and behind each of its queries stands a row that an earlier query loaded.

The loop alone is not enough: a loop over months or flags repeats a statement too, but
does not grow with the data. Twice is enough, because the proof does not count.
"""

from typing import List, Optional

from mercury.capture.iterables import ANSWERS, WHILE
from mercury.core.records import LOOP_CALLED, LOOP_RECURSION
from mercury.findings import fix, loading, nesting, places
from mercury.findings.case import Case, Site
from mercury.findings.finding import Finding
from mercury.findings.places import short

KIND = "n_plus_one"


def find(case: Case) -> List[Finding]:
    """One finding for each place that sends a query for each row."""
    reads = nesting.growing_reads(case)
    sites = [site for site in reads if not case.is_explained(site)]
    for site in sites:
        case.explained.update(site.groups)
    return [site.finding(KIND, fix_for(case, site, reads), why(site) + _resolver_words(case, site)) for site in sites]


def _resolver_words(case: Case, site: Site) -> str:
    name = places.resolver(case.path(case.evidence.groups[site.groups[0]]))
    return f"; the resolver {name} asks for it" if name else ""


def fix_for(case: Case, site: Site, reads: List[Site]) -> str:
    """What to write so that the rows of this site come with those that it is asked for."""
    sighting, path = site.sighting, case.path(case.evidence.groups[site.groups[0]])
    canonical = site.statement.canonical
    if sighting.stands and sighting.model:
        return fix.for_one_owner(sighting, site.loop_place, canonical, site.distinct_count <= 1)
    change = change_for(case, site, reads)
    if change is not None:
        return str(change)
    if sighting.kind == "key_check" and places.is_below(path, "django/forms/models.py", "_post_clean"):
        return fix.for_key_of_form(sighting)
    if sighting.model and places.is_below(path, "django/forms/models.py", "to_python"):
        return fix.for_choice(sighting, site.loop_place)
    if sighting.model and _tries(site):
        return fix.for_candidates(sighting, site.loop_place, canonical)
    if any(loop.kind in (WHILE, ANSWERS) for loop in site.growth.loops):
        return fix.for_endless(site.sighting, site.loop_place)
    if site.distinct_count <= 1 and (sighting.kind in ("queryset", "raw") or fix.is_reading_cache(sighting)):
        return fix.for_one_answer(site.sighting, site.loop_place)
    return fix.for_unrelated(site.sighting, site.statement.canonical)


def _tries(site: Site) -> bool:
    """Does each row ask in a `while` of its own whether something is there, as who looks for a free code does?"""
    if site.sighting.method not in ("exists", "aexists") or not site.growth.loops:
        return False
    row_depth = site.growth.loops[0].depth
    return any(loop.kind in (WHILE, ANSWERS) and loop.depth >= row_depth for loop in site.sighting.loops) and not any(
        loop.kind in (WHILE, ANSWERS) for loop in site.growth.loops
    )


def change_for(case: Case, site: Site, reads: List[Site]) -> Optional[fix.Change]:
    """The change of a queryset that brings what this site asks for; None where no relation leads to it."""
    if site.distinct_count <= 1 and site.sighting.kind in ("queryset", "raw", "cache"):
        return None
    sighting = fix.as_relation(site.sighting)
    if not fix.is_relation(sighting):
        return None
    around = nesting.before(case, site, reads)
    parents = fix.parents_of(sighting, [other.sighting for other in around])
    root = parents[0] if parents else sighting
    root_site = next((other for other in around if other.sighting is root), site)
    source = loading.source_of(case, root_site, root.table)
    if source.is_row_by_row and sighting.kind == "many":
        # A prefetch for one row sends what the row itself would.
        return None
    access = fix.Access(sighting, (*source.carriers, *parents), case.chain(site), site.statement.canonical)
    return fix.change_for(access, source.place)


def why(site: Site) -> str:
    """The proof in words: the loop, the row, the parameters."""
    if any(loop.kind in (WHILE, ANSWERS) for loop in site.growth.loops):
        return f"{loop_words(site)}, each time for {site.growth.row}; {_parameter_words(site)}"
    return f"{loop_words(site)}, each time for {site.growth.row} that was there already; {_parameter_words(site)}"


def loop_words(site: Site) -> str:
    loop = f"{short(site.loop_place.file)}:{site.loop_place.line}"
    if site.loop == LOOP_RECURSION:
        return f"{site.trigger.function}() calls itself and sends the query at each level"
    if not site.loop_place.line:
        return "the same call path was taken again"
    if site.loop == LOOP_CALLED:
        return f"the loop at {loop} came back to one instruction and sent the query from different calls"
    return f"the loop at {loop} came back to the same instruction and took the same call path"


def _parameter_words(site: Site) -> str:
    if site.distinct_count <= 1:
        return f"all {site.count:,} had the same parameters"
    if site.distinct_count >= site.count:
        return f"all {site.count:,} had different parameters"
    return f"{site.distinct_count:,} different sets of parameters in {site.count:,} queries"
