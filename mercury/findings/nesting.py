"""Which repeated query stands in the loop of which other one.

    for company in companies:                      3 turns
        for project in company.projects.all():     Company.projects, 3 queries
            project.tasks.count()                  Project.tasks, 12 queries: 3 x 4

A loop is known by its frame's place in the call path, its code and its line.
"""

from typing import List, NamedTuple, Sequence

from mercury.findings import places
from mercury.findings.case import Case, LoopKey, Site
from mercury.findings.places import Place


class Level(NamedTuple):
    """One loop over rows around a query. `total` counts its turns in all, 0 where no query tells."""

    place: Place
    row: str
    total: int


def growing_reads(case: Case) -> List[Site]:
    return [site for site in case.looped if site.growth.row and not site.is_write]


def loop_keys(case: Case, site: Site) -> List[LoopKey]:
    """The loops over rows around a site, the innermost first."""
    return [case.loop_key(site, loop) for loop in site.growth.loops]


def before(case: Case, site: Site, sites: Sequence[Site]) -> List[Site]:
    """The sites through which this one's rows may have been loaded: in the loops around it, and earlier."""
    around = loop_keys(case, site)
    return [
        other
        for other in sites
        if other.first_event < site.first_event
        and (set(loop_keys(case, other)[:1]) & set(around) or other.loop_place == site.loop_place)
    ]


def levels(case: Case, site: Site, sites: Sequence[Site]) -> List[Level]:
    """The loops over rows around a site, the outermost first."""
    found = []
    for loop in site.growth.loops:
        key = case.loop_key(site, loop)
        inside = [other.operation_count for other in sites if loop_keys(case, other)[:1] == [key]]
        place = places.loop_at(case.evidence.paths[site.growth.path], loop.depth, loop.line)
        found.append(Level(place, loop.row, max(inside, default=0)))
    return found[::-1]
