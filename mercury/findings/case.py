"""The evidence of one unit of work, put together for the rules.

A *site* is one place in the program that sends one statement: the core's groups whose
innermost instruction and whose loop are the same. A cause that shows on several call
paths, such as a helper called from two lines of one loop body, is so told once.
"""

import re
from typing import Any, Dict, FrozenSet, List, NamedTuple, Sequence, Set, Tuple

from mercury.capture import bytecode, syntax
from mercury.capture.elements import TemplateElement
from mercury.capture.iterables import ANSWERS, WHILE
from mercury.capture.loops import LIBRARY, LoopSource
from mercury.capture.provenance import RAW, SEVERAL, Sighting
from mercury.capture.statements import UNREADABLE, Statement
from mercury.core.records import EVENT_WRITE, LOOP_CALLED, LOOP_RECURSION, LOOP_REPEATED, Group, unsigned
from mercury.findings import growth, places
from mercury.findings.finding import Finding
from mercury.findings.places import Place
from mercury.trace import Evidence, PathEntry

LoopKey = Tuple[int, int, int, int]

PROVEN = (LOOP_REPEATED, LOOP_CALLED, LOOP_RECURSION)


class Site(NamedTuple):
    """Groups with one cause; figures are sums over them. `distinct_count` is how many sets of parameters they had."""

    groups: Tuple[int, ...]
    statement: Statement
    database: str
    count: int  # type: ignore[assignment]  # the field, not the method of tuples
    operation_count: int
    distinct_count: int
    duration_ns: int
    first_event: int
    loop: int
    trigger: Place
    loop_place: Place
    sighting: Sighting
    growth: growth.Growth
    is_write: bool
    causes: FrozenSet[Any]
    further: int = 0

    def finding(self, kind: str, fix: str, why: str, tree: Tuple[str, ...] = (), exponent: int = 1) -> Finding:
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
            tree=tree,
            exponent=exponent,
            first_event=self.first_event,
            records=self.groups,
        )


