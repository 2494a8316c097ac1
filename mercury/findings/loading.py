"""Which query brought the rows that another one stands behind, and by which relations of its queryset.

    for review in Review.objects.select_related("book"):      brought the books, too
        Book.objects.filter(title=...)                        reads books as well, but is no source of these
        review.book.author

A query's text tells whether it brings rows of a table: by itself, or joined along. What a loop sends at its turns
brings none of the rows that the loop runs over. Of what is left the last one is the source.
"""

import re
from typing import List, NamedTuple, Optional, Sequence, Tuple

from mercury.capture import bytecode
from mercury.capture.loops import LoopSource
from mercury.capture.provenance import Sighting
from mercury.core.records import Group
from mercury.findings import relations
from mercury.findings.case import Case, Site
from mercury.findings.places import Place
from mercury.trace import PathEntry


class Source(NamedTuple):
    """Where the rows were loaded, if that is known, and the relations that brought them along, the outermost first.

    `is_row_by_row`: one query for each row.
    """

    place: Optional[Place]
    carriers: Tuple[Sighting, ...] = ()
    is_row_by_row: bool = False


_UNKNOWN = Source(None)


def source_of(case: Case, site: Site, table: str) -> Source:
    """Where the rows of `table` came from that the queries of a site stand behind."""
    if not table:
        return _UNKNOWN
    before = [group for group in case.evidence.groups if group.first_event < site.first_event]
    before = _outside(case, site, before)
    own = _bringing(case, before, table)
    along = [group for group in before if relations.selects_along(_text(case, group), table)]
    if along and (not own or _runs_over(site, case, along[-1])):
        carriers = relations.joined(_text(case, along[-1]), table)
        return Source(case.trigger(along[-1]), carriers) if carriers else _UNKNOWN
    if not own:
        return _UNKNOWN
    is_row_by_row = 1 < site.operation_count <= own[-1].operation_count
    return Source(case.trigger(own[-1]), _prefetched(case, own[-1], table), is_row_by_row)


def _text(case: Case, group: Group) -> str:
    return case.statement(group.fingerprint).canonical


def _bringing(case: Case, groups: Sequence[Group], table: str) -> List[Group]:
    """Those that select from the table, in the order of time; those with several of its columns, if there are such."""
    selects = re.compile(rf'^select .*? from "?{re.escape(table.lower())}"?( |$)')
    found = sorted((each for each in groups if selects.match(_text(case, each))), key=lambda each: each.first_event)
    return [each for each in found if relations.selects_rows(_text(case, each), table)] or found


def _outside(case: Case, site: Site, groups: Sequence[Group]) -> List[Group]:
    """Those that were not sent at the turns of the loop whose variable holds the row."""
    for index in site.groups:
        loop = case.sighting([index]).holder_among()
        if loop is not None:
            path = case.path(case.evidence.groups[index])
            return [each for each in groups if not _is_at_turn(path, loop, case.path(each))]
    return list(groups)


def _is_at_turn(path: Sequence[PathEntry], loop: LoopSource, other: Sequence[PathEntry]) -> bool:
    """Was something sent, by the path `other`, from the body of a loop of `path`?"""
    if loop.depth >= min(len(path), len(other)) or other[: loop.depth] != path[: loop.depth]:
        return False
    entry = other[loop.depth]
    if entry.code is not path[loop.depth].code:
        return False
    around = bytecode.loops_around(entry.code, entry.offset)
    return any(each.start == loop.head and entry.offset not in each.head for each in around)


def _runs_over(site: Site, case: Case, group: Group) -> bool:
    """Does the innermost loop over rows around a site run over the main rows of this query?"""
    table = site.growth.loops[0].table if site.growth.loops else ""
    return bool(table) and relations.main_table(_text(case, group)) == table.lower()


def _prefetched(case: Case, group: Group, table: str) -> Tuple[Sighting, ...]:
    """The relations whose prefetches led to a query: sent by the call that loads the rows, one behind the other."""
    if case.path(group)[-1].code.co_filename.endswith("deletion.py"):
        # Who collects what goes with a row asks for related rows as well.
        return ()
    along = [each for each in case.evidence.groups if each.path == group.path and each.first_event < group.first_event]
    for other in sorted(along, key=lambda each: each.first_event):
        text = _text(case, other)
        main = relations.main_table(text)
        for owner in (main, *relations.joined_tables(text)):
            relation = relations.between(owner, table, _text(case, group))
            joined = relations.joined(text, owner) if relation is not None and owner != main else ()
            if relation is not None and (joined or owner == main):
                return (*_prefetched(case, other, main), *joined, relation)
    return ()
