"""Does a repeated query grow with the data? The loops around it decide, by what they run over.

A loop over rows asks once more for each further row, whatever it asks. A loop over constants,
over a handful of rows that a slice allows, over the codes of a small table, or over chunks does
not. Where no loop tells, a row behind the query itself speaks for growth.
"""

from typing import List, NamedTuple, Tuple

from mercury.capture.iterables import CONSTANT, INPUT, ROWS
from mercury.capture.loops import CHUNKS, CODES, LIBRARY, LoopSource
from mercury.capture.provenance import Sighting
from mercury.core.records import Group

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


def of(group: Group, sighting: Sighting, operation_count: int) -> Growth:
    """What the queries of one call path say."""
    turning = _turning(group, sighting, operation_count)
    found = _judged(turning, sighting, operation_count)
    return found._replace(turning=tuple(turning), path=group.path)


def _judged(turning: List[LoopSource], sighting: Sighting, operation_count: int) -> Growth:
    over_rows = [loop for loop in turning if loop.kind in (ROWS, INPUT)]
    growing = [loop for loop in over_rows if not _is_small(loop, operation_count)]
    if growing:
        row = sighting.row or growing[0].row or "a row"
        return Growth(row, tuple(growing))
    known = [loop for loop in turning if loop.kind != LIBRARY]
    if known and all(loop.kind in _STEADY or loop in over_rows for loop in known):
        is_batch = any(loop.kind == CHUNKS for loop in known)
        return Growth("", (), _reason(known), is_batch)
    if sighting.row and not sighting.is_code:
        return Growth(sighting.row)
    return Growth("")


_STEADY = (CONSTANT, CODES, CHUNKS)


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
    return f"the loop runs over {loop.bound} rows at most"