class Case:
    """One unit's evidence.

    `explained` holds the indexes of groups that a rule has accounted for, `reasons` why groups were let go.
    """

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self._triggers: Dict[int, Place] = {}
        self._loops: Dict[Tuple[int, int], Place] = {}
        self.reasons: Dict[int, str] = {}
        self.explained: Set[int] = self._framework_work()
        self._counted = self._counted_tables()
        self.looped = self._looped_sites()

    def is_explained(self, site: Site) -> bool:
        """Has a rule accounted for all of this site?"""
        return self.explained.issuperset(site.groups)

    def path(self, group: Group) -> List[PathEntry]:
        return self.evidence.paths[group.path]

    def trigger(self, group: Group) -> Place:
        """The line that a group's queries are sent from."""
        found = self._triggers.get(group.path)
        if found is None:
            found = self._triggers[group.path] = places.trigger(self.path(group))
        return found

    def loop(self, group: Group) -> Place:
        """The loop around a group's queries."""
        key = (group.path, group.loop_depth)
        found = self._loops.get(key)
        if found is None:
            found = self._loops[key] = places.loop(self.path(group), group.loop_depth)
        return found

    def statement(self, fingerprint: int) -> Statement:
        statement: Statement = self.evidence.statements.get(fingerprint, UNREADABLE)
        return statement

    def database(self, number: int) -> str:
        names = self.evidence.databases
        return names[number] if number < len(names) else ""

    def finding(self, kind: str, indexes: Sequence[int], fix: str, why: str) -> Finding:
        """What is told of some groups that no loop joins; the first of them gives the place."""
        groups = [self.evidence.groups[index] for index in indexes]
        trigger = self.trigger(groups[0])
        sighting = self.sighting(indexes)
        return Finding(
            kind=kind,
            model=sighting.model,
            field=sighting.field,
            count=sum(group.count for group in groups),
            sql=self.statement(groups[0].fingerprint).canonical,
            fingerprint=unsigned(groups[0].fingerprint),
            database=self.database(groups[0].database),
            duration_ns=sum(group.duration_ns for group in groups),
            file=trigger.file,
            line=trigger.line,
            function=trigger.function,
            loop_file="",
            loop_line=0,
            fix=fix,
            why=why,
            places=tuple(dict.fromkeys(str(self.trigger(group)) for group in groups)),
            first_event=groups[0].first_event,
            records=tuple(indexes),
        )

    def sighting(self, indexes: Sequence[int]) -> Sighting:
        """What is known of these groups. One that names a row is best: some repetitions tell more than others."""
        sightings = [sighting for sighting in map(self._sighting_of, indexes) if sighting is not RAW]
        with_row = [sighting for sighting in sightings if sighting.row]
        return (with_row or sightings or [RAW])[0]

    def _sighting_of(self, index: int) -> Sighting:
        group = self.evidence.groups[index]
        found: Sighting = self.evidence.sightings.get((group.path, group.fingerprint), RAW)
        spawned = self.evidence.spawn_loops.get(found.spawn)
        return found._replace(loops=(*found.loops, *spawned)) if spawned else found

    def _seen_together(self, indexes: Sequence[int]) -> List[Sighting]:
        """What is known of each of these groups, with what the looks at all of them found at the loops that they share.

        Where each turn goes another way through the code, no call path alone shows whether the rows changed.
        """
        sightings = [self._sighting_of(index) for index in indexes]
        if len(sightings) < 2:
            return sightings
        elements: Dict[LoopKey, List[Tuple[int, int]]] = {}
        for index, sighting in zip(indexes, sightings):
            path = self.path(self.evidence.groups[index])
            for loop in sighting.loops:
                elements.setdefault(_key_of(path, loop), []).extend(loop.elements)
        seen = [sighting for sighting in sightings if sighting is not RAW]
        looks = sum(sighting.looks for sighting in seen)
        element = seen[0].element if len({each.element for each in seen}) == 1 else SEVERAL
        return [
            sighting._replace(
                looks=looks,
                element=element,
                loops=tuple(
                    loop.with_elements(elements[_key_of(self.path(self.evidence.groups[index]), loop)])
                    for loop in sighting.loops
                ),
            )
            for index, sighting in zip(indexes, sightings)
        ]

    def _framework_work(self) -> Set[int]:
        """Groups that the framework's own cache sends at most once for each model."""
        return {index for index in range(len(self.evidence.groups)) if self._sighting_of(index).kind == "content_type"}

    def _counted_tables(self) -> FrozenSet[str]:
        statements = {self.statement(group.fingerprint).canonical for group in self.evidence.groups}
        counts = [canonical for canonical in statements if canonical.startswith("select count(")]
        return frozenset(table for canonical in counts for table in _TABLES.findall(canonical))

    def chain(self, site: Site) -> str:
        """The calls behind the relation's name where a site's query is asked for, as the source has them."""
        for entry in reversed(self.path(self.evidence.groups[site.groups[0]])[:-1]):
            if isinstance(entry.element, TemplateElement):
                return ""
            if places.is_own(entry):
                line = bytecode.line_at(entry.code, entry.offset)
                return syntax.chain_behind(entry.code, line, site.sighting.field)
        return ""

    def _looped_sites(self) -> List[Site]:
        proven = [
            index
            for index, group in enumerate(self.evidence.groups)
            if group.loop in PROVEN and group.operation_count > 0 and index not in self.explained
        ]
        recursive = self._recursions(proven)
        collected: Dict[Any, List[int]] = {}
        for index in proven:
            group = self.evidence.groups[index]
            key = self._instruction(group)
            # Each level of a recursion is a call path of its own, and its loop is another frame.
            loop = None if key in recursive else self.loop(group)
            collected.setdefault((recursive.get(key, key), loop), []).append(index)
        sites = [self._site(indexes) for indexes in collected.values()]
        return self._with_working_loops(_one_for_each_cause([site for site in sites if site.operation_count > 1]))

    def _recursions(self, proven: Sequence[int]) -> Dict[Any, Any]:
        """The instructions of recursions, each with the one that stands for all functions of its cycle.

        One of these may have been called once in each turn, and so not have recurred itself.
        """
        groups = [self.evidence.groups[index] for index in proven]
        recurring = {self._instruction(group) for group in groups if group.loop == LOOP_RECURSION}
        around: Dict[Any, Set[int]] = {}
        for group in groups if recurring else ():
            codes = around.setdefault(self._instruction(group), set())
            codes.update(id(entry.code) for entry in self.path(group)[:-2])
        found: Dict[Any, Any] = {}
        for key in sorted(around, key=lambda key: key not in recurring):
            first = next((known for known in found.values() if _call_each_other(key, known, around)), None)
            if first is not None or key in recurring:
                found[key] = first or key
        return found

    def _instruction(self, group: Group) -> Any:
        """The statement and the instruction of the program that sends it, for one resolver where there are such."""
        path = self.path(group)
        innermost = path[-2] if len(path) > 1 else path[-1]
        way = innermost.offset, innermost.element, places.resolver(path)
        return (group.fingerprint, group.database, id(innermost.code), *way)

    def _with_working_loops(self, sites: List[Site]) -> List[Site]:
        """A `while` that writes another row at each turn grows, and with it what else it sends."""
        working = {
            self.loop_key(site, loop): site.growth.row
            for site in sites
            if site.is_write
            for loop in site.growth.loops
            if loop.kind in (WHILE, ANSWERS)
        }
        return [self._in_working_loop(site, working) if working else site for site in sites]

    def _in_working_loop(self, site: Site, working: Dict[LoopKey, str]) -> Site:
        if site.growth.row or site.growth.reason:
            return site
        for loop in site.growth.turning:
            row = working.get(self.loop_key(site, loop))
            if row:
                return site._replace(growth=growth.in_loop_that_writes(site.growth, loop, row))
        return site

    def loop_key(self, site: Site, loop: LoopSource) -> LoopKey:
        """What tells a loop around a site from other loops: its frame's place and code, and its line."""
        return _key_of(self.evidence.paths[site.growth.path], loop)

    def _site(self, indexes: List[int]) -> Site:
        groups = [self.evidence.groups[index] for index in indexes]
        first = min(groups, key=lambda group: group.first_event)
        located = min(groups, key=lambda group: (group.loop == LOOP_RECURSION, group.first_event))
        count, operation_count, distinct_count, duration_ns = _sums(groups)
        distinct_count += self._known_parameters(indexes)
        evident = self._growth(indexes, operation_count)
        return Site(
            groups=tuple(indexes),
            statement=self.statement(first.fingerprint),
            database=self.database(first.database),
            count=count,
            operation_count=operation_count,
            distinct_count=distinct_count,
            duration_ns=duration_ns,
            first_event=first.first_event,
            loop=max(group.loop for group in groups),
            trigger=self.trigger(first),
            loop_place=self._loop_place(located, evident),
            sighting=self.sighting(indexes),
            growth=evident,
            is_write=bool(first.flags & EVENT_WRITE),
            causes=frozenset(_cause(self.path(group)) for group in groups),
        )

    def _known_parameters(self, indexes: List[int]) -> int:
        """How many sets of their parameters were not new to the statement: another place had sent it with them."""
        inside = set(indexes)
        return sum(
            each.places[0] not in inside and not inside.isdisjoint(each.places)
            for each in self.evidence.duplicates
            if each.places
        )

    def _loop_place(self, group: Group, evident: growth.Growth) -> Place:
        """Where no activation could be shared, as in a thread for each row, the loops that were seen tell the place."""
        path = self.path(group)
        seen = next((loop for loop in evident.turning if loop.kind != LIBRARY and loop.depth < len(path)), None)
        if group.loop_depth >= 0 or seen is None:
            return self.loop(group)
        return places.loop_at(path, seen.depth, seen.line)

    def _growth(self, indexes: List[int], operation_count: int) -> growth.Growth:
        """What the clearest of some groups says: growth, else a reason against it."""
        found = []
        for index, sighting in zip(indexes, self._seen_together(indexes)):
            group = self.evidence.groups[index]
            found.append(growth.of(group, sighting, operation_count, self.path(group), self._counted, len(indexes)))
        return max(found, key=lambda each: (bool(each.row), len(each.loops), bool(each.reason)))


