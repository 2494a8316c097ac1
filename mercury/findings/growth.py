"""Does a repeated query grow with the data? The loops around it decide, by what they run over.

A loop over rows asks once more for each further row, whatever it asks. A loop over constants,
over a handful of rows that a slice allows, over the codes of a small table, or over chunks does
not. A `while` runs over rows where it asks the database whether to go on, or writes another row
at each turn. Where no loop tells, a row behind the query itself speaks for growth.
"""

import re
from typing import Container, List, NamedTuple, Sequence, Tuple

from mercury.capture.elements import TemplateElement
from mercury.capture.iterables import ADDRESS, ANSWERS, CONSTANT, INPUT, ROWS, WHILE
from mercury.capture.loops import CHUNKS, CODES, LIBRARY, LoopSource
from mercury.capture.provenance import SEVERAL, Sighting
from mercury.core.records import Group
from mercury.trace import PathEntry

SMALL = 10
"""Rows up to which the slice that bounds a loop makes it harmless. A larger page is bounded too, and still slow."""

_ENOUGH_QUERIES = 4
"""From so many on, the looks at a call path show whether an outer loop has turned."""


class Growth(NamedTuple):
    """`row` names the row behind each query; empty: nothing shows that the queries grow.

    `loops` are those over rows and `turning` all that turned, the innermost first; `reason`
    says why a loop does not count. `path` is the call path that the loops' depths count on.
    """

    row: str
    loops: Tuple[LoopSource, ...] = ()
    reason: str = ""
    is_batch: bool = False
    turning: Tuple[LoopSource, ...] = ()
    path: int = -1


def of(
    group: Group,
    sighting: Sighting,
    operation_count: int,
    path: Sequence[PathEntry],
    counted: Container[str],
    ways: int = 1,
) -> Growth:
    """What the queries of one call path say.

    `counted` are the tables whose rows the unit has had counted. `ways` is on how many call paths the same loop sent
    them: `sighting` then has what was found on all of these, and each was looked at so seldom that what did not
    change is taken for standing.
    """
    turning = [_unbounded(loop, sighting, counted, ways) for loop in _turning(group, sighting, operation_count)]
    found = _judged(turning, group, sighting, operation_count, path, ways)
    return found._replace(turning=tuple(turning), path=group.path)


def _unbounded(loop: LoopSource, sighting: Sighting, counted: Container[str], ways: int) -> LoopSource:
    """What a loop is where the query tells more of it than the loop itself.

    A page that is not full is sliced at the last row that there is, which is no bound; whoever makes pages
    counts the rows before. A turn that has many rows asks for one of them where one stands behind the query. And
    objects that all hold the same row are not there for rows.
    """
    if loop.is_around and (loop.stands or (loop.element and ways > 1)):
        return loop._replace(kind=LIBRARY)
    if loop.bound and not loop.is_page and loop.table in counted:
        loop = loop._replace(bound=0)
    if loop.kind == CHUNKS and sighting.row and not sighting.is_wide:
        return loop._replace(kind=ROWS)
    return loop


def in_loop_that_writes(found: Growth, loop: LoopSource, row: str) -> Growth:
    """The same of queries in a `while` that was seen to write another row at each turn."""
    return found._replace(row=row, loops=(loop,), reason="")


