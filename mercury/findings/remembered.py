"""Verdicts on earlier units, for units that did the same again.

A page that is asked for again mostly sends the same statements from the same places, each as often as
before. Then the verdict is the same but for the times, and to make it anew would take longer than everything else at a
unit's end. All that a rule may look at is compared, so nothing else has to be remembered with care.
"""

from typing import Any, Dict, List, Optional, Sequence, Tuple

from mercury.capture.loops import LoopSource
from mercury.capture.provenance import SEVERAL, Sighting
from mercury.findings.finding import Finding
from mercury.trace import Evidence

MAX_UNITS = 128
"""Units whose verdicts are kept."""

_MAX_GROUPS = 256
_MAX_BYTES = 32 * 1024
"""Of the call paths of a unit that is kept."""

Told = Tuple[List[Finding], List[Any]]
"""Findings, and repeated statements that were let go."""

_known: Dict[Any, Tuple[Told, Any]] = {}
"""By all that was found in a unit, with the frames of its call paths, which keep alive the code that the key has the
addresses of."""


def key_of(evidence: Evidence) -> Any:
    """All of the evidence but times and digests; None where it is too much to be kept.

    Of digests it only counts whether they differ: they are of the rows that a unit happened to have.
    """
    table = evidence.table
    if table is None or evidence.eager_loads or len(evidence.groups) > _MAX_GROUPS:
        return None
    if sum(map(len, table.packed)) > _MAX_BYTES:
        return None
    return (
        tuple([group[:7] + group[9:] for group in evidence.groups]),
        tuple([(*each[:2], each.count, *each[5:]) for each in evidence.duplicates]),
        table.identity(),
        tuple([(each.fingerprint, each.canonical) for each in evidence.statements.values()]),
        tuple([(key, _of_sighting(sighting, evidence)) for key, sighting in evidence.sightings.items()]),
        tuple([(key, _of_loops(loops)) for key, loops in evidence.spawn_loops.items()]),
        tuple(evidence.databases),
        _differences(evidence),
    )


def find(key: Any, evidence: Evidence) -> Optional[Told]:
    """The verdict on the unit that did the same, with the times of this one."""
    known = _known.get(key)
    if known is None:
        return None
    findings, cleared = known[0]
    return [_timed(finding, evidence) for finding in findings], list(cleared)


def keep(key: Any, told: Told, evidence: Evidence) -> None:
    """Keeps what was told of a unit."""
    if len(_known) >= MAX_UNITS:
        _known.clear()
    frames = None if evidence.table is None else evidence.table.entries
    _known[key] = (list(told[0]), list(told[1])), frames


def _timed(finding: Finding, evidence: Evidence) -> Finding:
    duration_ns = 0
    for index in finding.records:
        record = evidence.groups[index] if index >= 0 else evidence.duplicates[~index]
        duration_ns += record.duration_ns
    return finding if duration_ns == finding.duration_ns else finding.lasting(duration_ns)


def _of_sighting(sighting: Sighting, evidence: Evidence) -> Any:
    is_several, is_seen_again = sighting.element == SEVERAL, sighting.looks > 1
    loops = _of_loops(sighting.loops)
    held = _held_at(sighting, evidence.spawn_loops.get(sighting.spawn, ()))
    return (*sighting[:10], loops, is_seen_again, *sighting[12:15], is_several, sighting.stands, held)


def _differences(evidence: Evidence) -> Any:
    """Which elements of different call paths are the same ones, for statements that came on several.

    One path's own are told with its sighting.
    """
    paths: Dict[int, int] = {}
    for _, fingerprint in evidence.sightings:
        paths[fingerprint] = paths.get(fingerprint, 0) + 1
    numbers: Dict[int, int] = {}
    return tuple(
        [
            numbers.setdefault(element, len(numbers))
            for (_, fingerprint), sighting in evidence.sightings.items()
            if paths[fingerprint] > 1
            for element in (
                sighting.element,
                *[each for loop in sighting.loops for pair in loop.elements for each in pair],
            )
        ]
    )


def _held_at(sighting: Sighting, spawned: Sequence[LoopSource]) -> int:
    """Which of all loops is the holder; -1 for none."""
    holder = sighting.holder_among(spawned) if sighting.owner else None
    return -1 if holder is None else [*sighting.loops, *spawned].index(holder)


def _of_loops(loops: Sequence[LoopSource]) -> Any:
    return tuple([_of_loop(loop) if loop.elements or loop.element else loop for loop in loops])


def _of_loop(loop: LoopSource) -> Any:
    return (*loop[:7], loop.element != 0, loop.comes_back, loop.stands, *loop[9:])
