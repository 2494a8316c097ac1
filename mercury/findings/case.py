"""The evidence of one unit of work, put together for the rules.

A *site* is one place in the program that sends one statement: the core's groups whose
innermost instruction and whose loop are the same. A cause that shows on several call
paths, such as a helper called from two lines of one loop body, is so told once.
"""

import re
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Set, Tuple

from mercury.capture.provenance import RAW, Sighting
from mercury.capture.statements import UNREADABLE, Statement
from mercury.core.records import EVENT_WRITE, LOOP_CALLED, LOOP_RECURSION, LOOP_REPEATED, Group, unsigned
from mercury.findings import places
from mercury.findings.finding import Finding
from mercury.findings.places import Place
from mercury.trace import Evidence, PathEntry

PROVEN = (LOOP_REPEATED, LOOP_CALLED, LOOP_RECURSION)


@dataclass(frozen=True)
class Site:
    """Groups with one cause; figures are sums over them."""

    groups: Tuple[int, ...]
    statement: Statement
    database: str
    count: int
    operation_count: int
    distinct_count: int
    duration_ns: int
    first_event: int
    loop: int
    trigger: Place
    loop_place: Place
    sighting: Sighting

    def finding(self, kind: str, fix: str, why: str) -> Finding:
        """What is told of this site."""
        return Finding(
            kind=kind,
            model=self.sighting.model,
            field=self.sighting.field,
            count=self.count,
            sql=self.statement.canonical,
            fingerprint=unsigned(self.statement.fingerprint),
            database=self.database,
            duration_ns=self.duration_ns,
            file=self.trigger.file,
            line=self.trigger.line,
            function=self.trigger.function,
            loop_file=self.loop_place.file,
            loop_line=self.loop_place.line,
            fix=fix,
            why=why,
            first_event=self.first_event,
        )


class Case:
    """One unit's evidence. `explained` holds the indexes of groups that a rule has accounted for."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.explained: Set[int] = set()
        self.looped = self._looped_sites()

    def path(self, group: Group) -> List[PathEntry]:
        return self.evidence.paths[group.path]

    def statement(self, fingerprint: int) -> Statement:
        statement: Statement = self.evidence.statements.get(fingerprint, UNREADABLE)
        return statement

    def database(self, number: int) -> str:
        names = self.evidence.databases
        return names[number] if number < len(names) else ""

    def sighting(self, indexes: Sequence[int]) -> Sighting:
        """What is known of these groups. One that names a row is best: some repetitions tell more than others."""
        known = self.evidence.sightings
        paths = [self.evidence.groups[index].path for index in indexes]
        sightings: List[Sighting] = [known[path] for path in paths if path in known]
        with_row = [sighting for sighting in sightings if sighting.row]
        return (with_row or sightings or [RAW])[0]

    def loaded_at(self, table: str, before: int) -> Optional[Place]:
        """Where the rows of `table` were last selected before event number `before`."""
        if not table:
            return None
        selects = re.compile(rf'^select .*? from "?{re.escape(table.lower())}"?( |$)')
        earlier = [
            group
            for group in self.evidence.groups
            if group.first_event < before and selects.match(self.statement(group.fingerprint).canonical)
        ]
        if not earlier:
            return None
        return places.trigger(self.path(max(earlier, key=lambda group: group.first_event)))

    def _looped_sites(self) -> List[Site]:
        collected: Dict[Any, List[int]] = {}
        for index, group in enumerate(self.evidence.groups):
            if group.loop in PROVEN and group.operation_count > 0 and not group.flags & EVENT_WRITE:
                collected.setdefault(self._site_key(group), []).append(index)
        sites = [self._site(indexes) for indexes in collected.values()]
        return [site for site in sites if site.operation_count > 1]

    def _site_key(self, group: Group) -> Any:
        path = self.path(group)
        innermost = path[-2] if len(path) > 1 else path[-1]
        # Each level of a recursion is a call path of its own, and its loop is another frame.
        loop = None if group.loop == LOOP_RECURSION else places.loop(path, group.loop_depth)
        return group.fingerprint, group.database, id(innermost.code), innermost.offset, innermost.element, loop

    def _site(self, indexes: List[int]) -> Site:
        groups = [self.evidence.groups[index] for index in indexes]
        first = min(groups, key=lambda group: group.first_event)
        path = self.path(first)
        return Site(
            groups=tuple(indexes),
            statement=self.statement(first.fingerprint),
            database=self.database(first.database),
            count=sum(group.count for group in groups),
            operation_count=sum(group.operation_count for group in groups),
            distinct_count=sum(group.distinct_count for group in groups),
            duration_ns=sum(group.duration_ns for group in groups),
            first_event=first.first_event,
            loop=max(group.loop for group in groups),
            trigger=places.trigger(path),
            loop_place=places.loop(path, first.loop_depth),
            sighting=self.sighting(indexes),
        )