def _judged(
    turning: List[LoopSource],
    group: Group,
    sighting: Sighting,
    operation_count: int,
    path: Sequence[PathEntry],
    ways: int,
) -> Growth:
    over_rows = [loop for loop in turning if loop.kind in (ROWS, INPUT)]
    growing = [loop for loop in over_rows if not _is_small(loop, operation_count)]
    if growing:
        reason = _reason_against(growing[0], group, sighting, operation_count, path)
        row = sighting.row or growing[0].row or "a row"
        return Growth("", (), reason) if reason else Growth(row, tuple(growing))
    known = [loop for loop in turning if loop.kind not in (LIBRARY, WHILE, ANSWERS)]
    if known and all(loop.kind in _STEADY or loop in over_rows for loop in known):
        is_batch = any(loop.kind == CHUNKS for loop in known)
        return Growth("", (), _reason(known), is_batch)
    endless = [loop for loop in turning if loop.kind in (WHILE, ANSWERS)]
    if endless and sighting.kind == "instance" and sighting.element == SEVERAL:
        return Growth(f"another {sighting.model}", (endless[0],))
    is_one = sighting.stands or (ways > 1 and sighting.may_stand)
    if sighting.row and not sighting.is_code and not is_one:
        return Growth(sighting.row)
    asking = [loop for loop in endless if loop.kind == ANSWERS]
    if asking and group.distinct_count > 1:
        return Growth("what the answer before it called for", (asking[0],))
    return Growth("")


def _reason_against(
    loop: LoopSource, group: Group, sighting: Sighting, operation_count: int, path: Sequence[PathEntry]
) -> str:
    """Why queries in a loop over rows do not follow the rows; empty where nothing says so."""
    if sighting.is_of_codes and sighting.kind == "queryset" and 1 < group.distinct_count == group.operation_count:
        return f"each {sighting.model} was asked for once, and they are codes, which do not grow with the data"
    ends = _ends_of_loop(path[loop.depth + 1 :])
    if 0 < operation_count <= ends:
        return "only the first and the last turn of the loop send it"
    return ""


_AT_ENDS = re.compile(r"(?:el)?if forloop\.(?:first|last)(?: or forloop\.(?:first|last))?$")


def _ends_of_loop(path: Sequence[PathEntry]) -> int:
    """How many turns of a template's loop may get to a query that is asked for at its ends alone; 0: all may."""
    conditions = [entry.element.contents for entry in path if isinstance(entry.element, TemplateElement)]
    matching = [contents for contents in conditions if _AT_ENDS.match(contents)]
    return matching[-1].count("forloop.") if matching else 0


_STEADY = (CONSTANT, ADDRESS, CODES, CHUNKS)


def _turning(group: Group, sighting: Sighting, operation_count: int) -> List[LoopSource]:
    """The loops that turned between the queries, the innermost first."""
    inside = [loop for loop in sighting.loops if _is_proven(group, loop)]
    found = [loop for loop in inside if not _stood(group, sighting, loop, inside, operation_count)]
    # Those of one frame came innermost first already.
    return sorted(found, key=lambda loop: -loop.depth)


def _is_proven(group: Group, loop: LoopSource) -> bool:
    return group.loop_depth < 0 or group.outer_loop_depth <= loop.depth <= group.loop_depth


def _stood(group: Group, sighting: Sighting, loop: LoopSource, inside: List[LoopSource], operation_count: int) -> bool:
    """Did the loop stay at one element while another one turned?"""
    others = [other for other in inside if other.depth == loop.depth and other != loop]
    if not others and loop.depth in (group.loop_depth, group.outer_loop_depth):
        return False
    if not loop.element:
        return False
    if sighting.looks > 1:
        return True
    inner = [other for other in inside if other.depth >= loop.depth and other != loop]
    return operation_count < _ENOUGH_QUERIES and any(other.kind == CONSTANT for other in inner)


def _is_small(loop: LoopSource, operation_count: int) -> bool:
    return 0 < loop.bound <= min(SMALL, operation_count)


def _reason(turning: List[LoopSource]) -> str:
    loop = turning[0]
    if loop.kind == CHUNKS:
        return "each turn of the loop carries many rows"
    if loop.kind == CODES:
        return f"{loop.row} of a table of codes, which does not grow with the data"
    if loop.kind == CONSTANT:
        return "the loop runs over constants"
    if loop.kind == ADDRESS:
        return "the loop runs over what the request's address names"
    return f"the loop runs over {loop.bound} rows at most"
