"""What units of work have sent, by database and statement."""

from typing import Dict, Iterable, NamedTuple, Tuple

from mercury.core.records import unsigned
from mercury.findings.case import Case
from mercury.testing.places import Root
from mercury.testing.sized_view import SentStatement
from mercury.trace import Evidence

Key = Tuple[str, int]
"""A database and the fingerprint of a statement."""


class Origin(NamedTuple):
    """A statement without its literals, and the file and the line that sent it first."""

    sql: str
    file: str
    line: int


def counts(units: Iterable[Evidence]) -> Dict[Key, int]:
    """How often each statement was sent."""
    counted: Dict[Key, int] = {}
    for evidence in units:
        for group in evidence.groups:
            key = (evidence.databases[group.database], unsigned(group.fingerprint))
            counted[key] = counted.get(key, 0) + group.count
    return counted


def origins(units: Iterable[Evidence]) -> Dict[Key, Origin]:
    """The text of each statement, and where it came from."""
    found: Dict[Key, Origin] = {}
    for evidence in units:
        case = Case(evidence)
        for group in sorted(evidence.groups, key=lambda group: group.first_event):
            key = (evidence.databases[group.database], unsigned(group.fingerprint))
            if key not in found:
                place = case.trigger(group)
                found[key] = Origin(case.statement(group.fingerprint).canonical, place.file, place.line)
    return found


def statements(unit: Evidence, root: Root) -> Dict[str, SentStatement]:
    """Each statement of one unit, by database and fingerprint as SizedView has them."""
    found: Dict[str, SentStatement] = {}
    places = origins([unit])
    for key, count in counts([unit]).items():
        sql, file, line = places[key]
        sent = SentStatement(key[0], f"{key[1]:016x}", sql, root.relative(file), line, count)
        found[" ".join(sent.key)] = sent
    return found