def _key_of(path: Sequence[PathEntry], loop: LoopSource) -> LoopKey:
    code = path[loop.depth].code if loop.depth < len(path) else None
    return loop.depth, id(code), loop.line, loop.head


def _sums(groups: Sequence[Group]) -> Tuple[int, int, int, int]:
    """Over all groups: queries, operations, different parameters, nanoseconds."""
    count = operation_count = distinct_count = duration_ns = 0
    for group in groups:
        count += group.count
        operation_count += group.operation_count
        distinct_count += group.distinct_count
        duration_ns += group.duration_ns
    return count, operation_count, distinct_count, duration_ns


def _call_each_other(key: Any, other: Any, around: Dict[Any, Set[int]]) -> bool:
    """Are these one statement's instructions in two functions, each of which is called on the way to the other?"""
    return bool(key[:2] == other[:2] and key[2] in around[other] and other[2] in around[key])


_TABLES = re.compile(r' (?:from|join) "?(\w+)')


def _cause(path: List[PathEntry]) -> Any:
    """What one operation sends has one cause: the way to it, and the ORM's function."""
    way = tuple((id(entry.code), entry.offset, entry.element) for entry in path[:-1])
    return way, id(path[-1].code)


def _one_for_each_cause(sites: List[Site]) -> List[Site]:
    """Statements that one operation sends at each turn are told once: as its write, if it writes."""
    found: List[Site] = []
    for site in sorted(sites, key=lambda site: (not site.is_write, not site.growth.row, -site.count)):
        known = next((index for index, other in enumerate(found) if _is_of_one_operation(site, other)), None)
        if known is None:
            found.append(site)
        else:
            found[known] = _together(found[known], site)
    return sorted(found, key=lambda site: site.first_event)


def _is_of_one_operation(site: Site, other: Site) -> bool:
    """One instruction may also ask for another model at each turn; those are operations of their own."""
    targets = {(each.sighting.model, each.sighting.field) for each in (site, other) if each.sighting.model}
    return bool(other.causes & site.causes) and len(targets) < 2


def _together(main: Site, other: Site) -> Site:
    return main._replace(
        groups=main.groups + other.groups,
        count=main.count + other.count,
        duration_ns=main.duration_ns + other.duration_ns,
        first_event=min(main.first_event, other.first_event),
        causes=main.causes | other.causes,
        growth=main.growth if main.growth.row else other.growth,
        further=main.further + 1,
    )
